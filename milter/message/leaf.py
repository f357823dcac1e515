"""One leaf: its content under each reading of its encoding, its name, and what else stands about it."""

import re
from dataclasses import dataclass

from milter.message.header import Block, texts
from milter.message.model import Part, Seal
from milter.message.shape import Shape, disposition, labels, note
from milter.message.text import decode_text, decode_words
from milter.message.transfer import (
    Content,
    Encoding,
    Label,
    decode,
    embedded,
    looks_base64,
    looks_quoted,
    words_in_base64,
)

_SHOWN = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html"})
_METHOD = re.compile(rb"\nMETHOD[ \t]*(?:;[^:\r\n]{0,200})?:[ \t]*([A-Za-z-]{1,40})", re.IGNORECASE)
_ARMOUR = (b"-----BEGIN PGP MESSAGE", b"-----BEGIN PGP SIGNED MESSAGE")
_PARTIAL = "a part is a fragment of a larger message (message/partial), the rest of which is elsewhere"
_EXTERNAL = "a part only points to content that lies elsewhere (message/external-body)"


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one leaf says of itself, decoded."""

    declared: str
    charset: str
    name: str
    names: tuple[str, ...]
    octets: bytes
    encoding: Encoding
    others: tuple[tuple[Content, bool], ...]  # other readings; True where programs plausibly differ in it
    odd: bool  # the encoding's label is unusual, and taking it makes a difference
    attachment: bool
    inline: bool
    method: str
    seal: Seal | None
    limit: str
    searched: bool  # its octets may hide MIME parts
    plain_text: bool  # declared as text in so many words: no program looks for parts in it

    @property
    def is_text(self) -> bool:
        """Whether readers show it as text of the message."""
        return self.declared in _SHOWN


def read_leaf(data: bytes, block: Block, end: int, shape: Shape) -> Leaf:
    """Decode a leaf's body under its labelled encoding, and under the others that programs may take."""
    body = data[block.body : end]
    first, *labelled = labels(block)
    readings = decode(body, first.encoding)
    octets = readings[0].octets
    others = [(content, True) for content in readings[1:]]
    others += [(Content(decode(body, lab.encoding)[0].octets, _view(lab)), True) for lab in labelled]
    others += _unlabelled(body, first, shape)
    if first.encoding == "base64":
        words, only = words_in_base64(body)
        others += [(Content(words, "words where base64 should stand"), only)] if words else []
    shown = disposition(block, shape)
    return Leaf(
        declared=shape.declared,
        charset=shape.charset,
        name=shown.names[0] if shown.names else "",
        names=shown.names,
        octets=octets,
        encoding=first.encoding,
        others=tuple(others),
        odd=first.odd and first.encoding != "identity" and octets != body,
        attachment=shown.attachment,
        inline=shown.inline,
        method=_method(shape, octets),
        seal=_seal(shape, octets),
        limit={"message/partial": _PARTIAL, "message/external-body": _EXTERNAL}.get(shape.declared, ""),
        searched=first.encoding in ("identity", "quoted-printable") or b":" in body,
        plain_text=shape.explicit and shape.declared in _SHOWN and not shape.view,
    )


def _view(lab: Label) -> str:
    return f"another transfer encoding taken ({lab.encoding})"


def _unlabelled(body: bytes, first: Label, shape: Shape) -> list[tuple[Content, bool]]:
    """Return what a body holds that is encoded though its label does not say so."""
    if first.encoding != "identity":
        return []
    if looks_base64(body) and (first.odd or not shape.declared.startswith("text/")):
        return [(Content(decode(body, "base64")[0].octets, "base64 without its label"), True)]
    if first.odd and looks_quoted(body):
        octets = decode(body, "quoted-printable")[0].octets
        return [(Content(octets, "quoted-printable without its label"), True)]
    return []


def _method(shape: Shape, octets: bytes) -> str:
    if shape.declared != "text/calendar":
        return ""
    for name in texts(shape.params, "method"):
        return name.upper()
    found = _METHOD.search(b"\n" + octets[:100_000])
    return found[1].decode("ascii").upper() if found else ""


def _seal(shape: Shape, octets: bytes) -> Seal | None:
    if shape.declared in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        kind = "".join(texts(shape.params, "smime-type")).lower()
        return "smime-signed" if kind in ("signed-data", "certs-only") else "smime-encrypted"
    if shape.declared in _SHOWN and b"-----BEGIN PGP " in octets:
        lines = b"\n" + octets
        if b"\n" + _ARMOUR[0] in lines:
            return "pgp-encrypted"
        if b"\n" + _ARMOUR[1] in lines:
            return "pgp-signed"
    return None


@dataclass(frozen=True, slots=True)
class Asides:
    """What stands in or about a leaf besides its content."""

    files: tuple[tuple[str, bytes, str], ...]  # name, octets and kind of each file inside its text
    text: str  # other names than the first, description
    names_differ: bool  # names that end differently: programs would open it differently


def asides_of(part: Part, leaf: Leaf, block: Block) -> Asides:
    """Files inside text, every other name, and the description (RFC 2045 section 8) of a leaf."""
    files: tuple[tuple[str, bytes, str], ...] = ()
    if leaf.declared.startswith("text/") or leaf.encoding == "identity":
        files = tuple(
            (decode_words(decode_text(file.name)), file.octets, file.kind) for file in embedded(part.content)
        )
    lines = [f"Name: {name}" for name in leaf.names[1:]]
    described = note(block.fields, ("content-description",))
    if described and described.partition(": ")[2] != leaf.name:
        lines.append(described)
    endings = {name.rpartition(".")[2].lower() if "." in name else "" for name in leaf.names}
    return Asides(files, "\n".join(lines), len(endings - {""}) > 1)
