"""What a PDF holds beside its pages: form values, annotations, bookmarks, metadata, scripts, attached files.

Every dictionary of the file is looked at, whether a page refers to it or not, so nothing hides by not being
linked. Signatures are noted.
"""

import contextlib
import zlib
from dataclasses import dataclass, field
from typing import Any

from milter.attachments.draft import Draft, LimitError
from milter.attachments.links import note_links

OBJECTS = 500_000  # more dictionaries than this are not walked
FORM = ("/V", "/DV", "/TU", "/Opt")  # value, default, tip, choices of a field (ISO 32000-2, 12.7)
NOTE = ("/Contents", "/RC", "/Subj", "/T")  # of an annotation (12.5); a page's /Contents is no text
STREAMED = ("/V", "/DV", "/RC", "/JS")  # may be a stream as well as a string
TREE = ("/Title", "/Alt", "/ActualText", "/E", "/JS", "/URI", "/CA", "/RichMediaContent")
METADATA_BYTES = 1 << 20
FLATE_RATIO = 1_100  # more than Flate can make of one octet
PIECE_BYTES = 1 << 18


@dataclass(slots=True)
class Extras:
    """Texts by place, each once."""

    texts: dict[str, dict[str, None]] = field(default_factory=dict)
    taken: set[tuple[int, int]] = field(default_factory=set)  # streams that are members already

    def at(self, where: str) -> dict[str, None]:
        """The texts of one place."""
        return self.texts.setdefault(where, {})

    def say(self, draft: Draft) -> None:
        """Add them to a reading."""
        for where, texts in self.texts.items():
            text = "\n".join(texts)
            note_links(text, draft)
            draft.say(where, text, hidden=where != "form and annotations")


def extras_of(document: Any, draft: Draft) -> Extras:
    """Walk all objects. Raises LimitError for streams that swell beyond the limits."""
    said = Extras()
    for number, thing in enumerate(document.objects):
        if number > OBJECTS:
            raise LimitError(f"has more than {OBJECTS} objects")
        _object(thing, said, draft, depth=0)
    _metadata(document, said)
    return said


def _object(thing: Any, said: Extras, draft: Draft, *, depth: int) -> None:
    """One object with the direct ones inside it."""
    import pikepdf

    if isinstance(thing, pikepdf.Stream):
        refuse_swelling(thing, draft)
        if str(thing.get("/Type", "")) == "/EmbeddedFile":
            _attached(thing, "attached file", said, draft)
        thing = thing.stream_dict
    if isinstance(thing, pikepdf.Dictionary):
        _dictionary(thing, said, draft)
    elif not isinstance(thing, pikepdf.Array):
        return
    if depth > 6:
        return
    inner = list(thing) if isinstance(thing, pikepdf.Array) else [value for _, value in thing.items()]
    for one in inner[:10_000]:
        if isinstance(one, pikepdf.Array | pikepdf.Dictionary) and not one.is_indirect:
            _object(one, said, draft, depth=depth + 1)


def _dictionary(thing: Any, said: Extras, draft: Draft) -> None:
    keys = thing.keys()
    if "/EF" in keys:
        _embedded(thing, said, draft)
    if "/XFA" in keys:
        _form(thing["/XFA"], said)
    if "/ByteRange" in keys:
        draft.protect("signed", "PDF signature")
    for key in keys:
        if key in FORM or key in NOTE:
            _say(thing, key, said.at("form and annotations"))
        elif key in TREE:
            _say(thing, key, said.at("links and descriptions"))


def _say(thing: Any, key: str, texts: dict[str, None]) -> None:
    import pikepdf

    value = thing.get(key)
    if isinstance(value, pikepdf.String):
        texts[str(value)] = None
    elif isinstance(value, pikepdf.Array):
        for one in list(value)[:1000]:
            if isinstance(one, pikepdf.String):
                texts[str(one)] = None
            elif isinstance(one, pikepdf.Array):
                texts.update(
                    dict.fromkeys(str(two) for two in list(one)[:4] if isinstance(two, pikepdf.String))
                )
    elif isinstance(value, pikepdf.Stream) and key in STREAMED:
        texts[_bytes(value)[:METADATA_BYTES].decode("utf-8", "replace")] = None


def _bytes(stream: Any) -> bytes:
    import pikepdf

    try:
        return bytes(stream.read_bytes())
    except (pikepdf.PdfError, MemoryError):
        return bytes(stream.read_raw_bytes())


def _embedded(specification: Any, said: Extras, draft: Draft) -> None:
    """The files of a file specification (7.11.3), by their name."""
    import pikepdf

    name = str(specification.get("/UF", specification.get("/F", "attached file")))
    files = specification["/EF"]
    if isinstance(files, pikepdf.Dictionary):
        for stream in (files[key] for key in files.keys()):  # noqa: SIM118 a pikepdf dictionary iterates otherwise
            if isinstance(stream, pikepdf.Stream):
                _attached(stream, name, said, draft)


def _attached(stream: Any, name: str, said: Extras, draft: Draft) -> None:
    if stream.objgen in said.taken:
        return
    said.taken.add(stream.objgen)
    refuse_swelling(stream, draft)
    content = _bytes(stream)
    draft.file.budget.unpack(len(content))
    draft.member(name, content)


def _form(xfa: Any, said: Extras) -> None:
    """An XFA form (12.7.8): one XML document, whole or in pieces."""
    import pikepdf

    pieces = [xfa] if isinstance(xfa, pikepdf.Stream) else list(xfa) if isinstance(xfa, pikepdf.Array) else []
    content = b"".join(_bytes(piece) for piece in pieces if isinstance(piece, pikepdf.Stream))
    said.at("form and annotations")[_plain(content)] = None


def refuse_swelling(stream: Any, draft: Draft) -> None:
    """Raise LimitError for a stream that unpacks beyond the limits; pictures are not unpacked here at all."""
    import pikepdf

    filters = stream.get("/Filter")
    if filters is None or str(stream.get("/Subtype", "")) == "/Image":
        return
    names = [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    stages = names.count("/FlateDecode") + names.count("/Fl")
    raw = memoryview(stream.get_raw_stream_buffer())
    most = draft.file.budget.limits.total_bytes
    if not stages or (stages == 1 and len(raw) * FLATE_RATIO <= most):
        return
    if names[0] in ("/FlateDecode", "/Fl") and _unpacked_size(bytes(raw), stages, most) > most:
        raise LimitError(f"a part of it unpacks to more than {most // 2**20} MiB")


def _unpacked_size(raw: bytes, stages: int, most: int) -> int:
    """How many octets `stages` of Flate make of `raw`, counted up to a little over `most`, a piece at a time."""
    unpackers = [zlib.decompressobj() for _ in range(min(stages, 8))]
    total = 0

    def through(data: bytes, stage: int) -> None:
        nonlocal total
        if stage == len(unpackers):
            total += len(data)
            return
        while data and total <= most:
            piece = unpackers[stage].decompress(data, PIECE_BYTES)
            data = unpackers[stage].unconsumed_tail
            if piece:
                through(piece, stage + 1)

    with contextlib.suppress(zlib.error):  # what is damaged does not go on
        through(raw, 0)
    return total


def _metadata(document: Any, said: Extras) -> None:
    import pikepdf

    texts = said.at("properties")
    try:
        for key, value in document.docinfo.items():
            if isinstance(value, pikepdf.String) and key not in ("/CreationDate", "/ModDate", "/Producer"):
                texts[f"{key.lstrip('/')}: {value}"] = None
        metadata = document.Root.get("/Metadata")
        if isinstance(metadata, pikepdf.Stream):
            texts[_plain(_bytes(metadata)[:METADATA_BYTES])] = None
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError):
        pass  # a broken information dictionary holds nothing that could be shown


def _plain(xmp: bytes) -> str:
    """The text of an XMP packet, without its mark-up."""
    from lxml import etree

    root: etree._Element | None = etree.fromstring(
        xmp.strip(b"\0 \r\n\t") or b"<x/>", etree.XMLParser(recover=True, resolve_entities=False)
    )
    if root is None:
        return ""
    return "\n".join(piece.strip() for piece in root.itertext() if piece.strip())
