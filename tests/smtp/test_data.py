"""DATA in bulk against the plainest possible reading of RFC 5321 4.5.2, and every known smuggling form."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from milter.relay.octets import clean, stuff, unstuff
from milter.smtpd.data import Incoming
from tests.smtp.server import Start
from tests.smtp.talk import Talk

WORDS = st.sampled_from(
    [b"\r\n", b".", b"\r", b"\n", b"\0", b"a", b"..", b"\r\n.", b"\r\n.\r\n", b"x" * 70, b"\xff"]
)
STREAM = st.lists(WORDS, max_size=40).map(b"".join)


def plain_reading(stream: bytes) -> tuple[bytes, bytes] | None:
    """Line by line, as the RFC tells it: the message and what stands behind it, None where it has no end."""
    message, at = b"", 0
    while (end := stream.find(b"\r\n", at)) != -1:
        line = stream[at : end + 2]
        at = end + 2
        if line == b".\r\n":
            return message, stream[at:]
        message += line.removeprefix(b".")
    return None


def bulk_reading(pieces: list[bytes]) -> tuple[bytes, bytes] | None:
    incoming = Incoming(1_000_000)
    for number, piece in enumerate(pieces):
        rest = incoming.feed(piece)
        if rest is not None:
            return incoming.message(), rest + b"".join(pieces[number + 1 :])
    return None


@given(stream=STREAM, cuts=st.lists(st.integers(0, 400), max_size=20))
@example(stream=b".\r\nQUIT\r\n", cuts=[1, 2])
@example(stream=b"a\r\n.\r\nb", cuts=[1, 2, 3, 4, 5, 6])
@example(stream=b"..\r\n\r\n..\r\n.\r\n", cuts=[])
def test_bulk_reading_is_the_plain_one(stream: bytes, cuts: list[int]) -> None:
    """Wherever the network cuts the stream, the message and what stands behind it are those of the RFC."""
    marks = sorted({0, *(cut for cut in cuts if 0 < cut < len(stream)), len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(marks)]
    assert bulk_reading(pieces) == plain_reading(stream)


@given(stream=STREAM)
def test_byte_by_byte(stream: bytes) -> None:
    """One octet at a time makes no difference."""
    assert bulk_reading([stream[n : n + 1] for n in range(len(stream))]) == plain_reading(stream)


@given(
    lines=st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a.b", b"a" * 80 + b".", b"x"]), max_size=200)
)
def test_stuffing_comes_back(lines: list[bytes]) -> None:
    """A message that was stuffed for the wire is the same when it is read again."""
    message = b"".join(line + b"\r\n" for line in lines)
    assert bulk_reading(list(stuff(message))) == (message, b"")


def test_stuffing_adds_a_missing_line_end() -> None:
    """A message without a last line end gets one, since the end mark needs it."""
    assert b"".join(stuff(b"a")) == b"a\r\n.\r\n"
    assert b"".join(stuff(b"")) == b".\r\n"


def test_unstuffing_takes_one_dot_of_each_line() -> None:
    """One dot goes from each line that has any, also beyond the few that are looked at one by one."""
    assert unstuff(b"..a\r\n...\r\nb..\r\n") == b".a\r\n..\r\nb..\r\n"
    assert unstuff(b"..\r\n" * 500) == b".\r\n" * 500


@given(stream=STREAM)
def test_clean_means_only_crlf(stream: bytes) -> None:
    """Clean is a stream in which every CR has its LF, every LF its CR, and no octet is NUL."""
    crs = [at for at, octet in enumerate(stream) if octet == 13]
    lfs = [at for at, octet in enumerate(stream) if octet == 10]
    assert clean(stream) == (0 not in stream and lfs == [at + 1 for at in crs])


@pytest.mark.parametrize("bad", [b"\r", b"\n", b"\0"])
@pytest.mark.parametrize("at", [0, 1, 78, 262_143, 262_144, 262_145, 500_000, -1])
def test_one_bad_octet_anywhere(bad: bytes, at: int) -> None:
    """A single bare CR, bare LF or NUL is seen wherever it stands in a large message."""
    message = (b"QUJD" * 19 + b"\r\n") * 10_000
    assert clean(message)
    at = at % len(message)
    assert not clean(message[:at] + bad + message[at:])


@pytest.mark.parametrize("size", range(262_140, 262_150))
def test_line_end_across_pieces(size: int) -> None:
    """A CRLF that lies across the pieces that are looked at is one."""
    assert clean(b"x" * size + b"\r\n" + b"x" * 300_000)
    assert not clean(b"x" * size + b"\r")


def test_many_dots_before_a_leading_one() -> None:
    """A leading dot is found behind any number of others."""
    message = b"a.b\r\n" * 5_000 + b".c\r\n"
    assert b"".join(stuff(message)) == b"a.b\r\n" * 5_000 + b"..c\r\n.\r\n"


def test_what_is_too_big_is_not_kept() -> None:
    """Beyond the limit nothing is held, however long the message goes on, and its end is still found."""
    incoming = Incoming(10)
    for _ in range(1000):
        assert incoming.feed(b"x" * 1000) is None
        assert incoming.held == 0
    assert incoming.feed(b"\r\n.\r\nrest") == b"rest"
    assert incoming.too_big


SMUGGLED = b"\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nevil\r\n.\r\n"
FORMS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF.CRNUL-LF": b"\r\n.\r\0\n",
    "CRCRLF.CRLF": b"\r\r\n.\r\r\n",
    "LFCR.LFCR": b"\n\r.\n\r",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_smuggling(form: bytes, start: Start) -> None:
    """No false end of a message lets a second one through, and the message that tries is refused."""
    running = await start()
    async with Talk(running.port) as talk:
        await talk.begin()
        # Where the form ends the message for us, what follows it would be read as commands.
        replies = await talk.send(
            b"first" + form + SMUGGLED.lstrip(b"\r\n") + b"NOOP\r\nQUIT\r\n", until_end=True
        )
    assert running.keeper.mail == []
    assert replies[0].startswith(b"550 5.6.11 ")
    assert not any(reply.startswith((b"250 2.1", b"354")) for reply in replies)


async def test_true_end_is_the_end(start: Start) -> None:
    """CRLF.CRLF alone ends a message; what follows is a new command."""
    running = await start()
    async with Talk(running.port) as talk:
        await talk.begin()
        replies = await talk.send(b"first\r\n.\r\nNOOP\r\nQUIT\r\n", until_end=True)
    assert [reply[:3] for reply in replies] == [b"250", b"250", b"221"]
    assert [raw for _, raw, _ in running.keeper.mail] == [b"first\r\n"]
