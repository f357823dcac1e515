"""Reports, the policy page, a message tried, and a changed policy replayed against what was kept."""

import re
from datetime import timedelta

import pytest

from addin_backend.admin.charts import Series, scale, stacked
from addin_backend.admin.policy_pages import differences
from milter.assess.remembered import remembered
from milter.policy.decide import decide
from milter.store import judged, policies, talk


def kept(office):
    with office.store.read() as tx:
        until = tx.now + timedelta(minutes=1)
        return list(judged.replay(tx, until - timedelta(days=1), until))


def upload(browser, path, **fields):
    data = {"csrf": browser.office.store.vault.digest("form", browser.token)[:40], **fields}
    files = {"file": ("", b"")}
    return browser.office.client.post(path, data=data, files=files, headers=browser._headers())


def test_what_was_kept_is_judged_as_it_was(office):
    """Replaying the policy in force on the facts of each message gives the actions and reasons that it had."""
    messages = kept(office)
    assert len(messages) > 5
    for message, value in messages:
        facts, people = remembered(value, office.site.known.policy)
        verdicts = decide(facts, people, office.site.known.policy)
        assert max(v.action for v in verdicts).name == message.action, message.id
        with office.store.read() as tx:
            codes = {reason.code for reason in judged.reasons_of(tx, message.id)}
        assert {reason.code for verdict in verdicts for reason in verdict.reasons} == codes


def test_what_is_kept_for_replay_holds_no_value(office):
    """Facts name kinds and grades: no masked value, no name of a file, no subject with something personal."""
    for _, value in kept(office):
        for part in value["parts"]:
            assert part["name"] == part["why"] == ""
            assert all(
                finding["masked"] == finding["text"] == "" for finding in part["examination"]["findings"]
            )
    assert not any("Osborne" in str(value) for _, value in kept(office))


def test_reports_count_what_was_judged(office):
    """The figures are those of the messages; the chart's are in a table beside it."""
    page = office.as_("auditor").get("/reports").text
    messages = kept(office)
    for action, title in (
        ("PASS", "sent"),
        ("PROTECT", "protected"),
        ("HOLD", "held"),
        ("REFUSE", "refused"),
    ):
        number = sum(message.action == action for message, _ in messages)
        assert re.search(rf'seal-figure">{number}</span> {title}', page)
    assert "<svg" in page
    assert "The same as a table" in page


def test_reports_show_only_the_scope(office):
    """A reviewer of another organisation counts nothing of this one."""
    page = office.as_("reviewer", scope=("Another",)).get("/reports").text
    assert "No mail came in this time" in page
    assert "No rule had anything to say" in page


def test_false_alarms_are_counted(office):
    """What people call a false alarm stands in the report by its reason."""
    message, _ = kept(office)[0]
    office.store.submit(
        lambda tx: talk.give_feedback(tx, message.id, "test", "false-positive", "personal-account", {})
    ).result()
    assert "The recipient&#39;s address is a personal account" in office.as_("it").get("/reports").text


def test_a_changed_policy_is_replayed(office):
    """Monitor mode would free what is stopped; the page says how many, and changes nothing."""
    here = office.as_("governance")
    text = (office.site.folder / "policy.toml").read_text()
    same = upload(here, "/reports/replay", policy=text, weeks="4").text
    assert "Every message would have fared the same" in same
    changed = text.replace('mode = "enforce"', 'mode = "monitor"', 1)
    page = upload(here, "/reports/replay", policy=changed, weeks="4").text
    stopped = sum(message.action in {"HOLD", "REFUSE"} for message, _ in kept(office))
    assert re.search(rf'seal-figure">{stopped}</span> freed', page)
    assert (office.site.folder / "policy.toml").read_text() == text


def test_mistakes_of_a_changed_policy_are_named(office):
    """A policy with mistakes is not replayed; each is said with its line and cure."""
    page = upload(office.as_("it"), "/reports/replay", policy='mode = "off"\n', weeks="4")
    assert page.status_code == 422
    assert "line 1" in page.text


def test_the_policy_page_shows_what_is_in_force(office):
    """Every row of the table, every reason and the version that messages are judged by."""
    page = office.as_("auditor").get("/policy").text
    policy = office.site.known.policy
    assert policy.hash in page
    assert page.count('scope="row"') >= len(policy.rows) + len(policy.responses)


def test_the_history_shows_what_changed(office):
    """The gateway noted the policy that it began with; a later one shows its differences."""
    here = office.as_("it")
    with office.store.read() as tx:
        (first,) = policies.listed(tx)
    assert first.digest == office.site.known.policy.hash
    later = first.text.replace("many-recipients = 10", "many-recipients = 5")
    office.store.submit(lambda tx: policies.loaded(tx, "later", later)).result()
    page = here.get("/policy/history/later").text
    assert "- many-recipients = 10" in page
    assert "+ many-recipients = 5" in page
    assert here.get("/policy/history/none").status_code == 404


def test_differences_name_what_was_added_and_removed():
    """A line that changed is one removed and one added, with its surroundings."""
    found = list(differences("a\nb\nc", "a\nx\nc"))
    assert [kind for kind, _ in found] == ["place", "same", "removed", "added", "same"]


def test_a_message_is_tried_as_the_gateway_would_judge_it(office):
    """Pasted text to a Hotmail address is refused, with the finding masked; nothing is kept of it."""
    here, before = office.as_("reviewer"), len(kept(office))
    answer = upload(
        here,
        "/policy/try",
        **{"from": "amira.khan@borchester.gov.uk", "to": "dave@hotmail.co.uk", "subject": "Care plan"},
        text="Jamie Osborne, NHS number 943 476 5919, born 12/03/2015, is autistic.",
    )
    assert "refused" in answer.text
    assert "943 476 5919" not in answer.text
    assert len(kept(office)) == before


def test_a_trial_without_a_recipient_asks_for_one(office):
    """What is missing is asked for."""
    answer = upload(office.as_("reviewer"), "/policy/try", text="Hello")
    assert answer.status_code == 422


def test_a_changed_policy_is_taken_up_and_a_wrong_one_is_not(office):
    """The pages follow the files as the gateway does; mistakes keep the old policy."""
    file = office.site.folder / "policy.toml"
    old = office.desk.site.known.policy.hash
    file.write_text(file.read_text().replace("many-recipients = 10", "many-recipients = 5"))
    office.desk._looked = -1_000.0
    office.desk.refresh()
    new = office.desk.site.known.policy.hash
    assert new != old
    file.write_text("mode = 1\n")
    office.desk._looked = -1_000.0
    office.desk.refresh()
    assert office.desk.site.known.policy.hash == new


@pytest.mark.parametrize(("most", "top"), [(0, 4), (4, 4), (5, 8), (9, 20), (21, 40), (850, 2_000)])
def test_an_axis_ends_at_a_round_figure(most, top):
    """The scale is round, never below the highest bar, and in quarters."""
    assert scale(most) == top or (scale(most) >= most and scale(most) % 4 == 0)


def test_a_chart_escapes_its_words():
    """A label can't bring markup into a chart."""
    chart = stacked("<b>", ["<script>"], [Series("<i>", [3])])
    assert "<script>" not in chart
    assert "<b>" not in chart
