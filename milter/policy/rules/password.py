"""The rule on passwords: never with the document (E8)."""

from collections.abc import Iterator

from milter.policy.case import Case, Found
from milter.policy.rules.attachment import shown

OPENED = "opened-with-message-word"


def password_in_message(case: Case) -> Iterator[Found]:
    """E8: a word of the message opened the document, so whoever gets the one has the other."""
    if not case.inside:
        for part in case.contents.odd:
            if OPENED in part.notes:
                yield Found("password-in-message", part.path, f"a word of the message opens {shown(part)}")


RULES = (password_in_message,)
