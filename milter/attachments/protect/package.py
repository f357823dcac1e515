"""An Office package (OPC, ECMA-376 part 2) as raw zip members, so that one part changes and no other does.

Guarantees: a member that is not replaced keeps its compressed bytes, name, time and place in the order.
Refuses (CannotEdit) whatever programs could read differently: members that overlap, lie outside the
directory, have two names or one name twice, are encrypted, or need zip64. Such a file goes into a zip whole.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from struct import error as struct_error
from struct import pack, unpack_from

from milter.attachments.protect.errors import CannotEdit

MOST_PART_BYTES = 256 * 1024 * 1024  # of one part that is to be edited, unpacked
LOCAL, CENTRAL, END_RECORD = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
HAS_DESCRIPTOR, UTF8_NAME = 0x08, 0x800  # flag bits (APPNOTE 4.4.4)


@dataclass(frozen=True, slots=True)
class Member:
    """One zip member, still compressed."""

    name: str
    raw_name: bytes
    flags: int
    method: int  # 0 stored, 8 deflated
    stamp: int  # DOS time and date as they stand
    crc: int
    size: int  # unpacked
    packed: bytes
    attributes: int

    def content(self) -> bytes:
        """Unpack; CannotEdit where it is damaged or larger than it says."""
        if self.size > MOST_PART_BYTES:
            raise CannotEdit("a part of it is too large to be edited")
        try:
            content = self.packed if self.method == 0 else _inflated(self.packed, self.size)
        except zlib.error as error:
            raise CannotEdit("a part of it is damaged") from error
        if len(content) != self.size or zlib.crc32(content) != self.crc:
            raise CannotEdit("a part of it is damaged")
        return content

    def with_content(self, content: bytes) -> "Member":
        """Return the member with other content, deflated."""
        deflate = zlib.compressobj(4, zlib.DEFLATED, -15)  # half the time of 6, a twelfth larger
        packed = deflate.compress(content) + deflate.flush()
        return replace(self, method=8, crc=zlib.crc32(content), size=len(content), packed=packed)


def _inflated(packed: bytes, size: int) -> bytes:
    """Unpack no more than one byte above what the member says, whatever it holds."""
    return zlib.decompressobj(-15).decompress(packed, size + 1)


def open_package(content: bytes) -> tuple[Member, ...]:
    """Return the members in the order in which they lie in the file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
            directory = archive.start_dir  # where the members must end
            comment = archive.comment
    except (
        zipfile.BadZipFile,
        ValueError,
        OSError,
        NotImplementedError,
        struct_error,
        UnicodeDecodeError,
    ) as error:
        raise CannotEdit("its container is damaged") from error
    if comment or not infos or len(infos) > 0xFFFE:
        raise CannotEdit("its container is out of the ordinary")
    members, at = [], 0
    for info, following in zip(infos, [*(info.header_offset for info in infos[1:]), directory], strict=True):
        members.append(_member(content, info, at, following))
        at = following
    names = {member.name.lower() for member in members}
    if len(names) != len(members):
        raise CannotEdit("a part of it exists twice")
    return tuple(members)


def _member(content: bytes, info: zipfile.ZipInfo, at: int, following: int) -> Member:
    """Take one member from its place; only a data descriptor may lie between it and the next."""
    if info.header_offset != at or content[at : at + 4] != LOCAL or at + 30 > len(content):
        raise CannotEdit("its container is out of the ordinary")
    stamp, name_length, extra_length = unpack_from("<10xI12xHH", content, at)
    start = at + 30 + name_length + extra_length
    end = start + info.compress_size
    gaps = {12, 16, 20, 24} if info.flag_bits & HAS_DESCRIPTOR else {0}
    raw_name = content[at + 30 : at + 30 + name_length]
    named = info.orig_filename.encode("utf-8" if info.flag_bits & UTF8_NAME else "cp437", "replace")
    if following - end not in gaps or raw_name != named or b"\0" in raw_name:
        raise CannotEdit("its container is out of the ordinary")
    if info.flag_bits & 0x2061 or info.compress_type not in {0, 8} or info.file_size > 0xFFFFFFFE:
        raise CannotEdit("its container is out of the ordinary")  # encrypted, patched, or packed otherwise
    return Member(
        info.orig_filename,
        raw_name,
        info.flag_bits & ~HAS_DESCRIPTOR,
        info.compress_type,
        stamp,
        info.CRC,
        info.file_size,
        content[start:end],
        info.external_attr,
    )


def write_package(members: tuple[Member, ...], changed: Mapping[str, bytes]) -> bytes:
    """Return the zip of these members, with the content of those in `changed` replaced."""
    body, directory, at = [], [], 0
    for old in members:
        member = old.with_content(changed[old.name]) if old.name in changed else old
        version = 20
        common = pack("<HHHI", version, member.flags, member.method, member.stamp)
        common += pack("<IIIHH", member.crc, len(member.packed), member.size, len(member.raw_name), 0)
        body += [LOCAL, common, member.raw_name, member.packed]
        tail = pack("<HHHII", 0, 0, 0, member.attributes, at)
        directory += [CENTRAL, pack("<H", version), common, tail, member.raw_name]
        at += 30 + len(member.raw_name) + len(member.packed)
    listing = b"".join(directory)
    count = len(members)
    if at + len(listing) > 0xFFFFFFFE:
        raise CannotEdit("it is too large")
    return b"".join([*body, listing, END_RECORD, pack("<HHHHIIH", 0, 0, count, count, len(listing), at, 0)])
