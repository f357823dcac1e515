"""`partners`: who is known, lists that others publish, and passwords agreed beforehand.

An import shows what it would change before it changes it, replaces its own file whole or not at all, and never
touches what was written by hand.
"""

import argparse
import getpass
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from milter.cli.records import WHEN, actor, opened, print_json
from milter.cli.words import plural, table
from milter.errors import ConfigurationError, RequestError
from milter.policy.importing import (
    Imported,
    NoSuchColumnError,
    as_toml,
    decode,
    difference,
    import_nhs,
    import_schools,
)
from milter.policy.load import load_policy
from milter.policy.load_partners import load_file, load_partners
from milter.policy.model import Partner
from milter.store import agreed

LISTS = {"school": ("partners-schools.toml", import_schools), "nhs": ("partners-nhs.toml", import_nhs)}
MOST_BYTES = 256 * 1024 * 1024  # the register of schools is 60 MB
MOST_SHOWN = 200  # lines of a difference, and of what could not be used; a file shows them all
FEW_LEFT = 2  # a list that shrinks to less than one in so many is probably the wrong file


def listing(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate partners list`."""
    words = [word.casefold() for word in arguments.words]
    policy = load_policy(arguments.config)
    found = [partner for partner in policy.partners if _matches(partner, words)]
    if arguments.json:
        print_json(asdict(partner) for partner in found)
    elif not found:
        sys.stdout.write("Nobody of that name or domain is known.\n")
    else:
        head = ("name", "kind", "domains", "telephone", "route", "password", "note")
        rows = [
            (
                partner.name,
                f"{partner.kind}, own" if partner.own else partner.kind,
                " ".join(partner.domains),
                partner.telephone,
                partner.route,
                partner.password,
                partner.note,
            )
            for partner in found
        ]
        sys.stdout.write(table(head, rows) + "\n")
    return 0


def _matches(partner: Partner, words: list[str]) -> bool:
    text = " ".join((partner.name, partner.kind, *partner.domains, partner.note)).casefold()
    return all(word in text for word in words)


def bring_in(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate partners import`: show the difference, then replace the list's own file."""
    name, read = LISTS[arguments.kind]
    target = Path(arguments.config) / name
    before = _file(target)
    taken = _written_by_hand(Path(arguments.config), target)
    try:
        imported: Imported = read(decode(_content(arguments.file)), taken)
    except NoSuchColumnError as error:
        words = f"{arguments.file} is not a list of the kind '{arguments.kind}': {error}."
        raise RequestError(words) from error
    lines = difference(before, imported.partners)
    _show(lines, imported, before, name)
    if arguments.dry_run or not lines:
        sys.stdout.write("Nothing was changed.\n")
        return 0
    _refuse_if_few(before, imported, force=arguments.force)
    _replace(target, as_toml(imported.partners, f"the list {Path(arguments.file).name}"))
    sys.stdout.write(f"Wrote {target}. It is in force after a reload (SIGHUP).\n")
    return 0


def _content(file: str) -> bytes:
    try:
        content = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else _read(Path(file))
    except OSError as error:
        words = f"{file} can't be read: {error.strerror}."
        raise RequestError(words) from error
    if len(content) > MOST_BYTES:
        words = (
            f"{file} is larger than {MOST_BYTES // 1024 // 1024} MiB; it is hardly a list of organisations."
        )
        raise RequestError(words)
    return content


def _read(file: Path) -> bytes:
    with file.open("rb") as opened_file:
        return opened_file.read(MOST_BYTES + 1)


def _file(target: Path) -> tuple[Partner, ...]:
    """Give what the list's own file says now."""
    if not target.exists():
        return ()
    partners, problems = load_file(target)
    if problems:
        raise ConfigurationError(tuple(problems))
    return partners


def _written_by_hand(folder: Path, target: Path) -> frozenset[str]:
    """Give the domains of every other file, which the list may not take."""
    partners, personal, problems = load_partners(folder, leave_out=target)
    if problems:
        raise ConfigurationError(tuple(problems))
    return personal | {domain for partner in partners for domain in partner.domains}


def _show(lines: tuple[str, ...], imported: Imported, before: tuple[Partner, ...], name: str) -> None:
    for line in lines[:MOST_SHOWN]:
        sys.stdout.write(line + "\n")
    if len(lines) > MOST_SHOWN:
        sys.stdout.write(f"... and {len(lines) - MOST_SHOWN} lines more.\n")
    for why in imported.skipped[:MOST_SHOWN]:
        sys.stderr.write(f"not used: {why}\n")
    if len(imported.skipped) > MOST_SHOWN:
        sys.stderr.write(f"... and {len(imported.skipped) - MOST_SHOWN} rows more that could not be used.\n")
    count = {sign: sum(line.startswith(sign) for line in lines) for sign in "+-~"}
    sys.stdout.write(
        f"{name}: {plural(len(before), 'organisation')} before, {len(imported.partners)} after:"
        f" {count['+']} new, {count['-']} gone, {count['~']} changed;"
        f" {plural(len(imported.skipped), 'row')} not used.\n"
    )


def _refuse_if_few(before: tuple[Partner, ...], imported: Imported, *, force: bool) -> None:
    if len(imported.partners) * FEW_LEFT < len(before) and not force:
        raise RequestError(
            "More than half of the organisations would go. Is it the right file? --force takes it all the same."
        )


def _replace(target: Path, text: str) -> None:
    """Put a file in place whole, on the disk before it is seen."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as draft:
            draft.write(text)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(draft.name).replace(target)
    except OSError as error:
        words = f"{target} can't be written: {error.strerror}."
        raise RequestError(words) from error


def password(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate partners password`: set, remove or list passwords agreed beforehand."""
    with opened(arguments) as store, store.transaction() as tx:
        if not arguments.name:
            return _list_passwords(arguments, agreed.listed(tx))
        if arguments.remove:
            agreed.remove(tx, arguments.name, actor())
            sys.stdout.write(
                f"The password '{arguments.name}' is destroyed; fresh ones are used from now on.\n"
            )
            return 0
        agreed.put(tx, arguments.name, _asked(), actor())
    sys.stdout.write(f"The password '{arguments.name}' is kept, sealed.\n")
    return 0


def _asked() -> str:
    """Ask for the password twice at a terminal; from a pipe its first line is taken."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("The agreed password: ")
    if getpass.getpass("Once more: ") != first:
        raise RequestError("The two differ; nothing was changed.")
    return first


def _list_passwords(arguments: argparse.Namespace, kept: tuple[agreed.Agreed, ...]) -> int:
    partners = load_policy(arguments.config).partners
    used = {partner.password: partner.name for partner in partners if partner.password}
    rows = [(one.name, one.at.strftime(WHEN), one.actor, used.get(one.name, "nobody")) for one in kept]
    names = {one.name for one in kept}
    rows += [(name, "missing", "", partner) for name, partner in used.items() if name not in names]
    text = table(("name", "set", "by", "used for"), rows) if rows else "There are no agreed passwords."
    sys.stdout.write(text + "\n")
    return 0
