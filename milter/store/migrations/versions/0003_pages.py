"""What the pages need: accounts, sessions, notes, requests."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts by itself only so


def upgrade() -> None:
    """Make the tables."""
    _people()
    _talk()


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False, unique=True),
        sa.Column("external", sa.Text, unique=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("pass_phrase", sa.Text, nullable=False),
        sa.Column("sealed_second_factor", sa.LargeBinary),
        sa.Column("second_factor_step", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.BigInteger),
        sa.Column("deputy", sa.String(40), nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "account_id", sa.String(40), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_index("sessions_account", "sessions", ["account_id"])
    op.create_index("sessions_expires", "sessions", ["expires_at"])
    op.create_table(
        "invitations",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("invited_by", sa.String(80), nullable=False),
        sa.Column("used_at", sa.BigInteger),
    )
    op.create_table(
        "api_tokens",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column(
            "account_id", sa.String(40), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )


def _talk() -> None:
    op.create_table(
        "notes",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary, nullable=False),
    )
    op.create_index("notes_subject", "notes", ["subject", "id"])
    op.create_table(
        "requests",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("judged_id", sa.String(40), nullable=False),
        sa.Column("held_id", sa.String(40), nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("token_digest", sa.String(64), unique=True),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("sealed_text", sa.LargeBinary),
        sa.Column("answered_by", sa.String(80), nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("sealed_answer", sa.LargeBinary),
    )
    op.create_index("requests_held", "requests", ["held_id"])
    op.create_index("requests_judged", "requests", ["judged_id"])
    op.create_index("requests_state", "requests", ["state", "at"])
