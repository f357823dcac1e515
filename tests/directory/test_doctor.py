"""`sealgate doctor` says whether directory and mailbox answer, and what to do where not."""

from dataclasses import replace
from pathlib import Path

import pytest

from milter.cli.doctor_directory import look_at_directory
from milter.settings import DirectorySettings, Receipts, Settings
from tests.directory.fake_exchange import ACCOUNT, PASSWORD, FakeExchange


def settings_for(url: str, folder: Path, password: str = PASSWORD) -> Settings:
    secret = folder / "secret"
    secret.write_text(password)
    directory = DirectorySettings(
        "exchange", url=url, account=ACCOUNT, password_file=str(secret), deadline_seconds=5
    )
    return Settings(directory=directory, receipts=Receipts(mailbox="receipts@borchester.gov.uk"))


def test_what_answers_is_well(tmp_path: Path) -> None:
    """Directory and mailbox are each asked once; nothing is put away."""
    fake = FakeExchange()
    with fake.http() as http:
        found = list(look_at_directory(settings_for(f"{http.url}/EWS/Exchange.asmx", tmp_path)))
    assert [well for well, _, _ in found] == [True, True]
    assert "DeleteItem" not in fake.operations


@pytest.mark.parametrize(("password", "word"), [("wrong", "password file"), (PASSWORD, "the port")])
def test_what_does_not_answer_has_its_cure(tmp_path: Path, password: str, word: str) -> None:
    """A refused sign-in and a dead server ask for different things."""
    fake = FakeExchange()
    with fake.http() as http:
        url = (
            f"{http.url}/EWS/Exchange.asmx"
            if password != PASSWORD
            else "http://localhost:9/EWS/Exchange.asmx"
        )
        found = list(look_at_directory(settings_for(url, tmp_path, password)))
    assert [well for well, _, _ in found] == [False, False]
    assert all(word in cure for _, _, cure in found)


def test_without_a_directory_nothing_is_asked(tmp_path: Path) -> None:
    """A file that is not there is said so, in words."""
    assert list(look_at_directory(Settings())) == []
    lost = replace(Settings(), directory=DirectorySettings("csv", file=str(tmp_path / "lost.csv")))
    ((well, words, _),) = look_at_directory(lost)
    assert not well
    assert "down" in words
