"""The shipped way back for mail that may leave only over verified TLS: delivered so, or not at all."""

import smtplib

import pytest

from tests.postfix.instance import Postfix, free_port, wait_until
from tests.sink import Sink

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("postfix")]


def test_nothing_goes_in_clear() -> None:
    """A destination that offers no TLS gets nothing; the message waits (E4)."""
    ports = {port: free_port() for port in (10026, 10027)}
    with Sink() as sink:
        postfix = Postfix("tls", sink.port, ("content-filter.master.cf", "verified-tls.master.cf"), ports)
        with (postfix.folder / "etc" / "main.cf").open("a") as main:
            main.write(f"smtp_tcp_port = {sink.port}\n")  # the destination's own port is 25
        with postfix:
            with smtplib.SMTP("127.0.0.1", ports[10026], timeout=30) as smtp:
                smtp.sendmail("ann@council.example", ["bob@localhost"], b"Subject: ordinary\r\n\r\nText\r\n")
            sink.wait(1)
            with smtplib.SMTP("127.0.0.1", ports[10027], timeout=30) as smtp:
                smtp.sendmail("ann@council.example", ["bob@localhost"], b"Subject: secret\r\n\r\nText\r\n")
            wait_until(lambda: "status=deferred" in postfix.log(), "the message is deferred")
            assert "TLS is required" in postfix.log()
            assert len(sink.mail) == 1
