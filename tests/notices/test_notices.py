"""Notices say what their reader needs, and nothing that must not travel."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from milter.errors import RequestError
from milter.notices import render, render_notice
from milter.notices.model import NOTICES, name_of, values_of
from milter.notices.render import TEMPLATES
from tests.notices.samples import COUNCIL, IN_CLEAR, MAIL, PAGE, SAMPLES, SECRET

BY_NAME = {name_of(sample): sample for sample in SAMPLES}
VOID = {"meta", "br", "img", "hr"}


class Outline(HTMLParser):
    """Collects tags, text and the nesting, to say whether a page is well made."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_notice_has_a_sample_and_its_three_templates() -> None:
    """The catalogue, the templates on disk and the samples list the same notices."""
    names = [name for name, _ in NOTICES]
    assert sorted(BY_NAME) == sorted(names)
    assert sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()) == sorted(names)
    for name in names:
        assert {file.name for file in (TEMPLATES / name).iterdir()} == {
            "subject.txt",
            "body.txt",
            "body.html",
        }


def test_every_notice_is_named_in_the_readme_for_overriding() -> None:
    """Whoever wants other words finds each notice in config/notices."""
    readme = (Path(__file__).parents[2] / "config" / "notices" / "README.md").read_text()
    for name, _ in NOTICES:
        assert f"`{name}`" in readme


@pytest.mark.parametrize("name", BY_NAME)
def test_each_names_the_organisation_its_published_number_whom_to_ask_and_the_reference(name: str) -> None:
    """A reader can tell who writes, check it by telephone, and ask (pitfall 11, P4)."""
    rendered = render_notice(BY_NAME[name])
    for text in (rendered.text, "".join(Outline(rendered.html).words)):
        for needed in (COUNCIL.name, COUNCIL.telephone, COUNCIL.help_email, MAIL.reference):
            assert needed in text


@pytest.mark.parametrize("name", BY_NAME)
def test_contacts_that_are_not_set_leave_no_hole(name: str) -> None:
    """Before `[contact]` is filled in, a sentence about a number or an address still is one."""
    silent = replace(COUNCIL, telephone="", help_email="", help_telephone="")
    rendered = render_notice(replace(BY_NAME[name], organisation=silent))
    for text in (rendered.text, "".join(Outline(rendered.html).words)):
        assert re.findall(r"Ring ,|team[:,]|\bon(?: at|,)", text) == []
        assert f"the number that {COUNCIL.name} publishes" in text
    assert "mailto:" not in rendered.html


@pytest.mark.parametrize("name", BY_NAME)
def test_each_page_is_well_formed_in_english_and_lays_nothing_out_by_tables(name: str) -> None:
    """HTML is nested rightly, has one main heading, a language, and no table, script, form or image."""
    outline = Outline(render_notice(BY_NAME[name]).html)
    assert outline.open == []
    assert outline.tags.count("h1") == 1
    assert outline.tags.index("h1") < (
        outline.tags.index("h2") if "h2" in outline.tags else len(outline.tags)
    )
    assert not {"table", "script", "img", "form", "iframe", "object"} & set(outline.tags)
    assert '<html lang="en">' in render_notice(BY_NAME[name]).html


@pytest.mark.parametrize("name", BY_NAME)
def test_subject_is_one_line_and_no_template_mark_is_left(name: str) -> None:
    """Nothing of the template shows, and the subject fits a header."""
    rendered = render_notice(BY_NAME[name])
    assert rendered.subject
    assert "\n" not in rendered.subject
    for text in (rendered.subject, rendered.text, rendered.html):
        assert "{{" not in text
        assert "{%" not in text
    assert "\n\n\n\n" not in rendered.text


@pytest.mark.parametrize(
    "name", ["refusal", "held-sender-notice", "held", "released", "refused-by-reviewer", "expired"]
)
def test_explanations_list_every_recipient_and_what_became_of_it(name: str) -> None:
    """No sender is left guessing who has the mail (pitfall 18)."""
    notice = BY_NAME[name]
    rendered = render_notice(notice)
    for outcome in values_of(notice)["outcomes"]:  # type: ignore[attr-defined]
        assert f"- {outcome.address}: {outcome.words}" in rendered.text
        assert f"<strong>{outcome.address}</strong>: {outcome.words}" in rendered.html


@pytest.mark.parametrize("name", ["refusal", "held-sender-notice"])
def test_explanations_give_reason_rule_finding_and_steps(name: str) -> None:
    """Each reason says what was found, masked, why the rule exists, its id, and what to do now (32)."""
    notice = BY_NAME[name]
    rendered = render_notice(notice)
    for reason in values_of(notice)["reasons"]:  # type: ignore[attr-defined]
        for words in (reason.title, reason.why, *reason.steps, *reason.rules, *reason.details):
            assert words in rendered.text


def test_partial_refusal_counts_in_its_subject() -> None:
    """The subject alone says that only some recipients missed it."""
    assert (
        render_notice(BY_NAME["refusal"]).subject
        == "Your email was not sent to 2 of 3 recipients (SG-7K2M-9QXD)"
    )


def test_only_the_password_notice_and_the_card_hold_the_password() -> None:
    """The secret stands in the two notices made for it, and in neither's subject."""
    for name, notice in BY_NAME.items():
        rendered = render_notice(notice)
        holds = name in {"password", "telephone-card"}
        assert (SECRET in rendered.text, SECRET in rendered.html) == (holds, holds)
        assert SECRET not in rendered.subject


def test_covering_note_says_purpose_limits_both_ways_to_open_and_how_to_confirm() -> None:
    """P5 and E8: the recipient is told why, what may be passed on, and how the password comes."""
    note = BY_NAME["receipt-request"]
    text = render_notice(note).text
    values = values_of(note)
    for key in ("purpose", "limits", "how_password", "confirm_page", "confirm_by", "telephone"):
        assert str(values[key]) in text
    assert "How to open it on a computer" in text
    assert "How to open it on a phone or tablet" in text
    assert "Not meant for you?" in text


def test_covering_note_without_page_asks_for_no_confirmation() -> None:
    """Where the password goes by telephone there is nothing to click."""
    values = values_of(BY_NAME["receipt-request"]) | {"confirm_page": "", "confirm_by": ""}
    rendered = render("receipt-request", values)
    assert PAGE not in rendered.text + rendered.html
    assert "Not meant for you?" in rendered.text


def test_reviewer_is_not_told_the_senders_steps() -> None:
    """What a reviewer does now is decide; the steps of each reason are the sender's."""
    reviewer, sender = render_notice(BY_NAME["held"]), render_notice(BY_NAME["held-sender-notice"])
    for step in IN_CLEAR.steps:
        assert step in sender.text
        assert step in sender.html
        assert step not in reviewer.text
        assert step not in reviewer.html


def test_sender_is_told_whether_the_wrong_person_has_the_password() -> None:
    """'Not for me' after release is graver, and the notice says so."""
    values = values_of(BY_NAME["not-for-me"])
    for password_given, words in ((False, "Nobody was given it."), (True, "can be opened there")):
        rendered = render("not-for-me", values | {"password_given": password_given})
        assert words in rendered.text
        assert words in rendered.html


def test_password_without_confirmation_does_not_claim_one() -> None:
    """Where the policy releases on weaker evidence, nobody is told that they confirmed or asked."""
    rendered = render("password", values_of(BY_NAME["password"]) | {"confirmed": False})
    for text in (rendered.subject, rendered.text, rendered.html):
        assert "ou confirmed" not in text
        assert "asked for" not in text


def test_hostile_values_show_as_text_on_one_line() -> None:
    """A subject can bring in neither markup, nor lines, nor reordered text of its own (pitfall 42)."""
    hostile = "<script>x</script>\r\nReference: FORGED\u202egnp.exe"
    rendered = render_notice(replace(BY_NAME["refusal"], mail=replace(MAIL, subject=hostile)))
    assert "<script>" not in rendered.html
    assert "&lt;script&gt;" in rendered.html
    assert "\nReference: FORGED" not in rendered.text
    assert "\u202e" not in rendered.text + rendered.html


def test_missing_or_misspelt_values_are_errors() -> None:
    """A notice is never sent with a hole in it."""
    values = values_of(BY_NAME["reminder"])
    del values["confirm_by"]
    with pytest.raises(RequestError, match="template reminder/"):
        render("reminder", values)


def test_unknown_notice_is_refused() -> None:
    """Only names of the catalogue are rendered, so no name can reach for another file."""
    with pytest.raises(RequestError, match="no notice called"):
        render("../refusal", {})


def test_organisation_replaces_one_file_and_keeps_the_rest(tmp_path: Path) -> None:
    """config/notices wins file by file."""
    (tmp_path / "reminder").mkdir()
    (tmp_path / "reminder" / "subject.txt").write_text("Noch offen: {{ mail.reference }}")
    rendered = render_notice(BY_NAME["reminder"], tmp_path)
    assert rendered.subject == "Noch offen: SG-7K2M-9QXD"
    assert rendered.text == render_notice(BY_NAME["reminder"]).text


def test_replaced_template_that_reaches_for_python_is_refused(tmp_path: Path) -> None:
    """Templates run in a sandbox: they see values, not the interpreter."""
    (tmp_path / "reminder").mkdir()
    (tmp_path / "reminder" / "subject.txt").write_text("{{ mail.__class__.__mro__ }}")
    with pytest.raises(RequestError, match=r"reminder/subject\.txt"):
        render_notice(BY_NAME["reminder"], tmp_path)
