"""`match`: lists of people for exact matching, loaded from an export and kept as keyed digests only."""

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from milter.cli.records import WHEN, actor, opened
from milter.cli.words import plural, table
from milter.detect.match import KINDS, Export, read_export
from milter.errors import RequestError
from milter.matching import exact_key
from milter.policy.importing import decode
from milter.store import exact

_RELOAD = "Gateways that run take it on a reload (SIGHUP, or systemctl reload sealgate)."


def load(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate match load`."""
    text = _text(arguments.file)
    named = dict(_named(one) for one in arguments.column or ())
    with opened(arguments) as store:
        try:
            export = read_export(_rows(text), exact_key(store), named)
        except ValueError as error:
            raise RequestError(f"{arguments.file}: {error}.") from None
        except csv.Error as error:
            raise RequestError(f"{arguments.file} can't be read as CSV: {error}.") from None
        sys.stdout.writelines(line + "\n" for line in _told(export))
        if arguments.dry_run:
            sys.stdout.write("Nothing was changed (--dry-run).\n")
            return 0
        if not export.people:
            raise RequestError("No row holds anything to match, so the list stays as it was.")
        with store.transaction() as tx:
            exact.replace(tx, arguments.name, export.digests, export.shapes, export.people, actor())
    words = f"The list '{arguments.name}' is loaded. {arguments.file} was only read: delete it where it is not needed."
    sys.stdout.write(f"{words}\n{_RELOAD}\n")
    return 0


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise RequestError(f"{file} can't be read: {error.strerror}.") from None
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", errors="replace")
    return decode(content)


def _rows(text: str) -> Iterator[dict[str, str]]:
    """Read the rows, parted by commas, semicolons or tabs, whichever the heading has most of."""
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    yield from csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)


def _named(given: str) -> tuple[str, str]:
    heading, _, kind = given.rpartition("=")
    if kind not in KINDS or not heading.strip():
        raise RequestError(f"{given!r} names no column: write HEADING=KIND, with one of {', '.join(KINDS)}.")
    return " ".join(heading.replace("_", " ").split()).strip(" :").lower(), kind


def _told(export: Export) -> Iterator[str]:
    """Say what was taken from the export, and what was not."""
    yield from (f"  {heading}: {kind}" for heading, kind in export.columns.items())
    if export.ignored:
        yield f"Not used: {', '.join(export.ignored)}. (--column 'HEADING=KIND' has a column used.)"
    people, entries = plural(export.people, "row"), plural(len(export.digests) // 8, "digest")
    empty = f"; {plural(export.empty, 'row')} with nothing to match, or nothing new" if export.empty else ""
    yield f"{people} gave {entries}{empty}."
    for kind, length in export.common:
        yield (
            f"So many values of {kind} have {length} characters that others have them by chance:"
            " they count only beside a label such as 'client id'."
        )


def listing(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate match list`."""
    with opened(arguments) as store, store.read() as tx:
        found = exact.listed(tx)
    if not found:
        sys.stdout.write("No list is loaded.\n")
        return 0
    rows = [
        (
            one.name,
            str(one.people),
            str(one.entries),
            one.at.strftime(WHEN),
            one.actor,
            ", ".join(sorted(one.shapes)),
        )
        for one in found
    ]
    sys.stdout.write(table(("list", "people", "digests", "loaded", "by", "identifiers"), rows) + "\n")
    return 0


def forget(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate match forget`."""
    with opened(arguments) as store, store.transaction() as tx:
        exact.forget(tx, arguments.name, actor())
    sys.stdout.write(f"The list '{arguments.name}' is forgotten. {_RELOAD.replace('take it', 'drop it')}\n")
    return 0
