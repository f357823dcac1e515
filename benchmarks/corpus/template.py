"""Templates as people write them, and the labelled documents that they become.

A family is a text file: `key: value` lines (rule, protect, categories, what), then templates, each behind
a line `--- formats | high | categories: instead | plus: more`. Inside: `{slots}`, `[[one wording|another]]`,
`*3-8 ` before a line that is repeated (`+` in its slots counts), `| cell | cell |` rows, `# heading`, and
`@places` such as `@header text`, `@comment text`, `@hidden text`, `@sheet name`, `@hiddensheet name`,
`@quote` ... `@end`, `@letterhead`, `@sign who`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from benchmarks.corpus.people import WORDS
from benchmarks.corpus.slots import Cast, Entity, plain

HERE = Path(__file__).parent
Half = Literal["develop", "held-back"]
Set = Literal["fresh", "blind"]  # written out by hand, see literal.py
SLOT = re.compile(r"\{([a-z]+\d*)(?:\.([A-Za-z]+))?(?::([a-z0-9-]+))?\}")
CHOICE = re.compile(r"\[\[([^\[\]]*)\]\]")
REPEAT = re.compile(r"\*(\d+)-(\d+) ")
COUNTED = re.compile(r"\{([a-z]+)\+")


@dataclass(frozen=True)
class Template:
    """One way of writing a kind of document."""

    family: str
    half: Half | Set
    number: int
    rule: str
    protect: bool
    categories: tuple[str, ...]
    high: bool
    formats: tuple[str, ...]
    text: str
    file: Path


@dataclass(frozen=True)
class Block:
    """One piece of a document: para, heading, row, or a place (`comment`, `hidden`, `sheet` ...)."""

    sort: str
    text: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A written document with the right answer to it."""

    template: Template
    format: str
    blocks: tuple[Block, ...]
    entities: tuple[Entity, ...]
    optional: tuple[str, ...]
    cast: Cast = field(compare=False)


def families(half: Half) -> Iterator[Template]:
    """Every template of one half, in the order of file names."""
    for file in sorted((HERE / half.replace("-", "_")).glob("*.txt")):
        yield from read_family(file, half)


def read_family(file: Path, half: Half) -> Iterator[Template]:
    """Give the templates of one family's file."""
    head, *bodies = re.split(r"^--- ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    keys = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
    for number, body in enumerate(bodies, 1):
        first, _, text = body.partition("\n")
        formats, *options = (part.strip() for part in first.split("|"))
        own = dict(option.split(": ", 1) for option in options if ": " in option)
        protect = own.get("protect", keys["protect"]) == "yes"
        said = (own.get("categories", keys.get("categories", "")), own.get("plus", keys.get("plus", "")))
        categories = " ".join(said) if protect else ""
        yield Template(
            family=file.stem,
            half=half,
            number=number,
            rule=own.get("rule", keys["rule"]),
            protect=protect,
            categories=tuple(sorted(categories.split())),
            high="high" in options or keys.get("severity") == "high",
            formats=tuple(formats.split()),
            text=text.strip("\n"),
            file=file,
        )


def write(template: Template, variant: int, seed: int) -> Document:
    """One document of a template; the same seed and variant give the same one."""
    rng = Random(f"{seed}/{template.half}/{template.family}/{template.number}/{variant}")
    cast = Cast(rng)
    text = "\n".join(_repeated(_furnished(template.text, rng), rng))
    while CHOICE.search(text):
        text = CHOICE.sub(lambda match: rng.choice(match[1].split("|")), text)
    text = SLOT.sub(lambda match: cast.fill(match[1], match[2] or "", match[3] or ""), text)
    return Document(
        template,
        template.formats[variant % len(template.formats)],
        tuple(blocks(text)),
        tuple(dict.fromkeys(cast.entities)),
        tuple(cast.optional),
        cast,
    )


# What stands on every paper and is nobody's business to protect (N1): letterhead, signature, disclaimer.
LETTERHEADS, SIGNATURES, DISCLAIMERS = (
    tuple(WORDS[name]) for name in ("letterheads", "signatures", "disclaimers")
)


def _furnished(text: str, rng: Random) -> str:
    """Give the template with `@letterhead`, `@sign who` and `@disclaimer` written out."""
    lines = []
    for line in text.split("\n"):
        if line == "@letterhead":
            lines.append(rng.choice(LETTERHEADS))
        elif line == "@disclaimer":
            lines.append(rng.choice(DISCLAIMERS))
        elif line.startswith("@sign "):
            who = line[6:].strip()
            lines.append(rng.choice(SIGNATURES).replace("{%", "{" + who).replace("%", "{" + who + "}"))
        else:
            lines.append(line)
    return "\n".join(lines)


def _repeated(text: str, rng: Random) -> Iterator[str]:
    count = 100
    for line in text.split("\n"):
        match = REPEAT.match(line)
        if not match:
            yield line
            continue
        for _ in range(rng.randint(int(match[1]), int(match[2]))):
            count += 1
            yield COUNTED.sub(lambda slot, n=count: f"{{{slot[1]}{n}", line[match.end() :])


def blocks(text: str) -> Iterator[Block]:
    """Give the pieces of a text that holds no slots any more."""
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        special = line.startswith(("|", "@", "# ", "## "))
        if lines and (special or not line.strip()):
            yield Block("para", "\n".join(lines))
            lines = []
        if line.startswith("|"):
            yield Block("row", cells=tuple(cell.strip() for cell in line.strip().strip("|").split("|")))
        elif line.startswith("@"):
            sort, _, rest = line[1:].partition(" ")
            yield Block(sort, rest)
        elif special:
            yield Block("heading", line.lstrip("# "))
        elif line.strip():
            lines.append(line)


def text_of(document: Document) -> str:
    """Give the whole document as plain lines: for the labels' check and for the text format."""
    return "\n".join(plain(" ".join(block.cells) or block.text) for block in document.blocks)
