"""The container of an encrypted document is what its standard says, at every size."""

import io

import olefile
import pytest
from msoffcrypto.method.container.ecma376_encrypted import DefaultContent

from milter.attachments.protect import compound
from milter.attachments.protect.compound import CUTOFF, SECTOR, write_compound

INFO = b"<info/>" * 150
# Around the mini stream's cutoff, around one FAT sector, and around the first DIFAT sector (109 FAT sectors).
SIZES = (0, 1, 63, 64, 65, 4088, 4095, 4096, 4097, 4104, 60_000, 7_110_000, 7_143_424, 7_150_000, 15_500_000)


def opened(made: bytes) -> olefile.OleFileIO:
    return olefile.OleFileIO(io.BytesIO(made), raise_defects=olefile.DEFECT_UNSURE)


@pytest.mark.parametrize("size", SIZES)
def test_streams_come_back_whole_at_every_size(size: int) -> None:
    """A strict reader finds both streams, byte for byte, and nothing to complain of (pitfall 40)."""
    package = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    with opened(write_compound(package, INFO)) as container:
        assert not container.parsing_issues
        assert container.openstream("EncryptedPackage").read() == package
        assert container.openstream("EncryptionInfo").read() == INFO


def test_short_streams_lie_in_the_mini_stream_and_long_ones_do_not() -> None:
    """[MS-CFB] 2.4: the cutoff is 4,096 bytes; a reader looks where it says."""
    for size, mini in ((CUTOFF - 1, True), (CUTOFF, False)):
        with opened(write_compound(bytes(size), INFO)) as container:
            entry = container.direntries[1]
            assert entry is not None
            assert (entry.name, entry.size, entry.is_minifat) == ("EncryptedPackage", size, mini)


def test_file_is_whole_sectors() -> None:
    """No program is left to guess how a last, short sector ends."""
    assert len(write_compound(bytes(5000), INFO)) % SECTOR == 0


def test_data_spaces_are_those_that_office_writes() -> None:
    """Our reading of [MS-OFFCRYPTO] 2.1 gives the bytes that another implementation copied from Office."""
    assert DefaultContent.Version == compound.VERSION
    assert DefaultContent.DataSpaceMap == compound.SPACE_MAP
    assert DefaultContent.StrongEncryptionDataSpace == compound.SPACE
    assert DefaultContent.Primary == compound.PRIMARY


def test_directory_is_a_search_tree() -> None:
    """Siblings are ordered by length, then letters, and no red node has a red child ([MS-CFB] 2.6.4)."""
    entries = compound._entries(b"p", b"i")

    def walk(at: int, parent_red: bool) -> list[int]:
        if at == compound.NONE:
            return []
        entry = entries[at]
        red = entry.colour == compound.RED
        assert not (red and parent_red)
        return [*walk(entry.left, red), at, *walk(entry.right, red)]

    seen = [0]
    for entry in entries:
        siblings = walk(entry.child, parent_red=True) if entry.child != compound.NONE else []
        names = [entries[at].name for at in siblings]
        assert names == sorted(names, key=lambda name: (len(name), name.upper()))
        seen += siblings
    assert sorted(seen) == list(range(len(entries)))
