r"""Dialogues as files: each of `transcripts/*.txt` is held with a real server.

A file's lines:
    # words           what the dialogue shows
    ! name = value    a setting of the server, in Python; 'offered' and 'reply' too
    C: line           sent with CRLF; several in a row go out in one write. Escapes: \r \n \0 \xNN \\
    C~ octets         the same without CRLF
    S: line           the answer, to the letter; '...' at its end stands for any rest
    S# end            the server closes the connection
    > from | to | body | options | client | protocol | count   what the handler got
"""

import ast
import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from milter.message.envelope import Envelope
from milter.relay.capabilities import Capabilities
from milter.relay.reply import Reply
from tests.smtp.server import Keeper, Start

FOLDER = Path(__file__).parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))
TEXTS = {file: file.read_text().splitlines() for file in FILES}
_ESCAPE = re.compile(r"\\(r|n|0|\\|x[0-9a-f]{2})")
_PLAIN = {"r": b"\r", "n": b"\n", "0": b"\0", "\\": b"\\"}


def octets(text: str) -> bytes:
    out, last = b"", 0
    for found in _ESCAPE.finditer(text):
        out += text[last : found.start()].encode()
        out += _PLAIN.get(found[1]) or bytes.fromhex(found[1][1:])
        last = found.end()
    return out + text[last:].encode()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_dialogue(file: Path, start: Start) -> None:
    """A dialogue goes as its file says, to the letter."""
    lines = TEXTS[file]
    settings = dict(_setting(line) for line in lines if line.startswith("! "))
    offered = settings.pop("offered", {"eight_bit": True, "smtputf8": True, "dsn": True})
    keeper = Keeper(Reply(*settings.pop("reply", (250, "2.0.0", "Taken"))))
    running = await start(keeper, None if offered is None else Capabilities(**offered), **settings)
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    try:
        async with asyncio.timeout(20):
            await _hold(lines, reader, writer, keeper)
    finally:
        writer.close()


def _setting(line: str) -> tuple[str, Any]:
    name, _, value = line[2:].partition("=")
    return name.strip(), ast.literal_eval(value.strip())


async def _hold(
    lines: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keeper: Keeper
) -> None:
    waiting = b""
    for number, line in enumerate(lines, 1):
        kind, text = line[:2], line[3:]
        if kind == "C:":
            waiting += octets(text) + b"\r\n"
        elif kind == "C~":
            waiting += octets(text)
        elif kind in ("S:", "S#"):
            if waiting:
                writer.write(waiting)
                waiting = b""
            expected = "" if kind == "S#" else text
            _compare(number, expected, (await reader.readline()).decode())
        elif line.startswith("> "):
            _check(number, line[2:], keeper)
        else:
            assert not line or line[0] in "#!", f"line {number} is of no known kind"


def _compare(number: int, expected: str, got: str) -> None:
    if expected.endswith("..."):
        assert got.startswith(expected[:-3]), f"line {number}: got {got!r}"
    else:
        assert got == (f"{expected}\r\n" if expected else ""), f"line {number}: got {got!r}"


def _check(number: int, claim: str, keeper: Keeper) -> None:
    what, _, value = claim.partition(" ")
    if what == "count":
        assert len(keeper.mail) == int(value), f"line {number}"
        return
    envelope, raw, session = keeper.mail[-1]
    got = {
        "from": envelope.sender.encode(),
        "to": " ".join(_to(envelope)).encode(),
        "body": raw,
        "options": f"{envelope.body} {envelope.smtputf8} {envelope.ret} {envelope.envid}".encode(),
        "client": f"{envelope.client} {envelope.queue_id}".encode(),
        "protocol": session.protocol.encode(),
    }[what]
    assert got == octets(value), f"line {number}: got {got!r}"


def _to(envelope: Envelope) -> list[str]:
    return [
        "|".join(
            [
                one.address,
                *([",".join(one.notify)] if one.notify else []),
                *([one.orcpt] if one.orcpt else []),
            ]
        )
        for one in envelope.recipients
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dialogue_says_what_it_shows(file: Path) -> None:
    """Every dialogue opens with a sentence."""
    assert re.match(r"# [A-Z].{15,}", file.read_text())
