"""`sealgate share`: what a help desk does about locked documents, from the command line."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from addin_backend.site import Site
from milter import sharing
from milter.cli.main import main
from milter.store import register, talk
from tests.web.shares import PASSWORD, PERSON, SCHOOL, asked, begin, share_of, site_in

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = site_in(tmp_path / "etc")
    yield made
    made.store.close()


@pytest.fixture
def run(site: Site, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give what runs one act of `sealgate share`: its exit code, and all that it says."""

    def act(*words: str) -> tuple[int, str]:
        code = main(["share", words[0], "--config", str(site.folder), *words[1:]])
        return code, "".join(capsys.readouterr())

    return act


def test_shares_are_listed_by_state(site: Site, run: Run) -> None:
    """What is asked for, and nothing of its documents or password."""
    assert run("list") == (0, "There are no shares.\n")
    one, two = begin(site.store), begin(site.store)
    with site.store.transaction() as tx:
        sharing.confirmed(tx, two.id, *PERSON.values())
    code, all_of_them = run("list")
    _, released = run("list", "--state", "released")
    assert code == 0
    assert one.id in all_of_them
    assert two.id in all_of_them
    assert one.id not in released
    assert PASSWORD not in all_of_them


def test_a_list_for_programs_is_one_object_a_line(site: Site, run: Run) -> None:
    """Each line is JSON with the share's reference and state."""
    begun = begin(site.store)
    _, said = run("list", "--json")
    (line,) = [json.loads(one) for one in said.splitlines()]
    assert (line["id"], line["state"], line["recipient"]) == (begun.id, "sent", SCHOOL)


def test_one_share_is_shown_with_its_history(site: Site, run: Run) -> None:
    """Who, what, until when, and everything that happened; a reference may be typed in small letters."""
    begun = begin(site.store)
    with site.store.transaction() as tx:
        sharing.happened(tx, begun.id, "delivered", "recipient")
    code, said = run("show", begun.id.lower())
    _, json_said = run("show", begun.id, "--json")
    assert code == 0
    for words in (begun.id, SCHOOL, "case note.docx", "delivered  by recipient", "so far 'delivered'"):
        assert words in said
    assert [event["event"] for event in json.loads(json_said)["history"]] == ["sent", "delivered"]
    assert PASSWORD not in said + json_said


def test_withdrawing_destroys_the_password_tells_the_recipient_and_keeps_the_reason(
    site: Site, run: Run
) -> None:
    """Once; a second time says what became of it already, with exit code 1."""
    begun = begin(site.store)
    code, said = run("withdraw", begun.id, "--reason", "sent to the wrong school")
    again, why = run("withdraw", begun.id, "--reason", "again")
    share = share_of(site.store, begun)
    with site.store.read() as tx:
        notes = [note.text for note in talk.notes_about(tx, begun.id)]
    assert (code, again) == (0, 1)
    assert "the recipient is told" in said
    assert "This share is withdrawn already." in why
    assert (share.state, share.password_destroyed_at is not None) == ("withdrawn", True)
    assert asked(site.store, begun) == [("withdrawn", "recipient")]
    assert notes == ["withdrawn: sent to the wrong school"]
    assert "destroyed on" in run("show", begun.id)[1]


def test_a_card_says_whom_to_ring_and_the_password_and_leaves_a_trail(site: Site, run: Run) -> None:
    """The number is the partner list's; that it was printed, by whom and why, is kept."""
    begun = begin(site.store, way="telephone")
    before = site.store.verify().rows
    code, said = run("card", begun.id, "--reason", "the sender has lost it")
    assert code == 0
    assert PASSWORD in said
    assert "0118 496 0150 (from the partner list)" in said
    assert site.store.verify().rows > before
    assert "telephone card printed: the sender has lost it" in run("show", begun.id)[1]


def test_there_is_no_card_for_a_password_that_goes_by_email(site: Site, run: Run) -> None:
    """It says why, with exit code 1."""
    code, said = run("card", begin(site.store).id, "--reason", "x")
    assert code == 1
    assert "goes by e-mail once receipt is confirmed" in said


def test_telling_releases_and_completes_the_record(site: Site, run: Run) -> None:
    """Name and job title of whom it was told go into the register (T1, R1)."""
    begun = begin(site.store, way="telephone")
    code, said = run("told", begun.id, "--name", "Jill Archer", "--job-title", "Head teacher")
    again, _ = run("told", begun.id, "--name", "Jill Archer", "--job-title", "Head teacher")
    with site.store.read() as tx:
        entry = register.get(tx, begun.register_id)
    assert (code, again) == (0, 1)
    assert "told to Jill Archer" in said
    assert entry is not None
    assert (entry.status, entry.recipient_name, entry.way) == (
        "released",
        "Jill Archer",
        sharing.WAY_BY_TELEPHONE,
    )


def test_a_lost_password_is_sent_again_within_the_limit(site: Site, run: Run) -> None:
    """Three times more, then no more; never before it was released."""
    begun = begin(site.store)
    early, why = run("reissue", begun.id, "--reason", "lost")
    with site.store.transaction() as tx:
        sharing.confirmed(tx, begun.id, *PERSON.values())
    codes = [run("reissue", begun.id, "--reason", "lost")[0] for _ in range(4)]
    assert early == 1
    assert "there is no password to send again" in why
    assert codes == [0, 0, 0, 1]
    assert asked(site.store, begun) == [("password", "recipient")] * 4


def test_a_password_by_telephone_is_never_sent_by_email(site: Site, run: Run) -> None:
    """Not even again."""
    begun = begin(site.store, way="telephone")
    run("told", begun.id, "--name", "Jill Archer", "--job-title", "Head teacher")
    code, why = run("reissue", begun.id, "--reason", "lost")
    assert code == 1
    assert "by telephone only" in why
    assert asked(site.store, begun) == []


@pytest.mark.parametrize("act", ["show", "withdraw", "card", "told", "reissue"])
def test_an_unknown_reference_is_answered_in_words(act: str, run: Run) -> None:
    """Exit code 1, what is wrong, no trace."""
    more = {"told": ["--name", "a", "--job-title", "b"], "show": []}.get(act, ["--reason", "x"])
    for reference, words in (("SG-0000-0000-0000", "There is no share"), ("nonsense", "is no reference")):
        code, said = run(act, reference, *more)
        assert code == 1
        assert words in said
        assert "Traceback" not in said


def test_a_messages_reference_will_do_where_it_has_one_share(site: Site, run: Run) -> None:
    """It is what the sender's notice shows; of several shares each is named."""
    one = begin(site.store, judged_id="SG-1111-1111-1111")
    assert one.id in run("show", "SG-1111-1111-1111")[1]
    two = begin(site.store, judged_id="SG-1111-1111-1111")
    code, said = run("show", "SG-1111-1111-1111")
    assert code == 1
    assert one.id in said
    assert two.id in said
