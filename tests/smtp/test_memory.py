"""Memory stays bounded, whatever clients do: a real daemon, its processes measured by the kernel."""

import contextlib
import io
import smtplib
import socket
import sys
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from tests.gateway.harness import OFFICER, SCHOOL, configure
from tests.postfix.instance import free_port
from tests.running import Daemon
from tests.sink import Sink

pytestmark = pytest.mark.timeout(300)

MOST_MB = 400  # of a gateway process at its peak (VmHWM)
HEAD = f"From: {OFFICER}\r\nTo: {SCHOOL}\r\nSubject: Private and Confidential: x\r\nMIME-Version: 1.0\r\n".encode()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, int]]:
    """Give a whole Sealgate of one gateway process, and its port; it serves all tests of this file."""
    folder, port = tmp_path_factory.mktemp("etc"), free_port()
    with Sink() as sink:
        configure(folder, sink.port, port=port)
        sealgate = str(Path(sys.executable).with_name("sealgate"))
        with Daemon(sealgate, "serve", "--config", str(folder)) as daemon:
            yield daemon, port


def peak_mb(pid: int) -> float:
    """Give the most memory that a process ever had, in megabytes (proc(5): VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def check(daemon: Daemon, record: pytest.FixtureRequest) -> None:
    """See that the gateway process is the one that was started, within its bound, and record the figure."""
    (worker,) = daemon.workers()
    peak = peak_mb(worker)
    record.node.user_properties.append(("peak-mb", round(peak)))
    sys.stdout.write(f"{record.node.name}: {peak:.0f} MB\n")
    assert peak < MOST_MB


def send(port: int, raw: bytes, recipients: int = 1) -> int:
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as smtp:
        smtp.ehlo()
        smtp.mail(OFFICER)
        for number in range(recipients):
            smtp.rcpt(SCHOOL if number == 0 else f"n{number}@ambridge-primary.borchester.sch.uk")
        return smtp.data(raw)[0]


def connect(port: int) -> socket.socket:
    """Open a connection and go as far as the 354."""
    talk = socket.create_connection(("127.0.0.1", port), timeout=60)
    talk.sendall(f"EHLO x\r\nMAIL FROM:<{OFFICER}>\r\nRCPT TO:<{SCHOOL}>\r\nDATA\r\n".encode())
    return talk


def test_thousands_of_connections(daemon: tuple[Daemon, int], request: pytest.FixtureRequest) -> None:
    """Two thousand clients at once cost little, most are asked to come again, and mail goes on afterwards."""
    with contextlib.ExitStack() as stack:
        refused = 0
        for _ in range(2_000):
            try:
                talk = stack.enter_context(socket.create_connection(("127.0.0.1", daemon[1]), timeout=60))
            except OSError:
                break
            refused += talk.recv(200).startswith(b"421") if len(stack._exit_callbacks) > 200 else 0
        assert refused > 0
    assert send(daemon[1], HEAD + b"\r\nText\r\n") == 250
    check(daemon[0], request)


def test_many_unfinished_messages(daemon: tuple[Daemon, int], request: pytest.FixtureRequest) -> None:
    """A hundred and fifty clients that never finish their megabytes share one budget."""
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(connect(daemon[1])) for _ in range(150)]
        for talk in talks:
            talk.sendall(b"x" * 2_000_000)
        check(daemon[0], request)


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(40):
            archive.writestr(f"{number}.txt", bytes(20_000_000))
    return out.getvalue()


def carrying(name: str, content: bytes) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = OFFICER, SCHOOL, "Private and Confidential: x"
    mail.set_content("Attached.")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def nested(depth: int) -> bytes:
    raw = b"\r\nText\r\n"
    for level in range(depth):
        mark = b"b%d" % level
        raw = (
            b'Content-Type: multipart/mixed; boundary="'
            + mark
            + b'"\r\n\r\n--'
            + mark
            + b"\r\n"
            + raw
            + b"\r\n"
        )
    return HEAD + raw


HOSTILE = {
    "one line of 20 MB": lambda: HEAD + b"\r\n" + b"a" * 20_000_000 + b"\r\n",
    "one header of 20 MB": lambda: HEAD + b"X-Long: " + b"a" * 20_000_000 + b"\r\n\r\nText\r\n",
    "a million header fields": lambda: HEAD + b"X: y\r\n" * 1_000_000 + b"\r\nText\r\n",
    "half a million addresses": lambda: (
        HEAD + b"Cc: " + b"a@b.example,\r\n " * 500_000 + b"c@d.example\r\n\r\nText\r\n"
    ),
    "half a million encoded words": lambda: (
        HEAD + b"X: " + b"=?utf-8?q?x?=\r\n " * 500_000 + b"y\r\n\r\nText\r\n"
    ),
    "a million parts": lambda: (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\n\r\n" * 1_000_000
        + b"--b--\r\n"
    ),
    "twenty thousand multiparts in each other": lambda: nested(20_000),
    "an archive of 800 MB": lambda: carrying("x.zip", zip_bomb()),
    "an attachment of 30 MB": lambda: carrying("x.bin", bytes(30_000_000)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_one_message_however_made(
    daemon: tuple[Daemon, int], request: pytest.FixtureRequest, kind: str
) -> None:
    """A message made to be costly gets an answer, and the gateway process stays within its bound."""
    assert send(daemon[1], HOSTILE[kind]()) in {250, 451, 550, 554}
    check(daemon[0], request)


def test_a_thousand_recipients(daemon: tuple[Daemon, int], request: pytest.FixtureRequest) -> None:
    """As many recipients as are taken, with a large message for each."""
    assert send(daemon[1], HEAD + b"\r\n" + b"0123456789\r\n" * 400_000, recipients=1_000) in {250, 451, 550}
    check(daemon[0], request)


def test_large_messages_at_once(daemon: tuple[Daemon, int], request: pytest.FixtureRequest) -> None:
    """Four clients with 40 MB each: what goes beyond the budget is asked to come again."""
    raw = HEAD + b"\r\n" + b"0123456789" * 4_000_000 + b"\r\n.\r\n"
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(connect(daemon[1])) for _ in range(4)]
        for talk in talks:
            talk.settimeout(120)
        for talk in talks:
            talk.sendall(raw)
        for talk in talks:
            assert last_line(talk)[:3] in {b"250", b"452", b"451", b"550"}
    check(daemon[0], request)


def last_line(talk: socket.socket) -> bytes:
    """Read up to the answer to the message."""
    with talk.makefile("rb") as lines:
        seen_go = False
        for line in lines:
            if seen_go:
                return line
            seen_go = line.startswith(b"354")
    return b""
