"""The rule on the subject's marking (E3).

Accepted wherever a person would see it: any case, dashes and punctuation ignored, behind RE:, FW: or a
protective marking, in the words of the policy or one of its synonyms.
"""

import unicodedata
from collections.abc import Iterator

from milter.policy.case import Case, Found
from milter.policy.markings import MAX_SUBJECT
from milter.policy.model import Action

ENCRYPTED = frozenset({"smime-encrypted", "pgp-encrypted"})
SPOKEN = {"&": " and ", "+": " and "}


def subject_not_marked(case: Case) -> Iterator[Found]:
    """E3: the subject of a message with personal information says 'Private and Confidential'.

    Recorded only where the whole message is encrypted: it could not be edited, and is safe without.
    """
    policy = case.policy
    if case.sensitive and not is_marked(case.facts.subject, (policy.subject_mark, *policy.subject_synonyms)):
        encrypted = not ENCRYPTED.isdisjoint(case.facts.seals) and not case.exposed
        action = Action.PASS if encrypted else None
        yield Found("subject-not-marked", detail=f"the subject lacks '{policy.subject_mark}'", action=action)


def is_marked(subject: str, marks: tuple[str, ...]) -> bool:
    """Whether any of the marks stands in the subject as words of its own."""
    text = f" {_plain(subject[:MAX_SUBJECT])} "
    return any(f" {_plain(mark)} " in text for mark in marks if _plain(mark))


def _plain(text: str) -> str:
    """Fold to lower-case words: 'PRIVATE & CONFIDENTIAL -' and 'Private-and-confidential' are one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for sign, word in SPOKEN.items():
        folded = folded.replace(sign, word)
    return " ".join("".join(c if c.isalnum() else " " for c in folded).split())


RULES = (subject_not_marked,)
