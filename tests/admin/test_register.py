"""The record of sharing: every channel, its gaps, what falls due, what goes wrong, and what leaves as evidence."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from addin_backend.admin.channels import CHANNELS, COMMON
from addin_backend.admin.exporting import safe
from milter.cli.main import main
from milter.store import evidence, incidents, outbox, register, trail
from milter.store.register import Entry, Search
from tests.admin.office import COUNCIL

ANSWERS = {
    "date": "2026-01-12",
    "time": "14:30",
    "sender_name": "Amira Khan",
    "recipient_name": "Jo Marsh",
    "recipient_job_title": "SENCO",
    "recipient_organisation": "Ambridge Primary School",
    "recipient_telephone": "0118 496 0150",
    "purpose": "Transition plan",
    "information": "health, child",
}
GUIDE = {
    "telephone": ("T1", "T2"),
    "by-hand": ("B1",),
    "post": ("M1",),
    "fax": ("F1", "F2"),
    "device": ("D1",),
    "laptop": ("L1",),
    "secure-page": ("H1", "H2"),
    "meeting": ("R1",),
}


def record(browser, channel, **more):
    own = {a.name: f"the {a.name}" for a in channel.asks if a.needed or a.kind == "choice"}
    ticks = {a.name: "yes" for a in channel.asks if a.kind == "tick"}
    fields = ANSWERS | own | ticks | {"where": "somewhere"} | more
    data = {name.replace("-", "\0"): value for name, value in fields.items()}
    path = f"/register/new/{channel.name}"
    form = {"csrf": browser.office.store.vault.digest("form", browser.token)[:40]}
    form |= {name.replace("\0", "-"): value for name, value in data.items()}
    return browser.office.client.post(path, data=form, headers=browser._headers(), follow_redirects=False)


def recorded(office, answer):
    assert answer.status_code == 303, answer.text[-3000:]
    entry_id = answer.headers["location"].split("/")[2].partition("?")[0]
    with office.store.read() as tx:
        return register.get(tx, entry_id)


def by_name(name):
    return next(channel for channel in CHANNELS if channel.name == name)


def entries(office, **wanted):
    with office.store.read() as tx:
        return register.search(tx, Search(**wanted)).entries


def test_there_is_a_form_for_every_other_channel_and_rule():
    """Each channel of the guide has a form, and each of its rules a field on it."""
    assert {channel.name for channel in CHANNELS} == set(register.CHANNELS) - {"email"} == set(GUIDE)
    for channel in CHANNELS:
        asked = {ask.rule for ask in (*channel.asks, *COMMON)}
        assert set(GUIDE[channel.name]) <= asked


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_a_sharing_by_any_channel_is_recorded_without_gaps(office, channel):
    """What the form asks for makes a complete record (R1), which shows all that was told."""
    here = office.as_("recorder")
    entry = recorded(office, record(here, channel))
    assert entry.gaps == ()
    assert entry.sender_organisation == COUNCIL
    assert entry.channel == channel.name
    page = here.get(f"/register/{entry.id}").text
    assert "Jo Marsh" in page
    assert all(ask.label.partition("'")[0] in page for ask in channel.asks)
    with office.store.read() as tx:
        assert [row.event for row in trail.rows_about(tx.connection, entry.id)] == ["sharing-recorded"]


def test_what_was_not_done_shows(office):
    """A tick that is missing makes an honest record, not a refusal."""
    here = office.as_("recorder")
    entry = recorded(office, record(here, by_name("telephone"), verified=""))
    assert "not done" in here.get(f"/register/{entry.id}").text


@pytest.mark.parametrize(
    "wrong", [{"purpose": ""}, {"date": "tomorrow"}, {"date": "2199-01-01"}, {"due-return": "soon"}]
)
def test_what_is_missing_or_impossible_is_asked_for_again(office, wrong):
    """The form comes back with what was typed and what to mend; nothing is recorded."""
    answer = record(office.as_("recorder"), by_name("by-hand"), **wrong)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert "SENCO" in answer.text
    assert entries(office, channel="by-hand") == ()


def test_what_is_due_back_is_reminded_of_until_it_is(office):
    """A file that is out shows under 'Due' until somebody says that it is back."""
    here, yesterday = office.as_("governance"), office.site.clock() - timedelta(days=1)
    entry = recorded(office, record(here, by_name("by-hand"), **{"due-return": f"{yesterday:%Y-%m-%d}"}))
    assert "overdue" in here.get("/due").text
    here.post(f"/register/{entry.id}/settle")
    assert entry.id not in here.get("/due").text
    assert here.post(f"/register/{entry.id}/settle").status_code == 409


def test_gaps_are_shown_and_filled(office):
    """Governance sees what is missing of a record, and fills it in; the trail says which fields."""
    here = office.as_("governance")
    entry = next(entry for entry in entries(office, gaps_only=True))
    assert "Missing:" in here.get(f"/register/{entry.id}").text
    here.post(f"/register/{entry.id}/fill", recipient_name="x")
    form = {"recipient_name": "Jo Marsh", "recipient_job_title": "SENCO", "purpose": "Care plan"}
    data = {"csrf": office.store.vault.digest("form", here.token)[:40], **form}
    office.client.post(f"/register/{entry.id}/fill", data=data, headers=here._headers())
    with office.store.read() as tx:
        filled = register.get(tx, entry.id)
        rows = [
            row.values for row in trail.rows_about(tx.connection, entry.id) if row.event == "entry-filled"
        ]
    assert (filled.recipient_name, filled.purpose) == ("Jo Marsh", "Care plan")
    assert "purpose" in rows[-1]["fields"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=marsh", 1),
        ("q=senco", 0),
        ("channel=post", 1),
        ("channel=fax", 0),
        ("since=2027-01-01", 0),
        ("since=x", 1),
    ],
)
def test_records_are_found_by_person_channel_and_date(office, query, found):
    """Search finds by name, channel and date; a wrong date is said so and narrows nothing."""
    here = office.as_("recorder")
    entry = recorded(office, record(here, by_name("post")))
    assert (entry.id in here.get(f"/register?{query}").text) is bool(found)


def test_a_recorder_sees_own_records_only(office):
    """Who records telephone calls sees those, and nobody else's; nor may they fill others in."""
    one, other = office.as_("recorder"), office.as_("recorder")
    entry = recorded(office, record(one, by_name("telephone")))
    assert entry.id in one.get("/register").text
    assert entry.id not in other.get("/register").text
    assert other.get(f"/register/{entry.id}").status_code == 404
    assert other.post(f"/register/{entry.id}/fill", purpose="x").status_code == 404
    assert other.post(f"/register/{entry.id}/incident", kind="other").status_code == 404


@pytest.mark.parametrize(
    ("channel", "sheet", "words"),
    [
        ("fax", "cover-sheet", "Private and Confidential"),
        ("post", "inner-label", "To be opened by Addressee Only"),
        ("post", "outer-label", "If undelivered, return to"),
        ("telephone", "telephone-card", "switchboard"),
    ],
)
def test_sheets_are_printed(office, channel, sheet, words):
    """Each sheet says what the guide asks for; another channel's sheet is none of this record."""
    here = office.as_("recorder")
    entry = recorded(office, record(here, by_name(channel)))
    page = here.get(f"/register/{entry.id}/print/{sheet}").text
    assert words in page
    assert "Jo Marsh" in page
    assert here.get(f"/register/{entry.id}/print/other").status_code == 404


def test_nothing_telling_is_on_the_outer_envelope(office):
    """M1: the outer label names no reason and no kind of information, and is not marked."""
    here = office.as_("recorder")
    entry = recorded(office, record(here, by_name("post")))
    page = here.get(f"/register/{entry.id}/print/outer-label").text
    sheet = page[page.index("seal-sheet--outer") : page.index("</main>")]
    assert not {"Confidential", "health", "Transition"} & set(sheet.split())


def test_one_button_starts_the_clock_and_tells_governance(office):
    """A loss is reported once; the 72 hours run, and information governance is told by mail."""
    here = office.as_("recorder")
    entry = recorded(office, record(here, by_name("device")))
    here.post(f"/register/{entry.id}/incident", kind="device-lost", what="On the train to Felpersham")
    here.post(f"/register/{entry.id}/incident", kind="device-lost")
    with office.store.read() as tx:
        (incident,) = incidents.about(tx, register_id=entry.id)
        assert [item.kind for item in outbox.about(tx, incident.id)] == ["incident"]
        assert register.get(tx, entry.id).status == "lost"
    assert incident.due_at - incident.opened_at == timedelta(hours=72)
    governance = office.as_("governance")
    assert "On the train to Felpersham" in governance.get(f"/incidents/{incident.id}").text
    assert governance.post(f"/incidents/{incident.id}", act="close").status_code == 409
    governance.post(f"/incidents/{incident.id}", act="report", note="Told the regulator")
    governance.post(f"/incidents/{incident.id}", act="close", note="Found in the office")
    with office.store.read() as tx:
        assert incidents.get(tx, incident.id).state == "closed"


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+44", "-1", "@SUM(1)", "\tx"])
def test_no_cell_is_taken_for_a_formula(text):
    """What a spreadsheet would run begins with an apostrophe (CWE-1236)."""
    assert safe(text) == f"'{text}"


def test_exports_hold_what_the_search_found(office):
    """CSV and workbook have the same rows, with formulas disarmed, and leaving is noted in the trail."""
    hostile = Entry(
        "SG-0000-0000-0001", office.site.clock(), "post", sender_organisation=COUNCIL, purpose="=1+1"
    )
    office.store.submit(lambda tx: register.add(tx, (hostile,))).result()
    here = office.as_("auditor")
    text = here.get("/register.csv?channel=post").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["reference"], row["reason for sharing"]) for row in rows] == [(hostile.id, "'=1+1")]
    book = load_workbook(io.BytesIO(here.get("/register.xlsx?channel=post").content))
    assert [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)] == [hostile.id]
    with office.store.read() as tx:
        events = [row.values for row in trail.rows_about(tx.connection, "register")]
    assert {"entries": 1, "form": "csv"} in events


def test_an_evidence_pack_holds_and_shows_every_change(office, tmp_path, capsys):
    """The pack checks out by command; a changed file, seal or row of the trail is named."""
    here = office.as_("governance")
    entry = next(entry for entry in entries(office) if entry.share_id)
    content = here.get(f"/register/{entry.id}/evidence").content
    file = tmp_path / "pack.zip"
    file.write_bytes(content)
    folder = str(office.site.folder)
    assert main(["audit", "check-pack", str(file), "--config", folder]) == 0
    assert "holds" in capsys.readouterr().out
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {"record.json", "verdict.json", "receipts.json", "policy.txt", "trail.json"} <= files.keys()
    assert b"[[route]]" in files["policy.txt"]
    assert not any(b"password" in files[name] and b"sealed" in files[name] for name in files)
    for name in ("record.json", "trail.json", "seal.txt", "manifest.json"):
        broken = {**files, name: files[name].replace(b"a", b"b", 1).replace(b"1", b"2", 1)}
        assert evidence.check(office.store, packed(broken)).faults


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_protected_documents_are_helped_along(office):
    """The help desk withdraws a share with a reason; its password is gone and the recipient is told."""
    here = office.as_("help-desk")
    entry = next(entry for entry in entries(office) if entry.share_id and entry.status == "protected")
    assert here.post(f"/shares/{entry.share_id}", act="withdraw").status_code == 409
    here.post(f"/shares/{entry.share_id}", act="withdraw", reason="Sent to the wrong school")
    page = here.get(f"/shares/{entry.share_id}").text
    assert "withdrawn" in page
    assert "Sent to the wrong school" in page


def test_a_reference_leads_to_what_it_names(office):
    """Help desk and reviewers find by a reference in any spelling; nonsense is said so."""
    here = office.as_("help-desk")
    entry = next(entry for entry in entries(office) if entry.judged_id)
    typed = entry.judged_id.lower().replace("-", " ")
    assert here.get(f"/find?reference={typed}").headers["location"] == f"/messages/{entry.judged_id}"
    assert here.get(f"/find?reference={entry.id}").headers["location"] == f"/register/{entry.id}"
    assert here.get("/find?reference=hello").status_code == 422
    assert here.get("/find?reference=SG-0000-0000-0000").status_code == 404
    assert entry.recipient in here.get(f"/messages/{entry.judged_id}").text


def test_the_trail_is_searched_and_checked(office):
    """IT sees who did what about a reference, and that the whole trail holds."""
    here = office.as_("it")
    entry = entries(office)[0]
    assert "sharing recorded" in here.get(f"/trail?q={entry.judged_id}").text
    assert "The trail holds" in here.post("/trail/verify").text


def test_a_record_of_mail_shows_how_it_came_about(office):
    """Its trail begins with the judgement and the recording, which stand under the message's reference."""
    with office.store.read() as tx:
        entry = next(e for e in register.search(tx, register.Search()).entries if e.judged_id)
    page = office.as_("auditor").get(f"/register/{entry.id}").text
    assert "message judged" in page
    assert "sharing recorded" in page


def test_of_two_dates_the_later_one_is_not_forgotten(office):
    """A device is due back, then to be wiped: the record shows both, and asks for one after the other."""
    here = office.as_("recorder")
    answer = record(here, by_name("device"), **{"due-return": "2099-01-01", "due-deletion": "2099-02-01"})
    entry = recorded(office, answer)
    page = here.get(f"/register/{entry.id}").text
    assert "Due back: 1 January 2099" in page
    assert "then to be deleted: 1 February 2099" in page
    for button in ("It is back", "It is deleted"):
        assert button in here.get(f"/register/{entry.id}").text
        assert here.post(f"/register/{entry.id}/settle").status_code == 303
    assert "something is due" not in here.get(f"/register/{entry.id}").text
