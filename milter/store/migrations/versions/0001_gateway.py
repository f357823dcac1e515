"""The gateway's tables: trail, judged messages, progress, register, quarantine, outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts by itself only so


def upgrade() -> None:
    """Make the tables."""
    _trail()
    _messages()
    _register()
    _quarantine()
    _outbox()


def _trail() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("chain", sa.String(80), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(60), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )
    op.create_index("audit_at", "audit", ["at"])
    op.create_index("audit_subject", "audit", ["subject"])
    op.create_table(
        "heads",
        sa.Column("chain", sa.String(80), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "judged",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("node", sa.String(80), nullable=False),
        sa.Column("queue_id", sa.Text, nullable=False),
        sa.Column("message_id_digest", sa.String(64), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("grade", sa.String(10), nullable=False),
        sa.Column("categories", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("spent_ms", sa.Integer, nullable=False),
    )
    op.create_index("judged_at", "judged", ["at", "id"])
    op.create_index("judged_message_id", "judged", ["message_id_digest"])
    op.create_index("judged_queue_id", "judged", ["queue_id"])
    op.create_index("judged_sender", "judged", ["sender", "at"])
    op.create_table(
        "judged_reasons",
        sa.Column(
            "judged_id", sa.String(40), sa.ForeignKey("judged.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("code", sa.String(60), primary_key=True),
        sa.Column("enforced", sa.Boolean, primary_key=True),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("judged_reasons_at", "judged_reasons", ["at", "code"])
    op.create_table(
        "facts",
        sa.Column(
            "judged_id", sa.String(40), sa.ForeignKey("judged.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("facts_at", "facts", ["at"])
    op.create_table(
        "claims",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("judged_id", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("progress_at", "progress", ["at"])
    op.create_table(
        "policy_history",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )


def _register() -> None:
    op.create_table(
        "register",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("judged_id", sa.String(40), nullable=False),
        sa.Column("held_id", sa.String(40), nullable=False),
        sa.Column("share_id", sa.String(40), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("sender_name", sa.Text, nullable=False),
        sa.Column("sender_organisation", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_name", sa.Text, nullable=False),
        sa.Column("recipient_job_title", sa.Text, nullable=False),
        sa.Column("recipient_department", sa.Text, nullable=False),
        sa.Column("recipient_organisation", sa.Text, nullable=False),
        sa.Column("recipient_telephone", sa.Text, nullable=False),
        sa.Column("recipient_kind", sa.String(20), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("consent_limits", sa.Text, nullable=False),
        sa.Column("information", sa.Text, nullable=False),
        sa.Column("authorised_by", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("tls", sa.Text, nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("grade", sa.String(10), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("due_for", sa.String(20), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("extra", sa.Text, nullable=False),
    )
    op.create_index("register_at", "register", ["at", "id"])
    op.create_index("register_channel", "register", ["channel", "at"])
    op.create_index("register_complete", "register", ["complete", "at"])
    op.create_index("register_due", "register", ["due_at"])
    op.create_index("register_held", "register", ["held_id"])
    op.create_index("register_judged", "register", ["judged_id"])
    op.create_index("register_organisation", "register", ["sender_organisation", "at"])
    op.create_index("register_recipient", "register", ["recipient", "at"])
    op.create_index("register_sender", "register", ["sender", "at"])
    op.create_index("register_share", "register", ["share_id"])
    op.create_index("register_status", "register", ["status", "at"])


def _quarantine() -> None:
    op.create_table(
        "contents",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("purge_at", sa.BigInteger),
        sa.Column("destroyed_at", sa.BigInteger),
    )
    op.create_index("contents_purge", "contents", ["purge_at"])
    op.create_table(
        "content_chunks",
        sa.Column(
            "content_id", sa.String(40), sa.ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "held",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("judged_id", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("content_id", sa.String(40), sa.ForeignKey("contents.id"), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("grade", sa.String(10), nullable=False),
        sa.Column("categories", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("sealed_envelope", sa.LargeBinary, nullable=False),
        sa.Column("sealed_summary", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("assigned_to", sa.String(80), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
    )
    op.create_index("held_at", "held", ["at", "id"])
    op.create_index("held_closed", "held", ["closed_at"])
    op.create_index("held_expires", "held", ["expires_at"])
    op.create_index("held_judged", "held", ["judged_id"])
    op.create_index("held_sender", "held", ["sender", "at"])
    op.create_index("held_waiting", "held", ["waiting", "at"])
    op.create_table(
        "held_recipients",
        sa.Column("held_id", sa.String(40), sa.ForeignKey("held.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("obligations", sa.Text, nullable=False),
        sa.Column("register_id", sa.String(40), nullable=False),
        sa.Column("approved_by", sa.String(80), nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("sealed_reason", sa.LargeBinary),
        sa.Column("how", sa.String(20), nullable=False),
        sa.Column("releases", sa.Integer, nullable=False),
    )
    op.create_index("held_recipients_register", "held_recipients", ["register_id"])
    op.create_index("held_recipients_state", "held_recipients", ["state", "held_id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("dedupe", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_owner", sa.String(80), nullable=False),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("sealed_payload", sa.LargeBinary),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("done_at", sa.BigInteger),
    )
    op.create_index("outbox_due", "outbox", ["state", "not_before", "id"])
    op.create_index("outbox_subject", "outbox", ["subject"])
    op.create_table(
        "learnt",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("known", sa.Text, nullable=False),
    )
    op.create_index("learnt_last", "learnt", ["kind", "last_at"])
