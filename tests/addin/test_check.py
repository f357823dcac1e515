"""A check: what it says, what it asks for, what it keeps, and what it refuses."""

import base64
import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from structlog.testing import capture_logs

from milter.cli.samples import document, encrypted
from tests.addin import tokens
from tests.addin.asking import SCHOOL, Asking, attachment, draft_of

NOTE = "Jamie Osborne, born 12/03/2015, NHS No 943 476 5919, was seen for autism and self-harm."
PARENT = {"address": "dave.archer.family@hotmail.co.uk"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def note(extra: str = "") -> bytes:
    return document("Case note", NOTE, extra)


def codes(answer: Any) -> list[str]:
    return sorted({reason["code"] for one in answer.json()["recipients"] for reason in one["reasons"]})


def test_a_clean_message_passes(outlook: Asking) -> None:
    """Nothing personal, nothing to say."""
    answer = outlook.check()
    assert answer.status_code == 200
    assert answer.json()["action"] == "PASS"
    assert answer.json()["findings"] == []


def test_reasons_come_in_words_with_what_to_do(outlook: Asking) -> None:
    """Each reason has its title, why the rule exists and what to do; whom to ask stands below."""
    answer = outlook.check(subject="case", body={"text": NOTE}).json()
    assert answer["action"] == "PROTECT"
    for code in ("body-personal-data", "subject-not-marked"):
        words = answer["reasons"][code]
        assert words["title"]
        assert words["why"]
        assert words["steps"]
    assert answer["mark"] == "Private and Confidential"
    assert answer["help"]["address"] == "governance@borchester.gov.uk"


def test_findings_are_masked_and_say_where(outlook: Asking) -> None:
    """What was found is shown masked, with the file that it stands in; the value itself never comes back."""
    file = attachment("case note.docx", note(), DOCX)
    answer = outlook.check(attachments=[file])
    found = {finding["kind"]: finding for finding in answer.json()["findings"]}
    assert found["nhs-number"]["file"] == "case note.docx"
    assert found["nhs-number"]["attachment"] == 0
    assert "5919" not in answer.text
    assert "943 476" not in answer.text


def test_recipients_are_judged_one_by_one(outlook: Asking) -> None:
    """A personal account is refused what a school gets protected; a blind copy is judged like the others."""
    answer = outlook.check(body={"text": NOTE}, bcc=[PARENT]).json()
    actions = {one["address"]: one["action"] for one in answer["recipients"]}
    assert actions == {SCHOOL: "PROTECT", PARENT["address"]: "REFUSE"}


def test_the_address_that_was_meant_is_suggested(outlook: Asking) -> None:
    """For an address of a closed network, the one to use instead is given whole."""
    answer = outlook.check(to=[{"address": "duty.team@felpersham.gcsx.gov.uk"}], body={"text": NOTE}).json()
    assert answer["recipients"][0]["instead"] == "duty.team@felpersham.gov.uk"


def test_many_outside_recipients(outlook: Asking) -> None:
    """Many outside addresses in To are named; the same ones in Bcc are not."""
    crowd = [{"address": f"person{n}@example{n}.org"} for n in range(30)]
    assert "many-outside-recipients" in codes(outlook.check(to=crowd))
    assert "many-outside-recipients" not in codes(outlook.check(to=[], bcc=crowd))


def test_an_appointment_with_personal_information(outlook: Asking) -> None:
    """An invitation is judged as one, since it can't be protected without breaking it."""
    assert "calendar-with-personal-data" in codes(outlook.check(kind="appointment", body={"text": NOTE}))


def test_asking_for_protection(outlook: Asking) -> None:
    """'Protect it for me' is judged as the gateway judges the header that goes out with the message."""
    assert "protection-requested" in codes(outlook.check(protect=True))


def test_a_known_attachment_is_not_sent_again(outlook: Asking) -> None:
    """A digest is enough once the file was read; the judgement is the same, and takes less than 50 ms of work."""
    content = note("a known one")
    told = attachment("known.docx", content, DOCX, sent=False)
    first = outlook.check(attachments=[told])
    assert first.status_code == 409
    assert first.json()["needed"] == [0]
    second = outlook.check(attachments=[attachment("known.docx", content, DOCX)])
    assert second.json()["action"] == "PROTECT"
    began = process_time()
    third = outlook.check(attachments=[told])
    spent = process_time() - began
    assert third.json() == second.json()
    assert spent < 0.05 * 4  # four times what is asked for, since the machine that tests may be busy


def test_a_known_text_is_not_sent_again_either(outlook: Asking) -> None:
    """A list in a text file is known by its digest like any document."""
    content = b"Pupil,NHS No\r\nJamie Osborne,943 476 5919\r\nAisha Begum,450 557 7104\r\n"
    first = outlook.check(attachments=[attachment("list.csv", content, "text/csv")])
    again = outlook.check(attachments=[attachment("list.csv", content, "text/csv", sent=False)])
    assert first.json()["findings"]
    assert again.json() == first.json()


def test_what_is_known_is_known_to_its_person_alone(outlook: Asking) -> None:
    """Nobody learns what a file holds by knowing its digest."""
    content = note("somebody's own")
    assert outlook.check(attachments=[attachment("own.docx", content, DOCX)]).status_code == 200
    told = draft_of(attachments=[attachment("own.docx", content, DOCX, sent=False)])
    answer = outlook.post("check", told, tokens.entra(oid="33333333-aaaa-bbbb-cccc-222222222222"))
    assert answer.status_code == 409


def test_a_locked_file_is_tried_with_each_message_s_words(outlook: Asking) -> None:
    """A locked file's result is not kept: the next message may have its password in it."""
    locked = encrypted(note("locked"), "Elephant7")
    assert "locked" in codes(outlook.check(attachments=[attachment("case.docx", locked, DOCX)]))
    told = attachment("case.docx", locked, DOCX, sent=False)
    assert outlook.check(attachments=[told]).status_code == 409
    answer = outlook.check(
        body={"text": "The password is Elephant7"}, attachments=[attachment("case.docx", locked, DOCX)]
    )
    assert "password-in-message" in codes(answer)


def test_a_file_inside_a_known_file_keeps_its_place(outlook: Asking) -> None:
    """Whatever number an attachment has the second time, its findings name it and not its neighbour."""
    content = note("moved")
    outlook.check(attachments=[attachment("moved.docx", content, DOCX)])
    plain = attachment("term dates.txt", b"Term starts on 4 September.", "text/plain")
    answer = outlook.check(attachments=[plain, attachment("moved.docx", content, DOCX, sent=False)])
    assert {finding["attachment"] for finding in answer.json()["findings"]} == {1}


def by_lines(draft: dict[str, Any], *pieces: tuple[int, bytes]) -> bytes:
    lines = [draft, *({"attachment": n, "content": base64.b64encode(piece).decode()} for n, piece in pieces)]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def post_lines(outlook: Asking, body: bytes) -> Any:
    headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {tokens.entra()}"}
    return outlook.client.post("/api/v1/check", content=body, headers=headers)


def test_large_attachments_come_in_pieces(outlook: Asking) -> None:
    """A file in pieces is judged as the whole that it is."""
    content = note("in pieces" * 1_000)
    draft = draft_of(attachments=[attachment("large.docx", content, DOCX, sent=False)])
    pieces = [(0, content[at : at + 1_000]) for at in range(0, len(content), 1_000)]
    answer = post_lines(outlook, by_lines(draft, *pieces))
    assert answer.status_code == 200
    assert answer.json()["findings"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense", 400),
        (by_lines(draft_of(), (0, b"x")), 400),
        (by_lines(draft_of(attachments=[{"name": "a"}]), (-1, b"x")), 400),
        (by_lines(draft_of(attachments=[attachment("a", b"one", sent=False)]), (0, b"other")), 400),
        (json.dumps(draft_of()).encode() + b"\n" + b"x" * (4 * 1024 * 1024 + 1), 413),
        (b"[" * 100_000, 400),
    ],
)
def test_pieces_that_do_not_fit_are_refused(outlook: Asking, body: bytes, status: int) -> None:
    """Pieces of no attachment, of another file, or without end are refused in plain words."""
    assert post_lines(outlook, body).status_code == status


@pytest.mark.parametrize(
    "draft",
    [
        [],
        {"sender": 1},
        draft_of(sender="nobody"),
        draft_of(to={"address": SCHOOL}),
        draft_of(to=[SCHOOL]),
        draft_of(to=[{"address": "x\r\nBcc: y@example.org"}]),
        draft_of(body=["x"]),
        draft_of(attachments=[{"name": "a", "sha256": "zz"}]),
        draft_of(attachments=[{"name": "a", "content": "%%%"}]),
        draft_of(attachments=["a"]),
    ],
)
def test_what_is_no_draft_is_refused(outlook: Asking, draft: Any) -> None:
    """Anything else than a draft is answered as a problem that says so."""
    answer = outlook.post("check", draft)
    assert answer.status_code == 400
    assert answer.json()["code"] == "not-understood"
    assert answer.json()["detail"]


def test_too_many_recipients_or_attachments(outlook: Asking) -> None:
    """Beyond the gateway's own limits nothing is judged."""
    assert outlook.check(to=[{"address": f"a{n}@example.org"} for n in range(1_001)]).status_code == 413
    assert outlook.check(attachments=[{"name": "a", "content": ""}] * 201).status_code == 413


@pytest.mark.parametrize(
    ("sender", "claims", "status"),
    [
        (tokens.OFFICER, {}, 200),
        ("Amira.Khan@Borchester.gov.uk", {}, 200),
        ("childrens.services@borchester.gov.uk", {}, 200),
        ("somebody@elsewhere.example", {}, 403),
        ("mallory@hotmail.co.uk", {"preferred_username": "mallory@hotmail.co.uk"}, 403),
        (tokens.OFFICER, {"preferred_username": "guest@partner.example"}, 403),
        (tokens.OFFICER, {"preferred_username": "x", "verified_primary_email": [tokens.OFFICER]}, 200),
    ],
)
def test_whose_messages_may_be_checked(outlook: Asking, sender: str, claims: Any, status: int) -> None:
    """One's own mailbox and shared ones of the organisation, for its own people; nobody else's."""
    assert outlook.post("check", draft_of(sender=sender), tokens.entra(**claims)).status_code == status


def test_nothing_of_a_draft_is_kept_or_logged(outlook: Asking) -> None:
    """Neither store nor log has anything of a message that was only checked (law 8)."""
    secret = "Zebedee-Quixotic"
    with capture_logs() as logs:
        outlook.check(
            subject=secret, body={"text": f"{NOTE} {secret}"}, attachments=[attachment(secret, note())]
        )
    assert secret not in str(logs)
    assert tokens.OFFICER not in str(logs)
    folder = outlook.site.folder
    assert folder is not None
    kept = b"".join(file.read_bytes() for file in Path(folder).glob("store.db*"))
    assert secret.encode() not in kept
    with outlook.site.store.read() as tx:
        assert tx.connection.exec_driver_sql("select count(*) from judged").scalar() == 0


def test_a_file_that_kills_its_reader_is_said_to_be_unread(outlook: Asking) -> None:
    """A damaged document is a reason, not an error of the service."""
    answer = outlook.check(attachments=[attachment("broken.docx", note()[:900], DOCX)])
    assert answer.status_code == 200
    assert "could-not-be-read" in codes(answer)
