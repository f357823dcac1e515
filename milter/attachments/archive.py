"""Archives other than zip: tar, 7-Zip, RAR, and single files packed by gzip, bzip2, xz or Zstandard.

7-Zip needs the extra `sevenzip`; RAR members that are packed need a program that may not run here. What can't
be unpacked is unreadable, never clean.
"""

import bz2
import io
import lzma
import tarfile
import zlib
from typing import Any

from milter.attachments.draft import Budget, Draft, File, LimitError, LockedError, UnreadableError
from milter.attachments.reading import Reading

SLOW_TRIES = 10  # words tried on a 7-Zip archive: each takes 2^19 rounds of hashing
SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".lzma")


def read_tar(file: File, draft: Draft) -> None:
    """Read every member of a tar archive; sparse ones are never blown up beyond the limits."""
    try:
        with tarfile.open(fileobj=io.BytesIO(file.content), mode="r:") as archive:
            names: list[str] = []
            for member in archive:
                names.append(member.name)
                if not member.isfile():
                    file.budget.member()
                    continue
                if member.size > file.budget.room():
                    raise LimitError("unpacks to more than is allowed")
                source = archive.extractfile(member)
                content = source.read(member.size) if source else b""  # what is asked for is reserved at once
                file.budget.unpack(len(content))
                draft.member(member.name, content)
            draft.say("file names", "\n".join(names))
    except (tarfile.TarError, EOFError, OSError, ValueError) as fault:
        raise UnreadableError("the tar archive is damaged") from fault


def read_packed(file: File, draft: Draft) -> None:
    """Read one file packed by itself."""
    content = _unpacked(file.content, file.budget)
    name = file.name
    for suffix in SUFFIXES:
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    if name.lower().endswith(".tgz"):
        name = name[:-4] + ".tar"
    draft.member(name, content)


def _opener(content: bytes) -> Any:
    if content.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(31)
    if content.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if content.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)
    try:
        from backports import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError as missing:
        raise UnreadableError("is packed by a method that nothing here unpacks") from missing
    return zstd.ZstdDecompressor()


def _unpacked(content: bytes, budget: Budget) -> bytes:
    """All streams of the file, one behind the other."""
    pieces: list[bytes] = []
    size = 0
    rest = content
    try:
        while rest and rest[:2] == content[:2]:
            opener = _opener(rest)
            data = opener.decompress(rest, budget.room() - size + 1)
            pieces.append(data)
            size += len(data)
            if size > budget.room():
                break
            if not opener.eof:
                raise UnreadableError("the packed file is damaged")
            rest = opener.unused_data
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as fault:
        raise UnreadableError("the packed file is damaged") from fault
    budget.unpack(size)
    budget.ratio(size, len(content))
    return b"".join(pieces)


def read_7z(file: File, draft: Draft) -> None:
    """Read every member of a 7-Zip archive, with the message's words where it is locked."""
    try:
        import py7zr
    except ImportError as missing:
        raise UnreadableError("7-Zip archives are not read here") from missing
    try:
        if not _read_7z(None, file, draft):
            _try_7z(file, draft)
    except py7zr.exceptions.UnsupportedCompressionMethodError as fault:
        raise UnreadableError("is packed by a method that nothing here unpacks") from fault
    except (py7zr.exceptions.ArchiveError, lzma.LZMAError, EOFError) as fault:
        raise UnreadableError("the 7-Zip archive is damaged") from fault


def _try_7z(file: File, draft: Draft) -> None:
    """Try the words; a wrong one shows as damage."""
    draft.protect("password", "AES-256 (7-Zip)")
    for word in file.words[:SLOW_TRIES]:
        if file.budget.tries >= file.budget.limits.password_tries:
            break
        file.budget.tries += 1
        kept = len(draft.passages), len(draft.members)
        try:
            if _read_7z(word, file, draft):
                draft.note("opened-with-message-word")
                return
        except (LimitError, MemoryError):
            raise
        except Exception:  # a wrong word makes noise, and py7zr stumbles over it in many ways
            del draft.passages[kept[0] :], draft.members[kept[1] :]
    raise LockedError("needs a password")


def _read_7z(word: str | None, file: File, draft: Draft) -> bool:
    """Read it with a password or without; False where it needs one."""
    import py7zr

    try:
        with py7zr.SevenZipFile(io.BytesIO(file.content), password=word) as archive:
            if archive.needs_password() and word is None:
                draft.say("file names", "\n".join(archive.getnames()))
                return False
            _take_7z(archive, file, draft)
    except py7zr.PasswordRequired:
        return False
    return True


def _take_7z(archive: Any, file: File, draft: Draft) -> None:
    listed = archive.list()
    draft.say("file names", "\n".join(one.filename for one in listed[:2000]))
    if len(listed) > file.budget.limits.members:
        raise LimitError(f"holds more than {file.budget.limits.members} files")
    total = sum(one.uncompressed or 0 for one in listed)
    if total > file.budget.room():
        raise LimitError("unpacks to more than is allowed")
    file.budget.ratio(total, len(file.content))
    factory = _factory(file.budget)
    archive.extract(factory=factory)
    for name, product in factory.products:
        draft.member(name, product.content())


def _factory(budget: Budget) -> Any:
    """Where py7zr writes: memory, counted as it fills, since stated sizes may lie."""
    from py7zr.io import Py7zIO, WriterFactory

    class Sink(Py7zIO):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            self.buffer = io.BytesIO()

        def write(self, s: bytes | bytearray) -> int:
            budget.unpack(len(s))
            return self.buffer.write(s)

        def read(self, size: int | None = None) -> bytes:
            return self.buffer.read(size)

        def seek(self, offset: int, whence: int = 0) -> int:
            return self.buffer.seek(offset, whence)

        def flush(self) -> None:
            pass

        def size(self) -> int:
            return len(self.buffer.getbuffer())

        def content(self) -> bytes:
            return self.buffer.getvalue()

    class Sinks(WriterFactory):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            self.products: list[tuple[str, Sink]] = []

        def create(self, filename: str) -> Sink:
            sink = Sink()
            self.products.append((filename, sink))
            return sink

    return Sinks()


def read_rar(file: File, draft: Draft) -> None:
    """Read what a RAR archive shows without the program that unpacks it: names, locks, stored members."""
    import rarfile

    start = max(0, file.content.find(b"Rar!\x1a\x07"))
    try:
        archive = rarfile.RarFile(io.BytesIO(file.content[start:]))
        listed = archive.infolist()
    except rarfile.NeedFirstVolume as fault:
        raise UnreadableError("a part of a RAR archive of several files") from fault
    except (rarfile.Error, OSError, ValueError, EOFError) as fault:
        raise UnreadableError("the RAR archive is damaged") from fault
    draft.say("file names", "\n".join(one.filename for one in listed[:2000]))
    locked = archive.needs_password()
    for one in listed:
        if one.is_dir():
            continue
        if one.needs_password():
            closed = Reading("", "", "unknown", "locked", "password", "AES (RAR)", why="needs a password")
            draft.closed_member(one.filename, closed)
        else:
            _rar_member(archive, one, file, draft)
    if locked:
        draft.protect("password", "AES (RAR)")
        draft.fail("locked", "needs a password")


def _rar_member(archive: Any, one: Any, file: File, draft: Draft) -> None:
    if one.compress_type == 0x30 and one.file_size <= file.budget.room():  # stored
        content = archive.read(one)
        file.budget.unpack(len(content))
        draft.member(one.filename, content)
        return
    why = "lies packed in a RAR archive, which nothing here unpacks"
    draft.closed_member(one.filename, Reading("", "", "unknown", "unreadable", why=why))
