"""The tables, literally; the same on SQLite and PostgreSQL.

Times are whole microseconds since 1970 in UTC, so that both databases compare them alike. A column whose
name says `sealed` holds ciphertext of the vault. Addresses, names and organisations of the register stand in
clear, because it must be searched; what a message said never does.

What is changed here needs a migration in `migrations/versions`; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from milter.store.columns import Digest, Json, Moment, Number, Reference, Words

metadata = MetaData()


meta = Table(
    "meta", metadata, Column("name", String(40), primary_key=True), Column("value", Text, nullable=False)
)

# --- the trail ---------------------------------------------------------------------------------------------

audit = Table(
    "audit",
    metadata,
    Column("chain", String(80), primary_key=True),  # one for each writer
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # from 1, without gaps
    Column("at", Moment, nullable=False),
    Column("event", String(60), nullable=False),
    Column("subject", String(80), nullable=False),  # the id of what it is about
    Column("actor", String(80), nullable=False),  # 'gateway', 'account:...', 'cli:root', 'recipient'
    Column("details", Text, nullable=False),  # canonical JSON, no personal data
    Column("previous", Digest, nullable=False),  # mac of the row before
    Column("mac", Digest, nullable=False),
    Index("audit_subject", "subject"),
    Index("audit_at", "at"),
)

heads = Table(
    "heads",
    metadata,
    Column("chain", String(80), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("mac", Digest, nullable=False),  # of the last row
    Column("seal", Digest, nullable=False),  # keyed digest of the three above: a cut tail shows
)

# --- messages ----------------------------------------------------------------------------------------------

judged = Table(
    "judged",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("node", String(80), nullable=False),
    Column("queue_id", Words, nullable=False),  # the upstream server's
    Column("message_id_digest", Digest, nullable=False),
    Column("sender", Words, nullable=False),
    Column("organisation", Words, nullable=False),  # the own organisation that sends
    Column("policy", Digest, nullable=False),  # digest of the policy in force
    Column("action", String(10), nullable=False),  # the gravest: PASS PROTECT HOLD REFUSE
    Column("grade", String(10), nullable=False),
    Column("categories", Json, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("spent_ms", Integer, nullable=False),  # from the last octet to the verdict
    Column("directorate", Words, nullable=False, server_default=""),  # of the organisation; '' for none known
    Index("judged_at", "at", "id"),
    Index("judged_message_id", "message_id_digest"),
    Index("judged_queue_id", "queue_id"),
    Index("judged_sender", "sender", "at"),
)

judged_reasons = Table(
    "judged_reasons",
    metadata,
    Column("judged_id", ForeignKey("judged.id", ondelete="CASCADE"), primary_key=True),
    Column("code", String(60), primary_key=True),
    Column("enforced", Boolean, primary_key=True),
    Column("action", String(10), nullable=False),  # what the policy answers, or would
    Column("recipients", Integer, nullable=False),  # of how many recipients
    Column("at", Moment, nullable=False),
    Index("judged_reasons_at", "at", "code"),
)

facts = Table(
    "facts",
    metadata,
    Column("judged_id", ForeignKey("judged.id", ondelete="CASCADE"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # compressed JSON: facts without content, for replay
    Index("facts_at", "at"),
)

weekly = Table(
    "weekly",  # finished weeks, counted once, so that reports need not read every message
    metadata,
    Column("week", Moment, primary_key=True),  # Monday
    Column("organisation", Words, primary_key=True),
    Column("directorate", Words, primary_key=True),
    Column("code", String(60), primary_key=True),  # of a reason; '' for the messages themselves
    Column("enforced", Boolean, primary_key=True),
    Column("action", String(10), primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("recipients", BigInteger, nullable=False),
)

claims = Table(
    "claims",
    metadata,
    Column("key", Digest, primary_key=True),  # keyed digest of the message's bytes and envelope sender
    Column("owner", String(80), nullable=False),
    Column("lease_until", Moment, nullable=False),
)

progress = Table(
    "progress",
    metadata,
    Column("key", Digest, primary_key=True),
    Column("recipient", Words, primary_key=True),
    Column("outcome", String(10), nullable=False),  # delivered held refused
    Column("judged_id", Reference, nullable=False),
    Column("at", Moment, nullable=False),
    Index("progress_at", "at"),
)

# --- the record of sharing (R1) ----------------------------------------------------------------------------

register = Table(
    "register",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("judged_id", Reference, nullable=False),
    Column("held_id", Reference, nullable=False),
    Column("share_id", Reference, nullable=False),
    Column("sender", Words, nullable=False),
    Column("sender_name", Words, nullable=False),
    Column("sender_organisation", Words, nullable=False),
    Column("recipient", Words, nullable=False),  # address; a number or place for other channels
    Column("recipient_name", Words, nullable=False),
    Column("recipient_job_title", Words, nullable=False),
    Column("recipient_department", Words, nullable=False),
    Column("recipient_organisation", Words, nullable=False),
    Column("recipient_telephone", Words, nullable=False),
    Column("recipient_kind", String(20), nullable=False),
    Column("purpose", Words, nullable=False),  # the reason of the sharing
    Column("consent_limits", Words, nullable=False),  # what may be passed on, to whom, when (P5)
    Column("information", Json, nullable=False),  # the types of information
    Column("authorised_by", Words, nullable=False),
    Column("way", Words, nullable=False),  # how it was shared: 'encrypted attachment, password by telephone'
    Column("tls", Words, nullable=False),  # what the next hop said: 'TLSv1.3 ... verified'
    Column("action", String(10), nullable=False),
    Column("reasons", Json, nullable=False),
    Column("grade", String(10), nullable=False),
    Column("status", String(20), nullable=False),
    Column("complete", Boolean, nullable=False),  # nothing of R1 is missing
    Column("recorded_by", Words, nullable=False),
    Column("due_at", Moment),  # back, confirmed or deleted by then
    Column("due_for", String(20), nullable=False),  # return, confirmation, deletion; '' where nothing is due
    Column("search", Words, nullable=False),  # lower case, all that a search looks in
    Column("extra", Json, nullable=False),  # what only this channel asks for
    Column("directorate", Words, nullable=False, server_default=""),  # of the organisation; '' for none known
    Column("remind_at", Moment),  # of what is due; None where nothing is, or nobody is to be reminded again
    Index("register_at", "at", "id"),
    Index("register_status", "status", "at"),
    Index("register_channel", "channel", "at"),
    Index("register_complete", "complete", "at"),
    Index("register_organisation", "sender_organisation", "at"),
    Index("register_directorate", "sender_organisation", "directorate", "at"),
    Index("register_sender", "sender", "at"),
    Index("register_recipient", "recipient", "at"),
    Index("register_judged", "judged_id"),
    Index("register_held", "held_id"),
    Index("register_share", "share_id"),
    Index("register_due", "due_at"),
)

# --- quarantine --------------------------------------------------------------------------------------------

contents = Table(
    "contents",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", Digest, nullable=False),  # keyed
    Column("chunks", Integer, nullable=False),
    Column("purge_at", Moment),  # None: for as long as something needs it
    Column("destroyed_at", Moment),
    Index("contents_purge", "purge_at"),
)

content_chunks = Table(
    "content_chunks",
    metadata,
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

held = Table(
    "held",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("judged_id", Reference, nullable=False),
    Column("at", Moment, nullable=False),
    Column("sender", Words, nullable=False),
    Column("organisation", Words, nullable=False),
    Column("content_id", ForeignKey("contents.id"), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("grade", String(10), nullable=False),
    Column("categories", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("sealed_envelope", LargeBinary, nullable=False),
    Column("sealed_summary", LargeBinary, nullable=False),  # subject, parts, masked findings
    Column("expires_at", Moment, nullable=False),
    Column("waiting", Integer, nullable=False),  # recipients that nobody decided for yet
    Column("closed_at", Moment),  # when the last recipient was released, refused or expired
    Column("assigned_to", String(80), nullable=False),
    Column("search", Words, nullable=False),
    Column("directorate", Words, nullable=False, server_default=""),  # of the organisation; '' for none known
    Index("held_at", "at", "id"),
    Index("held_waiting", "waiting", "at"),
    Index("held_expires", "expires_at"),
    Index("held_closed", "closed_at"),
    Index("held_judged", "judged_id"),
    Index("held_sender", "sender", "at"),
)

held_recipients = Table(
    "held_recipients",
    metadata,
    Column("held_id", ForeignKey("held.id", ondelete="CASCADE"), primary_key=True),
    Column("recipient", Words, primary_key=True),
    Column("state", String(10), nullable=False),  # held releasing released refused expired
    Column("organisation", Words, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("obligations", Json, nullable=False),
    Column("register_id", Reference, nullable=False),
    Column("approved_by", String(80), nullable=False),  # the first pair of eyes
    Column("decided_by", String(80), nullable=False),
    Column("decided_at", Moment),
    Column("sealed_reason", LargeBinary),
    Column("how", String(20), nullable=False),  # as-it-is, protected
    Column("releases", Integer, nullable=False),  # how often it was tried
    Index("held_recipients_state", "state", "held_id"),
    Index("held_recipients_register", "register_id"),
)

# --- what the daemon is asked to send ----------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False),
    Column("subject", Reference, nullable=False),  # the share or held message it serves
    Column("dedupe", Words, nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("state", String(10), nullable=False),  # pending sent failed withdrawn
    Column("attempts", Integer, nullable=False),
    Column("lease_owner", String(80), nullable=False),
    Column("lease_until", Moment),
    Column("sealed_payload", LargeBinary),  # None once sent or withdrawn
    Column("content_id", Reference, nullable=False),  # '' where nothing kept goes with it
    Column("error", Words, nullable=False),  # code of the last failure, no personal data
    Column("done_at", Moment),
    Index("outbox_due", "state", "not_before", "id"),
    Index("outbox_subject", "subject"),
)

# --- shares and receipts -----------------------------------------------------------------------------------

shares = Table(
    "shares",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("judged_id", Reference, nullable=False),
    Column("register_id", Reference, nullable=False),
    Column("at", Moment, nullable=False),
    Column("sender", Words, nullable=False),
    Column("organisation", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("state", String(10), nullable=False),
    Column("evidence", String(10), nullable=False),  # '' delivered displayed confirmed
    Column("needed", String(10), nullable=False),  # evidence that releases the password
    Column("way", String(10), nullable=False),  # how it is released: email telephone both
    Column("grade", String(10), nullable=False),
    Column("sealed_password", LargeBinary),
    Column("password_destroyed_at", Moment),
    Column("sealed_details", LargeBinary, nullable=False),  # subject, file names, what kind of thing
    Column("expires_at", Moment, nullable=False),
    Column("remind_at", Moment),
    Column("reminders", Integer, nullable=False),
    Column("reissues", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("directorate", Words, nullable=False, server_default=""),  # of the organisation; '' for none known
    Index("shares_at", "at", "id"),
    Index("shares_state", "state", "at"),
    Index("shares_sender", "sender", "at"),
    Index("shares_expires", "state", "expires_at"),
    Index("shares_remind", "remind_at"),
    Index("shares_judged", "judged_id"),
)

share_tokens = Table(
    "share_tokens",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("share_id", ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
    Column("purpose", String(10), nullable=False),  # page address sender
    Column("spent_at", Moment),
    Index("share_tokens_share", "share_id"),
)

share_events = Table(
    "share_events",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("share_id", ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("event", String(40), nullable=False),
    Column("state", String(10), nullable=False),  # after it
    Column("actor", String(80), nullable=False),
    Column("details", Json, nullable=False),
    Index("share_events_share", "share_id", "id"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("opened_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),  # 72 hours (UK GDPR article 33)
    Column("kind", String(40), nullable=False),
    Column("organisation", Words, nullable=False),
    Column("share_id", Reference, nullable=False),
    Column("register_id", Reference, nullable=False),
    Column("held_id", Reference, nullable=False),
    Column("opened_by", String(80), nullable=False),
    Column("state", String(10), nullable=False),  # open reported closed
    Column("reported_at", Moment),
    Column("closed_at", Moment),
    Column("closed_by", String(80), nullable=False),
    Column("directorate", Words, nullable=False, server_default=""),  # of the organisation; '' for none known
    Index("incidents_state", "state", "due_at"),
    Index("incidents_register", "register_id"),
)

# --- what is learnt ----------------------------------------------------------------------------------------

learnt = Table(
    "learnt",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("digest", Digest, primary_key=True),  # keyed; never the thing itself
    Column("count", Integer, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("known", Json, nullable=False),  # what was seen: codes and figures only
    Index("learnt_last", "kind", "last_at"),
)

exact_lists = Table(
    "exact_lists",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("people", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("shapes", Json, nullable=False),  # lengths of the identifiers, by kind
    Column("digests", LargeBinary, nullable=False),  # keyed, sorted, eight octets each
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("judged_id", Reference, nullable=False),
    Column("verdict", String(20), nullable=False),  # false-positive missed right
    Column("code", String(60), nullable=False),  # reason or kind of finding
    Column("features", Json, nullable=False),  # shape, label, confidence; no content
    Column("actor", String(80), nullable=False),
    Index("feedback_code", "code", "at"),
)

agreed_passwords = Table(
    "agreed_passwords",
    metadata,
    Column("name", String(40), primary_key=True),  # as partners.toml calls it
    Column("sealed_password", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(80), nullable=False),
)

policy_history = Table(
    "policy_history",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("text", Text, nullable=False),
)

# --- the pages ---------------------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("name", Words, nullable=False),
    Column("email", Words, nullable=False, unique=True),  # lower case
    Column("external", Words, unique=True),  # issuer and subject of OpenID Connect
    Column("roles", Json, nullable=False),
    Column("scope", Json, nullable=False),  # organisations and directorates; empty means all
    Column("pass_phrase", Text, nullable=False),  # argon2 hash, '' for none
    Column("sealed_second_factor", LargeBinary),
    Column("second_factor_step", BigInteger, nullable=False),  # the last one used: none works twice
    Column("state", String(10), nullable=False),  # active disabled
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("deputy", String(40), nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("stage", String(20), nullable=False),  # 'second-factor' until it is given, then 'signed-in'
    Column("sealed", LargeBinary),
    Index("sessions_account", "account_id"),
    Index("sessions_expires", "expires_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("email", Words, nullable=False),
    Column("roles", Json, nullable=False),
    Column("scope", Json, nullable=False),
    Column("invited_by", String(80), nullable=False),
    Column("used_at", Moment),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("id", Reference, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("roles", Json, nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("seen_at", Moment),
    Column("revoked_at", Moment),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("subject", Reference, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("sealed_text", LargeBinary, nullable=False),
    Index("notes_subject", "subject", "id"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Reference, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),  # look-again wrong answer
    Column("judged_id", Reference, nullable=False),
    Column("held_id", Reference, nullable=False),
    Column("organisation", Words, nullable=False),
    Column("state", String(10), nullable=False),  # asked open answered
    Column("token_digest", String(64), unique=True),  # by which the sender, and nobody else, may answer
    Column("expires_at", Moment),
    Column("sealed_text", LargeBinary),
    Column("answered_by", String(80), nullable=False),
    Column("answered_at", Moment),
    Column("sealed_answer", LargeBinary),
    Column("directorate", Words, nullable=False, server_default=""),  # of the organisation; '' for none known
    Index("requests_state", "state", "at"),
    Index("requests_judged", "judged_id"),
    Index("requests_held", "held_id"),
)
