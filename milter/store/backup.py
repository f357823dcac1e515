"""Copies of the store for a bad day: made while the gateway runs, checked when made, put back when needed.

Guarantees: a copy is one moment of the store, complete or not there at all; it holds no key, so by itself it
opens nothing that is sealed; an existing store is never overwritten. Refuses a copy that is damaged.
"""

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from shutil import which

from sqlalchemy import URL, make_url

from milter.errors import RequestError, StoreError

NAME = "sealgate-%Y%m%dT%H%M%SZ"
ENDINGS = {"sqlite": ".sqlite", "postgresql": ".pgdump"}


def backup(url: str, folder: Path, now: datetime) -> Path:
    """Write a copy of the store into a folder, named after the moment; give its path."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    copy = folder / (now.strftime(NAME) + ENDINGS[kind])
    if copy.exists():
        raise RequestError(f"{copy} is there already.")
    unfinished = copy.with_suffix(copy.suffix + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        if kind == "sqlite":
            _copy_sqlite(Path(str(parsed.database)), unfinished)
        else:
            _run(
                "pg_dump", "--format=custom", f"--file={unfinished}", _libpq(parsed), password=parsed.password
            )
        unfinished.chmod(0o600)
        _sync(unfinished)
        unfinished.rename(copy)
        _sync(folder)
    except OSError as error:
        words = f"The backup can't be written to {folder}: {error.strerror}."
        raise StoreError(words) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return copy


def expire(folder: Path, keep: int) -> tuple[Path, ...]:
    """Delete the oldest copies beyond `keep`; give what was deleted."""
    copies = sorted(path for path in folder.glob("sealgate-*") if path.suffix in ENDINGS.values())
    gone = tuple(copies[: max(0, len(copies) - keep)])
    for path in gone:
        path.unlink()
    return gone


def restore(copy: Path, url: str) -> None:
    """Put a copy where the store's URL says. RequestError where something is there, or the copy is damaged."""
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if not copy.is_file():
        raise RequestError(f"There is no file {copy}.")
    if copy.suffix != ENDINGS[kind]:
        raise RequestError(f"{copy.name} is no copy of a {kind} store; those end in {ENDINGS[kind]}.")
    if kind == "postgresql":
        _run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges",
             f"--dbname={_libpq(parsed)}", str(copy), password=parsed.password)  # fmt: skip
        return
    place = Path(str(parsed.database))
    if place.exists() and place.stat().st_size:
        raise RequestError(f"A store is at {place} already. Stop the gateway and move it away first.")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.touch(mode=0o600)
    _copy_sqlite(copy, place)
    _sync(place)


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy page by page (sqlite3_backup), which waits for writers and never for long; then check the copy."""
    if not source.is_file():
        raise RequestError(f"There is no store at {source}.")
    target.touch(mode=0o600)
    try:
        with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as old, sqlite3.connect(target) as new:
            old.backup(new, pages=2_000, sleep=0.01)
            found = new.execute("PRAGMA integrity_check").fetchone()
            new.execute("PRAGMA journal_mode=DELETE")  # the copy is one file
        new.close()
        old.close()
    except sqlite3.Error as error:
        raise StoreError(f"{source.name} could not be copied: it is no whole SQLite store.") from error
    if found != ("ok",):
        raise StoreError(f"{source.name} is damaged; this copy is not fit for use.")


def _libpq(url: URL) -> str:
    """Give the connection string of the PostgreSQL tools; the password goes by the environment."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(program: str, *arguments: str, password: object) -> None:
    found = which(program)
    if found is None:
        raise StoreError(f"{program} is not installed; on Debian: apt install postgresql-client")
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    ended = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program, no shell
    if ended.returncode:
        raise StoreError(f"{program} failed: {_last_line(ended.stderr.splitlines())}")


def _last_line(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "it did not say why")


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
