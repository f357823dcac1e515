"""A package is taken apart and put together without a member changing; crafted ones are left whole."""

import io
import struct
import zipfile
import zlib

import pytest

from milter.attachments.protect.errors import CannotEdit
from milter.attachments.protect.package import open_package, write_package

from .documents import docx, package, pptx, xlsx

PARTS = {
    "[Content_Types].xml": b"<Types/>",
    "word/document.xml": b"<a>" + b"x" * 5000 + b"</a>",
    "b.bin": b"\0\1",
}


def contents(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.parametrize("made", [package(PARTS), package(PARTS, zipfile.ZIP_STORED), docx(), xlsx(), pptx()])
def test_package_put_together_unchanged_holds_the_same(made: bytes) -> None:
    """Names, order, content, time, attributes and even compressed bytes stay."""
    members = open_package(made)
    again = write_package(members, {})
    assert contents(again) == contents(made)
    assert open_package(again) == members
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(io.BytesIO(again)) as new:
        assert [one.date_time for one in old.infolist()] == [one.date_time for one in new.infolist()]
        assert [one.external_attr for one in old.infolist()] == [one.external_attr for one in new.infolist()]


def test_one_changed_part_changes_no_other() -> None:
    """Only the part that is replaced differs."""
    members = open_package(package(PARTS))
    again = open_package(write_package(members, {"b.bin": b"new"}))
    assert contents(write_package(members, {"b.bin": b"new"})) == PARTS | {"b.bin": b"new"}
    assert [one for one in again if one.name != "b.bin"] == [one for one in members if one.name != "b.bin"]


def test_streamed_zip_with_data_descriptors_is_taken() -> None:
    """Programs that write without seeking put sizes behind the data; that is ordinary."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def seek(self, *_: int) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, content in PARTS.items():
            archive.writestr(name, content)
    assert contents(write_package(open_package(out.getvalue()), {})) == PARTS


def crafted() -> dict[str, bytes]:
    """Each a zip that two programs could read differently, or that lies."""
    plain = package(PARTS)
    twice = package({"a": b"1", "A": b"2"})
    first = plain.index(b"PK\x01\x02")
    name_at = 30
    other_name = plain[:name_at] + b"X" + plain[name_at + 1 :]
    encrypted = bytearray(plain)
    encrypted[6] |= 1
    encrypted[first + 8] |= 1
    commented = plain[:-2] + struct.pack("<H", 5) + b"hello"
    gap = plain[:first] + b"hidden" + plain[first:-6] + struct.pack("<I", first + 6) + plain[-2:]
    overlapped = bytearray(package({"a": b"same", "b": b"same"}, zipfile.ZIP_STORED))
    second = overlapped.index(b"PK\x01\x02", overlapped.index(b"PK\x01\x02") + 4)
    overlapped[second + 42 : second + 46] = struct.pack("<I", 0)
    return {
        "something in front": b"MZ stub" + plain,
        "a name twice": twice,
        "another name in the local header": other_name,
        "encrypted members": bytes(encrypted),
        "a comment": commented,
        "bytes between members and directory": gap,
        "two members in one place": bytes(overlapped),
        "cut short": plain[: len(plain) // 2],
        "not a zip": b"PK\x03\x04 no",
        "empty": b"",
        "no members": package({}),
        "another compression": package(PARTS, zipfile.ZIP_BZIP2),
    }


@pytest.mark.parametrize("what", crafted())
def test_crafted_or_damaged_containers_are_not_edited(what: str) -> None:
    """Whatever is out of the ordinary is left as the bytes that it is (pitfall 36)."""
    with pytest.raises(CannotEdit):
        open_package(crafted()[what])


def test_part_larger_than_it_says_is_refused_in_bounded_memory() -> None:
    """A bomb is unpacked no further than its own directory admits."""
    bomb = package({"a": bytes(10_000_000)})
    lie = bomb.replace(struct.pack("<I", 10_000_000), struct.pack("<I", 100))
    (member,) = open_package(lie)
    with pytest.raises(CannotEdit):
        member.content()


def test_part_with_a_wrong_checksum_is_refused() -> None:
    """A damaged part is not edited as if it were whole."""
    made = package({"a": b"word"}, zipfile.ZIP_STORED)
    (member,) = open_package(made.replace(struct.pack("<I", zlib.crc32(b"word")), bytes(4)))
    with pytest.raises(CannotEdit):
        member.content()
