"""No message, however made, takes the daemon far beyond its memory at rest: the whole group of processes is watched."""

import io
import sys
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from random import Random

import pytest

from benchmarks import load
from benchmarks.arrangements import OWN, configured
from benchmarks.watching import Peak
from tests.postfix.instance import free_port
from tests.running import Daemon
from tests.sink import Sink

MOST_BYTES = 500 * 10**6  # the supervisor, one gateway process and its children, 180 MB at rest
SENDER, RECIPIENT = f"a.khan@{OWN}", "office@reading.gov.uk"
LINE = b"Ella Smith, born 4 May 2013, NHS number 943 476 5919, has epilepsy.\r\n"


def with_file(name: str, content: bytes) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = SENDER, RECIPIENT, "A file"
    mail.set_content("Please see the file.", cte="7bit")
    mail.add_attachment(content, "application", "octet-stream", filename=name)
    return mail.as_bytes()


def packed(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", content)
    return out.getvalue()


def many_parts() -> bytes:
    head = f"From: {SENDER}\r\nTo: {RECIPIENT}\r\nMIME-Version: 1.0\r\n".encode()
    head += b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n"


MESSAGES: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("the largest attachment", lambda: with_file("a.bin", Random(1).randbytes(36_000_000))),
    ("a large list", lambda: with_file("a.csv", LINE * 500_000)),
    ("an archive of 200 MB of nothing", lambda: with_file("a.zip", packed(bytes(200_000_000)))),
    ("an archive of 200 MB of text", lambda: with_file("b.zip", packed(LINE * 2_900_000))),
    ("a hundred thousand parts", many_parts),
)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory):
    folder, port = tmp_path_factory.mktemp("memory"), free_port()
    with Sink() as sink:
        configured(folder, port, sink.port, "enforce")
        settings = (folder / "sealgate.toml").read_text().replace("[smtp]\n", "[smtp]\nprocesses = 1\n")
        (folder / "sealgate.toml").write_text(settings)
        command = str(Path(sys.executable).with_name("sealgate"))
        with Daemon(command, "serve", "--config", str(folder)) as running:
            yield port, running.process.pid


@pytest.mark.parametrize("make", [make for _, make in MESSAGES], ids=[name for name, _ in MESSAGES])
def test_memory_stays_bounded(daemon, make: Callable[[], bytes]) -> None:
    """It is taken and dealt with, within the memory that was set aside for one core."""
    port, pid = daemon
    item = load.item(SENDER, [RECIPIENT], make())
    with Peak([pid]) as peak:
        outcome = load.run(port, [item], 1)
    assert outcome.refused == 0
    assert peak.highest < MOST_BYTES
