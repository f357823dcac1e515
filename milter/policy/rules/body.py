"""Rules on what is written in the message itself: personal information goes into a document (E7)."""

from collections.abc import Iterator

from milter.policy.case import Case, Found
from milter.policy.facts import PartFacts

MAX_KINDS = 6  # kinds of finding that a detail names


def body_personal_data(case: Case) -> Iterator[Found]:
    """E7: nothing personal in the text, a quoted reply or the headers of a forwarded message."""
    for part in case.exposed:
        if part.role in {"body", "headers"}:
            yield Found("body-personal-data", part.path, in_words(part))


def subject_personal_data(case: Case) -> Iterator[Found]:
    """E7: nothing personal in the subject, which nothing can encrypt."""
    for part in case.exposed:
        if part.role == "subject" and part in case.contents.personal:
            yield Found("subject-personal-data", part.path, in_words(part))


def calendar(case: Case) -> Iterator[Found]:
    """E7: an invitation is never edited (pitfall 23), so one that would have to be is stopped."""
    if case.facts.calendar and case.exposed:
        yield Found("calendar-with-personal-data")


def in_words(part: PartFacts) -> str:
    """Say what was found in a part: 'child, health: nhs-number, date-of-birth'. No value is in it."""
    kinds = list(dict.fromkeys(finding.kind for finding in part.examination.findings))
    more = " and others" if len(kinds) > MAX_KINDS else ""
    found = ", ".join(kinds[:MAX_KINDS]) + more
    return ": ".join(words for words in (", ".join(part.examination.categories), found) if words)


RULES = (body_personal_data, subject_personal_data, calendar)
