"""The second half of the demonstration: the recipient's page, the button, and the password that follows.

The pages are a process of their own, as in earnest. With `--once` the demonstration is its own recipient; else a
person opens the printed address in a browser.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import httpx

from milter.attachments.read import read
from milter.cli.sink import Arrived, Sink
from milter.daemon.gateway import Gateway
from milter.errors import SealgateError

START_SECONDS, PASSWORD_SECONDS = 30.0, 30.0
PASSWORD = re.compile(r"^ {4}([a-z]{3,8}(?:-[a-z]{3,8}){5})\r?$", re.MULTILINE)
PERSON = {
    "name": "Jill Archer",
    "job_title": "Head teacher",
    "organisation": "Ambridge Primary School",
    "telephone": "0118 496 0150",
}


@dataclass(frozen=True, slots=True)
class Protected:
    """The protected message that the demonstration follows, as its recipient has it."""

    page: str  # address of the recipient's page
    sender_page: str  # of the sender's
    document: Path  # the locked document, saved
    recipient: str


@asynccontextmanager
async def pages(name: str, folder: Path, url: str) -> AsyncIterator[None]:
    """Serve the pages of one application, such as the recipient's, for as long as the `with` block."""
    command = (sys.executable, "-m", "addin_backend", name, "--config", str(folder))
    nowhere = asyncio.subprocess.DEVNULL  # the first start prints a link of its own
    process = await asyncio.create_subprocess_exec(*command, stdout=nowhere, stderr=nowhere)
    try:
        await _wait_for(url, process)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _wait_for(url: str, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(int(START_SECONDS / 0.1)):
            if process.returncode is not None:
                raise SealgateError("The pages could not be started; is the next port taken?")
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
    raise SealgateError("The pages did not start in time.")


def followed(sink: Sink, url: str, recipient: str, folder: Path) -> Protected | None:
    """Find the first protected message that arrived, and save its document; None where none did."""
    for arrived in sink.arrived:
        link = re.search(re.escape(url) + r"/c/[0-9a-z]+", words(arrived))
        if link and recipient in arrived.recipients:
            part = next(message_from_bytes(arrived.raw, policy=default).iter_attachments())
            document = folder / str(part.get_filename())
            document.write_bytes(part.get_content())
            back = (re.search(re.escape(url) + r"/s/[0-9a-z]+", words(one)) for one in sink.arrived)
            mine = next((found[0] for found in back if found), "")
            return Protected(link[0], mine, document, recipient)
    return None


def words(arrived: Arrived) -> str:
    """Give the plain words of a message."""
    body = message_from_bytes(arrived.raw, policy=default).get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def password_in(arrived: Arrived) -> str:
    """Give the password in a message; '' where there is none."""
    found = PASSWORD.search(words(arrived))
    return found[1] if found else ""


def opens(document: Path, password: str) -> str:
    """Say what the locked document holds for whoever has its password."""
    reading = read(document.read_bytes(), words=(password,))
    return next((passage.text.strip() for passage in reading.passages if passage.text.strip()), "")


async def press(service: Gateway, sink: Sink, what: Protected) -> str:
    """Be the recipient: look at the page, fill in the form, press the button, and give the password that comes."""
    async with httpx.AsyncClient() as client:
        (await client.get(what.page)).raise_for_status()
        (await client.post(what.page, data=PERSON, follow_redirects=True)).raise_for_status()
    for _ in range(int(PASSWORD_SECONDS / 0.05)):
        service.outbox.wake()
        for arrived in sink.arrived:
            if what.recipient in arrived.recipients and (password := password_in(arrived)):
                return password
        await asyncio.sleep(0.05)
    raise SealgateError("The password did not come.")
