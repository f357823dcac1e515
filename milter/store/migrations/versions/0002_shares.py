"""Shares and their receipts, incidents, feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts by itself only so


def upgrade() -> None:
    """Make the tables."""
    _shares()
    _after()


def _shares() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("judged_id", sa.String(40), nullable=False),
        sa.Column("register_id", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("evidence", sa.String(10), nullable=False),
        sa.Column("needed", sa.String(10), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("grade", sa.String(10), nullable=False),
        sa.Column("sealed_password", sa.LargeBinary),
        sa.Column("password_destroyed_at", sa.BigInteger),
        sa.Column("sealed_details", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("remind_at", sa.BigInteger),
        sa.Column("reminders", sa.Integer, nullable=False),
        sa.Column("reissues", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("shares_at", "shares", ["at", "id"])
    op.create_index("shares_expires", "shares", ["state", "expires_at"])
    op.create_index("shares_judged", "shares", ["judged_id"])
    op.create_index("shares_remind", "shares", ["remind_at"])
    op.create_index("shares_sender", "shares", ["sender", "at"])
    op.create_index("shares_state", "shares", ["state", "at"])
    op.create_table(
        "share_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("share_id", sa.String(40), sa.ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("spent_at", sa.BigInteger),
    )
    op.create_index("share_tokens_share", "share_tokens", ["share_id"])
    op.create_table(
        "share_events",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("share_id", sa.String(40), sa.ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("share_events_share", "share_events", ["share_id", "id"])


def _after() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("share_id", sa.String(40), nullable=False),
        sa.Column("register_id", sa.String(40), nullable=False),
        sa.Column("held_id", sa.String(40), nullable=False),
        sa.Column("opened_by", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reported_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.String(80), nullable=False),
    )
    op.create_index("incidents_register", "incidents", ["register_id"])
    op.create_index("incidents_state", "incidents", ["state", "due_at"])
    op.create_table(
        "feedback",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("judged_id", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("features", sa.Text, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
    )
    op.create_index("feedback_code", "feedback", ["code", "at"])
