"""Builds what knows the people of mail in one gateway process: the directory, and habit."""

from milter.directory.look_up import Directory
from milter.directory.opening import open_directory
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

    async def find(self, people: People, message: Message) -> People:
        """Give the people with all that is known of them in time."""
        if self._directory is not None:
            people = await told_by(self._directory, people, message, self._with.known.policy)
        return await self.habits.find(people, message)

    async def close(self) -> None:
        """Let go of the directory."""
        if self._directory is not None:
            await self._directory.close()


def build(with_: Surroundings) -> Persons:
    """Build it, and have it asked for each message. Raises SealgateError where the directory can't be opened."""
    persons = Persons(with_, open_directory(with_.known.settings.directory))
    with_.find_people = (*with_.find_people, persons.find)
    with_.learn = persons.habits.learn
    return persons
