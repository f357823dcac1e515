"""What a PDF holds beside its pages: form values, annotations, bookmarks, metadata, scripts, attached files.

Every dictionary of the file is looked at, whether a page refers to it or not, so nothing hides by not being
linked. Signatures are noted.
"""

import io
from typing import Any

from milter.attachments.draft import Draft, File, LimitError
from milter.attachments.links import note_links

OBJECTS = 500_000  # more dictionaries than this are not walked
FORM = ("/V", "/DV", "/TU", "/Opt")  # value, default, tip, choices of a field (ISO 32000-2, 12.7)
NOTE = ("/Contents", "/RC", "/Subj", "/T")  # of an annotation (12.5); a page's /Contents is no text
STREAMED = ("/V", "/DV", "/RC", "/JS")  # may be a stream as well as a string
TREE = ("/Title", "/Alt", "/ActualText", "/E", "/JS", "/URI", "/CA", "/RichMediaContent")
METADATA_BYTES = 1 << 20


def read_extras(file: File, draft: Draft, password: str) -> None:
    """Walk all objects. A file that qpdf can't open, but PDFium can, is said to be damaged."""
    import pikepdf

    try:
        document = pikepdf.open(io.BytesIO(file.content), password=password, suppress_warnings=True)
    except (pikepdf.PdfError, ValueError, OverflowError, NotImplementedError):
        draft.fail("unreadable", "the PDF file is damaged")
        return
    with document:
        said: dict[str, dict[str, None]] = {}
        for number, thing in enumerate(document.objects):
            if number > OBJECTS:
                raise LimitError(f"has more than {OBJECTS} objects")
            _object(thing, said, draft, depth=0)
        _metadata(document, said)
        for where, texts in said.items():
            text = "\n".join(texts)
            note_links(text, draft)
            draft.say(where, text, hidden=where != "form and annotations")


def _object(thing: Any, said: dict[str, dict[str, None]], draft: Draft, *, depth: int) -> None:
    """One object with the direct ones inside it."""
    import pikepdf

    if isinstance(thing, pikepdf.Stream):
        _stream(thing, draft)
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


def _dictionary(thing: Any, said: dict[str, dict[str, None]], draft: Draft) -> None:
    keys = thing.keys()
    if "/ByteRange" in keys:
        draft.protect("signed", "PDF signature")
    for key in keys:
        if key in FORM or key in NOTE:
            _say(thing, key, said.setdefault("form and annotations", {}))
        elif key in TREE:
            _say(thing, key, said.setdefault("links and descriptions", {}))


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


def _stream(thing: Any, draft: Draft) -> None:
    """An attached file (ISO 32000-2, 7.11.4) becomes a member; XFA forms are read as XML through /XFA."""
    if str(thing.get("/Type", "")) == "/EmbeddedFile":
        content = _bytes(thing)
        draft.file.budget.unpack(len(content))
        draft.member("attached file", content)


def _metadata(document: Any, said: dict[str, dict[str, None]]) -> None:
    import pikepdf

    texts = said.setdefault("properties", {})
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
