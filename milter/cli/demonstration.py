"""`sealgate demo`: gateway, a capturing next hop and telling sample mail, all on loopback. Nothing leaves.

It says what became of each message and why, then keeps serving so that a person can send mail of their own.
"""

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosmtplib

from milter.assess.judge import Assessment
from milter.cli.samples import SCHOOL, Sample, samples
from milter.cli.sink import Sink, listening
from milter.cli.words import table
from milter.daemon import gateway
from milter.errors import SealgateError
from milter.settings import load_settings, shipped_folder
from milter.smtpd.server import Server, bind

HOST = "127.0.0.1"
SETTLE_SECONDS = 10.0

PARTNERS = """
[[organisation]]
name = "Borchester Borough Council"
kind = "council"
domains = ["borchester.gov.uk"]
addresses = ["Shute End, Borchester"]
postcodes = ["BC1 1BN"]
telephones = ["0118 496 0123"]
telephone = "0118 496 0123"
contact = "information.governance@borchester.gov.uk"

[[partner]]
name = "Ambridge Primary School"
kind = "school"
domains = ["ambridge-primary.borchester.sch.uk"]
telephone = "0118 496 0150"

[[partner]]
name = "Borsetshire NHS Foundation Trust"
kind = "nhs"
domains = ["borsetshire.nhs.uk"]
telephone = "0118 496 0199"
"""


async def run(port: int, *, once: bool) -> int:
    """Run the demonstration on `port` and the two behind it."""
    with _folder(port) as folder:
        settings = load_settings(folder)
        _free(port)
        _free(port + 1)
        sink = Sink()
        controller = await listening(sink, HOST, port + 1)
        service = await gateway.build(folder, 0, "demo")
        server = Server(settings.smtp, service, service.capabilities)
        await server.start([bind(f"{HOST}:{port}")])
        try:
            await _show(service, port)
            if not once:
                await _serve_on(sink, port)
        finally:
            await server.drain(2)
            await service.close()
            controller.close()
    return 0


@contextmanager
def _folder(port: int) -> Iterator[Path]:
    """Make a configuration for the demonstration in a folder that goes away with it."""
    with tempfile.TemporaryDirectory(prefix="sealgate-demo-") as name:
        folder = Path(name)
        shutil.copytree(shipped_folder(), folder, dirs_exist_ok=True)
        shipped = (folder / "partners.toml").read_text(encoding="utf-8")
        families = shipped[shipped.index("# Whole families") :]
        (folder / "partners.toml").write_text(PARTNERS + families, encoding="utf-8")
        (folder / "sealgate.toml").write_text(
            f'[smtp]\nlisten = ["{HOST}:{port}"]\nprocesses = 1\n'
            f'[next-hop]\nhost = "{HOST}"\nport = {port + 1}\n'
            f'[store]\nurl = "sqlite:///{folder}/demo.db"\nkey-file = "{folder}/demo.key"\n'
            '[contact]\norganisation = "Borchester Borough Council"\ntelephone = "0118 496 0123"\n'
            'help-name = "the information governance team"\n'
            'help-address = "information.governance@borchester.gov.uk"\n'
            'notices-address = "sealgate@borchester.gov.uk"\n'
            "[dns]\nenabled = false\n",
            encoding="utf-8",
        )
        yield folder


def _free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SealgateError(f"Port {port} is taken; try: sealgate demo --port {port + 1000}") from error


async def _show(service: gateway.Gateway, port: int) -> None:
    """Send the samples and print what became of each."""
    rows: list[tuple[str, ...]] = []
    seen: list[Assessment] = []
    service.surroundings.judged = seen.append
    for number, sample in enumerate(samples(), start=1):
        seen.clear()
        reply = await _send(sample, sample.message(number), port)
        rows.extend(_rows(number, sample, seen[-1] if seen else None, reply))
        sys.stderr.write(f"\r{number} messages sent" if sys.stderr.isatty() else "")
    sys.stderr.write("\r" if sys.stderr.isatty() else "")
    sys.stdout.write(table(("", "message", "to", "became", "why"), rows) + "\n")


def _rows(
    number: int, sample: Sample, assessment: Assessment | None, reply: str
) -> Iterator[tuple[str, ...]]:
    if assessment is None:
        yield (str(number), sample.shows, ", ".join(sample.recipients), reply, "")
        return
    for index, verdict in enumerate(assessment.verdicts):
        codes = ", ".join(dict.fromkeys(reason.code for reason in verdict.reasons)) or "nothing to say"
        first = index == 0
        lines = textwrap.wrap(codes, 60)
        yield (
            str(number) if first else "",
            textwrap.shorten(sample.shows, 46, placeholder=" ...") if first else "",
            verdict.address,
            verdict.action.name,
            lines[0],
        )
        for line in lines[1:]:
            yield ("", "", "", "", line)


async def _send(sample: Sample, raw: bytes, port: int) -> str:
    client = aiosmtplib.SMTP(hostname=HOST, port=port)
    async with client:
        try:
            _, reply = await client.sendmail(sample.sender, list(sample.recipients), raw)
        except aiosmtplib.SMTPResponseException as error:
            return f"{error.code} {error.message}"
    return reply


async def _serve_on(sink: Sink, port: int) -> None:
    """Keep serving until interrupted; tell how to send mail of one's own, and what arrives."""
    sys.stdout.write(HOW.format(host=HOST, port=port, school=SCHOOL))
    sys.stdout.flush()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    seen = len(sink.arrived)
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.5)
        for arrived in sink.arrived[seen:]:
            sys.stdout.write(f"arrived: from <{arrived.sender}> to {', '.join(arrived.recipients)}\n")
            sys.stdout.flush()
        seen = len(sink.arrived)


HOW = """
The gateway keeps running on {host}:{port}. Send it mail of your own, with swaks:

  swaks --server {host}:{port} --from amira.khan@borchester.gov.uk --to {school} \\
        --header 'Subject: hello' --body 'NHS number 943 476 5919' --attach @FILE

or with Python:

  python3 -c "import smtplib; smtplib.SMTP('{host}', {port}).sendmail('amira.khan@borchester.gov.uk', \\
  '{school}', 'Subject: hello\\r\\n\\r\\nNHS number 943 476 5919')"

Ctrl-C ends it.
"""
