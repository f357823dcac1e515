"""Builds the detectors from `detectors.toml`: weights, thresholds, an organisation's own patterns and words.

Everything is checked here, with the line where it stands; what comes out can't fail later. Own patterns are
RE2 only: no pattern that configuration can change may cost more than linear time.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import re2

from milter.detect.context import latin_options
from milter.detect.finding import KINDS, Category
from milter.detect.lexicon import Fact, union
from milter.detect.match import Matcher
from milter.errors import ConfigurationError, Problem

WEIGHTS: dict[str, float] = {
    "identifier": 10.0,  # a genuine strong identifier (Y1)
    "bank": 8.0,
    "exact-match": 10.0,  # a value of the people loaded with `sealgate match load`
    "date-of-birth-of-a-person": 6.0,
    "date-of-birth": 3.5,  # with no name beside it
    "address-of-a-person": 4.5,
    "address": 2.0,
    "phone-of-a-person": 4.0,
    "phone": 1.8,
    "email-of-a-person": 4.0,
    "email": 3.0,
    "table-of-people": 6.0,  # names beside private columns
    "list-of-children": 5.0,  # Y3
    "narrative": 1.0,  # for each point of what is said of a person
    "wording": 1.0,  # for each point of the words themselves, private or ordinary
}
THRESHOLDS: dict[str, float] = {
    "protect": 3.0,  # points from which a document is protected
    "high": 3.0,  # points of harm from which the grade is high
    "report": 0.5,  # confidence from which a finding is reported
}
_NAME = re.compile(r"^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$")


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """A kind of value that an organisation added."""

    kind: str
    category: Category
    pattern: "re2._Regexp"
    labels: tuple[str, ...]  # in lower case; empty: counts without one
    confidence: float
    strong: bool  # by itself enough to protect


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Private phrases that an organisation added, compiled."""

    pattern: "re2._Regexp"
    facts: Mapping[str, Fact]  # by phrase in lower case, one blank between words


@dataclass(frozen=True, slots=True)
class Detectors:
    """Everything compiled. Made by `load_detectors`; read-only from then on."""

    weights: dict[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    thresholds: dict[str, float] = field(default_factory=lambda: dict(THRESHOLDS))
    own: tuple[OwnPattern, ...] = ()
    words: OwnWords | None = None  # own private phrases
    off: frozenset[str] = frozenset()  # kinds that are not looked for
    keep: int = 5_000  # findings of one document that are kept; the rest is only counted
    rows: int = 100  # rows of one form in a table that are read value by value, the rest is counted; 0: all
    matcher: Matcher | None = None


class _Reader:
    """Collects the mistakes of one file."""

    def __init__(self, text: str, file: Path) -> None:
        self.text, self.file, self.problems = text, file, list[Problem]()

    def wrong(self, name: str, cause: str, cure: str, mark: str = "") -> None:
        """Note a mistake at the first line that holds `mark`, or the field's last part."""
        wanted = mark or name.rsplit(".", 1)[-1]
        line = next(
            (at for at, words in enumerate(self.text.splitlines(), 1) if wanted and wanted in words), 0
        )
        self.problems.append(Problem(self.file, line, name, cause, cure))


def load_detectors(
    text: str | None, *, file: Path = Path("detectors.toml"), matcher: Matcher | None = None
) -> Detectors:
    """Build detectors from the file's text; None takes the shipped values.

    Raises ConfigurationError with every mistake of the file.
    """
    if text is None:
        return Detectors(matcher=matcher)
    reader = _Reader(text, file)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        problem = Problem(
            file, int(line.group(1)) if line else 0, "file", f"not valid TOML: {error}", "Mend the line."
        )
        raise ConfigurationError((problem,)) from error
    sections: dict[str, Callable[[Any], Any]] = {
        "weights": lambda value: _numbers(reader, "weights", value, WEIGHTS),
        "thresholds": lambda value: _numbers(reader, "thresholds", value, THRESHOLDS),
        "pattern": lambda value: _patterns(reader, value),
        "words": lambda value: _words(reader, value),
        "off": lambda value: _off(reader, value),
        "keep": lambda value: _keep(reader, value),
        "rows": lambda value: _rows(reader, value),
    }
    for name in table:
        if name not in sections:
            reader.wrong(name, "is not a setting of detectors.toml", f"Use one of {', '.join(sections)}.")
    found = {name: build(table[name]) for name, build in sections.items() if name in table}
    if reader.problems:
        raise ConfigurationError(tuple(reader.problems))
    return Detectors(
        weights=found.get("weights", dict(WEIGHTS)),
        thresholds=found.get("thresholds", dict(THRESHOLDS)),
        own=found.get("pattern", ()),
        words=found.get("words"),
        off=found.get("off", frozenset()),
        keep=found.get("keep", 5_000),
        rows=found.get("rows", 100),
        matcher=matcher,
    )


def _numbers(reader: _Reader, section: str, value: Any, known: dict[str, float]) -> dict[str, float]:
    merged = dict(known)
    if not isinstance(value, dict):
        reader.wrong(section, "is not a table", f"Write [{section}] and a line for each value.")
        return merged
    for name, number in value.items():
        if name not in known:
            reader.wrong(f"{section}.{name}", "is not known", f"Use one of {', '.join(known)}.")
        elif isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 100:
            reader.wrong(
                f"{section}.{name}", "is not a number from 0 to 100", f"The shipped value is {known[name]}."
            )
        else:
            merged[name] = float(number)
    return merged


def _patterns(reader: _Reader, value: Any) -> tuple[OwnPattern, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        reader.wrong("pattern", "is not a list of tables", "Write [[pattern]] above each one.")
        return ()
    found = [_pattern(reader, entry) for entry in value]
    return tuple(pattern for pattern in found if pattern is not None)


def _pattern(reader: _Reader, entry: dict[str, Any]) -> OwnPattern | None:
    kind, source = str(entry.get("kind", "")), str(entry.get("regex", ""))
    before = len(reader.problems)
    if not _NAME.match(kind) or kind in KINDS:
        reader.wrong(
            "pattern.kind",
            f"'{kind}' is no name for a new kind",
            "Use small letters and hyphens, and no shipped kind.",
            kind,
        )
    category = entry.get("category", "identifier")
    if category not in get_args(Category):
        reader.wrong(
            "pattern.category",
            f"'{category}' is no category",
            f"Use one of {', '.join(get_args(Category))}.",
            str(category),
        )
    labels = entry.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
        reader.wrong(
            "pattern.labels", "is not a list of words", 'Write labels = ["Mosaic id", "client no"].', "labels"
        )
        labels = []
    confidence = entry.get("confidence", 0.8)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 < confidence <= 1:
        reader.wrong(
            "pattern.confidence", "is not a number above 0 and up to 1", "0.8 is usual.", "confidence"
        )
    for name in set(entry) - {"kind", "regex", "category", "labels", "confidence", "strong"}:
        reader.wrong(
            f"pattern.{name}", "is not known", "Use kind, regex, category, labels, confidence, strong.", name
        )
    compiled = _compile(reader, source)
    if compiled is None or len(reader.problems) > before:
        return None
    return OwnPattern(
        kind,
        category,
        compiled,
        tuple(label.lower() for label in labels),
        float(confidence),
        bool(entry.get("strong", True)),
    )


def _compile(reader: _Reader, source: str) -> "re2._Regexp | None":
    options = latin_options()
    options.max_mem = 8 << 20  # one pattern may not eat the memory of all
    try:
        pattern = re2.compile(source.encode("latin-1"), options)
        if not source or pattern.match(b""):
            reader.wrong(
                "pattern.regex",
                "matches nothing at all, so everywhere",
                "Write what the value looks like.",
                source or "regex",
            )
            return None
    except (re2.error, UnicodeEncodeError) as error:
        reader.wrong(
            "pattern.regex",
            f"is no RE2 pattern: {_said(error)}",
            "RE2 has no look-around and no back references.",
            source or "regex",
        )
        return None
    return pattern


def _said(error: Exception) -> str:
    """What RE2 says, which it says in bytes."""
    cause = error.args[0] if error.args else ""
    return cause.decode("latin-1") if isinstance(cause, bytes) else str(error)


def _words(reader: _Reader, value: Any) -> OwnWords | None:
    found: dict[str, Fact] = {}
    if not isinstance(value, dict):
        reader.wrong("words", "is not a table", "Write [words] and a list of phrases for each category.")
        return None
    for category, phrases in value.items():
        if category not in get_args(Category):
            reader.wrong(
                f"words.{category}", "is no category", f"Use one of {', '.join(get_args(Category))}."
            )
        elif not isinstance(phrases, list) or not all(_is_phrase(phrase) for phrase in phrases):
            reader.wrong(
                f"words.{category}",
                "is not a list of phrases of letters, digits and blanks",
                'Write ["first phrase", "second phrase"].',
            )
        else:
            found |= {
                " ".join(re.split(r"[\s\-]+", phrase.lower())): Fact(phrase, category, 2)
                for phrase in phrases
            }
    return OwnWords(union(list(found)), found) if found else None


def _is_phrase(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 .'\-]{2,58}", value) is not None


def _off(reader: _Reader, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or any(kind not in KINDS for kind in value):
        reader.wrong("off", "names a kind that is not shipped", f"Use some of {', '.join(KINDS)}.")
        return frozenset()
    return frozenset(value)


def _rows(reader: _Reader, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not (value == 0 or 20 <= value <= 1_000_000):
        reader.wrong("rows", "is neither 0 nor a whole number from 20 to 1000000", "100 is shipped.")
        return 200
    return value


def _keep(reader: _Reader, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 100_000:
        reader.wrong("keep", "is not a whole number from 100 to 100000", "5000 is shipped.")
        return 5_000
    return value
