"""Lists of people, from `sealgate match load` to the verdict on mail and documents."""

import base64
import json
import sqlite3
from email.message import EmailMessage
from pathlib import Path

import pytest

from milter.cli import main
from tests.gateway.harness import OFFICER, SCHOOL, configure, running

EXPORT = (
    "Surname;Forename;Date of Birth;LCS no;Town\r\n"
    "Bjørnson-Grey;Tuuli;03/04/2012;Q7340021;Borchester\r\n"
    "Nobody;;;;\r\n"
)
NUMBER = "Q 734 0021"
PERSON = "Tuuli Grey, 3 April 2012, was there."


def letter(body: str, document: str = "") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = OFFICER, SCHOOL, "Tuesday"
    message.set_content(body)
    if document:
        message.add_attachment(document.encode(), maintype="text", subtype="plain", filename="notes.txt")
    return bytes(message).replace(b"\n", b"\r\n")


def load(folder: Path, *more: str) -> int:
    export = folder.parent / "people.csv"
    export.write_bytes(EXPORT.encode("cp1252"))
    return main(
        ["match", "load", str(export), "--config", str(folder), "--column", "LCS no=reference", *more]
    )


async def test_a_listed_person_is_found_in_text_and_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What passed before the list was loaded is protected after the reload, in the body and in a file; and no longer
    once the list is forgotten.
    """
    folder = tmp_path / "etc"
    mails = (
        letter(f"About {NUMBER}: thanks."),
        letter("See the file.", f"Look at {NUMBER}."),
        letter(PERSON),
    )
    async with running(folder) as gateway:
        for mail in mails[:2]:
            assert (await gateway.send(OFFICER, [SCHOOL], mail))[0] == 250
        assert [mail.raw.count(b"Sealgate-Trace") for mail in gateway.sink.to(SCHOOL)] == [1, 1]
        assert all(
            mail.raw.endswith(sent) for mail, sent in zip(gateway.sink.to(SCHOOL), mails, strict=False)
        )
        assert load(folder) == 0
        await gateway.service.reload()
        gateway.sink.arrived.clear()
        for mail in mails:
            await gateway.send(OFFICER, [SCHOOL], mail.replace(b"Tuesday", b"Wednesday"))
        await gateway.settle()
        locked = gateway.sink.to(SCHOOL)
        assert len(locked) == 3
        texts = [base64.b64encode(NUMBER.encode())[:8], NUMBER.encode(), b"Tuuli"]
        assert all(text not in mail.raw for mail in locked for text in texts)
        assert main(["match", "forget", "people", "--config", str(folder)]) == 0
        await gateway.service.reload()
        gateway.sink.arrived.clear()
        await gateway.send(OFFICER, [SCHOOL], mails[0].replace(b"Tuesday", b"Thursday"))
        assert NUMBER.encode() in gateway.sink.to(SCHOOL)[0].raw


def test_the_commands_use_the_lists_and_say_what_they_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`detect` finds what the gateway finds; `load` names the columns; neither the store nor the trail has a value."""
    folder = tmp_path / "etc"
    configure(folder, 9)
    assert load(folder, "--dry-run") == 0
    assert main(["match", "list", "--config", str(folder)]) == 0
    dry = capsys.readouterr().out
    assert "Nothing was changed" in dry
    assert "No list is loaded" in dry
    assert load(folder, "--name", "pupils") == 0
    told = capsys.readouterr().out
    assert "LCS no: reference" in told
    assert "Not used: Town." in told
    assert "1 row gave" in told
    file = tmp_path / "note.txt"
    file.write_text(f"Look at {NUMBER}.")
    assert main(["detect", "--json", "--config", str(folder), str(file)]) == 0
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["kind"], found["confidence"], found["why"]) == (
        "reference",
        1.0,
        "exact match: in the list 'pupils'",
    )
    kept = b"".join(path.read_bytes() for path in folder.glob("store.db*")).lower()
    for value in (b"tuuli", b"grey", b"7340021", b"03/04/2012", b"20120403"):
        assert value not in kept
    assert main(["match", "list", "--config", str(folder)]) == 0
    assert "pupils" in capsys.readouterr().out
    assert main(["audit", "verify", "--config", str(folder)]) == 0
    with sqlite3.connect(folder / "store.db") as store:
        events = [row[0] for row in store.execute("SELECT event FROM audit ORDER BY at")]
    assert "exact-list-loaded" in events


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("colour,size\nred,3\n", (), "no column can be matched"),
        ("colour,size\nred,3\n", ("--column", "colour=paint"), "write HEADING=KIND"),
        ("NHS no\n12\n", (), "No row holds anything to match"),
        ("NHS no\n943 476 5919\n", ("--name", "Year 6"), "small letters"),
    ],
)
def test_what_is_no_list_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, more: tuple[str, ...], words: str
) -> None:
    """A file without a usable column or row changes nothing, and the person is told why."""
    folder = tmp_path / "etc"
    configure(folder, 9)
    export = tmp_path / "people.csv"
    export.write_text(text)
    assert main(["match", "load", str(export), "--config", str(folder), *more]) == 1
    assert words in capsys.readouterr().err
