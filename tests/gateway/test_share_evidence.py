"""What comes back for a share, in a whole gateway: reports, replies, bounces, and what each of them counts for."""

from pathlib import Path

import pytest

from milter import sharing
from milter.dispatch.receiving import apart
from milter.message.envelope import Envelope, Recipient
from milter.store import contents, outbox, shares
from tests.gateway.harness import OFFICER, SCHOOL, Arrived, running
from tests.gateway.shares import (
    DOMAIN,
    NOTE,
    PAGES,
    RECEIPTS,
    attached,
    confirm,
    link,
    only_share,
    opened,
    password_in,
    shared,
    text_of,
    told,
)


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


async def test_an_envelope_with_no_receipts_keeps_its_sender(tmp_path: Path) -> None:
    """Where no domain is there, reports go where they always went."""
    async with running(tmp_path / "etc", settings=f'[receipts]\npage-url = "{PAGES}"\n') as gateway:
        arrived = await shared(gateway)
    assert arrived.sender == OFFICER


def test_an_envelope_is_parted_by_domain() -> None:
    """The receipts domain is ours alone, whatever the case it is written in."""
    envelope = Envelope("a@x.example", (Recipient(f"r+x@{DOMAIN}"), Recipient("b@x.example")))
    mine, others = apart(envelope, DOMAIN)
    assert mine is not None
    assert others is not None
    assert [r.address for r in mine.recipients] == [f"r+x@{DOMAIN}"]
    assert [r.address for r in others.recipients] == ["b@x.example"]
    assert apart(envelope, "") == (None, envelope)
