"""Postfix, gateway, Postfix: what goes in comes out, once, with all that belongs to it."""

import json
import re
import smtplib

import pytest

from tests.postfix.instance import Postfix, wait_until
from tests.running import Daemon
from tests.sink import Sink

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("postfix")]

ANN, BOB, CAT = "ann@council.example", "bob@school.example", "cat@school.example"
HEAD = (
    b"Message-ID: <%d@council.example>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"From: Ann <ann@council.example>\r\nTo: bob@school.example\r\nSubject: %s\r\n"
)
LONG = b"x" * 990
BODIES = {
    "plain": b"Subject-like: no\r\n\r\nText\r\n",
    "dots": b"\r\n.\r\n..\r\n. a\r\n.a\r\n",
    "blank ends": b"\r\n\r\n\r\nText with blanks  \r\n\t\r\n\r\n\r\n",
    "8-bit": b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nZo\xeb, \xa35\r\n",
    "utf-8": b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nZo\xc3\xab\r\n",
    "quoted-printable": b"Content-Transfer-Encoding: quoted-printable\r\n\r\nZo=C3=AB =\r\nsoft =2E\r\n",
    "folded oddly": b"X-Odd:\r\n \tvalue\r\n  more\r\nX-Empty:\r\nX-Odd: twice\r\n\r\nText\r\n",
    "long lines": b"X-Long: " + LONG[:900] + b"\r\n\r\n" + LONG + b"\r\n" + LONG + b"\r\n",
    "no body": b"",
    "multipart": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
    b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + (b"QUJD" * 19 + b"\r\n") * 20_000
    + b"--b--\r\nepilogue\r\n",
}


def send(port: int, message: bytes, to: tuple[str, ...] = (BOB,), **options: list[str]) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.ehlo()
        smtp.sendmail(ANN, to, message, **options)


def untraced(raw: bytes) -> bytes:
    """The message without the trace fields that stand before all others."""
    return re.sub(rb"\A(?:(?:Received|X-Sealgate-Trace):[^\r]*\r\n(?:[ \t][^\r]*\r\n)*)+", b"", raw)


def settled(*postfixes: Postfix) -> None:
    """Wait until nothing is queued any more."""
    for postfix in postfixes:
        wait_until(lambda one=postfix: not one.queue(), f"{postfix.folder.name} has delivered all")  # type: ignore[misc]


def test_clean_mail_byte_for_byte(postfix_in: Postfix, postfix_out: Postfix, sink: Sink) -> None:
    """Mail that need not change comes out octet for octet but for the trace at its head (law 2)."""
    sent = [HEAD % (number, name.encode()) + body for number, (name, body) in enumerate(BODIES.items())]
    for message in sent:
        send(postfix_in.port, message, mail_options=["BODY=8BITMIME"])
    arrived = sink.wait(len(sent))
    settled(postfix_in, postfix_out)
    assert sorted(untraced(mail.raw) for mail in arrived) == sorted(sent)
    assert len(sink.mail) == len(sent)


def test_dsn_parameters(postfix_in: Postfix, sink: Sink) -> None:
    """RET, ENVID, NOTIFY and ORCPT go through all three as they were given (RFC 3461)."""
    with smtplib.SMTP("127.0.0.1", postfix_in.port, timeout=30) as smtp:
        smtp.ehlo()
        assert smtp.docmd(f"MAIL FROM:<{ANN}> RET=HDRS ENVID=QQ314159+2B")[0] == 250
        assert (
            smtp.docmd(f"RCPT TO:<{BOB}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob+2Bx@School.example")[0]
            == 250
        )
        assert smtp.docmd(f"RCPT TO:<{CAT}> NOTIFY=NEVER")[0] == 250
        assert smtp.data(HEAD % (1, b"dsn") + b"\r\nText\r\n")[0] == 250
    mails = sink.wait(1)
    recipients = [recipient for mail in mails for recipient in mail.recipients]
    assert len(recipients) == 2
    assert "RET=HDRS" in mails[0].sender
    assert "ENVID=QQ314159+2B" in mails[0].sender
    bob, cat = sorted(recipients)
    assert "NOTIFY=SUCCESS,FAILURE" in bob
    assert "ORCPT=rfc822;Bob+2Bx@School.example" in bob
    assert "NOTIFY=NEVER" in cat


def test_smtputf8(postfix_in: Postfix, sink: Sink) -> None:
    """Addresses and headers beyond ASCII go through all three (RFC 6531)."""
    message = (
        "From: zoë@exämple.example\r\nSubject: grüße\r\nMessage-ID: <1@x>\r\nDate: x\r\n\r\nText\r\n".encode()
    )
    with smtplib.SMTP("127.0.0.1", postfix_in.port, timeout=30) as smtp:
        smtp.ehlo()
        smtp.send("MAIL FROM:<zoë@exämple.example> SMTPUTF8 BODY=8BITMIME\r\n".encode())
        assert smtp.getreply()[0] == 250
        smtp.send("RCPT TO:<用户@例え.example>\r\n".encode())
        assert smtp.getreply()[0] == 250
        assert smtp.data(message)[0] == 250
    (mail,) = sink.wait(1)
    assert mail.sender.startswith("FROM:<zoë@exämple.example>")
    assert "SMTPUTF8" in mail.sender
    assert mail.recipients[0].startswith("TO:<用户@例え.example>")
    assert untraced(mail.raw) == message


def test_one_trail(postfix_in: Postfix, postfix_out: Postfix, sink: Sink) -> None:
    """The first Postfix's queue id stands in the second one's log (XFORWARD)."""
    send(postfix_in.port, HEAD % (1, b"trail") + b"\r\nText\r\n")
    sink.wait(1)
    found = re.search(r"postfix/smtpd\[\d+\]: (\w+): client=", postfix_in.log())
    assert found is not None
    assert f"orig_queue_id={found[1]}" in postfix_out.log()


def test_next_hop_down(postfix_in: Postfix, postfix_out: Postfix, gateway: Daemon, sink: Sink) -> None:
    """While the next hop is down the mail waits in the first Postfix's queue; afterwards it goes, once (law 1)."""
    postfix_out.stop()
    send(postfix_in.port, HEAD % (1, b"later") + b"\r\nText\r\n", (BOB, CAT))
    wait_until(lambda: "status=deferred" in postfix_in.log(), "the message is deferred")
    assert re.search(r"said: 451 4\.4\.1 ", postfix_in.log())
    assert sink.mail == []
    postfix_out.start()
    postfix_in.flush()
    (mail,) = sink.wait(1)
    settled(postfix_in, postfix_out)
    assert len(sink.mail) == 1
    assert len(mail.recipients) == 2


def test_gateway_down(postfix_in: Postfix, postfix_out: Postfix, gateway: Daemon, sink: Sink) -> None:
    """While the gateway is down nothing goes round it; afterwards it goes, once."""
    assert gateway.stop() == 0
    send(postfix_in.port, HEAD % (1, b"later") + b"\r\nText\r\n")
    wait_until(lambda: "status=deferred" in postfix_in.log(), "the message is deferred")
    assert sink.mail == []
    gateway.start()
    postfix_in.flush()
    sink.wait(1)
    settled(postfix_in, postfix_out)
    assert len(sink.mail) == 1


def test_gateway_started_before_the_next_hop(
    postfix_in: Postfix, postfix_out: Postfix, gateway: Daemon, sink: Sink
) -> None:
    """A gateway that has never reached its next hop makes mail wait, and bounces none, SMTPUTF8 neither."""
    gateway.stop()
    postfix_out.stop()
    gateway.start()
    send(
        postfix_in.port, HEAD % (1, b"\xc3\xa9") + b"\r\nText\r\n", mail_options=["SMTPUTF8", "BODY=8BITMIME"]
    )
    wait_until(lambda: "status=deferred" in postfix_in.log(), "the message is deferred")
    assert "status=bounced" not in postfix_in.log()
    entry = json.loads(postfix_in.queue())
    assert "451 4.4.1" in entry["recipients"][0]["delay_reason"]
    postfix_out.start()
    wait_until(lambda: _flushed(postfix_in, sink), "the message is delivered after all")
    settled(postfix_in, postfix_out)
    assert len(sink.mail) == 1


def _flushed(postfix: Postfix, sink: Sink) -> bool:
    """Try again, since the gateway learns only by and by that its next hop is there."""
    postfix.flush()
    return bool(sink.mail)


def test_bare_line_feed_is_refused(postfix_in: Postfix, sink: Sink) -> None:
    """The shipped settings refuse a bare LF at the first Postfix, from loopback too."""
    with smtplib.SMTP("127.0.0.1", postfix_in.port, timeout=30) as smtp:
        smtp.ehlo()
        smtp.mail(ANN)
        smtp.rcpt(BOB)
        smtp.putcmd("DATA")
        assert smtp.getreply()[0] == 354
        smtp.send(HEAD % (1, b"bare") + b"\r\nText\n.\nMAIL FROM:<evil@example.org>\r\n.\r\n")
        assert smtp.getreply()[0] >= 500
    assert sink.mail == []
