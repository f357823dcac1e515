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
from milter.store import shares, talk
from milter.store.shares import Share
from milter.store.transaction import Transaction


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


def _found(tx: Transaction, arguments: argparse.Namespace) -> Share:
    """Give the share that a reference names: its own, or that of a message with one protected copy."""
    reference = reference_of(arguments)
    of_message = shares.of_message(tx, reference)
    if len(of_message) > 1:
        which = ", ".join(f"{share.id} (to {share.recipient})" for share in of_message)
        raise RequestError(f"This message has several shares; name one: {which}.")
    return of_message[0] if of_message else shares.get(tx, reference)


def show(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share show`."""
    with opened(arguments) as store, store.read() as tx:
        share = _found(tx, arguments)
        history, notes = shares.history(tx, share.id), talk.notes_about(tx, share.id)
    if arguments.json:
        told = {"history": [asdict(event) for event in history], "notes": [asdict(note) for note in notes]}
        print_json([{**asdict(share), **told}])
        return 0
    lines = [
        f"{share.id}  {share.state}",
        f"from      {share.sender}",
        f"to        {share.recipient}",
        f"files     {', '.join(share.details.get('files', ()))}",
        f"password  {_password(share)}",
        f"until     {share.expires_at.strftime(WHEN)}",
    ]
    lines += [f"{event.at.strftime(WHEN)}  {event.event}  by {event.actor}" for event in history]
    lines += [f"{note.at.strftime(WHEN)}  note by {note.actor}: {note.text}" for note in notes]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _password(share: Share) -> str:
    if share.password_destroyed_at is not None and share.way != "agreed":
        return f"destroyed on {share.password_destroyed_at.strftime(WHEN)}"
    so_far = share.evidence or "none"
    return f"by {share.way}, once the evidence is '{share.needed}'; so far '{so_far}'"


def withdraw(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share withdraw`."""
    with opened(arguments) as store, store.transaction() as tx:
        share_id = _found(tx, arguments).id
        follows = sharing.happened(tx, share_id, "withdrawn", actor())
        if follows.why_not:
            raise RequestError(follows.why_not)
        talk.add_note(tx, share_id, actor(), f"withdrawn: {arguments.reason}")
    left = "the recipient is told" if follows.notices else "it had not left yet"
    sys.stdout.write(f"{share_id} is withdrawn; its password is destroyed, and {left}.\n")
    return 0


def card(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share card`."""
    known = load(arguments.config)
    with opened(arguments) as store, store.transaction() as tx:
        share = _found(tx, arguments)
        share_id = share.id
        if share.way in {"email", "agreed"}:
            words = (
                "goes by e-mail once receipt is confirmed"
                if share.way == "email"
                else "was agreed beforehand"
            )
            raise RequestError(f"This password {words}; there is no card for it.")
        talk.add_note(tx, share_id, actor(), f"telephone card printed: {arguments.reason}")
        notice = card_of(tx, share, "card", actor(), known)
    sys.stdout.write(render_notice(notice).text)
    return 0


def told(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share told`."""
    with opened(arguments) as store, store.transaction() as tx:
        share_id = _found(tx, arguments).id
        follows = sharing.told(tx, share_id, actor(), arguments.name, arguments.job_title)
        if follows.why_not:
            raise RequestError(follows.why_not)
    sys.stdout.write(f"{share_id}: recorded that the password was told to {arguments.name}.\n")
    return 0


def reissue(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate share reissue`."""
    limit = load(arguments.config).policy.sharing.reissues
    with opened(arguments) as store, store.transaction() as tx:
        share_id = _found(tx, arguments).id
        share = sharing.reissued(tx, share_id, actor(), limit)
        talk.add_note(tx, share_id, actor(), f"password sent again: {arguments.reason}")
    sys.stdout.write(f"{share_id}: the password is sent once more ({share.reissues} of {limit}).\n")
    return 0
