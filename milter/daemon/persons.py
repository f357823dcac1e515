"""Builds what knows the people of mail in one gateway process: the directory, habit, the receipts mailbox."""

import asyncio

from milter.daemon.mailbox import MailboxReader
from milter.directory.look_up import Directory
from milter.directory.mailbox import Mailbox
from milter.directory.opening import open_directory, open_mailbox
from milter.directory.people import told_by
from milter.dispatch.surroundings import Surroundings
from milter.habits import Habits
from milter.message.model import Message
from milter.policy.model import People


class Persons:
    """Adds to the people of a message what is known of them."""

    def __init__(self, with_: Surroundings, directory: Directory | None) -> None:
        self._with = with_
        self._directory = directory
        self.habits = Habits(with_.store, with_.clock)
        self._reader: MailboxReader | None = None
        self._reading: asyncio.Task[None] | None = None

    async def find(self, people: People, message: Message) -> People:
        """Give the people with all that is known of them in time."""
        if self._directory is not None:
            people = await told_by(self._directory, people, message, self._with.known.policy)
        return await self.habits.find(people, message)

    def read_mailbox(self, mailbox: Mailbox) -> None:
        """Have the receipts mailbox read from now on."""
        self._reader = MailboxReader(mailbox, self._with)
        self._reading = asyncio.get_running_loop().create_task(self._reader.run())

    async def close(self) -> None:
        """Let go of directory and mailbox."""
        if self._reading is not None and self._reader is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reader.close()
        if self._directory is not None:
            await self._directory.close()


def build(with_: Surroundings, index: int) -> Persons:
    """Build it, and have it asked for each message. Raises SealgateError where the directory can't be opened.

    `index` is this process's number on its node: the first one reads the receipts mailbox.
    """
    persons = Persons(with_, open_directory(with_.known.settings.directory))
    with_.find_people = (*with_.find_people, persons.find)
    with_.learn = persons.habits.learn
    if mailbox := open_mailbox(with_.known.settings) if index == 0 else None:
        persons.read_mailbox(mailbox)
    return persons
