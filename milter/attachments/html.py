"""HTML as a browser builds it, with all that it does not show: attributes, comments, hidden elements.

Blocks are parted by line ends, cells by tabs, rows by line ends; tables become passages of their own. Text in
elements that are styled away is a hidden passage (Y5).
"""

import re

from milter.attachments.draft import Draft, File
from milter.attachments.links import note_links
from milter.attachments.marks import CELL, CLOSE, HIDDEN, ROW, TABLE, say_marked
from milter.attachments.picture import embedded_picture, settle_pictures
from milter.attachments.text import charset_of
from milter.message.text import decode_text, lenient_base64

BLOCKS = (
    "p,div,br,li,h1,h2,h3,h4,h5,h6,blockquote,pre,hr,dt,dd,ul,ol,dl,section,article,header,footer,address,"
    "option,fieldset,legend,caption,form,label,button,title,figcaption,center,summary,textarea,select"
)
CONCEALED = (
    '[hidden],[style*="display:none" i],[style*="display: none" i],[style*="visibility:hidden" i],'
    '[style*="visibility: hidden" i],[style*="font-size:0" i],[style*="font-size: 0" i],'
    '[style*="mso-hide:all" i],[style*="opacity:0;" i],[style*="max-height:0" i],[style*="max-height: 0" i],'
    "template,noscript"
)
TELLING = ("alt", "title", "value", "placeholder", "content", "aria-label", "summary", "label")
SPACES = re.compile(r"[ \t\r\n\f]+")
COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.DOTALL)
TAG = re.compile(r"<[^<>]*>")
CHARSET = re.compile(rb"""(?i)<meta[^<>]{0,200}charset\s{0,9}=\s{0,9}["']?\s{0,9}([a-z0-9_:.-]{1,40})""")
PREFORMATTED = re.compile(r"(?i)<(?:pre|textarea|xmp|listing|plaintext)\b|white-space\s{0,3}:\s{0,3}pre")
TEMPLATE = re.compile(r"(?i)<(/?)template\b")  # a tree has its content apart, where no text is taken from
WRITTEN = re.compile(r"""content\s{0,9}:\s{0,9}(["'])(.{1,2000}?)\1""")  # text that a style sheet puts in
DATA = re.compile(r"""(?i)data:([\w.+/;=-]{0,100});base64,([A-Za-z0-9+/=\s]{16,})""")
DEEP = 2_000  # elements in one another; lexbor walks deeper trees by recursion


def read_html(file: File, draft: Draft) -> None:
    """Read a page, shown and not shown."""
    from selectolax.lexbor import LexborHTMLParser

    declared = CHARSET.search(file.content[:2048])
    charset = charset_of(file.declared) or (declared[1].decode("ascii") if declared else "")
    source = decode_text(file.content, charset)
    note_links(source, draft)
    tree = LexborHTMLParser(_flat(_unwrapped(TEMPLATE.sub(r"<\1noscript", source))))
    said = _attributes(tree)
    comments = [TAG.sub(" ", inside) for inside in COMMENT.findall(source)]
    for node in tree.css("style,script"):
        _script(node, draft)
    _mark(tree)
    root = tree.root
    text = root.text(deep=True, separator="") if root is not None else ""
    say_marked(draft, "page", _spaces(text))
    if said:
        draft.say("attributes", "\n".join(said), hidden=True)
    if comments:
        draft.say("comments", "\n".join(comments), hidden=True)
    for data in DATA.finditer(source):
        content = lenient_base64(data[2].encode("ascii", "replace"))
        file.budget.unpack(len(content))
        if data[1].lower().startswith("image/"):
            embedded_picture("", content, draft)
        else:
            draft.member("", content)
    settle_pictures(draft)


def _flat(source: str) -> str:
    """The source, or its bare text where a tree of it would be nested absurdly deep."""
    if source.count("<") < DEEP:
        return source
    depth = deepest = 0
    for closing in re.findall(r"<(/?)[a-zA-Z]", source):
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    void = len(re.findall(r"(?i)<(?:br|img|hr|input|meta|link|p|li|td|tr|col|wbr|area|option)\b", source))
    return source if deepest - void < DEEP else TAG.sub("\n", source)


def _unwrapped(source: str) -> str:
    """The source with its line ends as spaces, since to a browser they are; text set as it stands keeps them."""
    return source if PREFORMATTED.search(source) else source.replace("\r", " ").replace("\n", " ")


def _spaces(text: str) -> str:
    """Runs of white space as a browser shows them; line ends stand where blocks end."""
    return re.sub(r"[ \t\r\f]+", " ", text)


def _attributes(tree) -> list[str]:  # type: ignore[no-untyped-def]
    found: dict[str, None] = {}
    for name in TELLING:
        for node in tree.css(f"[{name}]"):
            found[node.attributes.get(name) or ""] = None
    for node in tree.css('a[href^="mailto:" i],a[href^="tel:" i]'):
        found[(node.attributes.get("href") or "").partition(":")[2].partition("?")[0]] = None
    for node in tree.css('input[type="hidden" i]'):
        found[f"{node.attributes.get('name') or ''}: {node.attributes.get('value') or ''}"] = None
    return [value for value in found if any(character.isalnum() for character in value)]


def _script(node, draft: Draft) -> None:  # type: ignore[no-untyped-def]
    """Scripts may carry text (mail clients do not run them); of style sheets only what they would show."""
    text = node.text(deep=True, separator="")
    if node.tag == "script":
        draft.say("script", text, hidden=True)
    else:
        draft.say("style", "\n".join(found[2] for found in WRITTEN.finditer(text)), hidden=True)
    node.decompose()


def _mark(tree) -> None:  # type: ignore[no-untyped-def]
    for node in tree.css("td,th"):
        node.insert_after(CELL)
    for node in tree.css("tr"):
        node.insert_after(ROW)
    for node in tree.css(BLOCKS):
        node.insert_after("\n")
    for node in tree.css("p,div,li,table,ul,ol,dl,h1,h2,h3,h4,h5,h6,blockquote"):
        node.insert_before("\n")
    for node in tree.css("table"):
        if node.css_first("table table") is None and len(node.css("td,th")) > 3:
            node.insert_before(TABLE)
            node.insert_after(CLOSE)
    for node in tree.css(CONCEALED):
        node.insert_before(HIDDEN)
        node.insert_after(CLOSE)
