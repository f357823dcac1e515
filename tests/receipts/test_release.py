"""The terms of a share are the policy's, fixed when it is sent."""

from datetime import UTC, datetime, timedelta

import pytest

from milter.policy.policy import Sharing
from milter.receipts.release import next_reminder, terms, why_no_reissue

SENT = datetime(2026, 11, 24, 10, 42, tzinfo=UTC)


def test_terms_take_grade_way_expiry_and_reminders_from_the_policy() -> None:
    """The default policy: confirmed, by e-mail, 14 days, reminders after 3 and 7."""
    found = terms(Sharing(), (), SENT)
    assert (found.needed, found.way, found.leaves_at) == ("confirmed", "email", SENT)
    assert found.expires_at == SENT + timedelta(days=14)
    assert found.remind_at == (SENT + timedelta(days=3), SENT + timedelta(days=7))


def test_category_for_the_telephone_wins_over_every_other_way() -> None:
    """One category that goes by telephone only is enough, and nobody is reminded to press a button."""
    found = terms(Sharing(release_by="both", telephone_categories=("health",)), ("child", "health"), SENT)
    assert found.way == "telephone"
    assert found.remind_at == ()


def test_other_categories_go_as_the_policy_says() -> None:
    """A category that is not named leaves the way as it is."""
    assert terms(Sharing(telephone_categories=("health",)), ("child",), SENT).way == "email"


def test_undo_window_moves_everything_on() -> None:
    """The recipient's time begins when the message leaves."""
    found = terms(Sharing(undo_minutes=10), (), SENT)
    assert found.leaves_at == SENT + timedelta(minutes=10)
    assert found.expires_at - found.leaves_at == timedelta(days=14)


def test_reminders_are_ordered_once_each_and_before_the_expiry() -> None:
    """A policy that names days twice, out of order, or too late reminds sensibly all the same."""
    found = terms(Sharing(expires_days=5, remind_days=(4, 2, 4, 5, 9)), (), SENT)
    assert found.remind_at == (SENT + timedelta(days=2), SENT + timedelta(days=4))


def test_next_reminder_is_the_first_one_still_to_come() -> None:
    """One sent late does not make up for those that were missed."""
    at = terms(Sharing(), (), SENT).remind_at
    assert next_reminder(at, SENT) == at[0]
    assert next_reminder(at, at[0]) == at[1]
    assert next_reminder(at, at[1]) is None


@pytest.mark.parametrize(
    ("state", "reissues", "words"),
    [
        ("released", 0, ""),
        ("released", 2, ""),
        ("released", 3, "The password was sent 3 times more already; ask for the document anew."),
        ("sent", 0, "This share is sent: its password was not given out, so there is none to repeat."),
        ("refused", 0, "This share is refused: its password was not given out, so there is none to repeat."),
    ],
)
def test_lost_password_is_repeated_only_after_release_and_within_the_limit(
    state: str, reissues: int, words: str
) -> None:
    """Re-issue passes the same gate and is limited (pitfall 9)."""
    assert why_no_reissue(state, reissues, 3) == words  # type: ignore[arg-type]
