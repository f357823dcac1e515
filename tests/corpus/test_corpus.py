"""The labelled corpus holds together: families are well formed, and every label is true to its document."""

from collections import Counter
from random import Random

import pytest

from benchmarks.corpus.__main__ import HALVES, WRITERS, documents, label
from benchmarks.corpus.slots import KINDS, plain
from benchmarks.corpus.template import SLOT, families, text_of, write

TEMPLATES = [template for half in HALVES for template in families(half)]
IDS = [f"{t.half}-{t.family}-{t.number}" for t in TEMPLATES]


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_a_template_is_well_formed(template):
    """It names a rule of the definition and formats that exist, and says something."""
    assert template.rule in {"Y1", "Y2", "Y3", "Y4", "Y5", "N1", "N2", "N3", "N4", "N5", "N6"}
    assert template.protect == template.rule.startswith("Y")
    assert template.formats
    assert set(template.formats) <= set(WRITERS)
    assert len(template.text) > 30


@pytest.mark.parametrize("template", TEMPLATES, ids=IDS)
def test_labels_are_true(template):
    """Each labelled value stands in its document, ordinary paper has none, and no slot is left unfilled."""
    document = write(template, 0, seed=5)
    text = " ".join(text_of(document).split())
    assert not SLOT.findall(text) or template.family == "mail-merge"
    assert "[[" not in text
    if not template.protect:
        assert not document.entities
    for entity in document.entities:
        assert " ".join(entity.text.split()) in text
        assert entity.kind in KINDS.values()


def test_there_are_families_enough_each_with_enough_templates():
    """At least forty families have six templates or more, and both answers are common."""
    counts = Counter(template.family for template in TEMPLATES)
    assert sum(count >= 6 for count in counts.values()) >= 40
    assert 0.3 < sum(template.protect for template in TEMPLATES) / len(TEMPLATES) < 0.7


def test_the_halves_share_no_template():
    """No wording of the held-back half is seen while tuning."""
    lines = {
        half: {
            line
            for t in TEMPLATES
            if t.half == half
            for line in t.text.split("\n")
            if len(SLOT.sub("", line)) > 60
        }
        for half in HALVES
    }
    assert not lines["develop"] & lines["held-back"]


@pytest.mark.parametrize("format_", sorted(WRITERS))
def test_the_same_seed_gives_the_same_bytes(format_):
    """The corpus can be made again, byte for byte."""
    template = next(t for t in TEMPLATES if format_ in t.formats)
    variant = template.formats.index(format_)
    once, again = (WRITERS[format_](write(template, variant, 3), Random("x")) for _ in range(2))
    assert once == again
    assert once != WRITERS[format_](write(template, variant, 4), Random("x"))


def test_names_and_labels_of_documents_are_unique():
    """Two documents never overwrite each other, and a label says which half it is of."""
    names = [name for name, _, _ in documents("develop", 1, 2)]
    assert len(names) == len(set(names))
    name, document, _ = next(documents("develop", 1, 1))
    assert label(name, document)["half"] == "develop"


def test_the_sentinels_of_html_entities_are_read_as_characters():
    """What a browser shows is what the label says."""
    assert plain("\ue00052\ue001\ue00050\ue001 x") == "42 x"
