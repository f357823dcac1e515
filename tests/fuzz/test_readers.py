"""No bytes whatever make a reader raise, hang or say more than it may.

Small seeds of each format are damaged in ways that hypothesis chooses, always the same ones. A file that once
made a reader fail is kept in `crashers/` and read at every run.
"""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milter.attachments import read
from milter.attachments.reading import Reading
from milter.settings import ReadLimits
from tests.attachments import making
from tests.attachments.test_formats import property_list, sevenzip, tar_of, tnef
from tests.fuzz.effort import effort

LIMITS = ReadLimits(
    total_bytes=8 << 20, text_chars=1 << 20, members=60, depth=5, pages=20, password_tries=2, ocr_pages=0
)
CRASHERS = sorted((Path(__file__).parent / "crashers").glob("*"))
SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "documents"

MAIL = (
    b"Received: by a\r\nMIME-Version: 1.0\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/html\r\n\r\n<p>x</p>\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nUEsDBA==\r\n--b--\r\n"
)
WINMAIL = tnef(
    [(1, 0x9003, property_list([(0x102, 0x1009, b"LZFu" * 9)])), (2, 0x9002, b""), (2, 0x800F, b"text")]
)
SEEDS: dict[str, bytes] = {
    "docx": making.docx(),
    "xlsx": making.xlsx_small("x"),
    "odt": making.odt(),
    "pdf": making.pdf(),
    "html": making.HTML.encode(),
    "rtf": making.RTF,
    "mail": MAIL,
    "tnef": WINMAIL,
    "7z": sevenzip(),
    "tar": tar_of({"a.txt": b"x"}),
    "calendar": making.ICS,
    "csv": b'a,"b ""c""",d\n1,2,3\n4,"5\n6",7\n',
}  # fmt: skip
SMALL_SAMPLES = ("xls/chinese-provinces.xls", "doc/pageref.doc", "ppt/Password_Protected-56-hello.ppt",
                 "msg/blank.msg", "locked/ecma376standard_password.docx")  # fmt: skip

damage = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "double", "insert", "zero")),
        st.floats(0, 1, exclude_max=True),  # where
        st.integers(0, 255),
        st.integers(1, 64),  # how much
    ),
    min_size=1,
    max_size=6,
)


def damaged(seed: bytes, steps: list[tuple[str, float, int, int]]) -> bytes:
    content = bytearray(seed)
    for kind, where, octet, size in steps:
        at = int(where * len(content))
        if kind == "flip":
            content[at : at + 1] = bytes([octet])
        elif kind == "cut":
            del content[at : at + size]
        elif kind == "double":
            content[at:at] = content[at : at + size * 8]
        elif kind == "insert":
            content[at:at] = bytes([octet]) * size
        else:
            content[at : at + size] = bytes(size)
    return bytes(content)


def check(reading: Reading) -> None:
    """A reading is well formed: a status that is not 'read' has a reason in words."""
    assert reading.format
    assert bool(reading.why) == (reading.status != "read")
    assert sum(len(passage.text) for passage in reading.passages) <= LIMITS.text_chars
    for member in reading.members:
        check(member)


fuzzing = effort(40)


@pytest.mark.parametrize("format_", SEEDS)
def test_damaged_files(format_: str) -> None:
    """Damage anywhere in a file ends in a reading."""

    @fuzzing
    @given(damage)
    def run(steps: list[tuple[str, float, int, int]]) -> None:
        check(read(damaged(SEEDS[format_], steps), limits=LIMITS, words=("x",)))

    run()


@pytest.mark.parametrize("format_", ["docx", "xlsx", "odt"])
def test_damaged_parts(format_: str) -> None:
    """Damage inside the parts of a package, behind whole packing, ends in a reading."""
    with zipfile.ZipFile(io.BytesIO(SEEDS[format_])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    @fuzzing
    @given(st.sampled_from(sorted(parts)), damage)
    def run(name: str, steps: list[tuple[str, float, int, int]]) -> None:
        check(read(making.zipped({**parts, name: damaged(parts[name], steps)}), limits=LIMITS))

    run()


@pytest.mark.samples
@pytest.mark.parametrize("name", SMALL_SAMPLES)
def test_damaged_samples(samples: Path, name: str) -> None:
    """Old formats made by others, damaged, end in a reading."""
    seed = (samples / "documents" / name).read_bytes()

    @fuzzing
    @given(damage)
    def run(steps: list[tuple[str, float, int, int]]) -> None:
        check(read(damaged(seed, steps), limits=LIMITS, words=("x",)))

    run()


@fuzzing
@given(st.binary(max_size=600), st.text(max_size=20), st.text(max_size=20))
def test_any_bytes(content: bytes, name: str, declared: str) -> None:
    """Bytes of no format at all, under any name, end in a reading."""
    check(read(content, name=name, declared=declared, limits=LIMITS))


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: path.name)
def test_kept_crashers(path: Path) -> None:
    """A file that once made a reader fail does so no more."""
    check(read(path.read_bytes(), limits=LIMITS))
