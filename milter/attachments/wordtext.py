"""What only WordprocessingML and DrawingML have: hidden runs, tracked changes, and the same text said twice."""

from lxml import etree

from milter.attachments.marks import CLOSE, HIDDEN
from milter.attachments.xmltext import local, text_of


def mark_hidden(root: etree._Element, content: bytes) -> None:
    """Mark runs formatted as hidden (w:vanish), and drop fallbacks that repeat their choice word for word."""
    if b"AlternateContent" in content:
        for both in list(root.iter("{*}AlternateContent")):
            _drop_echo(both)
    if b"vanish" not in content:
        return
    for vanish in list(root.iter("{*}vanish", "{*}webHidden")):
        properties = vanish.getparent()
        run = properties.getparent() if properties is not None else None
        if run is not None and local(run) == "r" and _on(vanish):
            run.text = HIDDEN + (run.text or "")
            run.tail = CLOSE + (run.tail or "")


def _on(switch: etree._Element) -> bool:
    """Whether a toggle property is set (ECMA-376 part 1, 17.3.2)."""
    return all(value not in ("0", "false", "off") for value in switch.attrib.values())


def _drop_echo(both: etree._Element) -> None:
    said = {text_of(child) for child in both if local(child) == "Choice"}
    for child in both:
        if local(child) == "Fallback" and text_of(child) in said:
            tail = child.tail
            both.remove(child)
            if tail and len(both):
                both[-1].tail = (both[-1].tail or "") + tail


def before_changes(root: etree._Element, content: bytes) -> str:
    """The paragraphs that lost text to tracked changes, as they read before; '' where none did."""
    if b"delText" not in content:
        return ""
    paragraphs: dict[etree._Element, None] = {}
    for deleted in root.iter("{*}delText"):
        paragraph = next((one for one in deleted.iterancestors("{*}p")), None)
        if paragraph is not None:
            paragraphs[paragraph] = None
    return "\n".join(_original(paragraph) for paragraph in paragraphs)


def _original(paragraph: etree._Element) -> str:
    """A paragraph's text with deletions kept and insertions left out."""
    return "".join(
        run.text or ""
        for run in paragraph.iter("{*}t", "{*}delText")
        if not any(local(one) == "ins" for one in run.iterancestors("{*}ins"))
        or any(True for _ in run.iterancestors("{*}del"))
    )
