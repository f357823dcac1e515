"""Writes the labelled corpus: `python -m benchmarks.corpus --out DIR [--half develop|held-back] [--seed N]`.

`--half fresh` or `--half blind` gives a set that was written by hand instead (see `literal.py`).

`labels.jsonl` holds one object for each file: file, family, half, template, format, protect, rule,
categories, high, entities (kind, text, value) and optional (names neither asked for nor punished).
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from benchmarks.corpus import office_writers, plain_writers
from benchmarks.corpus.literal import SETS, literal_documents
from benchmarks.corpus.template import Document, Half, Set, families, write

WRITERS = {
    "txt": plain_writers.write_txt,
    "csv": plain_writers.write_csv,
    "html": plain_writers.write_html,
    "eml": plain_writers.write_eml,
    "docx": office_writers.write_docx,
    "xlsx": office_writers.write_xlsx,
    "pptx": office_writers.write_pptx,
    "pdf": office_writers.write_pdf,
}
HALVES: tuple[Half, ...] = ("develop", "held-back")
PARTS: tuple[Half | Set, ...] = (*HALVES, *SETS)


def documents(half: Half | Set, seed: int, variants: int) -> Iterator[tuple[str, Document, bytes]]:
    """Name, document and bytes of every document of one half or of one set written by hand."""
    if half == "fresh" or half == "blind":  # noqa: PLR1714  # the type checker follows this form alone
        for key, document in literal_documents(half):
            name = f"{half}/{key}.{document.format}"
            yield name, document, WRITERS[document.format](document, Random(name))
        return
    for template in families(half):
        for variant in range(variants):
            document = write(template, variant, seed)
            name = f"{half}/{template.family}-{template.number:02}-{variant + 1}.{document.format}"
            yield name, document, WRITERS[document.format](document, Random(f"{seed}/{name}"))


def categories(document: Document) -> list[str]:
    """Give what the template says, and what follows from the values and the people in it."""
    kinds = {entity.kind for entity in document.entities}
    found = set(document.template.categories)
    if document.template.protect:
        found |= {"contact"} if kinds & {"address", "postcode", "phone", "email"} else set()
        found |= {"financial"} if kinds & {"bank", "iban", "payment-card"} else set()
        found |= {"identifier"} if kinds - {"address", "postcode", "phone", "email", "person"} else set()
        roles = {who.rstrip("0123456789") for who in document.cast.met}
        found |= {"child"} if roles & {"kid", "girl", "boy", "baby"} else set()
    return sorted(found)


def label(name: str, document: Document) -> dict[str, object]:
    """Give the right answer to one document, as a line of labels.jsonl says it."""
    template = document.template
    return {
        "file": name,
        "family": template.family,
        "half": template.half,
        "template": f"{template.family}-{template.number:02}",
        "format": document.format,
        "rule": template.rule,
        "protect": template.protect,
        "categories": categories(document),
        "high": template.high,
        "entities": [{"kind": e.kind, "text": e.text, "value": e.value} for e in document.entities],
        "optional": list(document.optional),
    }


def publish(out: Path, halves: tuple[Half | Set, ...], seed: int, variants: int) -> int:
    """Write files and labels under `out`; how many documents."""
    count = 0
    out.mkdir(parents=True, exist_ok=True)
    with (out / "labels.jsonl").open("w", encoding="utf-8") as labels:
        for half in halves:
            (out / half).mkdir(exist_ok=True)
            for name, document, content in documents(half, seed, variants):
                (out / name).write_bytes(content)
                labels.write(json.dumps(label(name, document), ensure_ascii=False) + "\n")
                count += 1
    return count


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--half", choices=PARTS, help="only this half or set (default: both halves)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variants", type=int, default=2, help="documents of each template")
    options = parser.parse_args()
    count = publish(options.out, (options.half,) if options.half else HALVES, options.seed, options.variants)
    print(f"{count} documents in {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
