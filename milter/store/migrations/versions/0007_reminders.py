"""When whoever recorded a sharing is to be reminded of what is due."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; what is due already is reminded of then."""
    op.add_column("register", sa.Column("remind_at", sa.BigInteger))
    op.execute("UPDATE register SET remind_at = due_at WHERE status = 'due'")
