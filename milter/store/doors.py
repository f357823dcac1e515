"""What lets somebody in: sessions, invitations, tokens of the API. Only keyed digests of them are kept.

Guarantees: what expired, was spent or revoked opens nothing; an invitation is accepted once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, insert, select, update

from milter.errors import RequestError
from milter.store import audit
from milter.store.columns import canonical, frozen
from milter.store.ids import reference
from milter.store.schema import accounts, api_tokens, invitations, sessions
from milter.store.transaction import Transaction, changed, value_of

_TOUCH = timedelta(minutes=1)  # a session's last use is noted this exactly, not at each request


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of one account."""

    digest: str
    account_id: str
    at: datetime
    seen_at: datetime
    expires_at: datetime
    stage: str  # 'second-factor' until it is given, then 'signed-in'
    kept: Mapping[str, Any]  # what the pages keep between requests


@dataclass(frozen=True, slots=True)
class Invitation:
    """The right to make an account."""

    email: str
    roles: tuple[str, ...]
    scope: tuple[str, ...]
    invited_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A program's right to act for an account."""

    id: str
    name: str
    account_id: str
    roles: tuple[str, ...]
    at: datetime
    expires_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None


def begin_session(
    tx: Transaction, account_id: str, token: str, expires_at: datetime, stage: str = "signed-in"
) -> None:
    """Begin a session that the bearer of a token has."""
    row = {
        "digest": _digest(tx, token),
        "account_id": account_id,
        "at": tx.now,
        "seen_at": tx.now,
        "expires_at": expires_at,
        "stage": stage,
    }
    tx.execute(insert(sessions), row)


def session(tx: Transaction, token: str, idle: timedelta) -> Session | None:
    """Give the session of a token; None where it expired, or was not used for longer than `idle`."""
    row = tx.one(select(sessions).where(sessions.c.digest == _digest(tx, token)))
    if row is None or row.expires_at <= tx.now or row.seen_at + idle <= tx.now:
        return None
    kept: Any = {}
    if row.sealed is not None:
        kept = frozen(json.loads(tx.vault.open("session", f"sessions/{row.digest}", row.sealed)))
    return value_of(Session, row, kept=kept)


def stale(tx: Transaction, found: Session) -> bool:
    """Tell whether a session's use is worth noting by `touch`, which costs a commit."""
    return found.seen_at + _TOUCH <= tx.now


def touch(tx: Transaction, found: Session) -> None:
    """Note that a session was used."""
    tx.execute(update(sessions).where(sessions.c.digest == found.digest).values(seen_at=tx.now))


def keep_in_session(tx: Transaction, found: Session, kept: Mapping[str, Any], stage: str = "") -> None:
    """Replace what a session keeps, and its stage where one is given."""
    sealed = tx.vault.seal("session", f"sessions/{found.digest}", canonical(kept).encode())
    values = {"sealed": sealed, "stage": stage or found.stage}
    tx.execute(update(sessions).where(sessions.c.digest == found.digest).values(values))


def end_session(tx: Transaction, found: Session, actor: str) -> None:
    """End a session before its time."""
    if changed(tx.execute(delete(sessions).where(sessions.c.digest == found.digest))):
        audit.signed_out(tx, found.account_id, actor)


def end_sessions(tx: Transaction, account_id: str, actor: str) -> None:
    """End all sessions of an account."""
    if changed(tx.execute(delete(sessions).where(sessions.c.account_id == account_id))):
        audit.signed_out(tx, account_id, actor)


def invite(
    tx: Transaction,
    token: str,
    actor: str,
    *,
    email: str,
    roles: Sequence[str],
    expires_at: datetime,
    scope: Sequence[str] = (),
) -> None:
    """Make an invitation that the bearer of a token may accept."""
    digest = _digest(tx, token)
    row = {"digest": digest, "at": tx.now, "expires_at": expires_at, "email": email.lower()}
    tx.execute(insert(invitations), row | {"roles": tuple(roles), "scope": tuple(scope), "invited_by": actor})
    audit.account_invited(tx, digest, actor, "+".join(roles))


def invitation(tx: Transaction, token: str) -> Invitation | None:
    """Give the invitation of a token; None where it expired or was accepted."""
    row = tx.one(select(invitations).where(_invited(tx, token)))
    return None if row is None else value_of(Invitation, row)


def accept(tx: Transaction, token: str) -> Invitation:
    """Spend an invitation. RequestError where it expired or was accepted."""
    spent = update(invitations).where(_invited(tx, token)).values(used_at=tx.now).returning(invitations)
    row = tx.execute(spent).one_or_none()
    if row is None:
        raise RequestError("This invitation was used or has expired; ask for another.")
    return value_of(Invitation, row)


def make_api_token(
    tx: Transaction,
    token: str,
    actor: str,
    *,
    name: str,
    account_id: str,
    roles: Sequence[str],
    expires_at: datetime,
) -> ApiToken:
    """Make a token of the API; the caller shows it once, the store keeps its digest."""
    made = ApiToken(reference(), name, account_id, tuple(roles), tx.now, expires_at, None, None)
    row = {"digest": _digest(tx, token), "id": made.id, "name": name, "account_id": account_id}
    tx.execute(insert(api_tokens), row | {"roles": made.roles, "at": tx.now, "expires_at": expires_at})
    audit.api_token_made(tx, made.id, actor, account_id, "+".join(roles))
    return made


def api_token(tx: Transaction, token: str) -> ApiToken | None:
    """Give what a token of the API may do; None where it expired, was revoked, or its account is disabled."""
    query = (
        select(api_tokens)
        .join(accounts, accounts.c.id == api_tokens.c.account_id)
        .where(
            api_tokens.c.digest == _digest(tx, token),
            api_tokens.c.revoked_at.is_(None),
            api_tokens.c.expires_at > tx.now,
            accounts.c.state == "active",
        )
    )
    row = tx.one(query)
    return None if row is None else value_of(ApiToken, row)


def api_tokens_of(tx: Transaction, account_id: str = "") -> tuple[ApiToken, ...]:
    """Give the tokens of one account, or of all, by name."""
    query = select(api_tokens).order_by(api_tokens.c.name, api_tokens.c.id)
    if account_id:
        query = query.where(api_tokens.c.account_id == account_id)
    return tuple(value_of(ApiToken, row) for row in tx.execute(query))


def revoke_api_token(tx: Transaction, token_id: str, actor: str) -> None:
    """Make a token of the API void. RequestError where it is already."""
    here = and_(api_tokens.c.id == token_id, api_tokens.c.revoked_at.is_(None))
    if not changed(tx.execute(update(api_tokens).where(here).values(revoked_at=tx.now))):
        raise RequestError("There is no token in force with this reference.")
    audit.api_token_revoked(tx, token_id, actor)


def _digest(tx: Transaction, token: str) -> str:
    return tx.vault.digest("token", token)


def _invited(tx: Transaction, token: str) -> Any:
    return and_(
        invitations.c.digest == _digest(tx, token),
        invitations.c.used_at.is_(None),
        invitations.c.expires_at > tx.now,
    )
