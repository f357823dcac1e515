"""Long alternations of words, arranged so that `re` tries few branches at each letter.

`re` tries every branch of an alternation at every place, and gathers nothing behind a `\\b`: forty words cost forty
trials a letter. Here branches that begin with the edge of a word share it, and those of one first letter share that
letter. Guarantees the same matches in the same order: a branch never moves past one that could match at its place.
"""

import re

_OPENING = re.compile(r"[A-Za-z](?![?*+{])")  # a letter that must stand there


def factored(pattern: str) -> re.Pattern[str]:
    """Compile a pattern without groups that capture, `(?:...)` apart; what it matches is not changed."""
    runs: list[str] = []
    edged: list[str] = []
    for branch in _branches(pattern):
        if branch.startswith(r"\b"):
            edged.append(branch[2:])
            continue
        runs += _edged(edged)
        edged = []
        runs.append(branch)
    return re.compile("|".join((*runs, *_edged(edged))))


def _edged(branches: list[str]) -> list[str]:
    """What follows the edge of a word, by first letter; one that begins with anything else parts the others."""
    if len(branches) < 2:
        return [rf"\b{branch}" for branch in branches]
    parts: list[str] = []
    letters: dict[str, list[str]] = {}
    for branch in [*branches, ""]:
        if _OPENING.match(branch):
            letters.setdefault(branch[0], []).append(branch[1:])
            continue
        parts += [f"{letter}(?:{'|'.join(rest)})" for letter, rest in letters.items()]
        letters = {}
        parts += [branch] if branch else []
    return [rf"\b(?:{'|'.join(parts)})"]


def _branches(pattern: str) -> list[str]:
    """The branches of the outermost alternation; those of a lone `\\b(?:...)\\b` branch are taken out of it."""
    found, depth, inside, low, at = [], 0, False, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif inside:
            inside = char != "]"
        elif char == "[":
            inside = True
            at += 1 if pattern[at + 1] in "]^" else 0
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and not depth:
            found.append(pattern[low:at])
            low = at + 1
        at += 1
    return [one for branch in (*found, pattern[low:]) for one in _opened(branch)]


def _opened(branch: str) -> list[str]:
    r"""The branches of `\b(?:a|b)\b` and of `\b(?:a|b)`, each with both edges."""
    head, edge = r"\b(?:", r"\b" if branch.endswith(r"\b") else ""
    body = branch.removesuffix(edge) if edge else branch
    if not body.startswith(head) or not body.endswith(")"):
        return [branch]
    inner = body[len(head) : -1]
    if not _balanced(inner):
        return [branch]
    return [rf"\b{one}{edge}" for one in _branches(inner)]


def _balanced(pattern: str) -> bool:
    """Say whether no bracket of a pattern closes one that was opened before it."""
    depth = 0
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", pattern)
    for char in plain:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0
