"""Real documents by other hands, and what LibreOffice writes in the old formats."""

import shutil
import subprocess
from pathlib import Path

import pytest

from milter.attachments import read
from milter.attachments.reading import Reading
from milter.settings import ReadLimits

from . import making
from .making import text_of

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "documents"
# Files that some program damaged, or that hold what nothing reads: told, not passed.
NOT_READ = {
    "crc_corrupted.7z": "unreadable",
    "data_corrupted.7z": "unreadable",
    "filename_encryption.7z": "locked",
    "bug53475-password-is-pass.docx": "locked",
    "Password_Protected-56-hello.ppt": "locked",
    "bitmap-stripe-single-no-end-of-stripe.pdf": "unreadable",
}


def all_of(reading: Reading) -> list[Reading]:
    return [reading, *(one for member in reading.members for one in all_of(member))]


@pytest.mark.samples
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*")), ids=lambda path: path.name)
def test_every_sample_gets_a_reading(path: Path) -> None:
    """Each file has the format of its folder, and a status other than 'read' only where it is known why."""
    reading = read(path.read_bytes(), name=path.name, limits=ReadLimits(ocr_pages=0))
    folder = path.parent.name
    if folder != "locked":
        assert reading.format == folder
        assert reading.status == NOT_READ.get(path.name, "read"), reading.why
    assert all(one.why for one in all_of(reading) if one.status != "read")
    assert "type-mismatch" not in reading.notes


def word_document() -> bytes:
    """What LibreOffice keeps when it writes the old format."""
    import docx

    document = docx.Document()
    document.add_paragraph("canary-body")
    table = document.add_table(2, 2)
    for number, text in enumerate(("Name", "UPN", "canary-cell", "A1")):
        table.cell(*divmod(number, 2)).text = text
    run = document.add_paragraph("commented").runs[0]
    document.add_comment(run, text="canary-comment", author="canary-author")
    document.sections[0].header.paragraphs[0].text = "canary-header"
    document.sections[0].footer.paragraphs[0].text = "canary-footer"
    document.core_properties.title = "canary-title"
    return making.saved(document)


KEPT = {
    "doc": (word_document, ("body", "cell", "comment", "header", "footer", "title")),
    "xls": (making.xlsx, ("sheetname", "string", "second", "hiddenrow", "hiddencolumn", "comment", "link", "header",
                          "hiddensheet", "verysheet", "core")),
    "ppt": (making.pptx, ("title", "textbox", "cell", "group", "notes", "hiddenslide", "core")),
}  # fmt: skip


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """The documents of KEPT as LibreOffice writes them."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("office")
    readings: dict[str, Reading] = {}
    for target, (make, _) in KEPT.items():
        source = folder / f"a.{target}x"
        source.write_bytes(make())
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [
            office,
            profile,
            "--headless",
            "--convert-to",
            target,
            "--outdir",
            str(folder),
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        readings[target] = read((folder / f"a.{target}").read_bytes())
    return readings


@pytest.mark.office
@pytest.mark.parametrize("target", KEPT)
def test_old_office_formats(converted: dict[str, Reading], target: str) -> None:
    """What survives the conversion to an old format is found there, too."""
    reading = converted[target]
    assert (reading.format, reading.status) == (target, "read")
    found = text_of(reading) + "".join(one.where for one in making.passages_of(reading))
    assert [place for place in KEPT[target][1] if f"canary-{place}" not in found] == []


@pytest.mark.office
@pytest.mark.parametrize("target", ["doc", "xls"])
def test_tables_of_old_formats(converted: dict[str, Reading], target: str) -> None:
    """A table's cells are parted by tabs, its rows by line ends."""
    tables = [one.text.split("\n") for one in converted[target].passages if one.table and not one.hidden]
    if target == "doc":
        assert ["Name\tUPN", "canary-cell\tA1"] in tables
    else:
        (sheet,) = [one for one in tables if one[0].startswith("Name\tD.O.B.")]
        assert sheet[1].split("\t")[:4] == ["canary-string", "03/04/2012", "01234567", "canary-second"]
