"""The receipts mailbox on an Exchange server: what lies in it, what comes in, what is put away."""

from collections.abc import Iterator

import pytest

from milter.directory.entry import DirectoryError
from milter.directory.ews import Ews
from milter.directory.mailbox import MOST, Mailbox
from tests.directory.fake_exchange import ACCOUNT, PASSWORD, FakeExchange, Mail
from tests.directory.fake_http import FakeHttp, Reply

RAW = b"Return-Path: <>\r\nSubject: Read\r\n\r\n\xff\x00 as it came\r\n"


@pytest.fixture
def mailbox(http: FakeHttp) -> Iterator[Mailbox]:
    opened = Mailbox(
        Ews(f"{http.url}/EWS/Exchange.asmx", ACCOUNT, PASSWORD, 10.0), "receipts@borchester.gov.uk"
    )
    yield opened
    opened.close()


async def test_messages_come_as_they_are_and_are_put_away(mailbox: Mailbox, exchange: FakeExchange) -> None:
    """The bytes are those that came; what was dealt with is no longer found; what is gone already does no harm."""
    exchange.mails["id-1"] = Mail(RAW)
    (found,) = await mailbox.look()
    assert (found.id, found.raw) == ("id-1", RAW)
    await mailbox.dealt_with(("id-1", "gone"))
    assert exchange.mails["id-1"].folder == "deleteditems"
    assert await mailbox.look() == ()


async def test_a_full_mailbox_is_read_in_parts(mailbox: Mailbox, exchange: FakeExchange) -> None:
    """One look takes a bounded number of messages; the next takes the rest."""
    exchange.mails |= {f"id-{n}": Mail(RAW) for n in range(MOST + 3)}
    first = await mailbox.look()
    assert len(first) == MOST
    await mailbox.dealt_with([one.id for one in first])
    assert len(await mailbox.look()) == 3


async def test_news_are_told_when_they_come(mailbox: Mailbox, exchange: FakeExchange) -> None:
    """A stream with an event ends the wait; one that closes without tells that nothing came."""
    exchange.stream.set()
    assert not await mailbox.news(1)
    exchange.arriving["id-1"] = Mail(RAW)
    assert await mailbox.news(1)
    assert exchange.operations[-3:] == ["Subscribe", "GetStreamingEvents", "Unsubscribe"]


@pytest.mark.parametrize("code", ["ErrorServerBusy", "ErrorAccessDenied", "ErrorFolderNotFound"])
async def test_failures_are_told_and_nothing_is_put_away(
    mailbox: Mailbox, exchange: FakeExchange, code: str
) -> None:
    """Whichever step fails, the message stays where it is for the next look."""
    exchange.mails["id-1"] = Mail(RAW)
    await mailbox.look()
    for steps in range(2):
        exchange.soap_faults += [""] * steps + [code]
        with pytest.raises(DirectoryError):
            await mailbox.look()
        exchange.soap_faults.clear()
    assert [one.id for one in await mailbox.look()] == ["id-1"]


async def test_a_damaged_message_does_not_stand_in_the_way(mailbox: Mailbox, exchange: FakeExchange) -> None:
    """What Exchange itself can't read is given without its bytes, so that it is put away."""
    exchange.mails["id-1"] = Mail(RAW, damaged=True)
    exchange.mails["id-2"] = Mail(RAW)
    assert [(one.id, one.raw) for one in await mailbox.look()] == [("id-1", b""), ("id-2", RAW)]


async def test_a_server_that_is_not_there_is_a_failure(mailbox: Mailbox, http: FakeHttp) -> None:
    """503 from the balancer in front, as while Exchange restarts."""
    await mailbox.look()
    http.faults += [Reply(503, b"")] * 12
    with pytest.raises(DirectoryError):
        await mailbox.look()
