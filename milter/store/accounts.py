"""The people who use the pages: accounts, their roles and scope, lockout and second factor.

Guarantees: an address has one account; a one-time code is taken once; every change of rights has its audit
row. Refuses nothing about roles: what a role may do, the pages say. Pass-phrases come hashed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, select, update

from milter.errors import RequestError
from milter.store import audit
from milter.store.ids import reference
from milter.store.schema import accounts, sessions
from milter.store.scope import Scope, scope_of
from milter.store.transaction import Transaction, changed, need, value_of, values_of

_CHANGEABLE = frozenset({"name", "external", "roles", "scope", "pass_phrase", "state", "deputy"})


@dataclass(frozen=True, slots=True)
class Account:
    """One person."""

    id: str
    name: str
    email: str  # lower case
    external: str | None  # issuer and subject of OpenID Connect
    roles: tuple[str, ...]
    scope: tuple[str, ...]  # organisations and directorates, as `scope` has them; empty means all
    pass_phrase: str  # argon2 hash; '' for none
    state: str  # active disabled
    at: datetime
    seen_at: datetime | None
    failures: int  # since the last sign-in
    locked_until: datetime | None
    deputy: str  # account id, '' for none

    @property
    def reach(self) -> Scope:
        """What the account sees."""
        return scope_of(self.scope)


def add(
    tx: Transaction,
    name: str,
    email: str,
    actor: str,
    *,
    roles: Sequence[str],
    scope: Sequence[str] = (),
    pass_phrase: str = "",
    external: str | None = None,
) -> Account:
    """Make an account. RequestError where the address has one."""
    if by_email(tx, email) is not None:
        raise RequestError("There is an account with this address already.")
    account = Account(
        id=reference(),
        name=name,
        email=email.lower(),
        external=external,
        roles=tuple(roles),
        scope=tuple(scope),
        pass_phrase=pass_phrase,
        state="active",
        at=tx.now,
        seen_at=None,
        failures=0,
        locked_until=None,
        deputy="",
    )
    tx.execute(insert(accounts), values_of(account) | {"second_factor_step": 0})
    audit.account_made(tx, account.id, actor, "+".join(roles))
    return account


def get(tx: Transaction, account_id: str) -> Account:
    """Give an account. RequestError where there is none."""
    return need(find(tx, account_id), "account")


def find(tx: Transaction, account_id: str) -> Account | None:
    """Give an account; None where there is none."""
    row = tx.one(select(accounts).where(accounts.c.id == account_id))
    return None if row is None else value_of(Account, row)


def by_email(tx: Transaction, email: str) -> Account | None:
    """Give the account of an address."""
    row = tx.one(select(accounts).where(accounts.c.email == email.lower()))
    return None if row is None else value_of(Account, row)


def by_external(tx: Transaction, external: str) -> Account | None:
    """Give the account of an identity of OpenID Connect."""
    row = tx.one(select(accounts).where(accounts.c.external == external))
    return None if row is None else value_of(Account, row)


def listed(tx: Transaction) -> tuple[Account, ...]:
    """Give all accounts, by name."""
    return tuple(value_of(Account, row) for row in tx.execute(select(accounts).order_by(accounts.c.name)))


def stood_in_for(tx: Transaction, account_id: str) -> tuple[str, ...]:
    """Give the ids of the accounts that an account is the deputy of."""
    query = select(accounts.c.id).where(accounts.c.deputy == account_id).order_by(accounts.c.id)
    return tuple(tx.execute(query).scalars())


def names(tx: Transaction) -> dict[str, str]:
    """Give every account's name by id, so that pages can say who did something."""
    return {row.id: row.name for row in tx.execute(select(accounts.c.id, accounts.c.name))}


def count(tx: Transaction) -> int:
    """Give how many accounts there are: with none, the set-up link is due."""
    return int(tx.execute(select(func.count()).select_from(accounts)).scalar_one())


def change(tx: Transaction, account_id: str, actor: str, **fields: Any) -> Account:
    """Change some of _CHANGEABLE's fields. A disabled account's sessions end."""
    if wrong := fields.keys() - _CHANGEABLE:
        words = f"These fields of an account can't be changed: {', '.join(sorted(wrong))}."
        raise RequestError(words)
    if not changed(tx.execute(update(accounts).where(accounts.c.id == account_id).values(**fields))):
        raise RequestError("There is no account with this reference.")
    if fields.get("state") == "disabled":
        tx.execute(sessions.delete().where(sessions.c.account_id == account_id))
    audit.account_changed(tx, account_id, actor, "+".join(sorted(fields)))
    return get(tx, account_id)


def set_second_factor(tx: Transaction, account_id: str, actor: str, secret: str) -> None:
    """Keep the secret of the second factor, sealed; '' takes it away."""
    sealed = tx.vault.seal("second factor", f"accounts/{account_id}", secret.encode()) if secret else None
    values = {"sealed_second_factor": sealed, "second_factor_step": 0}
    if not changed(tx.execute(update(accounts).where(accounts.c.id == account_id).values(values))):
        raise RequestError("There is no account with this reference.")
    audit.account_changed(tx, account_id, actor, "second-factor")


def second_factor(tx: Transaction, account_id: str) -> str:
    """Give the secret of the second factor, '' where none is set."""
    query = select(accounts.c.sealed_second_factor.label("sealed")).where(accounts.c.id == account_id)
    sealed = need(tx.one(query), "account").sealed
    return "" if sealed is None else tx.vault.open("second factor", f"accounts/{account_id}", sealed).decode()


def use_step(tx: Transaction, account_id: str, step: int) -> bool:
    """Take a one-time code's time step; False where it, or a later one, was used (RFC 6238 section 5.2)."""
    here = and_(accounts.c.id == account_id, accounts.c.second_factor_step < step)
    return changed(tx.execute(update(accounts).where(here).values(second_factor_step=step)))


def sign_in_failed(tx: Transaction, account_id: str, *, limit: int, lock: timedelta) -> Account:
    """Count a failed sign-in; at each `limit` of them in a row the account is locked for a while."""
    add_one = update(accounts).where(accounts.c.id == account_id).values(failures=accounts.c.failures + 1)
    failures = need(tx.execute(add_one.returning(accounts.c.failures)).one_or_none(), "account").failures
    locked = failures % limit == 0
    if locked:
        tx.execute(update(accounts).where(accounts.c.id == account_id).values(locked_until=tx.now + lock))
    audit.sign_in_failed(tx, account_id, failures, locked=locked)
    return get(tx, account_id)


def signed_in(tx: Transaction, account_id: str, way: str) -> None:
    """Record a sign-in that succeeded; `way` is a code such as 'local' or 'oidc'."""
    values = {"failures": 0, "locked_until": None, "seen_at": tx.now}
    tx.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    audit.signed_in(tx, account_id, way)
