"""Words of a message that may be the password of a file in it (E8), likeliest first, few in number."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import overload

from milter.attachments.reading import Reading
from milter.message.model import Part

CUES = ("password", "passcode", "passphrase", "pass", "pw", "pwd", "pin", "code", "key", "cyfrinair")
MAX_TEXT = 20_000  # characters of each body that are looked at
MAX_WORD = 64
NEAR = 6  # words behind a cue, such as 'the password for the file is: Elephant7'
EDGES = "\"'`.,;:!?()[]{}<>\u2018\u2019\u201c\u201d"


class Words(Sequence[str]):
    """The candidates of one message, looked for only when a locked file asks: few messages hold one."""

    def __init__(self, subject: str, parts: Sequence[Part], bodies: Iterable[Reading], most: int) -> None:
        self._of = (subject, parts, bodies, most)

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return words_of(*self._of)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...

    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        """Give one candidate or some, likeliest first."""
        return self._words[at]

    def __len__(self) -> int:
        """Tell how many there are."""
        return len(self._words)


def words_of(subject: str, parts: Sequence[Part], bodies: Iterable[Reading], most: int) -> tuple[str, ...]:
    """Give at most `most` candidate passwords: words behind a cue, words of odd shape, file names."""
    texts = [subject, *(passage.text[:MAX_TEXT] for body in bodies for passage in body.passages)]
    names = [part.name.rsplit(".", 1)[0] for part in parts if part.name]
    candidates: dict[str, None] = {}
    for source in (_behind_cues(texts), _odd_words(texts), iter(names), _odd_words(names)):
        for word in source:
            if 1 < len(word) <= MAX_WORD:
                candidates.setdefault(word)
            if len(candidates) >= most:
                return tuple(candidates)
    return tuple(candidates)


def _behind_cues(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        words = unicodedata.normalize("NFKC", text).split()
        for index, word in enumerate(words):
            cue, _, rest = word.partition(":")
            if cue.strip(EDGES).casefold() in CUES:
                if rest:
                    yield from _forms(rest)
                for near in words[index + 1 : index + 1 + NEAR]:
                    yield from _forms(near)
                phrase = " ".join(words[index + 2 : index + 5])
                yield phrase.strip(EDGES)


def _odd_words(texts: Iterable[str]) -> Iterator[str]:
    """Words that mix letters with digits or signs, as passwords do."""
    for text in texts:
        for word in text.split():
            bare = word.strip(EDGES)
            if 4 <= len(bare) <= MAX_WORD and _is_odd(bare):
                yield from _forms(word)


def _is_odd(word: str) -> bool:
    digits = any(c.isdigit() for c in word)
    letters = any(c.isalpha() for c in word)
    signs = any(not c.isalnum() for c in word)
    mixed_case = word[1:] != word[1:].lower() and letters
    return (letters and digits) or (letters and signs and "@" not in word and "/" not in word) or mixed_case


def _forms(word: str) -> Iterator[str]:
    """A word as it stands and without the punctuation around it: 'Elephant7!' may end in its own sign."""
    bare = word.strip(EDGES)
    yield bare
    if word != bare:
        yield word.rstrip(".,;")
