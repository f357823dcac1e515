"""Several processes on one store, and processes that are killed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy import text

from milter.store import outbox, owners, progress
from milter.store.engine import Store

from .conftest import Opener

PROGRAMS = Path(__file__).with_name("programs.py")


Program: TypeAlias = subprocess.Popen[str]
Starter: TypeAlias = Callable[..., Program]


@pytest.fixture
def start(url: str, key_file: Path) -> Iterator[Starter]:
    """Give a function that starts a program on the store; none outlives the test."""
    running: list[Program] = []

    def start_one(name: str, node: str, *rest: str) -> Program:
        command = [sys.executable, str(PROGRAMS), name, url, str(key_file), node, *rest]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start_one
    for program in running:
        program.kill()
        program.communicate()


def _lines(program: Program) -> list[str]:
    output, _ = program.communicate(timeout=90)
    assert program.returncode == 0
    return output.split()


def _subjects(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.execute(text("SELECT subject FROM audit WHERE chain <> ''")).scalars())


def test_two_processes_drain_the_outbox_without_doubles(store: Store, start: Starter):
    """Each item is sent by one process, once, and none is left over."""

    def put(number: int) -> None:
        store.submit(lambda tx: outbox.put(tx, "notice", "SG-1", f"item-{number}", {})).result()

    for number in range(60):
        put(number)
    programs = [start("drain", node) for node in ("a", "b")]
    sent = [line for program in programs for line in _lines(program)]
    assert sorted(sent) == sorted(f"item-{number}" for number in range(60))
    assert store.verify().whole


def test_two_processes_write_at_once(store: Store, start: Starter):
    """Nothing is lost or refused, and every chain is whole; two processes of one name share a chain."""
    programs = [start("write", node, "150") for node in ("a", "a", "b")]
    told = [line for program in programs for line in _lines(program)]
    assert sorted(_subjects(store)) == sorted(told)
    assert len(told) == 450
    verified = store.verify()
    assert verified.whole
    assert {chain: length for chain, length, _ in verified.heads} == {"": 2, "a": 300, "b": 150}


def test_two_processes_make_one_store(nothing_yet: None, start: Starter, key_file: Path, open_it: Opener):
    """Two processes that start on nothing at the same moment make one key, one set of tables."""
    programs = [start("write", node, "5") for node in ("a", "b")]
    told = [line for program in programs for line in _lines(program)]
    store = open_it()
    assert sorted(_subjects(store)) == sorted(told)
    assert store.verify().whole
    assert [path.name for path in key_file.parent.glob("store.key*")] == ["store.key"]


def test_kill_in_mid_transaction_leaves_nothing_half_done(store: Store, start: Starter):
    """A process that is killed while it writes leaves no change, blocks nobody, and breaks no chain."""
    store.submit(lambda tx: tx.record("tried", "SG-before", "test", {})).result()
    program = start("die", "node1")
    assert program.stdout is not None
    assert program.stdout.readline() == "half\n"
    program.kill()
    program.communicate(timeout=30)
    store.submit(lambda tx: tx.record("tried", "SG-after", "test", {})).result(60)
    assert _subjects(store) == ["SG-before", "SG-after"]
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM meta WHERE name = 'half'")).scalar() == 0
    assert store.verify().whole


@pytest.mark.parametrize("after", [1, 40])
def test_what_was_answered_survives_a_kill(store: Store, start: Starter, after: int):
    """Whatever a future had resolved for is in the store, however soon the process was killed after it."""
    program = start("write", "a", "2000")
    assert program.stdout is not None
    told = [program.stdout.readline().strip() for _ in range(after)]
    program.kill()
    rest, _ = program.communicate(timeout=30)
    told += rest.split("\n")[:-1]  # a last line without its end was cut off
    kept = set(_subjects(store))
    assert set(told) <= kept
    assert store.verify().whole


def test_what_a_killed_process_held_is_free_at_once(store: Store, start: Starter):
    """A message claimed and an item leased by a process that was killed wait for no lease to run out."""
    store.submit(lambda tx: outbox.put(tx, "notice", "SG-1", "item", {})).result()
    program = start("hold", "node1", "k" * 64)
    assert program.stdout is not None
    assert program.stdout.readline() == "holding\n"
    mine = owners.new_owner()
    assert store.submit(lambda tx: progress.claim(tx, "k" * 64, mine)).result() is None
    assert store.submit(owners.free_outbox).result() == 0
    program.kill()
    program.communicate(timeout=30)
    assert store.submit(lambda tx: progress.claim(tx, "k" * 64, mine)).result() is not None
    assert store.submit(owners.free_outbox).result() == 1
    assert [item.dedupe for item in store.submit(lambda tx: outbox.lease(tx, mine)).result()] == ["item"]


def test_what_cannot_be_looked_for_is_not_called_gone():
    """An owner on another machine, or one whose name says nothing, keeps its lease."""
    mine = owners.new_owner()
    machine = mine.partition(".")[0]
    assert not owners.is_gone(mine)
    assert not owners.is_gone(f"0123456789ab.{mine.partition('.')[2]}")
    assert not owners.is_gone("node1/0/SG-7K2M-9QXD-40TB")
    assert owners.is_gone(f"{machine}.1.1/SG-7K2M-9QXD-40TB")  # the first process began at another moment
