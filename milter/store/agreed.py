"""Passwords agreed beforehand with partners, by the name that `partners.toml` calls them (E8).

Guarantees: kept sealed, so that a copy of the store without the key file gives none away; set, read and removed
with an audit row. They are never sent: both sides know them.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from milter.errors import RequestError
from milter.policy.load_partners import PASSWORD_NAME
from milter.store import audit
from milter.store.schema import agreed_passwords
from milter.store.transaction import Transaction, changed, value_of

SHORTEST = 12  # characters; it protects many documents, so it is guessed at for longer than a fresh one
LONGEST = 120  # the formats' own limits lie above


@dataclass(frozen=True, slots=True)
class Agreed:
    """That there is a password of this name; never what it is."""

    name: str
    at: datetime  # when it was last set
    actor: str  # by whom


def put(tx: Transaction, name: str, clear: str, actor: str) -> None:
    """Keep a password under a name, in the place of one before. RequestError where either can't be used."""
    if not PASSWORD_NAME.fullmatch(name):
        raise RequestError("The name is of small letters, digits and hyphens, 40 at most.")
    if not SHORTEST <= len(clear) <= LONGEST:
        words = f"The password must have {SHORTEST} to {LONGEST} characters."
        raise RequestError(words)
    if not (clear.isascii() and clear.isprintable()) or clear != clear.strip():
        raise RequestError(
            "Use letters, digits and signs that every keyboard has, without spaces at the ends."
        )
    values = {"sealed_password": _seal(tx, name, clear), "at": tx.now, "actor": actor}
    dialect = postgresql if tx.connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(agreed_passwords).values(name=name, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
    audit.agreed_password_set(tx, name, actor)


def remove(tx: Transaction, name: str, actor: str) -> None:
    """Destroy a password. RequestError where there is none of the name."""
    if not changed(tx.execute(delete(agreed_passwords).where(agreed_passwords.c.name == name))):
        raise RequestError("There is no password of this name.")
    audit.agreed_password_removed(tx, name, actor)


def password(tx: Transaction, name: str, judged_id: str) -> str | None:
    """Open a password to lock a message's documents with it; None where there is none of the name."""
    row = tx.one(select(agreed_passwords.c.sealed_password).where(agreed_passwords.c.name == name))
    if row is None:
        return None
    audit.agreed_password_used(tx, name, judged_id)
    return tx.vault.open("password", _place(name), row.sealed_password).decode()


def listed(tx: Transaction) -> tuple[Agreed, ...]:
    """Give which passwords there are, by name."""
    query = select(agreed_passwords).order_by(agreed_passwords.c.name)
    return tuple(value_of(Agreed, row) for row in tx.execute(query))


def _seal(tx: Transaction, name: str, clear: str) -> bytes:
    return tx.vault.seal("password", _place(name), clear.encode())


def _place(name: str) -> str:
    return f"agreed_passwords/{name}"
