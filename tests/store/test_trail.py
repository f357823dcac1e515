"""The audit trail: what is written, and that tampering shows."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from milter.store import trail
from milter.store.engine import Store
from milter.store.transaction import Transaction

from .conftest import FakeClock, Opener


@pytest.fixture
def filled(store: Store) -> Store:
    """Give a store with a chain of six events."""
    for number in range(1, 7):
        store.submit(lambda tx, n=number: tx.record("tried", f"SG-{n}", "test", {"n": n})).result()
    return store


def _tamper(store: Store, *statements: str) -> None:
    with store.transaction() as tx:
        for statement in statements:
            tx.execute(text(statement))


def test_untouched_trail_is_whole(filled: Store):
    """The walk counts every row and finds nothing, and tells each chain's length."""
    verified = filled.verify()
    assert verified.whole
    assert verified.rows == 7  # six and the opening of the chain
    assert [(chain, length) for chain, length, _ in verified.heads] == [("", 1), ("node1", 6)]


@pytest.mark.parametrize(
    ("statements", "seq", "why"),
    [
        (["UPDATE audit SET actor = 'other' WHERE chain = 'node1' AND seq = 3"], 3, "changed"),
        (["UPDATE audit SET at = at + 1 WHERE chain = 'node1' AND seq = 2"], 2, "changed"),
        (["UPDATE audit SET details = '{}' WHERE chain = 'node1' AND seq = 1"], 1, "changed"),
        (["DELETE FROM audit WHERE chain = 'node1' AND seq = 4"], 4, "missing here"),
        (["DELETE FROM audit WHERE chain = 'node1' AND seq = 1"], 1, "missing here"),
        (["DELETE FROM audit WHERE chain = 'node1' AND seq >= 5"], 5, "behind this one"),
        (["DELETE FROM audit WHERE chain = 'node1'"], 1, "behind this one"),
        (
            [
                "UPDATE audit SET seq = 100 WHERE chain = 'node1' AND seq = 2",
                "UPDATE audit SET seq = 2 WHERE chain = 'node1' AND seq = 3",
                "UPDATE audit SET seq = 3 WHERE chain = 'node1' AND seq = 100",
            ],
            2,
            "changed",
        ),
        (
            [
                "DELETE FROM audit WHERE chain = 'node1' AND seq > 4",
                (
                    "UPDATE heads SET seq = 4, mac = (SELECT mac FROM audit WHERE chain = 'node1' AND seq = 4) "
                    "WHERE chain = 'node1'"
                ),
            ],
            5,
            "head was changed",
        ),
        (["DELETE FROM heads WHERE chain = 'node1'"], 7, "no head"),
        (
            ["DELETE FROM audit WHERE chain = 'node1'", "DELETE FROM heads WHERE chain = 'node1'"],
            1,
            "no head",
        ),
    ],
    ids=[
        "edited",
        "dated",
        "details",
        "deleted",
        "first",
        "tail",
        "all",
        "swapped",
        "tail+head",
        "head",
        "chain",
    ],
)
def test_tampering_is_found_and_placed(filled: Store, statements: list[str], seq: int, why: str):
    """Whatever is done to rows without the key, the walk names the first place that does not hold."""
    _tamper(filled, *statements)
    broken = filled.verify().broken
    assert [(one.chain, one.seq) for one in broken] == [("node1", seq)]
    assert why in broken[0].why


def test_row_added_behind_the_head_is_found(filled: Store):
    """A forged row can't be appended: its digest needs the key."""
    _tamper(
        filled,
        "INSERT INTO audit SELECT chain, 7, at, event, subject, actor, details, mac, previous "
        "FROM audit WHERE chain = 'node1' AND seq = 6",
    )
    assert [(one.seq, one.why) for one in filled.verify().broken] == [(7, "the row was changed")]


def test_chain_of_another_node_is_not_taken_for_this_one(filled: Store, open_it: Opener):
    """Rows moved from one chain to another do not hold there, and each chain is reported by itself."""
    open_it("node2").submit(lambda tx: tx.record("tried", "SG-9", "test", {})).result()
    _tamper(
        filled,
        "DELETE FROM audit WHERE chain = 'node1' AND seq = 1",
        "UPDATE audit SET chain = 'node1' WHERE chain = 'node2'",
    )
    assert [(one.chain, one.seq) for one in filled.verify().broken] == [("node1", 1), ("node2", 1)]


def test_chain_that_was_never_opened_is_found(filled: Store):
    """A chain that is not in the list of chains is reported."""
    _tamper(filled, "UPDATE audit SET chain = 'node9' WHERE chain = 'node1'")
    assert {one.chain for one in filled.verify().broken} == {"node1", "node9"}


def test_two_writers_of_one_chain_keep_it_whole(open_it: Opener):
    """Two stores of one name take turns on their chain."""
    first, second = open_it("node1"), open_it("node1")
    futures = [
        one.submit(lambda tx, n=number: tx.record("tried", f"SG-{n}", "test", {}))
        for number in range(20)
        for one in (first, second)
    ]
    for future in futures:
        future.result(30)
    verified = first.verify()
    assert verified.whole
    assert verified.rows == 41


@pytest.mark.parametrize("value", ["a@example.org", "Jane Doe", "x" * 101, "line\nbreak", "é", "a\n"])
def test_personal_data_is_kept_out(store: Store, value: str):
    """Neither an address nor a sentence can get into the trail, as subject, actor or detail (law 8)."""
    places: tuple[Callable[[Transaction], None], ...] = (
        lambda tx: tx.record("tried", value, "test", {}),
        lambda tx: tx.record("tried", "SG-1", value, {}),
        lambda tx: tx.record("tried", "SG-1", "test", {"detail": value}),
        lambda tx: tx.record("tried", "SG-1", "test", {value: 1}),
    )
    for place in places:
        with pytest.raises(ValueError, match="trail"):
            store.submit(place).result()


def test_trail_of_a_subject_is_in_order(filled: Store, clock: FakeClock, open_it: Opener):
    """All chains' rows about one subject come in the order of time, with their details."""
    clock.pass_by(minutes=1)
    open_it("a-node").submit(lambda tx: tx.record("again", "SG-2", "test", {"n": 9, "ok": True})).result()
    with filled.read() as tx:
        rows = trail.rows_about(tx.connection, "SG-2")
    assert [(row.chain, row.event, dict(row.values)) for row in rows] == [
        ("node1", "tried", {"n": 2}),
        ("a-node", "again", {"n": 9, "ok": True}),
    ]
    assert rows[1].at == clock.now


def test_row_can_be_checked_by_itself(filled: Store):
    """A row taken out as evidence bears a digest that only its own content gives."""
    with filled.read() as tx:
        row = trail.rows_about(tx.connection, "SG-2")[0]
    assert trail.mac_of(filled.vault, row) == row.mac
