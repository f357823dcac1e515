"""Habits, read before a message is judged and learnt once it has left, as keyed digests only (law 8).

Guarantees: nothing is learnt of mail that did not leave; a day counts once, however many messages it had; whom the
sender is known to write to is remembered in the process, so that everyday mail asks the store nothing. Automatic
mail and circulars teach nothing. A store that can't be read leaves the facts unknown.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from milter.clock import Clock
from milter.directory.people import shown_names
from milter.errors import StoreError
from milter.habits.judge import FREQUENT, FREQUENT_DOMAIN, Seen, facts_of, merged
from milter.habits.neighbours import SHORTEST, Places, asked_forms, known_forms, slip
from milter.message.model import Message
from milter.policy.model import People, Person
from milter.policy.names import letters_of, local_key, name_key
from milter.store import learnt
from milter.store.engine import Store
from milter.store.learnt import Learnt, Thing
from milter.store.transaction import Transaction

REMEMBERED = 100_000
CIRCULAR = 50  # recipients, from which a message is nobody's habit
REFRESH = 50  # days after which the forms of what is often used are written anew, so that they don't age


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What one recipient is looked up and learnt by."""

    organisation: str
    sender: str
    address: str
    local: str
    domain: str
    place: str  # the partner's name, or the domain of nobody known
    name: str  # key of the name; '' for none
    letters: str  # of the local part, where figures tell it from others; '' else

    @property
    def things(self) -> dict[str, Thing]:
        """The things of which a count is kept, by what they are called in `Seen`."""
        found = {
            "by_sender": Thing("pair", (self.sender, self.address)),
            "by_all": Thing("to", (self.organisation, self.address)),
            "domain": Thing("domain", (self.organisation, self.domain)),
            "since": Thing("since", (self.organisation,)),
        }
        if self.name:
            found["name"] = Thing("name", (self.sender, self.name))
            found["name_here"] = Thing("name at", (self.sender, self.name, self.place))
            found["colleague"] = Thing("colleague", (self.organisation, self.name))
        if self.letters:
            found["figures"] = Thing("letters", (self.sender, self.domain, self.letters))
        return found

    def near(self, forms: Mapping[str, Places]) -> dict[Thing, Places]:
        """Give the things that forms of the local part are kept as."""
        return {Thing("near", (self.organisation, self.domain, form)): at for form, at in forms.items()}

    def near_domain(self, forms: Mapping[str, Places]) -> dict[Thing, Places]:
        """Give the things that forms of the domain are kept as."""
        long_enough = len(self.domain.partition(".")[0]) >= SHORTEST
        return {Thing("near domain", (self.organisation, f)): at for f, at in forms.items() if long_enough}


def acquaintance(person: Person, sender: Person, shown: str) -> Acquaintance:
    """Give what a recipient is known by; `shown` is the name that the message has beside the address."""
    address = person.address.lower()
    local = address.rpartition("@")[0]
    letters = letters_of(local)
    return Acquaintance(
        organisation=sender.partner.name if sender.partner else "",
        sender=sender.address.lower(),
        address=address,
        local=local,
        domain=person.domain,
        place=person.partner.name if person.partner else person.domain,
        name=name_key(shown) or name_key(person.name) or local_key(local),
        letters=letters if letters != local and len(letters) >= SHORTEST else "",
    )


class Habits:
    """The habits of one store, for one gateway process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, None] = OrderedDict()  # pairs that wrote before
        self._day = 0
        self._today: set[str] = set()  # pairs that were learnt today

    async def find(self, people: People, message: Message) -> People:
        """Give the people with the facts that habit knows of outside recipients."""
        sender = people.sender
        if not sender.address or not sender.partner or len(people.recipients) > CIRCULAR:
            return people
        shown = shown_names(message)
        asked = {
            person.address: acquaintance(person, sender, shown.get(person.address.lower(), ""))
            for person in people.recipients
            if person.kind != "own"
        }
        asked = {address: one for address, one in asked.items() if self._pair(one) not in self._known}
        if not asked:
            return people
        try:
            seen = await asyncio.to_thread(self._look, tuple(asked.values()))
        except StoreError:
            return people
        for one in asked.values():
            if seen[one.address].by_sender:
                self._remember(self._pair(one))
        own = {name_key(sender.name), name_key(sender.address)}
        recipients = tuple(
            self._told(person, seen[asked[person.address].address], asked[person.address], message, own)
            if person.address in asked
            else person
            for person in people.recipients
        )
        return People(sender, recipients)

    def learn(
        self, people: People, left: Iterable[str], message: Message | None
    ) -> Callable[[Transaction], None] | None:
        """Give the unit of work that learns from mail that left for these addresses; None where it teaches nothing."""
        sender = people.sender
        circular = len(people.recipients) > CIRCULAR or (message is not None and message.automatic)
        if not sender.address or not sender.partner or circular:
            return None
        gone = frozenset(left)
        shown = shown_names(message) if message else {}
        lessons = [
            acquaintance(person, sender, shown.get(person.address.lower(), ""))
            for person in people.recipients
            if person.address in gone and person.kind != "own"
        ]
        lessons = [one for one in lessons if self._is_news(self._pair(one))]
        name = name_key(sender.name) or name_key(sender.address)
        if not lessons:
            return None
        colleague = Thing("colleague", (lessons[0].organisation, name)) if name else None
        return lambda tx: _learn(tx, lessons, colleague)

    def _told(self, person: Person, seen: Seen, one: Acquaintance, message: Message, own: set[str]) -> Person:
        known = bool(person.name)  # the directory alone gives a recipient a name
        told = facts_of(
            person,
            seen,
            known=known,
            threaded=_threaded(message, one.address),
            own_name=bool(one.name) and one.name in own,
        )
        return replace(person, **merged(person, told))  # type: ignore[arg-type]

    def _look(self, asked: Sequence[Acquaintance]) -> dict[str, Seen]:
        """Read all counts of a message's recipients, then the forms of those that nobody wrote to."""
        everything = [thing for one in asked for thing in one.things.values()]
        with self._store.read() as tx:
            counts = learnt.look_all(tx, everything)
            new = [one for one in asked if one.things["by_all"] not in counts]
            known = learnt.look_all(tx, [thing for one in new for thing in _asked(one)])
            now = tx.now
        return {one.address: _seen(one, counts, known, now) for one in asked}

    def _pair(self, one: Acquaintance) -> str:
        return learnt.digest(self._store.vault, "pair", one.sender, one.address)

    def _remember(self, pair: str) -> None:
        self._known[pair] = None
        self._known.move_to_end(pair)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _is_news(self, pair: str) -> bool:
        """Whether a pair was not learnt today by this process."""
        day = self._clock().toordinal()
        if day != self._day or len(self._today) > REMEMBERED:
            self._day, self._today = day, set()
        news = pair not in self._today
        self._today.add(pair)
        self._remember(pair)
        return news


def _seen(
    one: Acquaintance, counts: Mapping[Thing, Learnt], near: Mapping[Thing, Learnt], now: datetime
) -> Seen:
    """Gather the counts of one recipient."""
    things = one.things
    days = {what: counts[thing].count for what, thing in things.items() if thing in counts}
    since = counts.get(things["since"])
    name = counts.get(things["name"]) if "name" in things else None
    return Seen(
        by_sender=days.get("by_sender", 0),
        by_all=days.get("by_all", 0),
        domain=days.get("domain", 0),
        name=days.get("name", 0),
        name_here=days.get("name_here", 0),
        places=int(name.known.get("places", 1)) if name else 0,
        figures=days.get("figures", 0),
        colleague=days.get("colleague", 0),
        slip=_slip(one.near(asked_forms(one.local)), near),
        domain_slip=_slip(one.near_domain(asked_forms(one.domain)), near),
        learning_days=(now - since.first_at).days if since else 0,
    )


def _asked(one: Acquaintance) -> dict[Thing, Places]:
    return one.near(asked_forms(one.local)) | one.near_domain(asked_forms(one.domain))


def _slip(asked: Mapping[Thing, Places], near: Mapping[Thing, Learnt]) -> int | None:
    new = {thing.parts[-1]: places for thing, places in asked.items()}
    known = [(thing.parts[-1], near[thing].known["places"]) for thing in asked if thing in near]
    return slip(new, [(form, (int(places[0]), int(places[1]))) for form, places in known])


def _learn(tx: Transaction, lessons: Sequence[Acquaintance], colleague: Thing | None) -> None:
    """Count everything of one message, and keep the forms of what has become frequent."""
    things = [thing for one in lessons for what, thing in one.things.items() if what != "colleague"]
    counts = learnt.see_daily(tx, [*things, *([colleague] if colleague else ())])
    for one in lessons:
        what = one.things
        if one.name and counts.get(what["name_here"]) == 1:
            before = learnt.look_all(tx, (what["name"],))[what["name"]].known.get("places", 0)
            learnt.keep(tx, [(what["name"], {"places": int(before) + 1})])
        if _is_due(counts.get(what["by_all"], 0), FREQUENT):
            _keep(tx, one.near(known_forms(one.local)))
        if _is_due(counts.get(what["domain"], 0), FREQUENT_DOMAIN):
            _keep(tx, one.near_domain(known_forms(one.domain)))


def _keep(tx: Transaction, near: Mapping[Thing, Places]) -> None:
    learnt.keep(tx, [(thing, {"places": list(places)}) for thing, places in near.items()])


def _is_due(count: int, frequent: int) -> bool:
    """Whether a count makes something frequent now, or is one at which its forms are written anew."""
    return count == frequent or (count > frequent and count % REFRESH == 0)


def _threaded(message: Message, address: str) -> bool:
    """Whether the message answers another, and the address stands in what it quotes."""
    if not any(field.name in {"in-reply-to", "references"} for field in message.fields):
        return False
    wanted = address.encode("utf-8", "replace")
    return any(wanted in part.content.lower() for part in message.parts if part.role == "body")
