"""Messages inside messages: every leaf of every view of the structure becomes a member; folders of messages."""

import re

from milter.attachments.draft import Draft, File
from milter.settings import Caps

BEGIN = re.compile(rb"(?m)^From [^\r\n]{1,300}\r?\n(?=[\x21-\x39\x3b-\x7e]{1,76}:)")


def read_mbox(file: File, draft: Draft) -> None:
    """Read a folder of messages as programs export it (RFC 4155), each message a member."""
    starts = [match.end() for match in BEGIN.finditer(file.content)]
    ends = [match.start() for match in BEGIN.finditer(file.content)][1:]
    for number, (start, end) in enumerate(zip(starts, [*ends, len(file.content)], strict=True), 1):
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
