"""Messages inside messages: every leaf of every view of the structure becomes a member; folders of messages."""

from itertools import pairwise

from milter.attachments.draft import Draft, File
from milter.attachments.sniff import MBOX
from milter.settings import Caps


def read_mbox(file: File, draft: Draft) -> None:
    """Read a folder of messages as programs export it (RFC 4155), each message a member."""
    spans = [match.span() for match in MBOX.finditer(file.content)]
    behind = [(len(file.content), 0)]
    for number, ((_, start), (end, _)) in enumerate(pairwise(spans + behind), 1):
        draft.member(f"message {number}", file.content[start:end], "message/rfc822")


def read_eml(file: File, draft: Draft) -> None:
    """Read a message with its headers."""
    from milter.message.parse import parse

    message = parse(file.content, Caps())
    draft.say("subject", message.subject)
    for limit in message.limits:
        draft.fail("limit", limit)
    if "smime-encrypted" in message.seals or "pgp-encrypted" in message.seals:
        draft.protect("encrypted", "S/MIME" if "smime-encrypted" in message.seals else "PGP")
    headers = file.content[: message.header_end][:65536].decode("utf-8", "replace")
    draft.say("headers", headers, hidden=True)
    for part in message.parts:
        if part.content:
            declared = f"{part.declared}; charset={part.charset}" if part.charset else part.declared
            draft.member(part.name or part.role, part.content, declared)
