"""SQLite databases: each table with its column names, read in memory, never written, no code of the file run."""

from milter.attachments.draft import Draft, File, LimitError, UnreadableError

STEPS = 50_000_000  # of SQLite's virtual machine, for one file
ROWS = 1_000_000
CELL_CHARS = 100_000


def read_sqlite(file: File, draft: Draft) -> None:
    """Read every ordinary table; values that hold whole files become members."""
    import sqlite3

    database = sqlite3.connect(":memory:")
    steps = 0

    def stop() -> bool:
        nonlocal steps
        steps += 10_000
        return steps > STEPS

    try:
        database.deserialize(file.content)
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        database.set_progress_handler(stop, 10_000)
        tables = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        for name, statement in tables:
            if isinstance(statement, str) and not statement.upper().lstrip().startswith("CREATE VIRTUAL"):
                _table(database, str(name), draft)
    except sqlite3.OperationalError as fault:
        if "interrupted" in str(fault):
            raise LimitError("the database is too large") from fault
        raise UnreadableError("the database is damaged") from fault
    except sqlite3.Error as fault:
        raise UnreadableError("the database is damaged") from fault
    finally:
        database.close()


def _table(database: object, name: str, draft: Draft) -> None:
    import sqlite3

    assert isinstance(database, sqlite3.Connection)
    quoted = '"' + name.replace('"', '""') + '"'
    rows = database.execute(f"SELECT * FROM {quoted} LIMIT {ROWS}")  # noqa: S608 quoted; the file's own name
    lines = ["\t".join(_cell(column[0], draft) for column in rows.description or ())]
    room = draft.file.budget.limits.text_chars
    for row in rows:
        lines.append("\t".join(_cell(value, draft) for value in row))
        room -= len(lines[-1])
        if room < 0:
            draft.fail("limit", "the database is too large")
            break
    draft.say(f"table '{name}'", "\n".join(lines), table=True)


def _cell(value: object, draft: Draft) -> str:
    if isinstance(value, bytes):
        if len(value) > 100:
            draft.file.budget.unpack(len(value))
            draft.member("stored value", value)
            return ""
        text = value.decode("utf-8", "replace")
    else:
        text = "" if value is None else str(value)
    return text[:CELL_CHARS].replace("\t", " ").replace("\n", " ").replace("\r", " ")
