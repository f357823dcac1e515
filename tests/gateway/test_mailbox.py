"""Receipts that come to an Exchange mailbox: from the protected copy to the state of its share."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from milter.daemon.mailbox import MailboxReader
from milter.directory.mailbox import Mailbox
from milter.directory.opening import open_mailbox
from milter.store import shares
from milter.store.shares import Share
from tests.directory.fake_exchange import ACCOUNT, PASSWORD, FakeExchange, Mail
from tests.directory.fake_http import FakeHttp
from tests.gateway.harness import OFFICER, SCHOOL, Running, running
from tests.gateway.test_way import entries, sample

MAILBOX = "receipts@borchester.gov.uk"
MDN = """\
Return-Path: <office@ambridge-primary.borchester.sch.uk>
From: office@ambridge-primary.borchester.sch.uk
To: receipts@borchester.gov.uk
Subject: Read: anything
Message-ID: <mdn{number}@ambridge-primary.borchester.sch.uk>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=disposition-notification; boundary=r

--r

Your message was read.
--r
Content-Type: message/disposition-notification

Final-Recipient: rfc822; office@ambridge-primary.borchester.sch.uk
Original-Message-ID: {about}
Disposition: manual-action/MDN-sent-manually; displayed

--r--
"""
DSN = """\
Return-Path: <>
From: postmaster@ambridge-primary.borchester.sch.uk
To: receipts@borchester.gov.uk
Subject: Undeliverable
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=r

--r

It could not be delivered.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; ambridge-primary.borchester.sch.uk

Final-Recipient: rfc822; office@ambridge-primary.borchester.sch.uk
Action: failed
Status: 5.1.1

--r
Content-Type: text/rfc822-headers

Message-ID: {about}
Subject: anything

--r--
"""


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def http(exchange: FakeExchange) -> Iterator[FakeHttp]:
    with exchange.http() as fake:
        yield fake
        exchange.stream.set()


def settings(http: FakeHttp, tmp_path: Path) -> str:
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD)
    return (
        f'[receipts]\nmailbox = "{MAILBOX}"\n[directory]\nkind = "exchange"\n'
        f'url = "{http.url}/EWS/Exchange.asmx"\naccount = "{ACCOUNT}"\npassword-file = "{secret}"\n'
        "deadline-seconds = 10.0\n"
    )


def report(text: str, about: str, number: int = 1) -> Mail:
    return Mail(text.format(about=about, number=number).replace("\n", "\r\n").encode())


async def send_protected(gateway: Running) -> str:
    """Send a document that is protected; give the Message-ID of the copy."""
    raw = sample("case note to a school").replace(
        b"Subject:", b"Message-ID: <orig@x>\r\nReferences: <a@x>\r\nSubject:", 1
    )
    await gateway.send(OFFICER, [SCHOOL], raw)
    (copy,) = gateway.sink.to(SCHOOL)
    assert copy.sender == MAILBOX
    assert copy.parsed["Disposition-Notification-To"] == f"<{MAILBOX}>"
    assert copy.parsed["References"].split()[0] == "<a@x>"
    assert len(copy.parsed.get_all("Message-ID")) == 1
    assert re.fullmatch(r"<r\.[0-9a-z]{26}@borchester\.gov\.uk>", copy.parsed["Message-ID"])
    return str(copy.parsed["Message-ID"])


def share_of(gateway: Running) -> Share:
    with gateway.store.read() as tx:
        return shares.get(tx, entries(gateway.store)[SCHOOL].share_id)


async def emptied(exchange: FakeExchange) -> None:
    """Wait until everything was put away."""
    assert await asyncio.to_thread(exchange.emptied.wait, 30)


async def test_a_read_receipt_reaches_its_share_once(
    exchange: FakeExchange, http: FakeHttp, tmp_path: Path
) -> None:
    """News are read as they come; the same receipt seen twice counts once; strangers' mail counts not."""
    async with running(tmp_path / "etc", settings=settings(http, tmp_path)) as gateway:
        about = await send_protected(gateway)
        exchange.arriving = {
            "id-1": report(MDN, about),
            "id-2": report(MDN, about),
            "id-3": report(MDN, "<r.00000000000000000000000000@borchester.gov.uk>"),
            "id-4": report(MDN, "<someone@else.example>"),
            "id-5": Mail(b"Subject: Cheap watches\r\n\r\nBuy!\r\n"),
        }
        exchange.stream.set()
        await emptied(exchange)
        share = share_of(gateway)
        with gateway.store.read() as tx:
            events = [event.event for event in shares.history(tx, share.id)]
        assert gateway.store.verify().broken == ()
    assert share.evidence == "displayed"
    assert events.count("displayed") == 1
    assert {mail.folder for mail in exchange.mails.values()} == {"deleteditems"}


async def test_a_bounce_to_the_mailbox_ends_the_share(
    exchange: FakeExchange, http: FakeHttp, tmp_path: Path
) -> None:
    """A delivery report is told by its structure and by the Message-ID that it returns."""
    async with running(tmp_path / "etc", settings=settings(http, tmp_path)) as gateway:
        exchange.arriving = {"id-1": report(DSN, await send_protected(gateway))}
        exchange.stream.set()
        await emptied(exchange)
        share = share_of(gateway)
    assert share.state == "bounced"


async def test_a_mailbox_that_another_process_reads_is_left_alone(
    exchange: FakeExchange, http: FakeHttp, tmp_path: Path
) -> None:
    """Of two readers one looks; what both see in turn counts once."""
    async with running(tmp_path / "etc", settings=settings(http, tmp_path)) as gateway:
        about = await send_protected(gateway)
        exchange.stream.set()
        exchange.mails = {f"id-{n}": report(MDN, about, n) for n in range(4)}
        readers = [MailboxReader(mailbox_of(gateway), gateway.service.surroundings) for _ in range(2)]
        readers[1]._owner = "another"
        counts = await asyncio.gather(*(reader.look() for reader in readers))
        await emptied(exchange)
        for reader in readers:
            reader.close()
    assert sorted(counts) == [0, 4]


def mailbox_of(gateway: Running) -> Mailbox:
    mailbox = open_mailbox(gateway.service.surroundings.known.settings)
    assert mailbox is not None
    return mailbox
