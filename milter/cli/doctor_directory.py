"""What `doctor` asks of the directory and the receipts mailbox: whether they answer at all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from milter.directory.entry import DirectoryError, Fault
from milter.directory.opening import open_mailbox, open_source
from milter.errors import SealgateError
from milter.settings import Settings

Answer = tuple[bool, str, str]  # whether it is well, in words, and the cure

CURES: dict[Fault, str] = {
    "denied": "Check the account, its rights and its password file. Don't try too often: accounts get locked.",
    "busy": "It answers, but is busy; look again later.",
    "down": "Check the address, the port, the certificate and the firewall.",
    "odd": "Something else than a directory answers there; check the address.",
}


def look_at_directory(settings: Settings) -> Iterator[Answer]:
    """Ask the directory one question, and look into the mailbox; nothing is changed."""
    address = settings.contact.help_address or settings.contact.notices_address

    async def ask() -> str:
        source = open_source(settings.directory)
        try:
            await source.look_up(address.lower())
        finally:
            await source.close()
        return f"the directory ({settings.directory.kind}) answers"

    async def read() -> str:
        mailbox = open_mailbox(settings)
        assert mailbox is not None
        try:
            waiting = len(await mailbox.look())
        finally:
            mailbox.close()
        return f"the receipts mailbox can be read; {waiting} messages wait in it"

    if settings.directory.kind != "none":
        yield _answer("the directory", ask)
    if settings.receipts.mailbox:
        yield _answer("the receipts mailbox", read)


def _answer(what: str, ask: Callable[[], Awaitable[str]]) -> Answer:
    async def run() -> str:
        return await ask()

    try:
        return True, asyncio.run(run()), ""
    except DirectoryError as error:
        return error.fault == "busy", f"{what} gives no answer ({error.fault})", CURES[error.fault]
    except SealgateError as error:
        return False, f"{what} can't be opened: {error}", ""
