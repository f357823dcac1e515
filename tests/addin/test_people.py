"""Cards of people, reports of false positives, and protected messages that were sent."""

from pathlib import Path
from typing import Any

import pytest

from milter.store import incidents, judged, shares, talk
from milter.store.judged import Judged
from tests.addin import tokens
from tests.addin.asking import SCHOOL, Asking, asking
from tests.web.shares import PASSWORD, begin

DIRECTORY = """email,name,job title,department,organisation,telephone
amira.khan@borchester.gov.uk,Amira Khan,Senior Case Officer,Children's Services,Borchester Borough Council,0118 496 0123
jane.smith@borchester.gov.uk,Jane Smith,Team Manager,Adult Care,Borchester Borough Council,0118 496 0199
"""
MESSAGE_ID = "<sent-1@borchester.gov.uk>"


@pytest.fixture
def staffed(tmp_path: Path):
    """A service with a directory of two."""
    (tmp_path / "people.csv").write_text(DIRECTORY, encoding="utf-8")
    more = f'[directory]\nkind = "csv"\nfile = "{tmp_path / "people.csv"}"\n'
    with asking(tmp_path / "etc", more=more) as service:
        yield service


def test_a_card_says_who_a_recipient_is(staffed: Asking) -> None:
    """Name, job title, department, organisation and telephone come from the directory (E2)."""
    answer = staffed.post("people", {"addresses": ["jane.smith@borchester.gov.uk", SCHOOL]}).json()
    jane, school = answer["people"]
    assert (jane["name"], jane["job_title"], jane["department"]) == (
        "Jane Smith",
        "Team Manager",
        "Adult Care",
    )
    assert jane["telephone"] == "0118 496 0199"
    assert not school["known"]
    assert school["partner"]["name"] == "Ambridge Primary School"


def test_people_are_found_by_name(staffed: Asking) -> None:
    """Whoever meant a colleague finds the colleague's address."""
    answer = staffed.post("people", {"names": ["SMITH, Jane"]}).json()
    assert [card["address"] for card in answer["named"]] == ["jane.smith@borchester.gov.uk"]


def test_guests_read_no_address_book(staffed: Asking) -> None:
    """A guest of the tenant signs in like staff, and gets no cards."""
    token = tokens.entra(preferred_username="guest@partner.example")
    assert staffed.post("people", {"addresses": [SCHOOL]}, token).status_code == 403


@pytest.mark.parametrize(
    "given", [{"addresses": "x"}, {"addresses": [1]}, {"addresses": ["x"]}, {"names": ["x"] * 51}]
)
def test_lists_that_are_none(outlook: Asking, given: Any) -> None:
    """What is no list of addresses or names is refused."""
    assert outlook.post("people", given).status_code == 400


def test_a_false_positive_keeps_features_alone(outlook: Asking) -> None:
    """What is kept is the kind, where it stood and how sure we were; whatever else is sent is dropped."""
    report = {"code": "nhs-number", "category": "health", "place": "attachment", "confidence": 0.918}
    told = outlook.post("feedback", report | {"masked": "943", "text": "Jamie Osborne"})
    assert told.status_code == 200
    with outlook.site.store.read() as tx:
        kept = talk.feedback_given(tx, outlook.site.clock().replace(year=2020))
    code, verdict, features = kept[-1]
    assert (code, verdict) == ("nhs-number", "false-positive")
    assert dict(features) == {
        "from": "outlook",
        "category": "health",
        "place": "attachment",
        "confidence": 0.92,
    }


@pytest.mark.parametrize("code", ["", "Jamie Osborne", None, ["nhs-number"]])
def test_only_known_codes_are_reported(outlook: Asking, code: Any) -> None:
    """Free text can't be put into the store by a report."""
    assert outlook.post("feedback", {"code": code}).status_code == 400


def sent(outlook: Asking, **more: Any) -> str:
    """Have a message sent that has one share; give the share's reference."""
    begun = begin(outlook.site.store, **more)
    with outlook.site.store.transaction() as tx:
        digest = judged.message_id_digest(tx.vault, MESSAGE_ID)
        share = shares.get(tx, begun.id)
        if judged.get(tx, share.judged_id) is None:
            row = Judged(
                share.judged_id,
                tx.now,
                "n",
                "",
                digest,
                tokens.OFFICER,
                "Borchester Borough Council",
                "p" * 12,
                "PROTECT",
                "high",
                ("child",),
                1,
                1,
            )
            judged.record(tx, row)
    return begun.id


def mine(outlook: Asking, token: str = "") -> Any:
    return outlook.post("shares", {"message_id": MESSAGE_ID}, token)


def test_a_sender_sees_what_became_of_a_message(outlook: Asking) -> None:
    """Its shares are found by the Message-ID of the copy among the sent items."""
    share = sent(outlook)
    found = {one["id"]: one for one in mine(outlook).json()["shares"]}[share]
    assert (found["recipient"], found["state"], found["may_withdraw"]) == (SCHOOL, "sent", True)
    assert not found["may_card"]


STRANGER = tokens.entra(preferred_username="eve@borchester.gov.uk", oid="eve")


@pytest.mark.parametrize("act", ["withdraw", "card", "told"])
def test_nobody_else_may(outlook: Asking, act: str) -> None:
    """A colleague can't tell another's share from one that is not there."""
    share = sent(outlook, way="telephone")
    given = {"name": "Jill Archer", "job_title": "Head"}
    theirs = outlook.post(f"shares/{share}/{act}", given, STRANGER)
    nothing = outlook.post(f"shares/SG-0000-0000-0000/{act}", given, STRANGER)
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.json() == nothing.json()
    assert mine(outlook, STRANGER).json() == {"shares": []}
    assert outlook.post(f"shares/{share}/{act}", given, tokens.exchange()).status_code == 403


def test_withdrawing(outlook: Asking) -> None:
    """Taking back destroys the password; twice is a problem in words."""
    share = sent(outlook)
    assert outlook.post(f"shares/{share}/withdraw").json() == {"state": "withdrawn"}
    with outlook.site.store.read() as tx:
        assert shares.get(tx, share).password_destroyed_at is not None
        assert incidents.of_share(tx, share) is None
    again = outlook.post(f"shares/{share}/withdraw")
    assert again.status_code == 409
    assert again.json()["detail"]


def test_the_telephone_card(outlook: Asking) -> None:
    """The card has the published number and the password, and that it was read stands in the trail without a name."""
    share = sent(outlook, way="telephone")
    card = outlook.post(f"shares/{share}/card").json()
    assert (card["password"], card["organisation"]) == (PASSWORD, "Ambridge Primary School")
    assert card["telephone"]
    told = outlook.post(f"shares/{share}/told", {"name": "Jill Archer", "job_title": "Head teacher"})
    assert told.json() == {"state": "released"}
    with outlook.site.store.read() as tx:
        rows = tx.connection.exec_driver_sql(
            "select event, actor, details from audit where subject = ?", (share,)
        ).all()
    assert any(row[0] == "password-read" and "outlook-card" in row[2] for row in rows)
    assert tokens.OFFICER not in str(rows)


def test_a_password_that_goes_by_mail_has_no_card(outlook: Asking) -> None:
    """Where the gateway tells the password itself, nobody reads it here."""
    answer = outlook.post(f"shares/{sent(outlook)}/card")
    assert answer.status_code == 409
    assert "password" not in answer.json()
