"""Bringing the tables of a store to what this program expects, step by step.

Guarantees: all steps that are due happen in one transaction, by one process at a time; the rest wait and find
it done. A step waits ten seconds at most for a table that others use, and then nothing was changed.

Expand, then contract: a step adds what older programs need not know (a table, a column with a default), so nodes
of the version before keep running, and may start anew, on a store that was migrated. What they need goes only in
a later version, whose steps raise OLDEST. The store keeps OLDEST as 'works-from', for programs to read that do not
know its newest step.
"""

from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from milter.errors import StoreError

HEAD = "0008"  # the newest step in migrations/versions
KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
OLDEST = (
    "0001"  # programs that know this step may work on a store of HEAD: raise it when something is taken away
)
_LOCK = 7_325_001  # any number of our own, for PostgreSQL's advisory lock


class Step(Enum):
    """How a store stands to this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    AHEAD = "ahead"  # newer, and this program may work on it
    NEWER = "newer"


def step_of(connection: Connection) -> Step:
    """Tell how the connected store stands to this program."""
    if not inspect(connection).has_table("alembic_version"):
        return Step.EMPTY
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is None:
        return Step.EMPTY
    if found not in KNOWN:
        works_from = connection.execute(text("SELECT value FROM meta WHERE name = 'works-from'")).scalar()
        return Step.AHEAD if works_from in KNOWN else Step.NEWER
    return Step.CURRENT if found == HEAD else Step.OLDER


def bring_up(engine: Engine, to: str = HEAD) -> None:
    """Run every step that is due. StoreError where the store is newer than this program."""
    from alembic import command
    from alembic.config import Config

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        if step_of(connection) in {Step.NEWER, Step.AHEAD}:
            raise StoreError("The store is newer than this program: nothing was changed.")
        config = Config()
        config.set_main_option(
            "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
        )
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.execute(text("DELETE FROM meta WHERE name = 'works-from'"))
        connection.execute(text("INSERT INTO meta VALUES ('works-from', :step)"), {"step": OLDEST})
