"""OpenDocument (ODF 1.3): content, styles with headers and footers, properties, embedded objects; its locks.

Sheets are tables of their own, by the values they show; repeated cells count as often as they hold text.
"""

import re

from lxml import etree

from milter.attachments import zips
from milter.attachments.draft import Draft, File, LockedError, UnreadableError
from milter.attachments.links import note_links
from milter.attachments.marks import say_marked
from milter.attachments.picture import embedded_picture, settle_pictures
from milter.attachments.xmltext import attributes_of, local, mark, parse, properties_of, text_of

SPARE = re.compile(r"^(?:mimetype|manifest\.rdf|Thumbnails/|META-INF/manifest|Configurations2/|layout-cache)")
PICTURE = re.compile(r"(?i)\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svm|svg|webp)$")
READ_ONLY = re.compile(rb'LoadReadonly"[^>]{0,100}>true<|table:(?:structure-)?protected="true"')
REPEATED = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}number-columns-repeated"
MOST_REPEATS = 64  # of one cell that holds text; a sheet's empty rest repeats for ever


def read_odf(file: File, draft: Draft) -> None:
    """Read a package."""
    parts: dict[str, bytes] = {}
    listed = [entry for entry in zips.entries(draft) if not entry.folder]
    manifest = next((entry for entry in listed if entry.name == "META-INF/manifest.xml"), None)
    if manifest and _locked(zips.unpack(file.content, manifest, file.budget), draft):
        raise LockedError("needs a password")
    for entry in listed:
        if entry.name.endswith("documentsignatures.xml"):
            draft.protect("signed", "ODF signature")
        elif not SPARE.search(entry.name):
            try:
                parts[entry.name] = zips.unpack(file.content, entry, file.budget)
            except UnreadableError as fault:
                draft.fail("unreadable", f"a part of it {fault}")
    for name in sorted(parts, key=lambda one: (one != "content.xml", one)):
        _part(name, parts[name], draft)
    settle_pictures(draft)


def _locked(manifest: bytes, draft: Draft) -> bool:
    """Whether the parts are encrypted (ODF 1.3 part 2, 3.4), and by which cipher."""
    if b"encryption-data" not in manifest:
        return False
    weak = b"aes" not in manifest.lower()
    draft.protect("weak" if weak else "password", "Blowfish (ODF)" if weak else "AES-256 (ODF)")
    return True


def _part(name: str, content: bytes, draft: Draft) -> None:
    if PICTURE.search(name):
        embedded_picture(name.rpartition("/")[2], content, draft)
    elif not name.endswith((".xml", ".rdf")):
        if name.startswith(("Basic/", "Scripts/")):
            draft.note("macros")
        if content:
            draft.member(name.rpartition("/")[2], content)
    else:
        if name.startswith(("Basic/", "Scripts/")):
            draft.note("macros")
        if READ_ONLY.search(content):
            draft.protect("read-only", "marked read-only")
        _xml(name, content, draft)


def _xml(name: str, content: bytes, draft: Draft) -> None:
    root = parse(content, draft)
    if root is None:
        return
    part = name.rpartition("/")[2]
    if part == "settings.xml":
        return
    if part == "meta.xml":
        draft.say("properties", properties_of(root), hidden=True)
        return
    said = attributes_of(root, content)
    links = [
        value
        for value in root.xpath("//@*[local-name()='href']", smart_strings=False)
        if isinstance(value, str) and ":" in value
    ]
    note_links("\n".join(links), draft)
    if part == "content.xml" and b"table:table " in content:
        read_sheets(root, draft)
    mark(root, every=part not in ("content.xml", "styles.xml"))
    say_marked(draft, "header and footer" if part == "styles.xml" else "body", text_of(root))
    draft.say("descriptions and links", "\n".join(dict.fromkeys(said + links)), hidden=True)


def read_sheets(root: etree._Element, draft: Draft) -> None:
    """Take spreadsheet tables out of the tree, each as a passage; text documents' tables stay in the flow."""
    hidden_styles = {
        style.get(next((key for key in style.attrib if key.endswith("}name")), ""), "")
        for style in root.iter("{*}style")
        if any(
            key.endswith("}display") and value == "false"
            for one in style
            for key, value in one.attrib.items()
        )
    }
    for sheets in list(root.iter("{*}spreadsheet")):
        for table in [one for one in sheets if local(one) == "table"]:
            _sheet(table, hidden_styles, draft)
            sheets.remove(table)


def _attribute(element: etree._Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.endswith("}" + name)), "")


def _sheet(table: etree._Element, hidden_styles: set[str], draft: Draft) -> None:
    seen: list[str] = []
    unseen: list[str] = []
    comments = [text_of(one) for one in table.iter("{*}annotation")]
    for row in table.iter("{*}table-row"):
        line = _line(row)
        if line:
            (unseen if _attribute(row, "visibility") in ("collapse", "filter") else seen).append(line)
    where = f"sheet '{_attribute(table, 'name')}'"
    hidden = _attribute(table, "style-name") in hidden_styles
    draft.say(where, "\n".join(seen), table=True, hidden=hidden)
    if unseen:
        draft.say(f"{where}, hidden rows", "\n".join(seen[:1] + unseen), table=True, hidden=True)
    draft.say(f"{where}, comment", "\n".join(comments))
    for shapes in table.iter("{*}shapes"):
        draft.say(f"{where}, drawing", " ".join(shapes.itertext()))


def _line(row: etree._Element) -> str:
    cells: list[str] = []
    for cell in row:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        times = cell.get(REPEATED, "1")
        repeat = int(times) if times.isdigit() and len(times) < 8 else 1
        text = " ".join(text_of(one).strip() for one in cell if local(one) != "annotation")
        text = text.replace("\n", " ").replace("\t", " ") or _attribute(cell, "value")
        cells += [text] * min(repeat, MOST_REPEATS if text else 16_384)
        if len(cells) > 16_384:
            break
    while cells and not cells[-1]:
        cells.pop()
    return "\t".join(cells)
