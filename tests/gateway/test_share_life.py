"""How a share begins in a whole gateway: what its recipient reads, what its sender hears, how its password goes."""

from pathlib import Path

from milter import sharing
from milter.store import register, shares
from tests.gateway.harness import OFFICER, SCHOOL, Running, running
from tests.gateway.shares import (
    RECEIPTS,
    attached,
    case_note,
    confirm,
    link,
    only_share,
    opened,
    password_in,
    shared,
    text_of,
    told,
)


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
