"""The socketmap protocol as Postfix speaks it, and as it does not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from milter.routes.socketmap import Socketmap, netstring, read_netstring
from tests.routes.conftest import Bed


@pytest.fixture
async def port(bed: Bed) -> AsyncIterator[int]:
    """Give the port of a socketmap that knows one domain with an enforced policy."""
    bed.school()
    bed.announce()
    server = Socketmap(bed.routes())
    yield await server.listen("127.0.0.1", 0)
    await server.close()


async def test_many_questions_on_one_connection(port: int) -> None:
    """Postfix keeps its connection; each question has its answer, in order, whatever the case of the name."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for name, answer in (
        (b"school.example", b"OK secure match=mx1.school.example:.backup.example servername=hostname"),
        (b"absent.example", b"NOTFOUND "),
        (b"SCHOOL.example.", b"OK secure match=mx1.school.example:.backup.example servername=hostname"),
        (b".example", b"NOTFOUND "),
        (b"[mx1.school.example]:25", b"NOTFOUND "),
        (b"\xff\xfe.example", b"NOTFOUND "),
    ):
        writer.write(netstring(b"tls " + name))
        assert await read_netstring(reader) == answer
    writer.close()


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n\r\n:",
        b"99999:x",
        b"1001:",
        b"-1:x,",
        b"3:abcX",
        b"a" * 5000,
        b":,",
        b"0005 :hello,",
    ],
)
async def test_what_is_no_netstring_ends_the_connection(port: int, octets: bytes) -> None:
    """Another protocol, a length beyond the limit and a missing comma get no answer, and the next client does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    assert await reader.read() == b""
    writer.close()
    await test_many_questions_on_one_connection(port)


async def test_a_question_without_a_map_is_not_found(port: int) -> None:
    """A request needs the map's name and a key."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(netstring(b"school.example"))
    assert await read_netstring(reader) == b"NOTFOUND "
    writer.close()
