"""Office Open XML packages (ECMA-376): every part is read, whatever the format or the part.

Guarantees that text in any XML part comes out: body, headers, comments, tracked changes, text boxes, notes,
fields, alternative text, properties, custom data, charts, drawings. What is embedded becomes a member.
"""

import re

from milter.attachments import ole, zips
from milter.attachments.draft import Draft, File, LimitError, LockedError
from milter.attachments.links import note_links
from milter.attachments.marks import loose, say_marked
from milter.attachments.package import Package
from milter.attachments.picture import embedded_picture, settle_pictures
from milter.attachments.wordtext import before_changes, mark_hidden
from milter.attachments.xlsx import read_workbook
from milter.attachments.xmltext import attributes_of, mark, parse, properties_of, text_of

# Part name to place; first match counts. Parts of no text interest are left out by SKIPPED alone.
PLACES = (
    (re.compile(r"word/document[^/]*\.xml$"), "body"),
    (re.compile(r"word/header"), "header"),
    (re.compile(r"word/footer"), "footer"),
    (re.compile(r"comments|threadedComment"), "comment"),
    (re.compile(r"word/(?:footnotes|endnotes)"), "footnote"),
    (re.compile(r"ppt/slides/slide(\d+)\.xml$"), "slide"),
    (re.compile(r"ppt/notesSlides/"), "notes"),
    (re.compile(r"ppt/(?:slideMasters|slideLayouts|notesMasters|handoutMasters)/"), "master"),
    (re.compile(r"docProps/"), "properties"),
    (re.compile(r"customXml/"), "custom data"),
    (re.compile(r"/charts?/"), "chart"),
    (re.compile(r"drawing|diagrams"), "drawing"),
    (re.compile(r"pivotCache"), "pivot cache"),
)
FLOWING = ("body", "header", "footer", "comment", "footnote", "slide", "notes", "master")
CONCEALED = ("properties", "custom data", "pivot cache")
# Parts that hold settings and no text are known by their root element, never by their name, which is free.
TEXTLESS = frozenset(
    ("theme", "styles", "fonts", "webSettings", "tblStyleLst", "calcChain", "viewPr", "colorStyle")
)
WORKBOOK = frozenset(
    ("workbook", "worksheet", "sst", "styleSheet", "chartsheet", "dialogsheet", "macrosheet")
)
FONTS = re.compile(r"(?i)(?:\.odttf|\.fntdata|\.ttf|printerSettings\d*\.bin)$")
ROOT = re.compile(rb"\s{0,99}<(?:[\w.-]{1,40}:)?([\w.-]{1,60})[\s>/]")
PROLOG = re.compile(rb"^(?:\xef\xbb\xbf)?\s{0,99}(?:<\?xml[^>]{0,200}\?>)?")
XML = re.compile(r"\.(?:xml|vml|rels)$")
PICTURES = re.compile(r"(?i)\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|ico|svg|webp|heic|wdp)$")
READ_ONLY = re.compile(
    rb"<\w{1,20}:(?:writeProtection|modifyVerifier)\s"
    rb"|<\w{1,20}:documentProtection\s[^>]{0,2000}enforcement=[\"'](?:1|t|on)"
    rb"|<(?:\w{1,20}:)?fileSharing\s[^>]{0,2000}(?:readOnlyRecommended=[\"'](?:1|t)|(?:reservationPassword|hashValue)=)"
    rb"|<(?:\w{1,20}:)?workbookProtection\s[^>]{0,2000}lock(?:Structure|Windows|Revision)=[\"'](?:1|t)"
)


def read_ooxml(file: File, draft: Draft) -> None:
    """Read a docx, xlsx or pptx package, or another of the family."""
    listed = [entry for entry in zips.entries(draft) if not entry.folder]
    if any(entry.encrypted for entry in listed):
        raise LockedError("its parts are encrypted")
    if len(listed) > file.budget.limits.members * 2:
        raise LimitError("has too many parts")
    parts = Package(draft)
    for entry in listed:
        name = entry.name.lstrip("/").replace("\\", "/")
        if entry.name.startswith("_xmlsignatures/") or "/_xmlsignatures/" in f"/{name}":
            draft.protect("signed", "Office signature")
        if FONTS.search(name) or "_xmlsignatures/" in name or name == "[Content_Types].xml":
            continue
        parts.add(name, entry)
    _parts(parts, draft)


def _parts(parts: Package, draft: Draft) -> None:
    pictures: list[str] = []
    roots = {name: root_of(parts.head(name)) for name in parts.names()}
    sheets = {name: root for name, root in roots.items() if root in WORKBOOK}
    if "workbook" in sheets.values():
        read_workbook(parts, sheets, draft)
    for name in sorted(roots, key=_order):
        if roots[name] in TEXTLESS or (name in sheets and roots[name] != "workbook"):
            continue
        if "vbaproject" in name.lower():
            draft.note("macros")
            continue  # program text; the policy goes by the note
        if PICTURES.search(name):
            pictures.append(name)
        elif XML.search(name.partition("#")[0]):
            _xml(name, parts.part(name), draft)
        else:
            ole.embedded(name.rpartition("/")[2], parts.part(name), draft)
    for name in pictures:
        embedded_picture(name.rpartition("/")[2], parts.part(name), draft)
    settle_pictures(draft)


def root_of(content: bytes) -> str:
    """The local name of a part's root element; '' where anything but a plain prolog stands before it."""
    prolog = PROLOG.match(content)
    root = ROOT.match(content, prolog.end() if prolog else 0)
    return root[1].decode() if root else ""


def _order(name: str) -> tuple[int, int, str]:
    """Body first, slides by number."""
    place = place_of(name)
    rank = FLOWING.index(place) if place in FLOWING else len(FLOWING)
    number = re.search(r"(\d{1,6})\.xml$", name)
    return rank, int(number[1]) if number else 0, name


def place_of(name: str) -> str:
    """The place, for people, that a part's name stands for."""
    for pattern, place in PLACES:
        if pattern.search(name):
            return place
    return "other part"


def _xml(name: str, content: bytes, draft: Draft) -> None:
    place = place_of(name)
    if name.endswith(".rels"):
        _external(content, draft)
        return
    if place != "custom data" and READ_ONLY.search(content):
        draft.protect("read-only", "marked read-only")
    root = parse(content, draft)
    if root is None:
        return
    where, hidden = place, place in CONCEALED
    if place == "slide":
        number = re.search(r"(\d+)\.xml$", name)
        where = f"slide {number[1]}" if number else "slide"
        hidden = root.get("show") in ("0", "false")
    said = attributes_of(root, content)
    if place == "pivot cache":
        said += [str(value) for value in root.xpath("//@v", smart_strings=False)]
    _text(root, content, where, place, hidden=hidden, draft=draft)
    if said:
        draft.say(f"{where}, descriptions", "\n".join(said), hidden=True)


def _text(root, content: bytes, where: str, place: str, *, hidden: bool, draft: Draft) -> None:  # type: ignore[no-untyped-def]
    if place == "properties":
        draft.say(where, properties_of(root), hidden=True)
        return
    if place in FLOWING:
        original = before_changes(root, content)
        mark_hidden(root, content)
        if original:
            draft.say(f"{where}, before tracked changes", original, hidden=True)
    flowing = place in FLOWING
    mark(root, every=not flowing)
    text = text_of(root)
    if place == "master":
        _master(text, draft)
    elif flowing:
        say_marked(draft, where, text, hidden=hidden)
    else:
        say_marked(draft, where, "\n".join(line for line in text.split("\n") if line.strip()), hidden=hidden)


def _master(text: str, draft: Draft) -> None:
    """Masters and layouts repeat one another: only lines that none before said are kept."""
    said = {line for one in draft.passages if one.where == "master" for line in one.text.split("\n")}
    fresh = [line for line in loose(text).split("\n") if line not in said]
    say_marked(draft, "master", "\n".join(fresh))


def _external(content: bytes, draft: Draft) -> None:
    """Addresses that the package points at: links, and content fetched when it is opened."""
    root = parse(content, draft) if b"External" in content or b"\0" in content[:100] else None
    if root is None:
        return
    found = [
        one.get("Target", "") for one in root.iter("{*}Relationship") if one.get("TargetMode") == "External"
    ]
    if found:
        note_links("\n".join(found), draft)
        draft.say("links", "\n".join(dict.fromkeys(found)), hidden=True)
