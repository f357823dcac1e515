"""Hostile and private content: shown as text, masked, within limits, and never run."""

import re

from milter.assess.known import load
from milter.assess.preview import MOST_CHARS, preview
from milter.message.parse import parse
from milter.store import register
from milter.store.register import Entry
from tests.admin.office import COUNCIL, hold

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BIDI = "annexe\u202efdp.exe"


def mail(body, kind="text/plain", subject="Care plan", attachment=b"", name="a.txt"):
    head = f"From: a@borchester.gov.uk\r\nTo: b@c.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
    text = f"Content-Type: {kind}; charset=utf-8\r\n\r\n{body}"
    if not attachment:
        return (head + text).encode()
    kept = f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"'
    parts = f'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n{text}\r\n--x\r\n{kept}\r\n\r\n'
    return (head + parts).encode() + attachment + b"\r\n--x--\r\n"


def shown(office, raw, subject="Care plan", clear=False, **more):
    held_id = hold(office, raw, subject, ("head@valley.sch.uk",), **more)
    here = office.as_("reviewer", "unmask")
    if clear:
        return here.post(f"/quarantine/{held_id}/content", reason="A test").text
    return here.get(f"/quarantine/{held_id}").text


def test_scripts_in_subjects_names_and_addresses_are_text(office):
    """Nothing that a sender writes becomes markup on any page."""
    part = {
        "path": "1",
        "role": "attachment",
        "name": SCRIPT,
        "format": "x",
        "status": "read",
        "protection": "none",
        "why": SCRIPT,
    }
    finding = {"kind": "person", "masked": SCRIPT, "where": SCRIPT, "why": SCRIPT, "category": "health"}
    raw = mail(f"Hello {SCRIPT}", subject=SCRIPT, attachment=b"x", name="x.txt")
    held_id = hold(office, raw, SCRIPT, (f'"{SCRIPT}"@valley.sch.uk',), parts=[part], findings=[finding])
    entry = Entry("SG-0000-0000-0001", office.site.clock(), "fax", sender_organisation=COUNCIL)
    entry = Entry(
        **{**{n: getattr(entry, n) for n in entry.__slots__}, "recipient_name": SCRIPT, "purpose": SCRIPT}
    )
    office.store.submit(lambda tx: register.add(tx, (entry,))).result()
    here = office.as_("reviewer", "governance", "unmask")
    here.post(f"/quarantine/{held_id}/note", note=SCRIPT)
    pages = (
        "/quarantine",
        f"/quarantine/{held_id}",
        "/register",
        f"/register/{entry.id}",
        f"/register/{entry.id}/print/cover-sheet",
        f"/quarantine?q={SCRIPT}",
        f"/quarantine?done={SCRIPT}",
    )
    for path in pages:
        answer = here.get(path)
        page = answer.text
        assert answer.status_code == 200, path
        assert "<script>alert" not in page, path
        assert "<img" not in page, path
    assert "&lt;script&gt;" in here.get(f"/quarantine/{held_id}").text


def test_html_is_shown_as_its_words(office):
    """Neither markup, remote pictures, styles nor links of a held message reach the page."""
    body = (
        '<p>Dear Jo</p><img src="https://track.example/x.gif"><style>p{color:red}</style>'
        '<a href="https://evil.example">here</a><script>alert(1)</script>'
    )
    page = shown(office, mail(body, "text/html"))
    assert "Dear Jo" in page
    assert "evil.example" not in re.sub(r'class="seal-text".*?</div>', "", page, flags=re.DOTALL)
    assert '<a href="https://evil' not in page
    assert "<img" not in page
    assert "<script>alert" not in page


def test_a_held_html_bomb_costs_bounded_time(office):
    """A page of a hundred thousand nested tables is answered, in words."""
    page = shown(office, mail("<table><tr><td>" * 100_000 + "deep", "text/html"))
    assert "Text, with what was found masked" in page


def test_a_long_text_is_cut(office):
    """What is shown is bounded, and the page says that there is more."""
    page = shown(office, mail("word " * 60_000))
    assert len(page) < MOST_CHARS + 60_000


def test_what_was_found_is_masked_in_its_place(office):
    """The text around a finding stands; the value does not, wherever it is repeated. Unmasked it shows."""
    body = "NHS number: 943 476 5919. I repeat: 943 476 5919. Date of birth: 12/03/2015. See you on Friday."
    page = shown(office, mail(body))
    assert "See you on Friday" in page
    assert "943 476 5919" not in page
    assert "12/03/2015" not in page
    assert '<mark class="seal-found" title="nhs number">' in page
    assert "943 476 5919" in shown(office, mail(body), clear=True)


def test_a_table_with_many_people_is_masked_to_its_last_row():
    """No value slips through because there are many."""
    rows = "\n".join(f"Pupil{n} Osborne,943 476 5919,12/03/{1990 + n % 20}" for n in range(400))
    raw = mail("See attached", attachment=f"Name,NHS number,Date of birth\n{rows}".encode(), name="list.csv")
    known = load(None)
    told = preview(parse(raw, known.caps), "", known.knowledge, clear=False)
    text = "".join(words for part in told["parts"] for one in part["passages"] for words, _ in one["pieces"])
    assert "943 476 5919" not in text
    assert "12/03/" not in text


def test_a_name_that_turns_its_letters_round_is_harmless(office):
    """A file name with a bidirectional override does not pass for another type."""
    page = shown(office, mail("Hello", attachment=b"MZ", name=BIDI))
    assert "\u202e" not in page


def test_lines_of_mail_and_of_forms_end_without_a_mark(office):
    """CR LF, by which mail and browsers end lines, is a new line; a lone CR, which could overwrite one, shows."""
    assert "Dear Jo,\nsee you on Friday.\n" in shown(office, mail("Dear Jo,\r\nsee you on Friday.\r\n"))
    held_id = hold(office, mail("Hello"), "Care plan", ("head@valley.sch.uk",))
    here = office.as_("reviewer")
    here.post(f"/quarantine/{held_id}/note", note="First line\r\nsecond\rover")
    assert "First line\nsecond\ufffdover" in here.get(f"/quarantine/{held_id}").text


def test_a_message_that_is_nothing_is_shown_all_the_same(office):
    """Octets that are no message give a page, not a fault."""
    assert "Text, with what was found masked" in shown(office, bytes(range(256)) * 10)
