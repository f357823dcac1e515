"""Protective markings in a subject (P2): OFFICIAL-SENSITIVE and the like, as people write them.

A marking stands in capitals, by itself: at the front, behind a prefix such as RE:, in brackets, or at the
end. 'PRIVATE AND CONFIDENTIAL' and 'RESTRICTED PARKING ZONES' are none.
"""

from collections.abc import Iterator

MAX_SUBJECT = 2_000  # characters of a subject that are looked at
DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
JOINTS = ("-", " ", " - ", ": ")  # how people part the words of one
AND = ("&", "+")  # 'PRIVATE & CONFIDENTIAL'


def marking_of(subject: str, markings: tuple[str, ...]) -> str:
    """Give the gravest marking in a subject, '' for none. `markings` come the least grave first."""
    text = " ".join(subject[:MAX_SUBJECT].translate(DASHES).split())
    found = [marking for marking in markings if any(_alone(text, form) for form in _forms(marking))]
    return found[-1] if found else ""


def _forms(marking: str) -> Iterator[str]:
    words = marking.replace("-", " ").split()
    yield from (joint.join(words) for joint in (JOINTS if len(words) > 1 else JOINTS[:1]))


def _alone(text: str, form: str) -> bool:
    """Whether a form stands somewhere without belonging to the words around it."""
    start = text.find(form)
    while start >= 0:
        before, behind = text[:start].rstrip(), text[start + len(form) :]
        word = (behind.split(maxsplit=1) or [""])[0]
        # A word in capitals behind it makes both a phrase; an ordinary one begins the subject proper.
        phrase = (word[:1].isalnum() and word.isupper()) or behind.lstrip()[:1] in AND
        if not (phrase or behind[:1].isalnum() or before[-1:].isalnum() or before[-1:] in AND):
            return True
        start = text.find(form, start + 1)
    return False
