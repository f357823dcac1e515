"""The directory never stands in the way of mail: cache, deadline, circuit breaker."""

import asyncio
from dataclasses import dataclass, field

import pytest

from milter.directory.breaker import FAILURES, PAUSE_SECONDS
from milter.directory.entry import DirectoryError, Entry
from milter.directory.look_up import MOST, STALE_SECONDS, Directory


@dataclass
class Scripted:
    """A directory that answers by script: an entry for every address, until it is told to fail or to hang."""

    fault: DirectoryError | Exception | None = None
    asked: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    hangs: bool = False

    async def look_up(self, address: str) -> Entry | None:
        self.asked.append(address)
        if self.hangs:
            await self.go.wait()
        if self.fault:
            raise self.fault
        return None if address.startswith("nobody") else Entry(address, f"Name of {address}")

    async def named(self, name: str) -> tuple[Entry, ...]:
        self.asked.append(name)
        return (Entry("a@x.example", "Khan, Amira"), Entry("b@x.example", "Amira Khanna"))

    async def close(self) -> None:
        self.go.set()


@dataclass
class Hands:
    """A clock that tests set."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def source() -> Scripted:
    return Scripted()


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def directory(source: Scripted, clock: Hands) -> Directory:
    return Directory(source, deadline_seconds=0.05, cache_seconds=600, clock=clock)


async def test_what_was_asked_is_not_asked_again(
    directory: Directory, source: Scripted, clock: Hands
) -> None:
    """People and addresses that are nobody's are kept for the time set, then asked for anew."""
    for _ in range(3):
        found = await directory.entries(("a@x.example", "nobody@x.example"))
        assert {address: entry.name for address, entry in found.items()} == {
            "a@x.example": "Name of a@x.example"
        }
    assert len(source.asked) == 2
    clock.now += 601
    await directory.entries(("a@x.example",))
    assert len(source.asked) == 3


async def test_one_question_an_address_at_a_time(directory: Directory, source: Scripted) -> None:
    """Ten messages to one person at once ask once, however the address is written."""
    source.hangs = True
    asking = [asyncio.create_task(directory.entries(("A@x.example",))) for _ in range(10)]
    await asyncio.sleep(0)
    source.go.set()
    found = await asyncio.gather(*asking)
    assert {one["A@x.example"].name for one in found} == {"Name of a@x.example"}
    assert source.asked == ["a@x.example"]


async def test_a_slow_answer_is_not_waited_for_and_not_lost(directory: Directory, source: Scripted) -> None:
    """Behind the deadline nothing is known; once the answer came, the next message has it."""
    source.hangs = True
    assert await directory.entries(("a@x.example",)) == {}
    source.go.set()
    await asyncio.gather(*directory._asked.values())
    assert "a@x.example" in await directory.entries(("a@x.example",))
    assert len(source.asked) == 1


async def test_a_dead_directory_is_left_alone_and_tried_again(
    directory: Directory, source: Scripted, clock: Hands
) -> None:
    """After a few failures nobody asks; after the pause one question is let through, and the pause doubles."""
    source.fault = DirectoryError("down")
    for number in range(20):
        assert await directory.entries((f"{number}@x.example",)) == {}
    assert len(source.asked) == FAILURES
    clock.now += PAUSE_SECONDS
    await directory.entries(("c@x.example", "d@x.example"))
    assert len(source.asked) == FAILURES + 1
    clock.now += PAUSE_SECONDS
    await directory.entries(("e@x.example",))
    assert len(source.asked) == FAILURES + 1
    clock.now += PAUSE_SECONDS
    source.fault = None
    assert "e@x.example" in await directory.entries(("e@x.example",))
    assert len(await directory.entries(("f@x.example", "g@x.example"))) == 2


async def test_a_refused_sign_in_is_not_repeated(directory: Directory, source: Scripted) -> None:
    """One refusal is enough: asked on, the directory would lock the account."""
    source.fault = DirectoryError("denied")
    for number in range(5):
        await directory.entries((f"{number}@x.example",))
    assert len(source.asked) == 1


async def test_a_busy_directory_is_asked_when_it_said(
    directory: Directory, source: Scripted, clock: Hands
) -> None:
    """The time that the directory names is waited for, where it is longer than our own."""
    source.fault = DirectoryError("busy", 200.0)
    await directory.entries(("a@x.example",))
    source.fault = None
    clock.now += 199
    assert await directory.entries(("a@x.example",)) == {}
    clock.now += 1
    assert await directory.entries(("a@x.example",)) != {}


async def test_what_was_known_is_believed_while_the_directory_is_dead(
    directory: Directory, source: Scripted, clock: Hands
) -> None:
    """An answer that has aged is better than none, for a day."""
    await directory.entries(("a@x.example",))
    source.fault = DirectoryError("down")
    clock.now += STALE_SECONDS - 1
    assert "a@x.example" in await directory.entries(("a@x.example",))
    clock.now += 2
    assert await directory.entries(("a@x.example",)) == {}


async def test_a_surprise_of_a_library_is_a_failure_like_any(directory: Directory, source: Scripted) -> None:
    """What no one foresaw reaches neither the message nor the next question."""
    source.fault = ZeroDivisionError()
    for number in range(FAILURES + 5):
        assert await directory.entries((f"{number}@x.example",)) == {}
    assert len(source.asked) == FAILURES


async def test_a_message_to_thousands_asks_a_few_questions(directory: Directory, source: Scripted) -> None:
    """The rest stay unknown for this message."""
    await directory.entries(tuple(f"{number}@x.example" for number in range(2_000)))
    assert len(source.asked) == MOST


async def test_only_those_who_bear_the_name_are_colleagues(directory: Directory) -> None:
    """What a server takes for a match by the beginning of a name is none."""
    found = await directory.named(("amira khan",))
    assert [entry.address for entry in found["amira khan"]] == ["a@x.example"]
