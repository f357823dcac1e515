"""Only a person's act counts as a person."""

from typing import get_args

import pytest

from milter.message.report import Kind
from milter.receipts.evidence import GRADES, HEARD, enough, heard, stronger


@pytest.mark.parametrize(
    ("kind", "event", "evidence"),
    [
        ("dsn-delivered", "delivered", "delivered"),
        ("dsn-failed", "bounced", ""),
        ("dsn-other", "delivery-reported", ""),
        ("mdn-displayed", "displayed", "displayed"),
        ("mdn-deleted", "deleted-unread", ""),
        ("mdn-other", "disposition-reported", ""),
        ("automatic", "automatic-reply", ""),
        ("list", "list-mail", ""),
        ("human", "reply", "displayed"),
        ("something-new", "not-understood", ""),
    ],
)
def test_each_kind_of_message_has_its_grade(kind: str, event: str, evidence: str) -> None:
    """Reports prove what they report; out-of-office answers, lists and deletions prove nothing (3)."""
    assert (heard(kind).event, heard(kind).evidence) == (event, evidence)


def test_every_kind_that_mail_is_classified_as_has_its_row() -> None:
    """Nothing that comes in falls through to 'not understood' for want of a row."""
    assert [kind for kind, _ in HEARD] == list(get_args(Kind))


def test_no_mail_at_all_confirms() -> None:
    """Only the button on the page confirms: a reply may as well say 'not for me' (pitfalls 1 and 2)."""
    kinds = ("dsn-delivered", "dsn-failed", "mdn-displayed", "automatic", "list", "human", "x")
    assert all(heard(kind).evidence != "confirmed" for kind in kinds)


def test_only_a_failure_report_bounces_and_only_a_person_reaches_the_sender() -> None:
    """Nothing else ends a share, and no machine's answer is passed on."""
    kinds = [kind for kind, _ in HEARD]
    assert [kind for kind in kinds if heard(kind).bounced] == ["dsn-failed"]
    assert [kind for kind in kinds if heard(kind).for_sender] == ["human"]


def test_grades_are_ordered_delivered_displayed_confirmed() -> None:
    """Each grade meets itself and all below, and a need of nothing is never met."""
    for at, grade in enumerate(GRADES):
        for below, needed in enumerate(GRADES):
            assert enough(grade, needed) == (needed != "" and at >= below)
    assert stronger("displayed", "delivered") == "displayed"
