"""One transaction: the statements of one or more units of work, and the audit rows of them (law 5).

Guarantees: audit rows are chained and written with the changes that they tell of, in the same commit; a unit
that fails takes its rows back with it. Errors of the database come out as StoreError in plain words.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from milter.clock import Clock
from milter.errors import RequestError, StoreError
from milter.store import trail
from milter.store.vault import Vault

T = TypeVar("T")


class BrokenError(StoreError):
    """The transaction is gone with all units in it: the database undid it, or the connection was lost."""


_CAUSES = {  # https://www.sqlite.org/rescode.html
    "SQLITE_BUSY": "it is locked by another program",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it can only be read; see the rights on the file, its folder and its disk",
    "SQLITE_CANTOPEN": "the file can't be opened; see that its folder is there and may be written",
    "SQLITE_IOERR": "the disk gave an error",
    "SQLITE_CORRUPT": "the file is damaged; restore it from the backup",
    "SQLITE_NOTADB": "the file is not a store",
}


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the database's errors into StoreError, with the cause where an operator can mend it."""
    try:
        yield
    except SQLAlchemyError as error:
        words = f"The store can't be used now: {_cause(error)}."
        raise StoreError(words) from error


def _cause(error: Exception) -> str:
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver_error, SQLAlchemyError):
        return f"no connection ({type(error).__name__})"
    if isinstance(driver_error, sqlite3.Error):
        name = getattr(driver_error, "sqlite_errorname", "") or type(driver_error).__name__
        return next(
            (words for code, words in _CAUSES.items() if name.startswith(code)), f"SQLite says {name}"
        )
    state = getattr(driver_error, "sqlstate", None)
    if state is None:
        return "the connection to PostgreSQL is lost"
    return f"PostgreSQL answers {state}"  # its message may quote values


@dataclass(slots=True)
class Transaction:
    """What units of work are given. `now` is the moment of the unit, the same throughout it."""

    connection: Connection
    vault: Vault
    clock: Clock
    chain: str
    now: datetime
    pending: list[trail.Event]
    writable: bool = True

    def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        """Run one statement of the store's own schema."""
        return self.connection.execute(statement, values)

    def one(self, statement: Executable) -> Row[Any] | None:
        """Run a query of at most one row."""
        return self.connection.execute(statement).one_or_none()

    def record(self, event: str, subject: str, actor: str, details: Mapping[str, trail.Detail]) -> None:
        """Add an audit row, written just before the commit. Only the functions of `audit` call this.

        ValueError where a value could be personal data: ids, codes and figures only (law 8).
        """
        if not self.writable:
            raise StoreError("A reading transaction records nothing.")
        self.pending.append(trail.Event(self.now, event, subject, actor, details))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run one unit so that its failure undoes it alone, its audit rows included."""
        kept = len(self.pending)
        self.now = self.clock()
        self._steer("SAVEPOINT unit")
        try:
            with database_errors():
                yield
        except BaseException:
            del self.pending[kept:]
            self._steer("ROLLBACK TO SAVEPOINT unit")
            self._steer("RELEASE SAVEPOINT unit")
            raise
        self._steer("RELEASE SAVEPOINT unit")

    def _steer(self, statement: str) -> None:
        """Run a statement past SQLAlchemy, which would make it ten times dearer."""
        driver: Any = self.connection.dialect.loaded_dbapi
        try:
            cursor = self.connection.connection.cursor()
            cursor.execute(statement)
            cursor.close()
        except (driver.Error, SQLAlchemyError) as error:
            words = f"The store can't be used now: {_cause(error)}."
            raise BrokenError(words) from error

    def flush(self) -> None:
        """Chain and write the audit rows; the last act before the commit."""
        trail.append(self.connection, self.vault, self.chain, self.pending)
        self.pending.clear()


def value_of(kind: type[T], row: Row[Any], **more: Any) -> T:
    """Make the frozen value of a row: each field from the column of its name, or from `more`."""
    columns = row._mapping
    wanted = (field.name for field in fields(kind) if field.name not in more)  # type: ignore[arg-type]
    return kind(**{name: columns[name] for name in wanted}, **more)


def values_of(value: Any) -> dict[str, Any]:
    """Give a frozen value's fields by name, for an insert."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def need(row: T | None, what: str) -> T:
    """Give the row, or tell the person that there is none of that reference."""
    if row is None:
        words = f"There is no {what} with this reference."
        raise RequestError(words)
    return row


def changed(result: CursorResult[Any]) -> bool:
    """Tell whether an update or a deletion touched a row (PostgreSQL does not count insertions)."""
    return result.rowcount > 0
