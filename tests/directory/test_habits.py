"""Habits (`habits.toml`, which anyone can add to): who is surprised by an address, and above all who is not."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from milter.habits import Habits
from milter.habits.neighbours import LONGEST, asked_forms, known_forms, slip
from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.message.parse import parse
from milter.policy.load import load_policy
from milter.policy.model import People
from milter.policy.partners import people
from milter.policy.policy import Policy
from milter.settings import Caps
from milter.store.engine import Store, open_store
from tests.gateway.harness import OFFICER, configure

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "habits.toml").read_text(encoding="utf-8")
)["case"]
END = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = END

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    folder = tmp_path_factory.mktemp("etc")
    configure(folder, 9)
    return load_policy(folder)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "key", clock=clock)
    yield opened
    opened.close()


Wrote = Callable[..., None]


@pytest.fixture
def wrote(store: Store, clock: Clock, policy: Policy) -> Wrote:
    """Have somebody write to an address on each of some days before the end."""

    def write(address: str, days: int, shown: str = "", sender: str = OFFICER, times: int = 1) -> None:
        habits = Habits(store, clock)
        given, mail = message(policy, sender, address, shown)
        with store.transaction() as tx:
            for day in range(days, 0, -1):
                tx.now = clock.now = END - timedelta(days=day)
                for _ in range(times):
                    if learn := habits.learn(given, (address,), mail):
                        learn(tx)
        clock.now = END

    return write


def message(
    policy: Policy, sender: str, address: str, shown: str = "", *, thread: bool = False
) -> tuple[People, Message]:
    to = f'"{shown}" <{address}>' if shown else address
    answers = "In-Reply-To: <1@x.example>\r\n" if thread else ""
    body = f"Thanks.\r\n\r\n> From: {address.title()}\r\n> Hello\r\n" if thread else "Hello\r\n"
    raw = f"From: {sender}\r\nTo: {to}\r\nSubject: x\r\n{answers}\r\n{body}".encode()
    return people(Envelope(sender, (Recipient(address),)), policy), parse(raw, Caps())


@pytest.mark.parametrize("case", CASES, ids=[case["why"][:70] for case in CASES])
async def test_habit(case: dict[str, Any], store: Store, clock: Clock, policy: Policy, wrote: Wrote) -> None:
    """The facts are those of the case, and the words say why."""
    wrote("someone.else@elsewhere-entirely.example", 1)  # the organisation's first mail
    with store.transaction() as tx:
        first = clock.now - timedelta(days=case.get("days", 90))
        tx.execute(text("UPDATE learnt SET first_at = :at"), {"at": int(first.timestamp() * 1_000_000)})
    for before in case["before"]:
        wrote(*before)
    given, mail = message(
        policy, OFFICER, case["to"], case.get("shown", ""), thread=case.get("thread", False)
    )
    if name := case.get("directory"):
        given = People(given.sender, tuple(replace(one, name=name) for one in given.recipients))
    (person,) = (await Habits(store, clock).find(given, mail)).recipients
    ignored = {"look-alike", "forwarding-home"}
    assert person.facts - ignored == set(case["facts"])
    if says := case.get("says"):
        assert any(says in words for _, words in person.remarks)


async def test_one_busy_day_is_no_habit(store: Store, clock: Clock, policy: Policy, wrote: Wrote) -> None:
    """Twenty messages on one day count once, in one process and in several."""
    wrote("jane.brown@felpersham.nhs.uk", 1, times=20)
    for _ in range(5):
        wrote("jane.brown@felpersham.nhs.uk", 1)
    given, mail = message(policy, OFFICER, "jane.browm@felpersham.nhs.uk")
    (person,) = (await Habits(store, clock).find(given, mail)).recipients
    assert "near-miss" not in person.facts


async def test_nothing_that_was_learnt_can_be_read(store: Store, wrote: Wrote) -> None:
    """Neither names, nor addresses, nor domains, nor parts of them stand in the store."""
    wrote("jane.brown@felpersham.nhs.uk", 12, "Jane Brown")
    with store.read() as tx:
        rows = str(tx.execute(text("SELECT * FROM learnt")).all()).lower()
    assert "near" in rows
    for word in ("jane", "brown", "felpersham", "amira", "khan", "borchester"):
        assert word not in rows


async def test_circulars_and_machines_teach_nothing(store: Store, clock: Clock, policy: Policy) -> None:
    """Mail to many, and mail that no person wrote, make nobody an acquaintance."""
    habits = Habits(store, clock)
    _, mail = message(policy, OFFICER, "a@x.example")
    many = people(Envelope(OFFICER, tuple(Recipient(f"{n}@x.example") for n in range(60))), policy)
    assert habits.learn(many, [one.address for one in many.recipients], mail) is None
    given, _ = message(policy, OFFICER, "a@x.example")
    assert habits.learn(given, ("a@x.example",), replace(mail, automatic=True)) is None
    nobody, _ = message(policy, "", "a@x.example")
    assert habits.learn(nobody, ("a@x.example",), mail) is None
    assert habits.learn(given, (), mail) is None
    assert habits.learn(given, ("a@x.example",), mail) is not None


async def test_everyday_mail_asks_the_store_nothing(
    store: Store, clock: Clock, policy: Policy, wrote: Wrote
) -> None:
    """Whom the sender is known to write to is remembered; a closed store shows that nobody asks it."""
    wrote("jane.brown@felpersham.nhs.uk", 1)
    habits = Habits(store, clock)
    given, mail = message(policy, OFFICER, "jane.brown@felpersham.nhs.uk")
    await habits.find(given, mail)
    habits._look = None  # type: ignore[assignment]
    assert await habits.find(given, mail) == given


def departs(known: str, new: str) -> int | None:
    """Give where a new word departs from a known one by a slip."""
    there = known_forms(known)
    asked = asked_forms(new)
    return slip(asked, [(form, there[form]) for form in asked if form in there])


@pytest.mark.parametrize("word", ["janet.brown", "aaaaaaaa", "x" * LONGEST, "o'brien-smith", "hannah.otto"])
def test_every_slip_of_a_word_is_found(word: str) -> None:
    """Leaving out, doubling, swapping or changing a letter behind the first of a part is seen, whatever the word."""
    for place in range(1, len(word)):
        if not word[place - 1].isalpha() or not word[place].isalpha():
            continue
        slips = {word[:place] + word[place + 1 :], f"{word[:place]}q{word[place + 1 :]}"}
        slips |= {word[:place] + word[place] + word[place:], f"{word[:place]}q{word[place:]}"}
        slips.add(word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :])
        for wrong in slips - {word}:
            assert departs(word, wrong) is not None or len(wrong) > LONGEST, wrong


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ("abcdefgh", "bcdefghi"),
        ("jane.brown", "jean.brawn"),
        ("marian", "martin"),
        ("jane.brown", "jane.brown"),
        ("jane.brown", "kane.brown"),
        ("jane.brown", "jane.crown"),
        ("year5.team", "year6.team"),
        ("lee", "leo"),
    ],
)
def test_what_is_no_slip(known: str, new: str) -> None:
    """Two letters, another first letter, other figures and short words make another word."""
    assert departs(known, new) is None
