"""Documents written out by hand, word for word, each with its label: the sets `fresh/` and `blind/`.

A set is a folder of TOML files, one for each area, with a table for each document:

    [f001]
    format = "eml"
    protect = true
    high = false
    categories = ["health"]
    why = "Y2: ..."
    text = '''...'''

The text is written in the blocks of a template (`| cell | cell |`, `# heading`, `@header`, `@comment`, `@quote`
... `@end`, and for mail `@from`, `@to`, `@cc`, `@subject`), without slots. What should be reported is marked where
it stands, `{postcode:LS1 4AA}`; `{name:...}` marks a name that is neither asked for nor punished. `fresh` may be
tuned on; `blind` is for reporting alone.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, get_args

from benchmarks.corpus.slots import KINDS, Cast, Entity, plain
from benchmarks.corpus.template import HERE, Document, Set, Template, blocks

SETS: tuple[Set, ...] = get_args(Set)
OPTIONAL = "name"
MARK = re.compile(r"\{(" + "|".join(sorted({*KINDS.values(), OPTIONAL})) + r"):([^{}]+)\}")
SENDER = re.compile(r"^@(?:from|to|cc) +([^<@\n]+?) *<", re.MULTILINE)


def literal_documents(name: Set) -> Iterator[tuple[str, Document]]:
    """Key and document of every table of a set, in the order of the files."""
    for file in sorted((HERE / name).glob("*.toml")):
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        for number, (key, table) in enumerate(tables.items(), 1):
            yield key, _document(name, file, number, table)


def _document(name: Set, file: Path, number: int, table: dict[str, Any]) -> Document:
    marked = str(table["text"]).strip("\n")
    text = MARK.sub(lambda mark: mark[2], marked)
    marks = [(mark[1], plain(mark[2])) for mark in MARK.finditer(marked)]
    template = Template(
        family=file.stem,
        half=name,
        number=number,
        rule=re.split("[:,/]", str(table["why"]))[0],  # the first of several
        protect=bool(table["protect"]),
        categories=tuple(table.get("categories", ())),
        high=bool(table.get("high", False)),
        formats=(str(table["format"]),),
        text=text,
        file=file,
    )
    entities = [Entity(kind, value, value) for kind, value in marks if kind != OPTIONAL]
    names = [value for kind, value in marks if kind == OPTIONAL] + SENDER.findall(text)
    return Document(
        template,
        template.formats[0],
        tuple(blocks(text)),
        tuple(dict.fromkeys(entities)),
        tuple(dict.fromkeys(names)),
        Cast(Random(f"{name}/{file.stem}/{number}")),
    )
