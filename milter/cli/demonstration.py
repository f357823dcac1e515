"""`sealgate demo`: gateway, pages, a capturing next hop and telling sample mail, all on loopback. Nothing leaves.

It says what became of each message and why, shows how a password follows its document, then keeps serving so
that a person can press the buttons and send mail of their own.
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
from datetime import timedelta
from pathlib import Path

import aiosmtplib

from milter.assess.judge import Assessment
from milter.cli import cycle
from milter.cli.choices import ROLES
from milter.cli.samples import SCHOOL, Sample, samples
from milter.cli.sink import Sink, listening
from milter.cli.words import table
from milter.daemon import gateway
from milter.errors import SealgateError
from milter.settings import load_settings, shipped_folder
from milter.smtpd.server import Server, bind
from milter.store import doors, ids
from milter.store.transaction import Transaction

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

[[organisation.directorate]]
name = "Children's Services"
senders = ["amira.khan@borchester.gov.uk"]

[[organisation.directorate]]
name = "Housing"

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
    """Run the demonstration on `port` and the three behind it."""
    for one in range(port, port + 4):
        _free(one, port)
    with _folder(port) as folder:
        settings = load_settings(folder)
        url, staff = settings.receipts.page_url, settings.pages.admin_url
        sink = Sink()
        controller = await listening(sink, HOST, port + 1)
        service = await gateway.build(folder, 0, "demo")
        server = Server(settings.smtp, service, service.capabilities)
        await server.start([bind(f"{HOST}:{port}")])
        try:
            await _show(service, port)
            async with cycle.pages("receipt", folder, url), cycle.pages("admin", folder, staff):
                what = await _protected(service, sink, url, folder)
                if once:
                    await _go_through(service, sink, what)
                else:
                    await _serve_on(sink, port, what, await _invitation(service, staff))
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
            f'[receipts]\npage-url = "http://{HOST}:{port + 2}"\nlisten = "{HOST}:{port + 2}"\n'
            f'[pages]\nadmin-url = "http://{HOST}:{port + 3}"\nadmin-listen = "{HOST}:{port + 3}"\n'
            "[dns]\nenabled = false\n",
            encoding="utf-8",
        )
        yield folder


def _free(port: int, first: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SealgateError(f"Port {port} is taken; try: sealgate demo --port {_other(first)}") from error


def _other(port: int) -> int:
    return port + 1000 if port < 60_000 else port - 1000


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


async def _protected(service: gateway.Gateway, sink: Sink, url: str, folder: Path) -> cycle.Protected:
    """Wait for the case note that arrived locked, and for what its sender was told."""
    for _ in range(int(SETTLE_SECONDS / 0.05)):
        service.outbox.wake()
        found = cycle.followed(sink, url, SCHOOL, folder)
        if found and found.sender_page:
            return found
        await asyncio.sleep(0.05)
    raise SealgateError("The protected sample did not arrive.")


async def _go_through(service: gateway.Gateway, sink: Sink, what: cycle.Protected) -> None:
    """Be the recipient of the case note, and say what happens."""
    without = "opens" if cycle.opens(what.document, "") else "does not open"
    password = await cycle.press(service, sink, what)
    content = textwrap.shorten(cycle.opens(what.document, password), 60, placeholder=" ...")
    sys.stdout.write(
        CYCLE.format(document=what.document.name, without=without, password=password, content=content)
    )


async def _invitation(service: gateway.Gateway, staff: str) -> str:
    """Give a link by which somebody sets up an account of the staff's pages that may do everything."""
    token, store = ids.token(), service.surroundings.store

    def work(tx: Transaction) -> None:
        until = tx.now + timedelta(days=1)
        doors.invite(tx, token, "demo", email="", roles=ROLES, expires_at=until)

    await asyncio.wrap_future(store.submit(work))
    return f"{staff}/invitation/{token}"


async def _serve_on(sink: Sink, port: int, what: cycle.Protected, invitation: str) -> None:
    """Keep serving until interrupted; tell how to send mail of one's own, and what arrives."""
    sys.stdout.write(
        PRESS.format(school=SCHOOL, page=what.page, sender_page=what.sender_page, document=what.document)
    )
    sys.stdout.write(STAFF.format(invitation=invitation))
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
            if password := cycle.password_in(arrived):
                sys.stdout.write(f"         with the password: {password}\n")
            sys.stdout.flush()
        seen = len(sink.arrived)


CYCLE = """
How a password follows its document:
  1. '{document}' arrived locked; without a password it {without}.
  2. The recipient's page was opened: it says who sent it and when. Nothing changed.
  3. The button was pressed, with name, job title, organisation and telephone for the record of sharing.
  4. The password came in a separate email: {password}
  5. With it the document opens: {content}
"""

PRESS = """
How a password follows its document: the case note to {school} arrived locked.
Be its recipient, in a browser: confirm that you have it, or say that it is not for you.

  the recipient's page:  {page}
  the sender's page:     {sender_page}
  the locked document:   {document}

The password comes in a separate email, which is shown below.
"""

STAFF = """
Be a reviewer, information governance and IT: held messages, the record of sharing, reports, the policy.

  set up your account:   {invitation}

It wants a pass-phrase, and an authenticator app for the second factor, as in earnest.
"""

HOW = """
The gateway keeps running on {host}:{port}. Send it mail of your own, with swaks:

  swaks --server {host}:{port} --from amira.khan@borchester.gov.uk --to {school} \\
        --header 'Subject: hello' --body 'NHS number 943 476 5919' --attach @FILE

or with Python:

  python3 -c "import smtplib; smtplib.SMTP('{host}', {port}).sendmail('amira.khan@borchester.gov.uk', \\
  '{school}', 'Subject: hello\\r\\n\\r\\nNHS number 943 476 5919')"

Ctrl-C ends it.
"""
