"""Mail to the receipts domain or mailbox: receipts, delivery reports, replies, automatic answers (pitfalls 2-4).

Guarantees: what kind a message is of is judged by its structure, never by its subject; a token that is unknown
or spent is refused like any unknown address; nothing but a person's own reply is passed on to the sender.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from milter import sharing
from milter.dispatch.mailing import envelope_json
from milter.dispatch.surroundings import Surroundings
from milter.message.address import domain_of
from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.message.parse import parse
from milter.message.report import classify
from milter.message.text import header_text
from milter.receipts.evidence import Heard, heard
from milter.receipts.token import token_of, token_of_message_id
from milter.relay.reply import Reply
from milter.store import contents, outbox, progress, shares
from milter.store.contents import SealedContent
from milter.store.transaction import Transaction

KEPT = timedelta(days=30)  # a reply that could not be passed on, for an operator to try again
TAKEN = Reply(250, "2.0.0", "Receipt taken")
NO_SUCH = Reply(550, "5.1.1", "No receipt is expected at this address")


@dataclass(frozen=True, slots=True)
class _Reply:
    """A person's reply, to be passed on as it came."""

    key: str
    content: SealedContent


def apart(envelope: Envelope, domain: str) -> tuple[Envelope | None, Envelope | None]:
    """Part what is addressed to the receipts domain from the rest, such as a reply to all; None where there is none."""
    mine = tuple(r for r in envelope.recipients if domain and domain_of(r.address) == domain)
    others = tuple(r for r in envelope.recipients if r not in mine)
    return (
        replace(envelope, recipients=mine) if mine else None,
        replace(envelope, recipients=others) if others else None,
    )


async def receive(envelope: Envelope, raw: bytes, key: str, with_: Surroundings) -> Reply:
    """Take one message in for all shares that it is addressed to; all its recipients are at the receipts domain."""
    domain = with_.known.settings.receipts.domain
    tokens = [token_of(recipient.address, domain) for recipient in envelope.recipients]
    message = parse(raw, with_.known.caps)
    what = heard(classify(message, envelope.sender).kind)
    reply = _reply_of(message, what, key, with_)
    known = await asyncio.wrap_future(with_.commit(lambda tx: _take(tx, tokens, what, reply)))
    with_.wake_outbox()
    return TAKEN if known else NO_SUCH


async def receive_found(raw: bytes, with_: Surroundings) -> bool:
    """Take in one message of the receipts mailbox, once; say whether it is about a share of ours.

    The share is told by the token in the Message-ID that the report or the reply is about. There is no envelope any
    more: who sent it is told by Return-Path (RFC 5321 4.4), which the mailbox's server wrote.
    """
    mailbox = with_.known.settings.receipts.mailbox
    key = progress.message_key(with_.store.vault, mailbox, raw)
    message = parse(raw, with_.known.caps)
    incoming = classify(message, _return_path(message))
    what = heard(incoming.kind)
    token = token_of_message_id(incoming.message_id, mailbox)
    reply = _reply_of(message, what, key, with_) if token else None

    def work(tx: Transaction) -> int:
        done, _ = progress.outcomes(tx, key)
        if done or not token:
            return int(bool(done))
        known = _take(tx, [token], what, reply)
        progress.account(tx, key, "", {mailbox: "delivered" if known else "refused"})
        return known

    known = await asyncio.wrap_future(with_.commit(work))
    with_.wake_outbox()
    return bool(known)


def _return_path(message: Message) -> str:
    """Give the envelope sender that was written down; who shows themselves as the sender where none was."""
    for field in message.fields:
        if field.name == "return-path":
            return header_text(field.value).strip().strip("<>")
    return next(iter(message.header_from), "unknown")


def _reply_of(message: Message, what: Heard, key: str, with_: Surroundings) -> _Reply | None:
    return _Reply(key, contents.seal_content(with_.store.vault, message.raw)) if what.for_sender else None


def _take(tx: Transaction, tokens: list[str | None], what: Heard, reply: _Reply | None) -> int:
    """Take it into account for each share; give how many of the addresses are known."""
    known = 0
    for token in tokens:
        share = shares.by_token(tx, "address", token) if token else None
        if share is None:
            continue
        known += 1
        sharing.heard(tx, share.id, what)
        if reply is not None:
            _pass_on(tx, share, reply)
    return known


def _pass_on(tx: Transaction, share: shares.Share, reply: _Reply) -> None:
    """Have the sender read what the recipient wrote, once."""
    envelope = Envelope("", (Recipient(share.sender, notify=("NEVER",)),), body="8BITMIME")
    told: dict[str, Any] = {"envelope": envelope_json(envelope), "secure": False}
    dedupe = f"reply:{share.id}:{reply.key}"
    if outbox.put(tx, "reply", share.id, dedupe, told, content_id=reply.content.id):
        contents.put(tx, reply.content, tx.now + KEPT)
