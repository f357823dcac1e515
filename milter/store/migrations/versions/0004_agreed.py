"""Passwords agreed beforehand with partners."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "agreed_passwords",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("sealed_password", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
    )
