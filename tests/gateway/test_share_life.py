"""The life of a share in a whole gateway: what comes back, what follows from it, what is owed to whom."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from milter import sharing
from milter.cli.samples import CASE_NOTE, document
from milter.message.envelope import Envelope, Recipient
from milter.store import contents, outbox, register, shares
from milter.store.schema import register as register_table
from milter.store.schema import shares as shares_table
from tests.gateway.harness import OFFICER, SCHOOL, Arrived, Running, running
from tests.gateway.shares import (
    DOMAIN,
    PAGES,
    RECEIPTS,
    link,
    only_share,
    opened,
    password_in,
    text_of,
    told,
)

PERSON = ("Jill Archer", "Head teacher", "Ambridge Primary School", "0118 496 0150")
NOTE = document(*CASE_NOTE)
BODY = "Dear Jill,\n\nplease see the note attached.\n"


def case_note(
    *,
    body: str = BODY,
    name: str = "case note.docx",
    **fields: str,
) -> bytes:
    """Make a case note to a school."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = OFFICER, SCHOOL, "Case note"
    message["Message-ID"] = "<1@borchester.gov.uk>"
    for field, value in fields.items():
        message[field.replace("_", "-")] = value
    message.set_content(body)
    message.add_attachment(NOTE, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


async def shared(gateway: Running, **fields: str) -> Arrived:
    """Send a case note and give what arrived of it."""
    code, reply = await gateway.send(OFFICER, [SCHOOL], case_note(**fields))
    assert code == 250, reply
    await gateway.settle()
    return gateway.sink.to(SCHOOL)[0]


def attached(arrived: Arrived) -> dict[str, bytes]:
    """Give the attached files by name."""
    return {part.get_filename(): part.get_content() for part in arrived.parsed.iter_attachments()}  # type: ignore[attr-defined]


def confirm(gateway: Running) -> None:
    with gateway.store.transaction() as tx:
        sharing.confirmed(tx, only_share(gateway).id, *PERSON)


async def test_receipts_are_asked_for_in_every_way(tmp_path: Path) -> None:
    """Delivery reports and read receipts to the share's own address, a link, and that address in words (E6)."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        with gateway.store.read() as tx:
            address = arrived.sender.removeprefix("r+").removesuffix(f"@{DOMAIN}")
            assert shares.by_token(tx, "address", address) is not None
            assert shares.by_token(tx, "page", link(arrived)) is not None
    assert arrived.parsed["Disposition-Notification-To"] == f"<{arrived.sender}>"
    assert arrived.sender in text_of(arrived)


def report(arrived: Arrived, kind: str, group: str) -> bytes:
    """Make a report on a copy."""
    lines = (
        "From: postmaster@ambridge-primary.borchester.sch.uk",
        f"To: {arrived.sender}",
        "Subject: report",
        "MIME-Version: 1.0",
        f"Content-Type: multipart/report; report-type={kind}; boundary=b",
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "A report.",
        "--b",
        f"Content-Type: message/{kind}",
        "",
        *group.splitlines(),
        "",
        "--b--",
        "",
    )
    return "\r\n".join(lines).encode()


def dsn(arrived: Arrived, action: str, status: str) -> bytes:
    group = f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {SCHOOL}\nAction: {action}\nStatus: {status}"
    return report(arrived, "delivery-status", group)


def mdn(arrived: Arrived, disposition: str = "displayed") -> bytes:
    group = f"Final-Recipient: rfc822; {SCHOOL}\nDisposition: manual-action/MDN-sent-manually; {disposition}"
    return report(arrived, "disposition-notification", group)


def answer(arrived: Arrived, *fields: str) -> bytes:
    lines = (
        f"From: Jill <{SCHOOL}>",
        f"To: {arrived.sender}",
        "Subject: Re: Case note",
        *fields,
        "",
        "Thank you, I have it.",
        "",
    )
    return "\r\n".join(lines).encode()


async def test_what_comes_back_counts_for_what_it_is(tmp_path: Path) -> None:
    """Delivered, displayed, out of office, a reply: each its own grade, and none of them gives the password out."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        steps = (
            ("", dsn(arrived, "delivered", "2.0.0"), "delivered"),
            ("office@x.example", answer(arrived, "Auto-Submitted: auto-replied"), "delivered"),
            ("", mdn(arrived, "deleted"), "delivered"),
            ("", mdn(arrived), "displayed"),
            (SCHOOL, answer(arrived), "displayed"),
        )
        for sender, raw, state in steps:
            assert (await gateway.send(sender, [arrived.sender], raw))[0] == 250
            assert only_share(gateway).state == state
        await gateway.settle()
        with gateway.store.read() as tx:
            events = [event.event for event in shares.history(tx, only_share(gateway).id)]
        passed_on = [one for one in gateway.sink.to(OFFICER) if b"Thank you, I have it." in one.raw]
    assert events == ["sent", "delivered", "automatic-reply", "deleted-unread", "displayed", "reply"]
    assert len(passed_on) == 1
    assert passed_on[0].raw.endswith(answer(arrived))
    assert len(gateway.sink.to(SCHOOL)) == 1


async def test_the_same_reply_twice_is_passed_on_once_and_its_content_is_destroyed(tmp_path: Path) -> None:
    """A server that tries again because our answer was lost makes no double."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        for _ in range(2):
            await gateway.send(SCHOOL, [arrived.sender], answer(arrived))
            await gateway.settle()
        with gateway.store.read() as tx:
            (item,) = [i for i in outbox.about(tx, only_share(gateway).id) if i.kind == "reply"]
            with pytest.raises(Exception, match="destroyed"):
                contents.get(tx, item.content_id)
    assert len([one for one in gateway.sink.to(OFFICER) if b"I have it." in one.raw]) == 1


async def test_an_address_that_nothing_is_expected_at_is_unknown(tmp_path: Path) -> None:
    """A made-up token is refused like any unknown address, and so is one whose share has ended."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        wrong, _ = await gateway.send("", [f"r+{'0' * 26}@{DOMAIN}"], mdn(arrived))
        with gateway.store.transaction() as tx:
            sharing.happened(tx, only_share(gateway).id, "withdrawn", "sender")
        spent, _ = await gateway.send("", [arrived.sender], mdn(arrived))
    assert (wrong, spent) == (550, 550)


async def test_a_reply_to_all_is_taken_in_and_goes_on_to_the_others(tmp_path: Path) -> None:
    """One message to the share's address and to a colleague: evidence for the one, mail for the other."""
    colleague = "jill.archer@borchester.gov.uk"
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        code, _ = await gateway.send(OFFICER, [arrived.sender, colleague], answer(arrived))
        await gateway.settle()
    assert code == 250
    assert len(gateway.sink.to(colleague)) == 1
    assert gateway.sink.to(arrived.sender) == []


async def test_a_bounce_ends_the_share_and_the_sender_is_told_what_else_to_do(tmp_path: Path) -> None:
    """Many systems refuse locked files: the password is destroyed, other ways are named (pitfall 5)."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        await gateway.send("", [arrived.sender], dsn(arrived, "failed", "5.7.1"))
        await gateway.settle()
        share = only_share(gateway)
        (notice,) = told(gateway, "Your email was sent back")
    assert (share.state, share.password_destroyed_at is not None) == ("bounced", True)
    assert SCHOOL in text_of(notice)


@pytest.mark.parametrize(
    ("release_on", "raw"), [("displayed", mdn), ("delivered", lambda a: dsn(a, "delivered", "2.0.0"))]
)
async def test_weaker_evidence_releases_where_the_policy_says_so_and_the_mail_says_it_truly(
    release_on: str, raw, tmp_path: Path
) -> None:
    """A read receipt or a delivery report is enough then; nobody is told that they confirmed."""
    async with running(tmp_path / "etc", policy=f'release-on = "{release_on}"', settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        for _ in range(2):
            await gateway.send("", [arrived.sender], raw(arrived))
        await gateway.settle()
        (_, mail) = gateway.sink.to(SCHOOL)
    assert opened(attached(arrived)["case note.docx"], password_in(mail)) != NOTE
    assert "You confirmed" not in text_of(mail)
    assert mail.parsed["Subject"].startswith("The password for your documents")


async def test_the_sender_is_told_what_was_locked_and_how_to_take_it_back(tmp_path: Path) -> None:
    """One notice for the whole message, with a link for each recipient."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        (notice,) = told(gateway, "Your email was sent with its documents locked")
        with gateway.store.read() as tx:
            found = shares.by_token(tx, "sender", link(notice, "s"))
    assert found is not None
    assert SCHOOL in text_of(notice)


async def test_a_message_to_two_schools_is_two_shares_with_one_password_and_one_notice(
    tmp_path: Path,
) -> None:
    """Each copy has its own links; documents are locked once; Message-ID and headers are the same."""
    other = "office@felpersham-primary.borchester.sch.uk"
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        (gateway.folder / "partners.toml").write_text(
            (gateway.folder / "partners.toml").read_text()
            + '\n[[partner]]\nname = "Felpersham"\nkind = "school"\n'
            'domains = ["felpersham-primary.borchester.sch.uk"]\n'
        )
        await gateway.service.reload()
        await gateway.send(OFFICER, [SCHOOL, other], case_note())
        await gateway.settle()
        one, two = gateway.sink.to(SCHOOL)[0], gateway.sink.to(other)[0]
        notices = told(gateway, "Your email was sent with its documents locked")
        with gateway.store.transaction() as tx:
            begun = shares.search(tx)[0]
            words = {shares.password(tx, share.id, "test", "test") for share in begun}
    assert len(begun) == 2
    assert len(words) == 1
    assert one.parsed["Message-ID"] == two.parsed["Message-ID"]
    assert attached(one) == attached(two)
    assert link(one) != link(two)
    assert len(notices) == 1
    assert all(address in text_of(notices[0]) for address in (SCHOOL, other))


async def test_by_telephone_the_sender_gets_a_card_and_telling_completes_the_record(tmp_path: Path) -> None:
    """The card names the published number; the password opens the document; no mail carries it to the recipient."""
    async with running(tmp_path / "etc", policy='release-by = "telephone"', settings=RECEIPTS) as gateway:
        arrived = await shared(gateway)
        confirm(gateway)
        await gateway.settle()
        (card,) = told(gateway, "Tell the password by telephone")
        share = only_share(gateway)
        with gateway.store.transaction() as tx:
            page = shares.by_token(tx, "sender", link(card, "s"))
            follows = sharing.told(tx, share.id, "sender", "Jill Archer", "Head teacher")
        with gateway.store.read() as tx:
            entry = register.get(tx, share.register_id)
    assert "0118 496 0150 (from the partner list)" in text_of(card)
    assert opened(attached(arrived)["case note.docx"], password_in(card))[:2] == b"PK"
    assert "The sender rings you" in text_of(arrived)
    assert page is not None
    assert not follows.why_not
    assert len(gateway.sink.to(SCHOOL)) == 1
    assert entry is not None
    assert (entry.status, entry.way) == ("released", sharing.WAY_BY_TELEPHONE)


async def test_a_category_or_the_senders_wish_makes_it_the_telephone(tmp_path: Path) -> None:
    """High-risk categories never have their password in a mail to the recipient (pitfall 1)."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway, X_Sealgate_Password_By="telephone")
        assert only_share(gateway).way == "telephone"
    policy = 'telephone-categories = ["child", "health", "contact", "identifier"]'
    async with running(tmp_path / "two", policy=policy, settings=RECEIPTS) as gateway:
        await shared(gateway)
        assert only_share(gateway).way == "telephone"


async def test_a_route_that_demands_the_telephone_gets_it(tmp_path: Path) -> None:
    """A partner's own route says it, whatever the policy says for the rest."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        file = gateway.folder / "partners.toml"
        file.write_text(
            file.read_text().replace(
                'telephone = "0118 496 0150"', 'telephone = "0118 496 0150"\nroute = "telephone"'
            )
        )
        await gateway.service.reload()
        await shared(gateway)
        assert only_share(gateway).way == "telephone"


async def test_without_pages_the_password_goes_by_telephone(tmp_path: Path) -> None:
    """Nobody can confirm, so nothing promises it: no link, no reminder, but the card for the sender."""
    async with running(tmp_path / "etc") as gateway:
        arrived = await shared(gateway)
        share = only_share(gateway)
        assert len(told(gateway, "Tell the password by telephone")) == 1
    assert (share.way, share.remind_at) == ("telephone", None)
    assert "http" not in text_of(arrived)
    assert arrived.parsed["Disposition-Notification-To"] is None


async def test_reminders_then_the_end_and_the_sender_is_told(tmp_path: Path) -> None:
    """After three and seven days a reminder with a link that works; after fourteen the password is destroyed."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        for days in (3, 7):
            await age(gateway, days)
        reminders = [one for one in gateway.sink.to(SCHOOL) if one.parsed["Subject"].startswith("Reminder")]
        with gateway.store.read() as tx:
            found = [shares.by_token(tx, "page", link(one)) for one in reminders]
        await age(gateway, 14)
        share = only_share(gateway)
        (notice,) = told(gateway, "Your document was not opened")
        again = [one for one in gateway.sink.to(SCHOOL) if one.parsed["Subject"].startswith("Reminder")]
    assert len(reminders) == len(again) == 2
    assert all(found)
    assert (share.state, share.password_destroyed_at is not None) == ("expired", True)
    assert "nobody confirmed" in text_of(notice)


async def until(true: Callable[[], bool]) -> None:
    """Wait for what the gateway does by itself."""
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.02)


async def age(gateway: Running, days: int) -> None:
    """Have everything about shares be due as it is so many days after sending, and carry out what falls due."""
    from milter.outbox import schedule

    def work(tx) -> None:
        share = shares.search(tx)[0][0]
        back = tx.now - timedelta(days=days)
        moved = {"at": back, "expires_at": back + timedelta(days=14)}
        if share.remind_at:
            moved["remind_at"] = tx.now
        tx.execute(shares_table.update().values(moved))
        schedule.work_for(gateway.service.surroundings)(tx)

    await asyncio.to_thread(lambda: gateway.store.submit(work).result())
    await gateway.settle()


async def test_taken_back_in_the_undo_window_nothing_ever_leaves(tmp_path: Path) -> None:
    """The message waits in the store, the sender's word ends it, and its recipient never hears of it."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], case_note())
        await gateway.settle()
        (notice,) = told(gateway, "Your email was sent with its documents locked")
        waiting = gateway.sink.to(SCHOOL)
        with gateway.store.transaction() as tx:
            (item,) = [one for one in outbox.about(tx, only_share(gateway).id) if one.kind == "copy"]
            follows = sharing.happened(tx, only_share(gateway).id, "withdrawn", "sender")
        await release_what_waits(gateway)
        with gateway.store.read() as tx, pytest.raises(Exception, match="destroyed"):
            contents.get(tx, item.content_id)
    assert code == 250
    assert "Until then nobody has received anything" in text_of(notice)
    assert waiting == gateway.sink.to(SCHOOL) == []
    assert follows.notices == ()


async def test_the_undo_window_outlives_the_process(tmp_path: Path) -> None:
    """The daemon may be killed within it: what was not taken back leaves once, when the time has come."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], case_note())
        folder = gateway.folder
    async with running(folder, settings=RECEIPTS) as gateway:
        await release_what_waits(gateway)
        await release_what_waits(gateway)
        (arrived,) = gateway.sink.to(SCHOOL)
        confirm(gateway)
        await gateway.settle()
        _, mail = gateway.sink.to(SCHOOL)
        share = only_share(gateway)
    assert opened(attached(arrived)["case note.docx"], password_in(mail))[:2] == b"PK"
    assert share.state == "released"


async def release_what_waits(gateway: Running) -> None:
    """Let the time come that everything in the outbox waits for."""
    with gateway.store.transaction() as tx:
        pending = outbox.outbox.c.state == "pending"
        tx.execute(outbox.outbox.update().where(pending).values(not_before=tx.now, lease_until=None))
    await gateway.settle()


async def test_a_copy_that_the_next_hop_refuses_for_good_ends_its_share(tmp_path: Path) -> None:
    """Refused behind the undo window: the password is destroyed, and the sender is told."""
    async with running(tmp_path / "etc", policy="undo-minutes = 10", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], case_note())
        gateway.sink.replies[SCHOOL] = "550 5.1.1 no such mailbox"
        await release_what_waits(gateway)
        share = only_share(gateway)
        notices = told(gateway, "Your email was sent back")
        verified = gateway.store.verify()
    assert (share.state, share.password_destroyed_at is not None) == ("bounced", True)
    assert len(notices) == 1
    assert verified.whole


async def test_a_share_whose_try_was_cut_off_gives_its_password_out_all_the_same(tmp_path: Path) -> None:
    """A crash between sending and recording: the recipient's confirmation proves that it left, and is recorded."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        share = only_share(gateway)
        with gateway.store.transaction() as tx:
            tx.execute(register_table.delete())
            tx.execute(shares_table.update().values(at=tx.now - timedelta(hours=1)))
        confirm(gateway)
        await gateway.settle()
        with gateway.store.read() as tx:
            entry = register.get(tx, share.register_id)
    assert len(gateway.sink.to(SCHOOL)) == 2
    assert entry is not None
    assert (entry.status, entry.recipient) == ("released", SCHOOL)


async def test_a_share_whose_copy_never_left_reminds_and_ends_in_silence(tmp_path: Path) -> None:
    """Nobody is told of a try that came to nothing."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        with gateway.store.transaction() as tx:
            tx.execute(register_table.delete())
        before = len(gateway.sink.arrived)
        await age(gateway, 3)
        await age(gateway, 14)
        state = only_share(gateway).state
    assert state == "expired"
    assert len(gateway.sink.arrived) == before


async def test_with_no_reissues_the_password_is_destroyed_as_soon_as_it_is_sent(tmp_path: Path) -> None:
    """Kept no longer than anybody can ask for it."""
    async with running(tmp_path / "etc", policy="reissues = 0", settings=RECEIPTS) as gateway:
        await shared(gateway)
        confirm(gateway)
        await gateway.settle()
        share = only_share(gateway)
    assert (share.state, share.password_destroyed_at is not None) == ("released", True)


async def test_a_password_is_destroyed_on_schedule_after_its_release(tmp_path: Path) -> None:
    """By the daemon itself, when the time in which it can be sent again is over."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        confirm(gateway)
        await gateway.settle()
        with gateway.store.transaction() as tx:
            tx.execute(shares_table.update().values(changed_at=tx.now - timedelta(days=15)))
        folder = gateway.folder
    async with running(folder, settings=RECEIPTS) as gateway:
        await until(lambda: only_share(gateway).password_destroyed_at is not None)


async def test_a_reply_of_the_wrong_person_after_release_is_told_truly(tmp_path: Path) -> None:
    """The password was out: sender and governance read that, and not that nobody had it."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await shared(gateway)
        confirm(gateway)
        with gateway.store.transaction() as tx:
            sharing.happened(tx, only_share(gateway).id, "not-for-me", "recipient")
        await gateway.settle()
        (notice,) = told(gateway, "Your email reached someone")
        (incident,) = told(gateway, "Incident", to="governance@borchester.gov.uk")
    assert "had been given out before" in text_of(notice)
    assert "it had been given out" in text_of(incident)


async def test_what_leaves_in_clear_tells_nothing_of_a_person(tmp_path: Path) -> None:
    """A file's name, and the purpose that a sender gives, are replaced where they are personal themselves."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(
            gateway,
            name="Jamie Osborne 12-03-2015 NHS 943 476 5919.docx",
            X_Sealgate_Purpose="Jamie Osborne, NHS number 943 476 5919",
        )
        entry = only_entry(gateway)
    assert list(attached(arrived)) == ["document-1.docx"]
    assert b"Osborne" not in arrived.raw
    assert "943 476 5919" not in text_of(arrived)
    assert entry.purpose == "Jamie Osborne, NHS number 943 476 5919"


async def test_the_senders_purpose_and_limits_stand_in_the_note(tmp_path: Path) -> None:
    """The recipient reads what it is for and what may be passed on (P5); our own fields are gone."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        arrived = await shared(
            gateway,
            X_Sealgate_Purpose="For the review of the plan on Tuesday",
            X_Sealgate_Consent="For the SENCO only, until the end of term",
        )
    assert "For the review of the plan on Tuesday" in text_of(arrived)
    assert "For the SENCO only, until the end of term" in text_of(arrived)
    assert "X-Sealgate-Purpose" not in arrived.raw.decode("ascii", "replace")


def only_entry(gateway: Running) -> register.Entry:
    with gateway.store.read() as tx:
        (entry,) = register.search(tx, register.Search()).entries
    return entry


async def test_an_envelope_with_no_receipts_keeps_its_sender(tmp_path: Path) -> None:
    """Where no domain is there, reports go where they always went."""
    async with running(tmp_path / "etc", settings=f'[receipts]\npage-url = "{PAGES}"\n') as gateway:
        arrived = await shared(gateway)
    assert arrived.sender == OFFICER


def test_an_envelope_is_parted_by_domain() -> None:
    """The receipts domain is ours alone, whatever the case it is written in."""
    from milter.dispatch.receiving import apart

    envelope = Envelope("a@x.example", (Recipient(f"r+x@{DOMAIN}"), Recipient("b@x.example")))
    mine, others = apart(envelope, DOMAIN)
    assert mine is not None
    assert others is not None
    assert [r.address for r in mine.recipients] == [f"r+x@{DOMAIN}"]
    assert [r.address for r in others.recipients] == ["b@x.example"]
    assert apart(envelope, "") == (None, envelope)
