"""Rules on attached documents: read-only, and encrypted by a lock that holds (E7)."""

from collections.abc import Iterator

from milter.policy.case import Case, Found
from milter.policy.facts import PartFacts
from milter.policy.rules.body import in_words

MAX_NAME = 80  # characters of a file name that a detail shows
READ_ONLY = ("read-only", "signed")


def not_encrypted(case: Case) -> Iterator[Found]:
    """E7: a document with personal information bears a strong lock; reported for the outermost file."""
    for root, part in _exposed_files(case):
        if root.protection != "weak":
            yield Found("attachment-not-encrypted", root.path, _detail(root, part))


def weakly_encrypted(case: Case) -> Iterator[Found]:
    """E7: a lock that any free program breaks is none (ZipCrypto, RC4, XOR, a published password)."""
    for root, part in _exposed_files(case):
        if root.protection == "weak":
            lock = f" ({root.lock})" if root.lock else ""
            yield Found("attachment-weakly-encrypted", root.path, _detail(root, part) + lock)


def not_read_only(case: Case) -> Iterator[Found]:
    """E7: a document that may go as it is should be read-only; protecting makes the others so anyway."""
    if not case.sensitive:
        return
    exposed = {part.path for part in case.exposed}
    for part in case.contents.personal:
        root = case.contents.roots[part.path]
        if part.role == "attachment" and part.path not in exposed and root.protection not in READ_ONLY:
            yield Found("attachment-not-read-only", root.path, shown(root))


def type_mismatch(case: Case) -> Iterator[Found]:
    """P1: a file that is not what its name says, or two things at once."""
    if case.inside:
        return
    for part in case.contents.odd:
        for note in ("type-mismatch", "polyglot"):
            if note in part.notes:
                yield Found(note, part.path, f"{shown(part)} is {part.format or 'unknown'} by content")


def cloud_link(case: Case) -> Iterator[Found]:
    """H1: a link to a shared file is a disclosure that nobody inspected."""
    if not case.inside:
        for part in case.contents.odd:
            if "cloud-link" in part.notes:
                yield Found("cloud-link", part.path, shown(part))


def shown(part: PartFacts) -> str:
    """Give a file's name for a person to read: hostile text made harmless and short (pitfall 42)."""
    name = "".join(c if c.isprintable() else "?" for c in part.name)
    return f"'{name[:MAX_NAME]}'" if name else f"part {part.path}"


def _exposed_files(case: Case) -> Iterator[tuple[PartFacts, PartFacts]]:
    for part in case.exposed:
        if part.role == "attachment":
            yield case.contents.roots[part.path], part


def _detail(root: PartFacts, part: PartFacts) -> str:
    inside = f", in it {shown(part)}" if part.path != root.path else ""
    found = in_words(part)
    return f"{shown(root)}{inside}" + (f": {found}" if found else "")


RULES = (not_encrypted, weakly_encrypted, not_read_only, type_mismatch, cloud_link)
