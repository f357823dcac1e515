"""Opening the store: one SQLite file, or one PostgreSQL for several nodes, with the same schema.

Guarantees: what was committed is on the disk (SQLite WAL with synchronous=FULL; PostgreSQL as it is set up,
by default the same); a store that is too new for this program is refused, and so is one whose key file is
missing or another's. Open it after forking, once in each process.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from milter.clock import Clock, utc_now
from milter.errors import StoreError
from milter.store import trail
from milter.store.migrate import Step, bring_up, step_of
from milter.store.schema import meta
from milter.store.transaction import Transaction, database_errors
from milter.store.vault import Vault, open_vault
from milter.store.writer import Writer

T = TypeVar("T")
_BUSY_MS = 10_000  # how long a writer waits for another process on one SQLite file
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # durable before 250 (law 1)
    f"PRAGMA busy_timeout={_BUSY_MS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # a destroyed password leaves no ciphertext behind in free pages
    "PRAGMA cache_size=-16000",
    "PRAGMA journal_size_limit=67108864",
)
_PATIENCE = {  # so that a database that went away, or a table that somebody locked, is 451 and no silence
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": f"-c lock_timeout={_BUSY_MS} -c idle_in_transaction_session_timeout=60000",
}


class Store:
    """The open store. Safe for use by many threads of one process."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock, node: str) -> None:
        self.vault = vault
        self.node = node
        self._clock = clock
        self._writes = engine.execution_options(sealgate_begin="BEGIN IMMEDIATE")
        self._reads = engine.execution_options(sealgate_begin="BEGIN", **_reading(engine))
        self._engine = engine
        self._writer = Writer(self.transaction)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write in one transaction of its own: all of it or, on any exception, nothing."""
        with database_errors(), self._writes.begin() as connection:
            transaction = self._transaction(connection, writable=True)
            yield transaction
            transaction.flush()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read from one moment of the store; waits for no writer."""
        with database_errors(), self._reads.begin() as connection:
            yield self._transaction(connection, writable=False)

    def submit(self, work: Callable[[Transaction], T]) -> "Future[T]":
        """Have the writer thread run a unit of work; the future resolves after its COMMIT.

        Units that come together share a commit. A unit must touch nothing but its transaction, since it is
        run again where the group it was in broke. Raises what the unit raised, or StoreError.
        """
        return self._writer.submit(work)

    def verify(self) -> trail.Verified:
        """Walk the whole audit trail."""
        with self.read() as transaction:
            return trail.verify(transaction.connection, self.vault)

    def check(self) -> None:
        """Raise StoreError where the store can't be written now, for the readiness of the daemon."""
        with database_errors(), self._writes.begin() as connection:
            connection.execute(select(meta.c.name)).first()

    def close(self) -> None:
        """Finish what was submitted and let go of the database."""
        self._writer.close()
        self._engine.dispose()

    def _transaction(self, connection: Connection, *, writable: bool) -> Transaction:
        return Transaction(connection, self.vault, self._clock, self.node, self._clock(), [], writable)


def open_store(url: str, key_file: Path, *, clock: Clock = utc_now, node: str = "node1") -> Store:
    """Open the store, making it and its key file where neither is there yet.

    An empty database gets its tables; an older SQLite store is brought up to date, an older PostgreSQL store
    is refused until `sealgate migrate` was run, since other nodes use it. `node` names the audit chain of
    this writer: give each process that writes much a name of its own. StoreError in all other cases.
    """
    engine = connect(url)
    try:
        with database_errors():
            _bring_up(engine)
            vault = _unlock(engine, key_file)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, vault, clock, node)


def migrate(url: str) -> None:
    """Make or bring up the tables of a store; several at once are safe. StoreError where it is too new."""
    engine = connect(url)
    try:
        with database_errors():
            bring_up(engine)
    finally:
        engine.dispose()


def connect(url: str) -> Engine:
    """Make the engine of a store's URL, without touching the database yet."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("The store's URL is none: sqlite:///FILE or postgresql+psycopg://...") from error
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        engine = _sqlite(parsed)
    elif parsed.drivername == "postgresql+psycopg":
        engine = _postgresql(parsed)
    else:
        raise StoreError("The store's URL must begin with sqlite:/// or postgresql+psycopg://")
    return engine


def _sqlite(url: URL) -> Engine:
    if url.database in {None, "", ":memory:"}:
        raise StoreError("The store must be a file: what is in memory is lost with the process.")
    file = Path(str(url.database))
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        words = f"The store {file} can't be made: {error.strerror}."
        raise StoreError(words) from error
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(
            connection.get_execution_options().get("sealgate_begin", "BEGIN IMMEDIATE")
        )

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, connect_args=_PATIENCE)
    except (NoSuchModuleError, ImportError) as error:
        words = "PostgreSQL needs an extra; in the folder that Sealgate was installed from: pip install '.[postgres]'"
        raise StoreError(words) from error


def _reading(engine: Engine) -> dict[str, Any]:
    """Options of a connection that shows one moment and changes nothing."""
    if engine.dialect.name == "postgresql":
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return {}


def _bring_up(engine: Engine) -> None:
    with engine.begin() as connection:
        step = step_of(connection)
    if step is Step.NEWER:
        raise StoreError("The store is newer than this program: install the version that wrote it.")
    if step is Step.OLDER and engine.dialect.name == "postgresql":
        raise StoreError("The store is older than this program: run `sealgate migrate`, once for all nodes.")
    if step not in {Step.CURRENT, Step.AHEAD}:
        bring_up(engine)


def _unlock(engine: Engine, key_file: Path) -> Vault:
    """Open the key file and see that it is the one that this store was written with."""
    with engine.begin() as connection:
        query = select(meta.c.value).where(meta.c.name == "key-check")
        known = connection.execute(query).scalar()
        vault = open_vault(key_file, may_make=known is None)
        check = vault.digest("key check")
        if known is None:
            dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
            row = dialect.insert(meta).values(name="key-check", value=check)
            connection.execute(row.on_conflict_do_nothing())
            known = connection.execute(query).scalar()
    if known != check:
        words = f"The key file {key_file} belongs to another store; put the right one in its place."
        raise StoreError(words)
    return vault
