"""Documents written out by hand are labelled truly, and say what they say once."""

import re
from collections import Counter

import pytest

from benchmarks.corpus import literal, template
from benchmarks.corpus.__main__ import WRITERS, label
from benchmarks.corpus.literal import SETS, literal_documents
from benchmarks.corpus.template import text_of

DOCUMENTS = [(part, key, document) for part in SETS for key, document in literal_documents(part)]
CATEGORIES = {"identifier", "contact", "financial", "health", "child", "criminal", "employment"}
SAMPLE = """
[a1]
format = "txt"
protect = true
categories = ["health"]
why = "Y2: a named person's illness"
text = '''
{name:Dr Bell} saw {person:Ines Holt}, born {date-of-birth:3.4.12}.
'''
"""


def test_marks_become_labels(tmp_path, monkeypatch):
    """A marked value is asked for, a marked name of a professional is spared, and neither mark is in the text."""
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh" / "area.toml").write_text(SAMPLE, encoding="utf-8")
    monkeypatch.setattr(literal, "HERE", tmp_path)
    ((key, document),) = literal_documents("fresh")
    said = label(f"fresh/{key}.txt", document)
    assert text_of(document) == "Dr Bell saw Ines Holt, born 3.4.12."
    assert [(e["kind"], e["text"]) for e in said["entities"]] == [
        ("person", "Ines Holt"),
        ("date-of-birth", "3.4.12"),
    ]
    assert said["optional"] == ["Dr Bell"]
    assert (said["protect"], said["rule"], said["categories"]) == (True, "Y2", ["health", "identifier"])


@pytest.mark.parametrize(("part", "key", "document"), DOCUMENTS, ids=[f"{p}-{k}" for p, k, _ in DOCUMENTS])
def test_labels_are_true(part, key, document):
    """A document has a format that is written, a rule that fits its answer, and no value if it is ordinary."""
    said = label(f"{part}/{key}", document)
    assert document.format in WRITERS
    assert re.fullmatch("Y[1-5]" if said["protect"] else "N[1-6]", said["rule"])
    assert set(said["categories"]) <= CATEGORIES
    assert bool(said["categories"]) == said["protect"]
    if not said["protect"]:
        assert not said["entities"]
        assert not said["high"]


def test_no_two_documents_share_a_key_or_a_sentence():
    """Each is written anew: a long line stands in one document only, but for who sent it and a table's headings."""
    keys = Counter(key for _, key, _ in DOCUMENTS)
    lines = Counter(
        line
        for _, _, document in DOCUMENTS
        for line in {*document.template.text.split("\n")}
        if len(line) > 60 and not line.startswith(("@", "|"))
    )
    assert [key for key, count in keys.items() if count > 1] == []
    assert [line for line, count in lines.items() if count > 1] == []


def test_the_sets_are_kept_apart_from_the_templates():
    """Nothing of a set is read as a family of templates."""
    assert not [
        t for half in ("develop", "held-back") for t in template.families(half) if t.file.suffix == ".toml"
    ]
