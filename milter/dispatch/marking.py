"""The subject's mark, 'Private and Confidential', put where the guide wants it (E3). Pure.

It stands behind a leading protective marking, and behind RE: and FW: and bracketed tags such as '[secure]',
which other systems look for at the start.
"""

import re

from milter.policy.policy import Policy

SIGN = re.compile(r" ?[-:](?= |$)")
PREFIXES = ("re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "sv:", "vs:", "ynt:", "ateb:", "re :", "fw :")


def marked(subject: str, policy: Policy) -> str:
    """Give the subject with the mark in it; without change where it is there."""
    line = subject.split("\n", 1)[0].strip()
    if any(word.casefold() in line.casefold() for word in (policy.subject_mark, *policy.subject_synonyms)):
        return line
    at = _behind_leading(line, policy.markings)
    sign = SIGN.match(line, at) if at else None  # that stands between a marking and the rest
    head, rest = line[: sign.end() if sign else at].rstrip(), line[at:].strip(" -:")
    return " ".join(piece for piece in (head, policy.subject_mark + (":" if rest else ""), rest) if piece)


def _behind_leading(line: str, markings: tuple[str, ...]) -> int:
    """Give the offset behind every leading RE:, bracketed tag and protective marking."""
    at = 0
    while True:
        rest = line[at:]
        bare = rest.lstrip(" -:")
        step = len(rest) - len(bare) + _leading(bare, markings)
        if step == len(rest) - len(bare):
            return at
        at += step


def _leading(bare: str, markings: tuple[str, ...]) -> int:
    folded = bare.casefold()
    for prefix in PREFIXES:
        if folded.startswith(prefix):
            return len(prefix)
    if bare.startswith("[") and "]" in bare[:40]:
        return bare.index("]") + 1
    for marking in sorted(markings, key=len, reverse=True):
        behind = bare[len(marking) : len(marking) + 1]
        if bare.startswith(marking) and not behind.isalnum():
            return len(marking)
    return 0
