"""`share`: protected documents that were sent, and what may still be done about them."""

import argparse
import sys
from dataclasses import asdict

from milter import sharing
from milter.assess.known import load
from milter.cli.records import WHEN, actor, opened, print_json, reference_of
from milter.cli.words import table
from milter.errors import RequestError
from milter.notices.render import render_notice
from milter.outbox.share_notices import card as card_of
from milter.store import shares


def listing(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share list`."""
    with opened(arguments) as store, store.read() as tx:
        found, _ = shares.search(tx, states=tuple(arguments.state or ()), limit=1_000)
    if arguments.json:
        print_json(asdict(share) for share in found)
    elif not found:
        sys.stdout.write("There are no shares.\n")
    else:
        rows = [(s.id, s.at.strftime(WHEN), s.sender, s.recipient, s.state, s.way) for s in found]
        sys.stdout.write(table(("share", "sent", "sender", "recipient", "state", "password by"), rows) + "\n")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share show`."""
    share_id = reference_of(arguments)
    with opened(arguments) as store, store.read() as tx:
        share, history = shares.get(tx, share_id), shares.history(tx, share_id)
    if arguments.json:
        print_json([{**asdict(share), "history": [asdict(event) for event in history]}])
        return 0
    lines = [
        f"{share.id}  {share.state}",
        f"from      {share.sender}",
        f"to        {share.recipient}",
        f"files     {', '.join(share.details.get('files', ()))}",
        f"password  by {share.way}, once the evidence is '{share.needed}'; so far '{share.evidence or 'none'}'",
        f"until     {share.expires_at.strftime(WHEN)}",
    ]
    lines += [f"{event.at.strftime(WHEN)}  {event.event}  by {event.actor}" for event in history]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def withdraw(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share withdraw`."""
    share_id = reference_of(arguments)
    with opened(arguments) as store, store.transaction() as tx:
        follows = sharing.happened(tx, share_id, "withdrawn", actor())
    if follows.why_not:
        raise RequestError(follows.why_not)
    sys.stdout.write(f"{share_id} is withdrawn; its password is destroyed, and the recipient is told.\n")
    return 0


def card(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share card`."""
    share_id = reference_of(arguments)
    known = load(arguments.config)
    with opened(arguments) as store, store.transaction() as tx:
        share = shares.get(tx, share_id)
        if share.way in {"email", "agreed"}:
            words = (
                "goes by e-mail once receipt is confirmed"
                if share.way == "email"
                else "was agreed beforehand"
            )
            raise RequestError(f"This password {words}; there is no card for it.")
        notice = card_of(tx, share, "card", actor(), known)
    sys.stdout.write(render_notice(notice).text)
    return 0


def told(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share told`."""
    share_id = reference_of(arguments)
    with opened(arguments) as store, store.transaction() as tx:
        follows = sharing.told(tx, share_id, actor(), arguments.name, arguments.job_title)
    if follows.why_not:
        raise RequestError(follows.why_not)
    sys.stdout.write(f"{share_id}: recorded that the password was told to {arguments.name}.\n")
    return 0


def reissue(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share reissue`."""
    share_id = reference_of(arguments)
    limit = load(arguments.config).policy.sharing.reissues
    with opened(arguments) as store, store.transaction() as tx:
        share = sharing.reissued(tx, share_id, actor(), limit)
    sys.stdout.write(f"{share_id}: the password is sent once more ({share.reissues} of {limit}).\n")
    return 0
