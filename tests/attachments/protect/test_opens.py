"""Programs that recipients have open what was protected: LibreOffice, 7-Zip, qpdf, PDFium."""

import shutil
import socket
import subprocess
from pathlib import Path

import pypdfium2
import pytest

from milter.attachments import read
from milter.attachments.protect import ROUNDS_FOR_CHOSEN_PASSWORDS, protect
from milter.attachments.protect.office import marked_read_only

from .documents import MAKERS, PASSWORD, docx, package, pdf

SOFFICE = shutil.which("soffice")
UNO_PYTHON = "/usr/bin/python3"
OPENS = Path(__file__).parent / "office_opens.py"
OWN_FORMAT_OF_OFFICE = ("docx", "xlsx", "pptx")
MADE = {format_: make() for format_, make in MAKERS}


def run(*command: str | Path, feed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], input=feed, capture_output=True, text=True, timeout=110, check=False
    )


class Office:
    """LibreOffice, asked how documents open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, str, str]] = []  # path, password, expected

    def expect(self, name: str, content: bytes, password: str, expected: str) -> None:
        path = self.folder / name
        path.write_bytes(content)
        self.asked.append((str(path), password, expected))

    def answers(self) -> list[tuple[str, str, str]]:
        """Start it, open all, and return path, password and how each opened."""
        found = self._ask()
        if found.returncode < 0:  # its Python bridge was seen to die of a signal, for no document's sake
            found = self._ask()
        assert found.returncode == 0, found.stderr
        verdicts = [line.partition(" (")[0] for line in found.stdout.splitlines()]
        paths = [(path, password) for path, password, _ in self.asked]
        return [(*one, verdict) for one, verdict in zip(paths, verdicts, strict=True)]

    def _ask(self) -> subprocess.CompletedProcess[str]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        profile = f"-env:UserInstallation=file://{self.folder}/profile"
        accept = f"--accept=socket,host=127.0.0.1,port={port};urp;"
        command = [str(SOFFICE), "--headless", "--norestore", "--nologo", profile, accept]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as office:
            try:
                feed = "".join(f"{path}\t{password}\n" for path, password, _ in self.asked)
                found = run(UNO_PYTHON, OPENS, str(port), feed=feed)
                if found.returncode == 0:
                    office.wait(30)
                return found
            finally:
                office.kill()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Give LibreOffice with its Python bridge, or skip, saying so."""
    if SOFFICE is None or run(UNO_PYTHON, "-c", "import uno").returncode:
        pytest.skip("LibreOffice or its Python bridge (python3-uno) is not installed")
    return Office(tmp_path)


def ask_of(office: Office, name: str, content: bytes, format_: str, rounds: int | None = None) -> None:
    """Expect of one document: open with the password, read-only; refused without, and with another."""
    found = protect(content, format=format_, name=name, password=PASSWORD, rounds=rounds)
    assert found.format == format_
    office.expect(name, found.content, PASSWORD, "opened read-only")
    office.expect(name, found.content, "", "refused")
    office.expect(name, found.content, PASSWORD[:-1], "refused")
    office.expect(f"marked-{name}", marked_read_only(content), "", "opened read-only")
    office.expect(f"plain-{name}", content, "", "opened editable")


@pytest.mark.office
def test_libreoffice_opens_with_the_password_read_only_and_refuses_without(office: Office) -> None:
    """Every Office format, at our rounds, at Office's own, and beyond 7 MB, where the container grows a table."""
    for format_ in OWN_FORMAT_OF_OFFICE:
        ask_of(office, f"made.{format_}", MADE[format_], format_)
    ask_of(office, "rounds.docx", docx(), "docx", ROUNDS_FOR_CHOSEN_PASSWORDS)
    ask_of(office, "large.docx", _large(), "docx")
    assert office.answers() == office.asked


@pytest.mark.office
def test_libreoffice_opens_what_7_zip_unpacks_as_it_was(office: Office) -> None:
    """OpenDocument files come out of their zip marked read-only, and open; a wrong password gets nothing."""
    if shutil.which("7z") is None:
        pytest.skip("7-Zip is not installed")
    for format_ in ("odt", "ods"):
        found = protect(MADE[format_], format=format_, name=f"a.{format_}", password=PASSWORD)
        zipped = office.folder / f"{format_}.zip"
        zipped.write_bytes(found.content)
        assert run("7z", "x", "-pwrong", f"-o{office.folder}/wrong", zipped).returncode != 0
        assert run("7z", "x", f"-p{PASSWORD}", f"-o{office.folder}/{format_}", zipped).returncode == 0
        unpacked = office.folder / format_ / f"document-1.{format_}"
        assert unpacked.read_bytes() == MADE[format_]
        assert unpacked.stat().st_mode & 0o777 == 0o444
        office.asked.append((str(unpacked), "", "opened"))
    assert [verdict.split()[0] for _, _, verdict in office.answers()] == ["opened", "opened"]


@pytest.mark.office
@pytest.mark.samples
def test_libreoffice_opens_every_sample_document_as_it_opened_before(office: Office, samples: Path) -> None:
    """Office files of many producers: what LibreOffice opened plainly, it opens locked and read-only."""
    files = sorted(
        file for file in (samples / "documents").rglob("*.*") if file.suffix[1:] in OWN_FORMAT_OF_OFFICE
    )
    own = []
    for file in files:
        content, format_ = file.read_bytes(), file.suffix[1:]
        found = protect(content, format=format_, name=file.name, password=PASSWORD)
        if found.format != "zip" and read(content).status == "read" and "corrupted" not in file.name:
            own.append(file.name)
            ask_of(office, file.name, content, format_)
    assert len(own) > 25
    assert office.answers() == office.asked


@pytest.mark.parametrize("format_", [*MADE, "doc", "xls", "ppt"])
def test_seven_zip_opens_the_zip_with_the_password_and_not_without(
    format_: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """7-Zip tests it as AES-256 and unpacks the very bytes; a wrong password gets nothing."""
    if shutil.which("7z") is None:
        pytest.skip("7-Zip is not installed")
    if format_ in MADE:
        content = MADE[format_]
    else:
        folder = request.getfixturevalue("samples") / "documents" / format_
        content = max(folder.iterdir(), key=lambda file: file.stat().st_size).read_bytes()
    # As 'unknown', Office and PDF go into a zip too.
    found = protect(content, format="unknown", name=f"a.{format_}", password=PASSWORD)
    zipped = tmp_path / "a.zip"
    zipped.write_bytes(found.content)
    listed = run("7z", "l", "-slt", zipped).stdout
    assert "Method = AES-256" in listed
    assert f"Path = document-1.{format_}" in listed
    assert run("7z", "t", f"-p{PASSWORD}", zipped).returncode == 0
    assert run("7z", "t", "-pwrong", zipped).returncode != 0
    assert run("7z", "x", f"-p{PASSWORD}", f"-o{tmp_path}", zipped).returncode == 0
    assert (tmp_path / f"document-1.{format_}").read_bytes() == content


def agree(content: bytes, tmp_path: Path) -> None:
    """Expect qpdf to find a sound R6 file, and PDFium the pages and text that it found before."""
    locked = protect(content, format="pdf", name="a.pdf", password=PASSWORD).content
    path = tmp_path / "a.pdf"
    path.write_bytes(locked)
    assert run("qpdf", "--requires-password", path).returncode == 0  # 0: a password other than '' is needed
    shown = run("qpdf", f"--password={PASSWORD}", "--show-encryption", path).stdout
    assert "R = 6" in shown
    assert "modify anything: not allowed" in shown
    assert "stream encryption method: AESv3" in shown
    plain = tmp_path / "plain.pdf"
    plain.write_bytes(content)
    if run("qpdf", "--check", plain).returncode == 0:  # qpdf 11.3 itself crashes on damaged ones
        assert run("qpdf", f"--password={PASSWORD}", "--check", path).returncode == 0
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(locked)
    assert pages(locked, PASSWORD) == pages(content, None)


def pages(content: bytes, password: str | None) -> list[str]:
    document = pypdfium2.PdfDocument(content, password=password)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


@pytest.fixture
def qpdf() -> None:
    """Skip where qpdf is not installed."""
    if shutil.which("qpdf") is None:
        pytest.skip("qpdf is not installed")


def test_qpdf_and_pdfium_agree_on_a_protected_pdf(qpdf: None, tmp_path: Path) -> None:
    """Two implementations see the same lock and the same pages."""
    agree(pdf(), tmp_path)


@pytest.mark.samples
def test_qpdf_and_pdfium_agree_on_the_sample_pdfs(qpdf: None, tmp_path: Path, samples: Path) -> None:
    """PDFs with odd fonts, forms and annotations read the same behind the password."""
    agreed = 0
    for file in sorted((samples / "documents" / "pdf").iterdir()):
        content = file.read_bytes()
        if protect(content, format="pdf", name=file.name, password=PASSWORD).format == "pdf":
            agree(content, tmp_path)
            agreed += 1
    assert agreed > 15


def _large() -> bytes:
    """A document of some 8 MB, by a part that no program compresses or reads."""
    import io
    import random
    import zipfile

    with zipfile.ZipFile(io.BytesIO(docx())) as small:
        parts: dict[str, bytes | str] = {info.filename: small.read(info) for info in small.infolist()}
    types = parts["[Content_Types].xml"]
    assert isinstance(types, bytes)
    parts["[Content_Types].xml"] = types.replace(
        b"<Default ", b'<Default Extension="bin" ContentType="x/y"/><Default ', 1
    )
    parts["word/media/noise.bin"] = random.Random(4).randbytes(8_000_000)
    return package(parts)
