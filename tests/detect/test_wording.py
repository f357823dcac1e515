"""How a document reads is weighed openly: no name has a weight, and an organisation may turn every knob."""

from milter.detect import wording
from milter.detect.examine import examine
from milter.detect.lexicon import shipped
from milter.detect.load import Detectors, load_detectors
from milter.message.passage import Passage

NOTE = "Jess Harwood is off again today, morning sickness. She is nine weeks gone and has told nobody but me."
NEWS = "The lift is mended and the crates for the desk moves arrive on Thursday. Label them with your desk number."


def judged(text, detectors=None):
    return examine([Passage("body", text, exact=True)], detectors or Detectors())


def test_nobodys_name_has_a_weight():
    """What was learned from labelled documents repeats none of the people in them (law 8)."""
    names = shipped()
    assert not [word for word in wording.weights().words if word.title() in names.given | names.surnames]


def test_a_private_note_without_any_number_is_protected_and_office_news_is_not():
    """The wording tells what no identifier does."""
    assert judged(NOTE).protect
    assert not judged(NEWS).protect


def test_the_reasons_say_what_weighed_how_much_and_name_nobody():
    """Each reason ends with its points, and no value or name of the document stands in it."""
    why = judged(NOTE).why
    assert why
    assert all(line.rstrip(")").rpartition("(")[2].lstrip("+-").replace(".", "").isdigit() for line in why)
    assert not any(name in line for line in why for name in ("Jess", "Harwood"))


def test_a_higher_threshold_protects_less_and_a_lower_one_more():
    """The threshold is in points of the same scale as every reason."""
    assert not judged(NOTE, load_detectors("[thresholds]\nprotect = 40")).protect
    assert judged(NEWS, load_detectors("[thresholds]\nprotect = 0")).protect


def test_an_organisations_own_phrase_counts_when_it_is_said_of_a_person():
    """A phrase of [words] is read in its sentence like the shipped ones."""
    text = "Colin Marsh was moved to Elm-ward yesterday."
    plain = judged(text)
    own = judged(text, load_detectors('[words]\nhealth = ["elm ward"]'))
    assert not any("statement" in line for line in plain.why)
    assert any("health" in line for line in own.why)


def test_an_organisations_own_pattern_counts_behind_its_label():
    """A value of [[pattern]] is found where its label stands, and nowhere else."""
    pattern = '[[pattern]]\nkind = "mosaic-id"\nregex = \'\\b[A-Z]{2}\\d{7}\\b\'\nlabels = ["mosaic"]'
    detectors = load_detectors(pattern)
    found = judged("Mosaic ref AB1234567 please close", detectors)
    assert found.protect
    assert [one.kind for one in found.findings] == ["mosaic-id"]
    assert not judged("Part AB1234567 is in stock", detectors).findings


def test_an_example_in_a_specification_of_fields_is_no_value():
    """A column headed 'Example' holds nobody's number."""
    table = "Field\tType\tExample\nNHS_No\tchar\t6874847651\nSurname\tvarchar\tSMITH"
    passage = Passage("sheet", table, table=True)
    assert not [one for one in examine([passage], Detectors()).findings if one.kind == "nhs-number"]
