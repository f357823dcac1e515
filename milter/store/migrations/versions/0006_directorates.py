"""The directorate of what was judged and shared, and finished weeks for the reports."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = ("judged", "register", "held", "shares", "incidents", "requests")


def upgrade() -> None:
    """Add the column, which older programs leave empty, and the table."""
    for table in TABLES:
        op.add_column(table, sa.Column("directorate", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "weekly",
        sa.Column("week", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("organisation", sa.Text, primary_key=True),
        sa.Column("directorate", sa.Text, primary_key=True),
        sa.Column("code", sa.String(60), primary_key=True),
        sa.Column("enforced", sa.Boolean, primary_key=True),
        sa.Column("action", sa.String(10), primary_key=True),
        sa.Column("messages", sa.BigInteger, nullable=False),
        sa.Column("recipients", sa.BigInteger, nullable=False),
    )
