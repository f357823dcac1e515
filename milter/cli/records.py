"""`hold`, `register`, `audit` and `migrate`: the store, from the command line."""

import argparse
import getpass
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from milter.cli.words import plural, table
from milter.errors import RequestError
from milter.policy.load import load_policy
from milter.settings import load_settings
from milter.store import decisions, evidence, quarantine
from milter.store import register as entries
from milter.store.engine import Store, open_store
from milter.store.engine import migrate as bring_up
from milter.store.ids import read_reference

ALL_CHAINS = "(list of chains)"  # its own name is empty
WHEN = "%Y-%m-%d %H:%M"


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Store]:
    """Open the store of a configuration, under an audit chain of its own."""
    settings = load_settings(arguments.config)
    store = open_store(settings.store.url, Path(settings.store.key_file), node=f"cli/{actor()}")
    try:
        yield store
    finally:
        store.close()


def actor() -> str:
    """Name who does it, for the audit trail."""
    return f"cli:{getpass.getuser()}"


def reference_of(arguments: argparse.Namespace) -> str:
    """Give the reference that was typed, in its one form."""
    reference = read_reference(arguments.reference)
    if reference is None:
        raise RequestError(f"{arguments.reference!r} is no reference; they look like SG-7K2M-9QXD-40TB.")
    return reference


def print_json(values: Iterable[Any]) -> None:
    """Print one JSON object a line."""
    for value in values:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def migrate(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate migrate`."""
    bring_up(load_settings(arguments.config).store.url)
    sys.stdout.write("The store is up to date.\n")
    return 0


def hold_list(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate hold list`."""
    wanted = quarantine.Search(waiting_only=not arguments.all)
    with opened(arguments) as store, store.read() as tx:
        found, _ = quarantine.search(tx, wanted, limit=1_000)
    if arguments.json:
        print_json(asdict(held) for held in found)
    elif not found:
        sys.stdout.write("Nothing waits for a decision.\n")
    else:
        rows = [
            (
                h.id,
                h.at.strftime(WHEN),
                h.sender,
                plural(h.waiting, "recipient"),
                h.grade,
                ", ".join(h.reasons),
            )
            for h in found
        ]
        sys.stdout.write(table(("reference", "since", "sender", "waiting", "grade", "reasons"), rows) + "\n")
    return 0


def hold_show(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate hold show`."""
    with opened(arguments) as store, store.read() as tx:
        full = quarantine.get(tx, reference_of(arguments))
    if arguments.json:
        print_json([{**asdict(full.held), "summary": full.summary, "recipients": _recipients(full)}])
        return 0
    held = full.held
    lines = [
        f"{held.id}  held since {held.at.strftime(WHEN)}, until {held.expires_at.strftime(WHEN)}",
        f"from     {held.sender}",
        f"subject  {full.summary.get('subject', '')}",
        f"grade    {held.grade} ({', '.join(held.categories)})",
    ]
    for recipient in full.recipients:
        why = f" by {recipient.decided_by}: {recipient.reason}" if recipient.decided_by else ""
        lines.append(
            f"to       {recipient.recipient}  {recipient.state}{why}  [{', '.join(recipient.reasons)}]"
        )
    lines += [
        f"found    {f['kind']} {f['masked']} in {f['where']}: {f['why']}" for f in full.summary["findings"]
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _recipients(full: quarantine.HeldInFull) -> list[dict[str, Any]]:
    return [asdict(recipient) for recipient in full.recipients]


def hold_release(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate hold release`: asked for here, done by the daemon, once."""
    held_id = reference_of(arguments)
    four_eyes = load_policy(arguments.config).holding.four_eyes
    with opened(arguments) as store, store.transaction() as tx:
        recipients = arguments.to or _waiting(quarantine.get(tx, held_id))
        how: decisions.How = "protected" if arguments.protected else "as-it-is"
        out = decisions.release(
            tx, held_id, recipients, actor(), arguments.reason, how=how, four_eyes=four_eyes
        )
    words = (
        ("will be locked and sent to" if arguments.protected else "will be sent to")
        if out
        else "has the first of two approvals for"
    )
    sys.stdout.write(f"{held_id} {words} {', '.join(recipients)}.\n")
    return 0


def hold_refuse(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate hold refuse`."""
    held_id = reference_of(arguments)
    with opened(arguments) as store, store.transaction() as tx:
        recipients = arguments.to or _waiting(quarantine.get(tx, held_id))
        decisions.refuse(tx, held_id, recipients, actor(), arguments.reason)
    sys.stdout.write(f"{held_id} is refused for {', '.join(recipients)}; the sender is told why.\n")
    return 0


def _waiting(full: quarantine.HeldInFull) -> list[str]:
    waiting = [recipient.recipient for recipient in full.recipients if recipient.state == "held"]
    if not waiting:
        raise RequestError("This message was decided about already, for every recipient.")
    return waiting


def register(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate register`."""
    with opened(arguments) as store, store.read() as tx:
        page = entries.search(tx, entries.Search(words=" ".join(arguments.words)), limit=arguments.limit)
    if arguments.json:
        print_json(asdict(entry) for entry in page.entries)
        return 0
    rows = [
        (
            e.id,
            e.at.strftime(WHEN),
            e.channel,
            e.sender,
            e.recipient,
            ", ".join(e.information),
            e.way,
            e.status,
        )
        for e in page.entries
    ]
    head = ("entry", "at", "channel", "sender", "recipient", "information", "way", "status")
    sys.stdout.write((table(head, rows) if rows else "Nothing is recorded for this.") + "\n")
    return 0


def audit_verify(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate audit verify`."""
    with opened(arguments) as store:
        verified = store.verify()
    for broken in verified.broken:
        sys.stdout.write(
            f"Chain {broken.chain or ALL_CHAINS} does not hold from row {broken.seq} on: {broken.why}.\n"
        )
    if verified.whole:
        chains = plural(len(verified.heads), "chain")
        sys.stdout.write(f"The trail is whole: {plural(verified.rows, 'row')} in {chains}.\n")
    else:
        sys.stdout.write(
            "Keep the store as it is, tell information governance, and compare it with a backup.\n"
        )
    if verified.heads:
        sys.stdout.write("Note these heads somewhere else; a later walk must still contain them:\n")
        heads = [(chain or ALL_CHAINS, str(length), digest) for chain, length, digest in verified.heads]
        sys.stdout.write(f"{table(('chain', 'rows', 'last digest'), heads)}\n")
    return 0 if verified.whole else 1


def audit_check_pack(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate audit check-pack`."""
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise RequestError(f"{arguments.file} can't be read: {error.strerror}.") from error
    with opened(arguments) as store:
        checked = evidence.check(store, content)
    for fault in checked.faults:
        sys.stdout.write(f"{fault}\n")
    if not checked.faults:
        sys.stdout.write(
            f"The pack holds: its seal, every file, and {plural(checked.rows, 'row')} of the trail.\n"
        )
    return 1 if checked.faults else 0
