"""How often habit stops mail for nothing, and how many slips it sees: a made-up organisation's mail of four months.

Run: `python -m benchmarks.habits_bench` (a minute of CPU). Names are drawn about as common as they are here, at
a few dozen organisations, one of them as large as a shared mail system with numbered addresses, and at consumer
services. Every sender has acquaintances, some often, some rarely written to, and meets new ones. All of this is
right, so what is held of it is a false alarm. Then slips are made: of the hand, and of the address list that
suggests another person of the name.
"""

import asyncio
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.directory_bench import OWN, policy_of
from milter.habits import Habits
from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.message.parse import parse
from milter.policy.partners import people
from milter.policy.policy import Policy
from milter.settings import Caps
from milter.store.engine import Store, open_store

SENDERS, DAYS, WARM, MAILS = 120, 120, 30, 4  # mails a day of each sender
ORGANISATIONS = 40
HELD = ("near-miss", "unusual-address", "internal-name-outside")
START = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
NAMES = Path(__file__).parent.parent / "milter" / "detect" / "data"


@dataclass(slots=True)
class Somebody:
    """One person outside, or a colleague."""

    name: str
    address: str


@dataclass(slots=True)
class World:
    """Everyone there is."""

    source: random.Random
    given: list[str]
    surnames: list[str]
    taken: set[str] = field(default_factory=set)

    def name(self) -> tuple[str, str]:
        """Draw a name: about one in 45 bears the commonest given name, one in 100 the commonest surname, as here."""
        (first,) = self.source.choices(self.given, [1 / (place + 10) for place in range(len(self.given))])
        (last,) = self.source.choices(
            self.surnames, [1 / (place + 20) for place in range(len(self.surnames))]
        )
        return first, last

    def somebody(self, domain: str) -> Somebody:
        """Draw a person at a domain, with an address in one of the usual forms."""
        first, last = self.name()
        form = self.source.random()
        local = (
            f"{first}.{last}" if form < 0.7 else f"{first[0]}.{last}" if form < 0.85 else f"{first[0]}{last}"
        )
        number = 1
        address = f"{local}@{domain}".lower()
        while address in self.taken:
            number += 1
            address = f"{local}{number}@{domain}".lower()
        self.taken.add(address)
        return Somebody(f"{first} {last}", address)


def world() -> World:
    """Read the names."""
    read = [
        (NAMES / file).read_text(encoding="utf-8").split() for file in ("given_names.txt", "surnames.txt")
    ]
    given, surnames = ([word for word in words if word.isalpha() and len(word) > 2] for words in read)
    source = random.Random(11)
    return World(source, source.sample(given, 800), source.sample(surnames, 1_500))


def domains() -> list[str]:
    """Give where people are: a few large places, many small ones, consumer services."""
    small = [
        f"school{number}-{word}.borchester.sch.uk" for number in range(ORGANISATIONS) for word in ("primary",)
    ]
    return (
        ["borsetshire.nhs.uk"] * 12
        + small
        + ["gmail.com"] * 6
        + ["hotmail.com"] * 4
        + ["felpersham-council.example"] * 4
    )


def mail(sender: str, to: Somebody, *, shown: bool) -> Message:
    """Write a message; Outlook shows the name of whom it knows."""
    field_ = f'"{to.name}" <{to.address}>' if shown else to.address
    return parse(f"From: {sender}\r\nTo: {field_}\r\nSubject: x\r\n\r\nHello\r\n".encode(), Caps())


class Town:
    """The organisation's mail, day by day."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.policy: Policy = policy_of(folder)
        self.store: Store = open_store(f"sqlite:///{folder}/store.db", folder / "key", clock=lambda: self.now)
        self.habits = Habits(self.store, lambda: self.now)
        self.world = world()
        self.source = self.world.source
        self.places = domains()
        self.everyone = [self.world.somebody(self.source.choice(self.places)) for _ in range(4_000)]
        self.senders = [self.world.somebody(OWN).address for _ in range(SENDERS)]
        self.circles = {sender: self.source.sample(self.everyone, 25) for sender in self.senders}
        self.counts: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self.days: Counter[tuple[str, str]] = Counter()  # on which each sender wrote to each address

    async def facts_of(self, sender: str, to: Somebody, *, shown: bool = True) -> frozenset[str]:
        """Give the facts of one message."""
        given = people(Envelope(sender, (Recipient(to.address),)), self.policy)
        (person,) = (await self.habits.find(given, mail(sender, to, shown=shown))).recipients
        return person.facts

    async def day(self, number: int) -> None:
        """Live through a day: everyone writes to acquaintances, and now and then to somebody new."""
        self.now = START + timedelta(days=number)
        sent = []
        for sender in self.senders:
            circle = self.circles[sender]
            for _ in range(MAILS):
                if self.source.random() < 0.06:
                    circle.insert(self.source.randrange(len(circle)), self.source.choice(self.everyone))
                to = circle[min(int(self.source.expovariate(0.18)), len(circle) - 1)]
                sent.append((sender, to))
                if number >= WARM:
                    self._note(await self.facts_of(sender, to, shown=self.source.random() < 0.9))
        self.days.update({(sender, to.address) for sender, to in sent})
        with self.store.transaction() as tx:
            for sender, to in sent:
                given = people(Envelope(sender, (Recipient(to.address),)), self.policy)
                if learn := self.habits.learn(given, (to.address,), mail(sender, to, shown=True)):
                    tx.now = self.now
                    learn(tx)

    def _note(self, facts: frozenset[str]) -> None:
        self.counts["messages"] += 1
        self.counts["new addresses"] += "first-mail" in facts
        self.counts["held"] += bool(facts & set(HELD))
        self.facts.update(facts & set(HELD))

    async def slips(self) -> Counter[str]:
        """Make slips in the addresses of those who are often written to; count what is seen of each kind."""
        seen: Counter[str] = Counter()
        for sender in self.senders:
            often_written_to = {
                one.address: one for one in self.circles[sender] if self.days[sender, one.address] >= 5
            }
            for often in list(often_written_to.values())[:4]:
                for kind, wrong in self._slips_of(often):
                    seen[f"{kind}, made"] += 1
                    facts = await self.facts_of(sender, wrong, shown=kind == "another of the name")
                    seen[f"{kind}, seen"] += bool(facts & {"near-miss", "unusual-address"})
        return seen

    def _slips_of(self, often: Somebody) -> list[tuple[str, Somebody]]:
        local, _, domain = often.address.partition("@")
        places = [n for n in range(1, len(local)) if local[n].isalpha()]
        at = self.source.choice(places)
        letter = self.source.choice("etaoinshr")
        wrong = {
            "another letter": f"{local[:at]}{letter}{local[at + 1 :]}",
            "a letter too few": f"{local[:at]}{local[at + 1 :]}",
            "a letter twice": f"{local[:at]}{local[at]}{local[at:]}",
            "two swapped": f"{local[: at - 1]}{local[at]}{local[at - 1]}{local[at + 1 :]}",
        }
        made = [
            (kind, Somebody(often.name, f"{word}@{domain}")) for kind, word in wrong.items() if word != local
        ]
        elsewhere = self.source.choice([place for place in self.places if place != domain])
        return [*made, ("another of the name", Somebody(often.name, f"{local}@{elsewhere}"))]


async def main() -> None:
    """Live four months, then make slips."""
    with tempfile.TemporaryDirectory() as name:
        town = Town(Path(name))
        for number in range(DAYS):
            await town.day(number)
        print(
            f"{SENDERS} senders, {DAYS} days, of which {WARM} to learn: {town.counts['messages']} messages, all right"
        )
        new, held = town.counts["new addresses"], town.counts["held"]
        print(f"addresses that the organisation never wrote to: {new}")
        share = 100 * held / max(new, 1)
        print(f"held for nothing: {held} ({share:.1f}% of new addresses)")
        print("  by reason:", dict(town.facts))
        seen = await town.slips()
        for kind in dict.fromkeys(key.rpartition(",")[0] for key in seen):
            made = seen[f"{kind}, made"]
            print(
                f"{kind}: {seen[f'{kind}, seen']} of {made} seen ({100 * seen[f'{kind}, seen'] / made:.0f}%)"
            )
        town.store.close()


if __name__ == "__main__":
    asyncio.run(main())
