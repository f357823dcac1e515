"""Names of what leaves are safe to write to any disk, and tell no more than they must."""

import pytest

from milter.attachments.protect.naming import LONGEST, clean_name, extension_of, neutral_name, zipped_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Class list.xlsx", "Class list.xlsx"),
        ("Łucja Ŵyn.docx", "Łucja Ŵyn.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\notes.doc", "notes.doc"),
        ("a\r\nb\0.txt", "ab.txt"),
        ("invoice\u202excod.exe", "invoicexcod.exe"),
        ('a<b>:"|?*.csv', "ab.csv"),
        (" .hidden. ", "hidden"),
        ("", "document"),
        ("...", "document"),
        ("no extension", "no extension"),
    ],
)
def test_names_lose_paths_controls_and_tricks(name: str, expected: str) -> None:
    """A file name is hostile text (pitfall 42)."""
    assert clean_name(name) == expected


def test_long_names_are_cut_and_keep_their_extension() -> None:
    """A kilobyte of name becomes a hundred characters that still end in what the file is."""
    cut = clean_name("x" * 1000 + ".docx")
    assert len(cut) == LONGEST
    assert cut.endswith("x.docx")
    assert len(clean_name("x." + "y" * 1000)) <= LONGEST


@pytest.mark.parametrize(
    ("name", "format_", "expected"),
    [
        ("a.ODT", "odt", "odt"),
        ("a", "odt", "odt"),
        ("a.very-long-extension", "png", "png"),
        ("a.t\u00e9x", "text", "txt"),
        ("a", "unknown", ""),
        ("a.tar.gz", "gz", "gz"),
    ],
)
def test_extension_is_the_names_where_it_is_plain_else_the_formats(
    name: str, format_: str, expected: str
) -> None:
    """The recipient's computer must know what to open the file with."""
    assert extension_of(name, format_) == expected


def test_zip_is_called_like_the_file() -> None:
    """One extension, and it is zip's."""
    assert zipped_name("Class list.odt") == "Class list.zip"
    assert zipped_name("Class list") == "Class list.zip"


def test_neutral_name_tells_nothing_but_the_kind() -> None:
    """For names that hold personal data themselves."""
    assert neutral_name(2, "Jo Smith exclusion.docx", "docx") == "document-2.docx"
    assert neutral_name(1, "Jo Smith", "unknown") == "document-1"
