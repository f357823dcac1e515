"""Reading a TOML file into frozen dataclasses, with every mistake found at once and the line it stands on.

The dataclass is the reference: its fields, their types and defaults say what may be set. In the file a
field's underscores are hyphens. A value that is wrong is reported and its default taken, so that reading goes
on and the rest is checked too; the caller raises `ConfigurationError` when it is done.
"""

import difflib
import json
import re
import tomllib
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from milter.errors import Problem
from milter.toml_lines import locate

T = TypeVar("T")
Key = tuple[str | int, ...]  # the way to a value: ('route', 2, 'demand')
LINE_OF_SYNTAX_ERROR = re.compile(r"at line (\d+)")
WRONG = object()  # what a value that could not be converted is
MAX_CHOICES = 20
MAX_NUMBER = 2**53
ACCEPTED: dict[Any, Any] = {bool: bool, int: int, float: (int, float), str: str, Path: str}
PLAIN: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    Path: "a path in quotes",
}
STAND_IN: dict[Any, Any] = {tuple: (), int: 0, bool: False, float: 0.0}  # for what is missing and reported


@dataclass
class Document:
    """One TOML file being read: its table, where each key stands, and the mistakes found so far."""

    file: Path
    table: dict[str, Any] = field(default_factory=dict)
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, key: Key) -> int:
        """Give the line that a key stands on, or that of what it stands in; 0 where it is nowhere."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 0)

    def wrong(self, key: Key, cause: str, cure: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.file, self.line(key), in_words(key), cause, cure))


def in_words(key: Key) -> str:
    """Give a key as people write it: 'route[3].demand', counted from 1."""
    words = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in key)
    return words.removeprefix(".") or "file"


def open_document(file: Path) -> Document:
    """Read a file; one that is missing or no TOML gives an empty document with its mistake."""
    document = Document(file)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        document.table = tomllib.loads(text)
    except FileNotFoundError:
        document.wrong((), "there is no such file", "Copy the shipped one into the folder.")
    except OSError as error:
        document.wrong((), f"it can't be read ({error.strerror})", "Give the service's account the right to.")
    except UnicodeDecodeError as error:
        cause = f"it is not UTF-8 (octet {error.start})"
        document.wrong((), cause, "Save it as UTF-8 without a signature.")
    except tomllib.TOMLDecodeError as error:
        document.problems.append(_syntax(file, str(error)))
    else:
        document.lines = locate(text)
    return document


def _syntax(file: Path, message: str) -> Problem:
    found = LINE_OF_SYNTAX_ERROR.search(message)
    cause = message.partition(" (at ")[0]
    cure = (
        "See toml.io: text stands in quotes, lists in brackets, a table's name in brackets on its own line."
    )
    return Problem(file, int(found[1]) if found else 0, "syntax", cause, cure)


def fill(
    cls: type[T],
    document: Document,
    key: Key,
    table: Mapping[str, Any],
    *,
    names: Mapping[str, str] = MappingProxyType({}),
    given: Mapping[str, Any] = MappingProxyType({}),
) -> T:
    """Make a dataclass of a table.

    `names` are the file's names of fields that it can't call by their own, such as 'from'; `given` are values
    that come from elsewhere and can't be set in the file.
    """
    hints = get_type_hints(cls)
    renamed = {attribute: name for name, attribute in names.items()}
    settable = {
        renamed.get(f.name, f.name.replace("_", "-")): f.name
        for f in fields(cls)  # type: ignore[arg-type]  # T is a dataclass
        if f.name not in given
    }
    values = dict(given)
    for name, value in table.items():
        if name not in settable:
            unknown(document, (*key, name), "setting", settable)
            continue
        converted = convert(hints[settable[name]], document, (*key, name), value)
        if converted is not WRONG:
            values[settable[name]] = converted
    for f in fields(cls):  # type: ignore[arg-type]
        if f.name not in values and f.default is MISSING and f.default_factory is MISSING:
            name = renamed.get(f.name, f.name.replace("_", "-"))
            if name not in table:
                document.wrong((*key, name), "it is missing", f"Write {name} = ... there.")
            values[f.name] = STAND_IN.get(get_origin(hints[f.name]) or hints[f.name], "")
    return cls(**values)


def describe(value: Any, way: str = "") -> Iterator[str]:
    """Give a dataclass as one line a setting, named as in its file."""
    for f in fields(value):
        name, item = way + f.name.replace("_", "-"), getattr(value, f.name)
        if is_dataclass(item):
            yield from describe(item, f"{name}.")
        else:
            yield f"{name} = {json.dumps(list(item) if isinstance(item, tuple) else item, default=str)}"


def unknown(document: Document, key: Key, what: str, choices: Iterable[str]) -> None:
    """Note a name that there is not, with the nearest there is."""
    document.wrong(key, f"there is no {what} '{key[-1]}'", suggestion(str(key[-1]), choices))


def impossible(document: Document, key: Key, word: Any, what: str, choices: Iterable[str]) -> None:
    """Note a value that is none of those there are."""
    document.wrong(key, f"there is no {what} {_shown(word)}", suggestion(str(word), choices))


def suggestion(word: str, choices: Iterable[str]) -> str:
    """Give the cure for a wrong word: the nearest right one, and all where they are few."""
    known = sorted(choices)
    near = difflib.get_close_matches(word[:80].replace("_", "-"), known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    shown = ", ".join(known[:MAX_CHOICES]) + (", ..." if len(known) > MAX_CHOICES else "")
    return f"Take one of: {shown}."


def convert(hint: Any, document: Document, key: Key, value: Any) -> Any:
    """Give a value as its field wants it, or WRONG when it was reported."""
    choices = choices_of(hint)
    origin = get_origin(hint)
    if choices:
        return _choice(choices, document, key, value)
    if origin in {Union, types.UnionType}:  # an optional table
        return convert(next(kind for kind in get_args(hint) if kind is not NoneType), document, key, value)
    if origin in {tuple, frozenset}:
        return _list(origin, get_args(hint)[0], document, key, value)
    if is_dataclass(hint):
        if isinstance(value, dict):
            return fill(hint, document, key, value)  # type: ignore[arg-type]  # a class, not an instance
        return _not_a(document, key, value, "a table")
    return _plain(hint, document, key, value)


def choices_of(hint: Any) -> dict[str, Any]:
    """Give the words of a Literal, a union of them, or an Enum, with the values that they stand for."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {member.name.lower(): member for member in hint}
    if get_origin(hint) is Literal:
        return {word: word for word in get_args(hint)}
    if get_origin(hint) in {Union, types.UnionType} and NoneType not in get_args(hint):
        return {word: stands_for for part in get_args(hint) for word, stands_for in choices_of(part).items()}
    return {}


def _choice(choices: Mapping[str, Any], document: Document, key: Key, value: Any) -> Any:
    if isinstance(value, str) and value in choices:
        return choices[value]
    document.wrong(key, f"{_shown(value)} is not possible here", suggestion(str(value), choices))
    return WRONG


def _list(kind: type, hint: Any, document: Document, key: Key, value: Any) -> Any:
    if not isinstance(value, list):
        return _not_a(document, key, value, "a list in brackets")
    items = [convert(hint, document, (*key, place), item) for place, item in enumerate(value)]
    return kind(item for item in items if item is not WRONG)


def _plain(hint: Any, document: Document, key: Key, value: Any) -> Any:
    if hint is Path and isinstance(value, str):
        return Path(value)
    right = isinstance(value, bool) if hint is bool else isinstance(value, ACCEPTED[hint])
    if not right or (hint is not bool and isinstance(value, bool)):
        return _not_a(document, key, value, PLAIN[hint])
    if hint in {int, float} and not 0 <= value <= MAX_NUMBER:
        document.wrong(key, f"{_shown(value)} is out of range", f"Take a number from 0 to {MAX_NUMBER}.")
        return WRONG
    return float(value) if hint is float else value


def _not_a(document: Document, key: Key, value: Any, wanted: str) -> Any:
    document.wrong(key, f"{_shown(value)} is not {wanted}", f"Write {wanted}.")
    return WRONG


def _shown(value: Any) -> str:
    """Show a wrong value, cut short; a whole table is not shown."""
    if isinstance(value, bool):
        return str(value).lower()
    return "a table" if isinstance(value, dict) else repr(value)[:60]
