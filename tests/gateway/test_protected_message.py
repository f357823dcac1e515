"""What protecting changes of a message and what it leaves alone, judged by what arrives."""

import base64
import re
from email.message import EmailMessage, Message
from email.policy import SMTP
from pathlib import Path

import pytest

from milter.attachments import read
from milter.attachments.protect import protect
from milter.dispatch.marking import marked
from milter.policy.policy import Policy
from milter.store import quarantine
from tests.gateway.harness import OFFICER, SCHOOL, Arrived, Running, running
from tests.gateway.shares import NOTE, RECEIPTS, attached, confirm, password_in, text_of

PERSONAL = (
    "Jamie Osborne, born 12/03/2015, NHS number 943 476 5919, lives at 14 Lakey Hill, Ambridge BC6 2QT."
)
POLICY = Policy(
    subject_synonyms=("Strictly Private and Confidential",),
    markings=("OFFICIAL", "OFFICIAL-SENSITIVE", "RESTRICTED"),
)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Case note", "Private and Confidential: Case note"),
        ("", "Private and Confidential"),
        ("RE: Case note", "RE: Private and Confidential: Case note"),
        ("FW: RE: Case note", "FW: RE: Private and Confidential: Case note"),
        ("Re:Case note", "Re: Private and Confidential: Case note"),
        ("[secure] Case note", "[secure] Private and Confidential: Case note"),
        ("RE: [SECURE] Case note", "RE: [SECURE] Private and Confidential: Case note"),
        ("OFFICIAL-SENSITIVE: Case note", "OFFICIAL-SENSITIVE: Private and Confidential: Case note"),
        ("OFFICIAL-SENSITIVE - Case note", "OFFICIAL-SENSITIVE - Private and Confidential: Case note"),
        ("OFFICIAL Case note", "OFFICIAL Private and Confidential: Case note"),
        ("OFFICIALLY late", "Private and Confidential: OFFICIALLY late"),
        ("official notice", "Private and Confidential: official notice"),
        ("RE: private and confidential: note", "RE: private and confidential: note"),
        ("Strictly Private and Confidential - note", "Strictly Private and Confidential - note"),
        ("Nodyn achos: \u0175y a \u00eal", "Private and Confidential: Nodyn achos: \u0175y a \u00eal"),
        ("[a bracket that never ends", "Private and Confidential: [a bracket that never ends"),
        ("RE:", "RE: Private and Confidential"),
        ("  spaces  ", "Private and Confidential: spaces"),
    ],
)
def test_the_mark_stands_where_the_guide_and_other_systems_want_it(subject: str, expected: str) -> None:
    """Behind a leading marking, RE: and [secure]; once; and never without need (E3)."""
    assert marked(subject, POLICY) == expected
    assert marked(expected, POLICY) == expected


def letter(subject: str = "Case note") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = OFFICER, SCHOOL, subject
    message["Message-ID"] = "<1@borchester.gov.uk>"
    return message


def with_note(subject: str = "Case note") -> EmailMessage:
    message = letter(subject)
    message.set_content("Dear Jill,\n\nplease see the note attached.\n")
    message.add_attachment(NOTE, maintype="application", subtype="octet-stream", filename="case note.docx")
    return message


async def arrived(gateway: Running, raw: bytes) -> Arrived:
    code, reply = await gateway.send(OFFICER, [SCHOOL], raw)
    assert code == 250, reply
    await gateway.settle()
    (one,) = gateway.sink.to(SCHOOL)
    return one


async def password_of(gateway: Running) -> str:
    confirm(gateway)
    await gateway.settle()
    return password_in(gateway.sink.to(SCHOOL)[1])


def waiting(gateway: Running) -> set[str]:
    """Give the reasons of what is held."""
    with gateway.store.read() as tx:
        return {code for held in quarantine.search(tx, quarantine.Search())[0] for code in held.reasons}


@pytest.mark.parametrize("subject", ["w\u0175 " * 400, "word " * 400, "x" * 3_000, "\u0175" * 900])
async def test_a_subject_of_any_length_leaves_in_short_lines(subject: str, tmp_path: Path) -> None:
    """No line over 998 octets (RFC 5322 2.1.1), no word lost."""
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, with_note(subject.strip()).as_bytes())
    assert max(map(len, one.raw.split(b"\r\n"))) <= 998
    shown = str(one.parsed["Subject"])
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", f"Private and Confidential: {subject}")


async def test_encoded_words_stay_as_they_were(tmp_path: Path) -> None:
    """An old charset in the subject is not re-encoded: the mark stands in front of the very octets."""
    raw = with_note("SUBJECT").as_bytes().replace(b"SUBJECT", b"=?iso-8859-1?Q?Nodyn_=F4l?=")
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, raw)
    assert b"=?iso-8859-1?Q?Nodyn_=F4l?=" in one.raw
    assert one.parsed["Subject"] == "Private and Confidential: Nodyn \u00f4l"


async def test_only_what_was_named_is_changed(tmp_path: Path) -> None:
    """Headers, other attachments and their encodings leave as the very octets that came."""
    menu = b"Monday: soup.\nTuesday: pie.\n"
    message = with_note()
    message["X-Odd"] = "kept   as  it is"
    message["References"] = "<0@borchester.gov.uk>"
    message.add_attachment(menu, maintype="text", subtype="plain", filename="menu.txt", cte="base64")
    raw = message.as_bytes()
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, raw)
        password = await password_of(gateway)
    files = attached(one)
    assert list(files) == ["case note.docx", "menu.txt"]
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert line.startswith(b"Subject:") or line + b"\r\n" in one.raw
    part = raw[raw.index(b"\r\nContent-Type: text/plain", raw.index(b"case note.docx")) :].partition(
        b"\r\n--"
    )[0]
    assert part in one.raw
    before, after = read(NOTE), read(files["case note.docx"], words=(password,))
    assert [p.text for p in after.passages] == [p.text for p in before.passages]


async def test_what_is_strongly_locked_already_is_left_alone(tmp_path: Path) -> None:
    """The sender's own lock stays, byte for byte; a second one would need a second password (pitfall 8)."""
    own = protect(NOTE, format="docx", name="x.docx", password="a-password-of-their-own").content
    message = with_note()
    message.add_attachment(own, maintype="application", subtype="octet-stream", filename="own.docx")
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, message.as_bytes())
    files = attached(one)
    assert files["own.docx"] == own
    assert files["case note.docx"] != NOTE
    assert "own.docx" not in text_of(one)


async def test_a_forwarded_message_is_locked_whole(tmp_path: Path) -> None:
    """What is personal in a message inside the message leaves only behind the password, its headers too."""
    inner = letter("about Jamie")
    inner.set_content(PERSONAL)
    outer = letter("FW: note")
    outer.set_content("See below.\n")
    outer.add_attachment(inner)
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, outer.as_bytes())
        password = await password_of(gateway)
    (content,) = attached(one).values()
    assert b"Osborne" not in one.raw
    assert b"943 476 5919" not in one.raw
    said = str(read(content, words=(password,)))
    assert "943 476 5919" in said


def body_in(content: bytes, password: str) -> str:
    return "\n".join(p.text for p in read(content, words=(password,)).passages)


async def test_every_text_of_the_message_moves_into_the_document(tmp_path: Path) -> None:
    """Apple Mail writes text, a picture, and more text: both texts are in the document, in their order."""
    raw = (
        f"From: {OFFICER}\r\nTo: {SCHOOL}\r\nSubject: note\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\nDear Jill,\r\n{PERSONAL}\r\n"
        "--b\r\nContent-Type: application/octet-stream; name=menu.txt\r\n"
        "Content-Disposition: inline; filename=menu.txt\r\n\r\nMonday: soup.\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nThe second half, after the file.\r\n--b--\r\n"
    ).encode()
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, raw)
        password = await password_of(gateway)
    text = body_in(attached(one)["Message.pdf"], password)
    assert "943 476 5919" in text
    assert text.index("Dear Jill") < text.index("The second half")
    assert b"second half" not in one.raw


async def test_html_moves_with_its_words_and_the_plain_alternative_is_said_once(tmp_path: Path) -> None:
    """A recipient reads it once; no script, picture address or style of the message comes along."""
    message = letter()
    message.set_content(PERSONAL)
    html = f"<p>Dear <b>Jill</b></p><p>{PERSONAL}</p><script>x()</script><img src='https://t.example/x.png'>"
    message.add_alternative(html, subtype="html")
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, message.as_bytes())
        password = await password_of(gateway)
    text = body_in(attached(one)["Message.pdf"], password)
    assert re.sub(r"\s+", " ", text).count("943 476 5919") == 1
    assert "x()" not in text
    shown = one.parsed.get_body(("html",)).get_content()  # type: ignore[attr-defined]
    assert "Osborne" not in shown
    assert "Confirm that this has reached the right person" in shown


async def test_a_text_that_stays_keeps_all_its_parts(tmp_path: Path) -> None:
    """Nothing personal is in the words: the note stands above them, and a second text is there as it was."""
    raw = (
        f"From: {OFFICER}\r\nTo: {SCHOOL}\r\nSubject: note\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nDear Jill, see the file.\r\n"
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=note.docx\r\n\r\n"
        f"{base64.encodebytes(NOTE).decode().replace(chr(10), chr(13) + chr(10))}"
        "--b\r\nContent-Type: text/plain\r\n\r\nKind regards, after the file.\r\n--b--\r\n"
    ).encode()
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        one = await arrived(gateway, raw)
    assert b"Kind regards, after the file.\r\n" in one.raw
    assert "Dear Jill, see the file." in text_of(one)
    assert "How to get the password" in text_of(one)


SIGNED = (
    'multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"; boundary=b',
    "application/pkcs7-signature; name=smime.p7s",
)
PGP = (
    'multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary=b',
    "application/pgp-signature; name=signature.asc",
)


@pytest.mark.parametrize("kind", [SIGNED, PGP], ids=["S/MIME", "PGP"])
async def test_a_signed_message_is_held_and_never_edited(kind: tuple[str, str], tmp_path: Path) -> None:
    """An edit would break the signature (pitfall 13)."""
    raw = (
        f"From: {OFFICER}\r\nTo: {SCHOOL}\r\nSubject: note\r\nMIME-Version: 1.0\r\nContent-Type: {kind[0]}\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\n{PERSONAL}\r\n--b\r\nContent-Type: {kind[1]}\r\n\r\nMIIB\r\n--b--\r\n"
    ).encode()
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], raw)
        await gateway.settle()
        reasons = waiting(gateway)
    assert gateway.sink.to(SCHOOL) == []
    assert "message-signed-or-encrypted" in reasons


async def test_an_invitation_is_held_and_never_edited(tmp_path: Path) -> None:
    """Its method would be lost (pitfall 23)."""
    message = letter("Meeting")
    message.set_content(PERSONAL)
    ics = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Meeting\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    message.add_alternative(ics, subtype="calendar", params={"method": "REQUEST"})
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], message.as_bytes())
        await gateway.settle()
        reasons = waiting(gateway)
    assert gateway.sink.to(SCHOOL) == []
    assert "calendar-with-personal-data" in reasons


@pytest.mark.parametrize(("allowed", "arrives"), [("false", 0), ("true", 1)])
async def test_our_own_dkim_signature_is_broken_only_where_the_policy_says_so(
    allowed: str, arrives: int, tmp_path: Path
) -> None:
    """Sign after the gateway; what was signed before is held (pitfall 14)."""
    raw = b"DKIM-Signature: v=1; d=borchester.gov.uk; s=a; b=AAAA\r\n" + with_note().as_bytes()
    async with running(tmp_path / "etc", policy=f"edit-own-dkim = {allowed}", settings=RECEIPTS) as gateway:
        await gateway.send(OFFICER, [SCHOOL], raw)
        await gateway.settle()
        reasons = waiting(gateway)
    assert len(gateway.sink.to(SCHOOL)) == arrives
    assert ("own-dkim-signature" in reasons) is not bool(arrives)


@pytest.mark.parametrize("name", ["csv", "png", "doc"])
async def test_what_has_no_lock_of_its_own_arrives_in_a_neutral_zip(name: str, tmp_path: Path) -> None:
    """A zip's list is readable without the password, so it tells nothing (pitfall 6)."""
    content = b"Name,NHS number,Born\r\nJamie Osborne,943 476 5919,12/03/2015\r\n" * 20
    message = letter()
    message.set_content("See the file.\n")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=f"list.{name}")
    async with running(tmp_path / "etc", settings=RECEIPTS) as gateway:
        code, _ = await gateway.send(OFFICER, [SCHOOL], message.as_bytes())
        await gateway.settle()
        mails = gateway.sink.to(SCHOOL)
        if not mails:
            assert waiting(gateway)  # a csv that calls itself a picture or a document is a reason of its own
            return
        password = await password_of(gateway)
    (zipped,) = attached(mails[0]).values()
    assert b"document-1." in zipped
    assert b"list." not in zipped
    assert "7-Zip" in text_of(mails[0])
    assert "943 476 5919" in str(read(zipped, words=(password,)))
    assert code == 250


def test_a_message_is_a_message() -> None:
    """The letters that these tests send are what they are taken for."""
    assert isinstance(with_note(), Message)
