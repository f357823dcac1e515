"""Finding the records of one directorate."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the index."""
    op.create_index("register_directorate", "register", ["sender_organisation", "directorate", "at"])
