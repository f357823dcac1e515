"""The way of a message through a whole gateway, judged by what arrives at the next hop and what the store says."""

from email import message_from_bytes
from pathlib import Path

from milter.cli.samples import CASE_NOTE, document, samples
from milter.store import decisions, judged, quarantine, register, shares
from milter.store.engine import Store
from tests.gateway.harness import OFFICER, PARENT, SCHOOL, Running, running

CLEAN = b"From: a@borchester.gov.uk\r\nTo: b@x.example\r\nSubject: Term dates\r\n\r\nTerm starts on 2 September.\r\n"
COLLEAGUE = "jill.archer@borchester.gov.uk"


def sample(shows: str) -> bytes:
    """Give the demonstration's message that shows this."""
    return next(s.message(1) for s in samples() if shows in s.shows)


def entries(store: Store) -> dict[str, register.Entry]:
    """Give the register by recipient."""
    with store.read() as tx:
        return {entry.recipient: entry for entry in register.search(tx, register.Search()).entries}


def held(store: Store) -> tuple[quarantine.Held, ...]:
    """Give what waits in quarantine."""
    with store.read() as tx:
        return quarantine.search(tx, quarantine.Search())[0]


async def test_clean_mail_leaves_as_the_very_bytes_that_came(tmp_path: Path) -> None:
    """A message without personal information is not changed by a byte; only trace fields stand above it."""
    async with running(tmp_path / "etc") as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
        (arrived,) = gateway.sink.to(SCHOOL)
    assert code == 250
    assert arrived.raw.endswith(CLEAN)
    assert arrived.raw.removesuffix(CLEAN).startswith(b"X-Sealgate-Trace:")


async def test_recipients_of_one_message_fare_differently_and_the_sender_is_told_of_each(
    tmp_path: Path,
) -> None:
    """A colleague gets it, a Hotmail account does not, and one notice lists both."""
    async with running(tmp_path / "etc") as gateway:
        code, _ = await gateway.send(OFFICER, [COLLEAGUE, PARENT], sample("two fates"))
        await gateway.settle()
        (notice,) = gateway.sink.to(OFFICER)
        register_by = entries(gateway.store)
    assert code == 250
    assert len(gateway.sink.to(COLLEAGUE)) == 1
    assert gateway.sink.to(PARENT) == []
    text = notice.parsed.get_body(("plain",)).get_content()
    assert COLLEAGUE in text
    assert PARENT in text
    assert notice.sender in {"", "<>"}  # aiosmtpd writes the null reverse-path so
    assert register_by[PARENT].status == "refused"


async def test_a_refusal_is_a_report_that_repeats_no_personal_value(tmp_path: Path) -> None:
    """The explanation is RFC 3464, automatic, names whom to ask, and leaks nothing of what it stopped."""
    async with running(tmp_path / "etc") as gateway:
        await gateway.send(OFFICER, [PARENT], sample("class list"))
        await gateway.settle()
        (notice,) = gateway.sink.to(OFFICER)
    parsed = notice.parsed
    assert parsed.get_content_type() == "multipart/report"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert "governance@borchester.gov.uk" in parsed.get_body(("plain",)).get_content()
    for value in (b"Osborne", b"Begum", b"12/03/2015", b"872400115001"):
        assert value not in notice.raw


async def test_mail_without_a_sender_is_held_and_never_answered(tmp_path: Path) -> None:
    """The null sender gets no notice, whatever the message holds (RFC 3834)."""
    async with running(tmp_path / "etc") as gateway:
        code, _ = await gateway.send("", [PARENT], sample("class list"))
        await gateway.settle()
        waiting = held(gateway.store)
    assert code == 250
    assert len(waiting) == 1
    assert gateway.sink.arrived == []


async def test_the_next_hop_being_down_is_451_and_the_second_try_delivers_once(tmp_path: Path) -> None:
    """Nothing is kept while the next hop is down; when it is back the same message goes out once."""
    async with running(tmp_path / "etc") as gateway:
        gateway.sink.down = True
        first, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
        gateway.sink.down = False
        second, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
        third, _ = await gateway.send(OFFICER, [SCHOOL], CLEAN)
    assert (first, second, third) == (451, 250, 250)
    assert len(gateway.sink.to(SCHOOL)) == 1


async def test_a_retry_repeats_nothing_for_recipients_that_are_accounted_for(tmp_path: Path) -> None:
    """One recipient deferred: 451; on the retry only that one is sent to, and the sender is not told twice."""
    async with running(tmp_path / "etc") as gateway:
        gateway.sink.replies[SCHOOL] = "451 4.2.1 busy"
        first, _ = await gateway.send(OFFICER, [SCHOOL, COLLEAGUE, "x@felpersham.gcsx.gov.uk"], CLEAN)
        gateway.sink.replies.clear()
        second, _ = await gateway.send(OFFICER, [SCHOOL, COLLEAGUE, "x@felpersham.gcsx.gov.uk"], CLEAN)
        await gateway.settle()
    assert (first, second) == (451, 250)
    assert len(gateway.sink.to(SCHOOL)) == 1
    assert len(gateway.sink.to(COLLEAGUE)) == 1
    assert len(gateway.sink.to(OFFICER)) == 1


async def test_whom_the_next_hop_refuses_is_reported_where_others_were_taken(tmp_path: Path) -> None:
    """One address is wrong, one right: the right one gets it, and the sender gets a report on the wrong one, once."""
    wrong = "jil.archer@borchester.gov.uk"
    async with running(tmp_path / "etc") as gateway:
        gateway.sink.replies[wrong] = "550 5.1.1 no such mailbox"
        for _ in range(2):
            code, _ = await gateway.send(OFFICER, [COLLEAGUE, wrong], CLEAN)
        await gateway.settle()
        (report,) = gateway.sink.to(OFFICER)
    assert code == 250
    assert len(gateway.sink.to(COLLEAGUE)) == 1
    assert report.parsed.get_content_type() == "multipart/report"
    assert f"rfc822; {wrong}".encode() in report.raw
    assert b"Status: 5.1.1" in report.raw
    assert COLLEAGUE.encode() not in report.raw


async def test_a_sender_outside_the_own_domains_is_refused_in_the_session(tmp_path: Path) -> None:
    """A forged or home address gets a 550 reply and no notice that could hit a bystander."""
    async with running(tmp_path / "etc") as gateway:
        code, reply = await gateway.send("someone@gmail.com", [SCHOOL], CLEAN)
        await gateway.settle()
    assert code == 550
    assert reply.startswith("5.7.1")
    assert gateway.sink.arrived == []


async def test_its_own_output_is_refused_as_a_loop(tmp_path: Path) -> None:
    """Mail that a connector sends straight back is stopped by the signed trace field."""
    async with running(tmp_path / "etc") as gateway:
        await gateway.send(OFFICER, [SCHOOL], CLEAN)
        (arrived,) = gateway.sink.to(SCHOOL)
        code, reply = await gateway.send(OFFICER, [SCHOOL], arrived.raw)
    assert code == 554
    assert "5.4.6" in reply


async def test_a_held_message_is_released_once_with_the_bytes_that_came(tmp_path: Path) -> None:
    """Release relays the held bytes, a second release is refused, and the sender hears of it."""
    raw = sample("nobody can read")
    async with running(tmp_path / "etc") as gateway:
        await gateway.send(OFFICER, ["t@borsetshire.nhs.uk"], raw)
        (waiting,) = held(gateway.store)
        with gateway.store.transaction() as tx:
            decisions.release(tx, waiting.id, ["t@borsetshire.nhs.uk"], "account:a", "read by hand, harmless")
        await gateway.settle()
        await gateway.settle()
        (released,) = gateway.sink.to("t@borsetshire.nhs.uk")
        with gateway.store.read() as tx:
            state = quarantine.get(tx, waiting.id).recipients[0].state
    assert released.raw.endswith(raw)
    assert state == "released"
    assert any(
        "released" in (m.parsed["Subject"] or "") or "sent" in (m.parsed["Subject"] or "")
        for m in gateway.sink.to(OFFICER)
    )


async def test_a_case_note_to_a_school_arrives_encrypted_under_a_marked_subject(tmp_path: Path) -> None:
    """PROTECT puts the message right: subject marked, document locked, a share kept, nothing in clear."""
    async with running(tmp_path / "etc") as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], sample("case note to a school"))
        await gateway.settle()
        (arrived,) = gateway.sink.to(SCHOOL)
        with gateway.store.read() as tx:
            (share,) = shares.search(tx)[0]
        entry = entries(gateway.store)[SCHOOL]
    assert code == 250
    assert arrived.parsed["Subject"] == "Private and Confidential: Case note"
    (attached,) = arrived.parsed.iter_attachments()
    content = attached.get_content()
    assert content[:8] == bytes.fromhex("d0cf11e0a1b11ae1")  # an encrypted Office file, MS-OFFCRYPTO 2.3.4
    assert b"Osborne" not in arrived.raw
    assert share.recipient == SCHOOL
    assert entry.share_id == share.id
    assert entry.status == "protected"


async def test_personal_text_moves_from_the_body_into_a_locked_document(tmp_path: Path) -> None:
    """The body's words leave only inside an encrypted PDF; a covering note takes their place."""
    async with running(tmp_path / "etc") as gateway:
        await gateway.send(OFFICER, ["t@borsetshire.nhs.uk"], sample("NHS number in the body"))
        (arrived,) = gateway.sink.to("t@borsetshire.nhs.uk")
    parsed = arrived.parsed
    text = parsed.get_body(("plain",)).get_content()
    (attached,) = parsed.iter_attachments()
    assert "943 476 5919" not in text
    assert "Osborne" not in text
    assert attached.get_content_type() == "application/pdf"
    assert b"/Encrypt" in attached.get_content()


async def test_in_monitor_mode_everything_passes_and_what_would_have_been_done_is_recorded(
    tmp_path: Path,
) -> None:
    """Watching before enforcing: the class list reaches Hotmail untouched, and the register says REFUSE was due."""
    raw = sample("class list")
    async with running(tmp_path / "etc", policy='mode = "monitor"') as gateway:
        await gateway.send(OFFICER, [PARENT], raw)
        await gateway.settle()
        (arrived,) = gateway.sink.arrived
        with gateway.store.read() as tx:
            entry = entries(gateway.store)[PARENT]
            reasons = judged.reasons_of(tx, entry.judged_id)
    assert arrived.raw.endswith(raw)
    assert ("personal-account", False, "REFUSE") in {(r.code, r.enforced, r.action) for r in reasons}


async def test_the_trail_is_whole_after_everything(tmp_path: Path) -> None:
    """Every change of state left its row in an unbroken chain."""
    async with running(tmp_path / "etc") as gateway:
        await send_all(gateway)
        verified = gateway.store.verify()
    assert verified.whole
    assert verified.rows > len(samples())


async def send_all(gateway: Running) -> None:
    """Send every sample message of the demonstration."""
    for number, one in enumerate(samples(), start=1):
        await gateway.send(one.sender, list(one.recipients), one.message(number))
    await gateway.settle()


def test_the_sample_document_is_what_the_tests_take_it_for() -> None:
    """The case note in the samples holds the words that the tests look for."""
    assert "Osborne" in CASE_NOTE[0]
    assert document(*CASE_NOTE)[:2] == b"PK"
    assert message_from_bytes(sample("two fates"))["Subject"] == "Jamie"
