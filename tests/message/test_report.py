"""Reports that the gateway writes say no more than they may; what comes in is judged by structure."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from milter.message.letter import Letter
from milter.message.parse import parse
from milter.message.report import RecipientStatus, Report, classify, report_type, write_report

INCOMING = Path(__file__).parent / "incoming"
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LETTER = Letter(
    sender="sealgate@council.example",
    to=("ann@council.example",),
    subject="Not sent",
    text="Your message was not sent.\n",
    html="<p>Your message was not sent.</p>",
    message_id="<2@council.example>",
    date=AT,
    auto_submitted="auto-replied",
)
REPORT = Report(
    reporting_mta="mail.council.example",
    recipients=(
        RecipientStatus(
            "bob@school.example", "failed", "5.7.1", "550 5.7.1 held back", "rfc822;bob+2Bx@school.example"
        ),
        RecipientStatus("zoë@school.example", "delivered", "2.0.0"),
    ),
    arrival=AT,
    envid="QQ+2B1",
)
ORIGINAL = parse(
    b"From: ann@council.example\r\nTo: bob@school.example\r\nSubject: NHS 943 476 5919\r\n"
    b"Message-ID: <1@council.example>\r\nX-Secret: s\r\n\r\nThe secret text.\r\n"
)


def test_a_report_is_one_by_the_standard() -> None:
    """People's part first, then the status of every recipient, then header fields of the original (RFC 6522)."""
    raw = write_report(LETTER, REPORT, ORIGINAL)
    theirs = message_from_bytes(raw, policy=default)
    assert [part.defects for part in theirs.walk()] == [[] for _ in theirs.walk()]
    human, status, headers = theirs.iter_parts()
    assert theirs["content-type"].params["report-type"] == "delivery-status"
    assert human.get_content_type() == "multipart/alternative"
    mine, bob, zoe = status.get_payload()
    assert dict(mine.items()) == {
        "Original-Envelope-Id": "QQ+1",
        "Reporting-MTA": "dns; mail.council.example",
        "Arrival-Date": "Mon, 23 Nov 2026 10:00:00 +0000",
    }
    assert dict(bob.items()) == {
        "Original-Recipient": "rfc822; bob+x@school.example",
        "Final-Recipient": "rfc822; bob@school.example",
        "Action": "failed",
        "Status": "5.7.1",
        "Diagnostic-Code": "smtp; 550 5.7.1 held back",
    }
    assert zoe["Final-Recipient"] == r"utf-8; zo\x{EB}@school.example"
    assert headers.get_content_type() == "text/rfc822-headers"
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_report_holds_nothing_of_the_content() -> None:
    """Neither text nor subject nor unknown fields of the original come back (pitfall 33)."""
    raw = write_report(LETTER, REPORT, ORIGINAL)
    assert b"secret" not in raw.lower()
    assert b"943" not in raw
    assert b"<1@council.example>" in raw


def test_a_report_is_known_again() -> None:
    """What the gateway writes, it classifies: failed, which message, which recipients."""
    found = classify(parse(write_report(LETTER, REPORT, ORIGINAL)), "")
    assert (found.kind, found.message_id, found.envid) == ("dsn-failed", "<1@council.example>", "QQ+1")
    assert [(s.final_recipient, s.action) for s in found.statuses] == [
        ("bob@school.example", "failed"),
        (r"zo\x{EB}@school.example", "delivered"),
    ]


@pytest.mark.parametrize(
    "hostile",
    ["x\r\nAction: delivered", "x\nFinal-Recipient: rfc822; eve@evil.example", "x\x00y", "x" * 5_000],
)
def test_a_report_is_not_forged(hostile: str) -> None:
    """A reply or an address with line ends in it makes no field of its own."""
    status = RecipientStatus(hostile, "failed", "5.0.0", hostile, "rfc822;" + hostile)
    found = classify(parse(write_report(LETTER, Report("mail.council.example", (status,)))), "")
    assert [s.action for s in found.statuses] == ["failed"]
    assert "evil" not in found.final_recipient.partition("@")[2] or "\n" not in found.final_recipient


@pytest.mark.parametrize("case", sorted(INCOMING.glob("*.eml")), ids=lambda path: path.stem)
def test_incoming(case: Path) -> None:
    """Mail on the receipts domain is what its structure says: why.txt has sender, kind, and what it reports on."""
    why, sender, kind, about, recipient = case.with_suffix(".txt").read_text("utf-8").split("\n")[:5]
    found = classify(parse(case.read_bytes()), sender.removeprefix("envelope sender:").strip())
    assert found.kind == kind.removeprefix("kind:").strip(), why
    assert found.message_id == about.removeprefix("about:").strip(), why
    assert found.final_recipient == recipient.removeprefix("recipient:").strip(), why


def test_report_type() -> None:
    """The type of a report is told, and a message that is none has none."""
    assert report_type(parse(write_report(LETTER, REPORT))) == "delivery-status"
    assert report_type(ORIGINAL) == ""


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("report_422.eml", "dsn-other"),
        ("report_530.eml", "dsn-failed"),
        ("multi_address_bounce1.eml", "dsn-failed"),
        ("multi_address_bounce2.eml", "dsn-failed"),
        ("basic_email.eml", "human"),
    ],
)
def test_real_bounces(samples: Path, name: str, kind: str) -> None:
    """Bounces of real servers are known: delayed ones are neither failed nor delivered."""
    assert (
        classify(parse((samples / "mail" / name).read_bytes()), "x@y.example" if kind == "human" else "").kind
        == kind
    )
