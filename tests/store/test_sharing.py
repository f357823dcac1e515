"""What happens to a share at the same moment happens once, on either database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from milter import sharing
from milter.errors import RequestError
from milter.store import incidents, outbox, register, shares
from milter.store.engine import Store
from tests.store.conftest import TO_SHARE

SHARE, ENTRY = "SG-5HAR-E000-0000", "SG-ENTR-Y000-0000"
PERSON = ("Jill Archer", "Head teacher", "Ambridge Primary School", "0118 496 0150")


def begin(store: Store) -> None:
    share = replace(TO_SHARE, id=SHARE, register_id=ENTRY)
    with store.transaction() as tx:
        shares.begin(tx, share)
        register.add(tx, (register.Entry(ENTRY, tx.now, "email", share_id=SHARE, status="protected"),))


def at_once(store: Store, *acts: str) -> None:
    """Have things happen in as many transactions at the same time; who comes too late is told so."""

    def act(what: str) -> None:
        try:
            with store.transaction() as tx:
                if what == "confirmed":
                    sharing.confirmed(tx, SHARE, *PERSON)
                elif what == "reissued":
                    sharing.reissued(tx, SHARE, "recipient", 3)
                else:
                    sharing.happened(tx, SHARE, what, "test")  # type: ignore[arg-type]
        except RequestError:
            pass

    with ThreadPoolExecutor(len(acts)) as threads:
        list(threads.map(act, acts))


def asked(store: Store) -> list[str]:
    with store.read() as tx:
        return sorted(str(item.payload["notice"]) for item in outbox.about(tx, SHARE) if item.payload)


def state(store: Store) -> str:
    with store.read() as tx:
        return shares.get(tx, SHARE).state


def test_many_confirmations_are_one_release(store: Store) -> None:
    """One password is asked for, whoever was first."""
    begin(store)
    at_once(store, *["confirmed"] * 8)
    assert state(store) == "released"
    assert asked(store) == ["password"]


def test_a_confirmation_and_a_withdrawal_end_one_way_or_the_other(store: Store) -> None:
    """Either the password goes out, or it is destroyed and the recipient told; never both."""
    begin(store)
    at_once(store, *["confirmed", "withdrawn"] * 4)
    with store.read() as tx:
        destroyed = shares.get(tx, SHARE).password_destroyed_at is not None
    assert (state(store), asked(store), destroyed) in (
        ("released", ["password"], False),
        ("withdrawn", ["withdrawn"], True),
    )


def test_many_wrong_persons_are_one_incident(store: Store) -> None:
    """One incident, one notice to each who has to know."""
    begin(store)
    at_once(store, *["not-for-me"] * 8)
    with store.read() as tx:
        assert len(incidents.listed(tx)) == 1
    assert state(store) == "refused"
    assert asked(store) == ["incident", "not-for-me"]


def test_a_lost_password_is_sent_again_no_more_often_than_is_allowed(store: Store) -> None:
    """Eight at once, three allowed: three more passwords."""
    begin(store)
    at_once(store, "confirmed")
    at_once(store, *["reissued"] * 8)
    assert asked(store) == ["password"] * 4
    assert store.verify().whole


def test_a_password_that_is_still_on_its_way_when_the_wrong_person_speaks_up_never_arrives(
    store: Store,
) -> None:
    """The next hop was down since the confirmation: the message with the password is taken out of the outbox."""
    begin(store)
    at_once(store, "confirmed")
    at_once(store, "not-for-me")
    with store.read() as tx:
        states = {item.dedupe.split(":")[2]: item.state for item in outbox.about(tx, SHARE)}
    assert states == {"password": "withdrawn", "not-for-me": "pending", "incident": "pending"}
