"""The walk over a message's structure: every leaf that any reader could see, under each plausible reading.

Where mail programs plausibly disagree, the reading of most is walked first, then the others; what another
reading alone shows is added, and named as an ambiguity where it differs (pitfall 36). Time and memory
are bounded by the caps and by an allowance of octets looked at; beyond them the walk stops and says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from milter.message.compare import SPACE, merged, squeezed, stretches
from milter.message.header import Block, read_block
from milter.message.leaf import Asides, Leaf, asides_of, read_leaf
from milter.message.model import Node, Part, Seal
from milter.message.shape import Shape, labels, note, shapes
from milter.message.split import Mark, buried, delimiters, is_boilerplate, pieces
from milter.message.text import decode_text
from milter.message.transfer import Encoding, decode, looks_base64
from milter.settings import Caps

_SAID = ("subject", "from", "to", "cc", "comments", "keywords", "thread-topic")
_ALLOWANCE = 40  # times the message's size may be looked at, all readings together
_ALLOWANCE_LEAST = 20_000_000  # octets


@dataclass(frozen=True, slots=True)
class Source:
    """Octets that are walked; `raw` where offsets in them are offsets in the message."""

    octets: bytes
    raw: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the tree, and in which reading, an entity stands."""

    own: str = "1"  # its path where it is a leaf
    prefix: str = ""  # of its children's paths
    node: str = ""  # its path as an entity
    depth: int = 0
    enclosing: str = ""
    view: str = ""
    default: str = "text/plain"
    first: bool = True  # nothing is shown in front of it
    buried: bool = False  # it was found inside what most readers show as text


@dataclass(slots=True)
class Walk:
    """One walk with what it has left to spend and what it noticed."""

    caps: Caps
    size: int
    views: int = 0
    parts: int = 0
    work: int = 0
    limits: dict[str, None] = field(default_factory=dict)
    ambiguities: dict[str, None] = field(default_factory=dict)
    seals: set[Seal] = field(default_factory=set)
    nodes: list[Node] = field(default_factory=list)
    paths: dict[str, int] = field(default_factory=dict)
    root: Block | None = None  # the message's own header block
    scaffold: list[tuple[int, int]] = field(default_factory=list)  # raw spans that are headers or delimiters

    def __post_init__(self) -> None:
        self.views, self.parts = self.caps.views, self.caps.parts
        self.work = max(self.size * _ALLOWANCE, _ALLOWANCE_LEAST)

    def entity(self, src: Source, start: int, end: int, place: Place) -> list[Part]:
        """Every leaf of the entity that stands from `start` to `end`: header block and body."""
        if place.depth > self.caps.depth:
            self.limits[f"the message is nested deeper than {self.caps.depth} levels"] = None
            return self._opaque(src, start, end, place)
        self.work -= end - start
        if self.work < 0:
            self.limits["the message takes too much work to read under all readings"] = None
            return self._opaque(src, start, end, place)
        block = read_block(src.octets, start, end, self.caps)
        self.root = self.root or block
        self.limits |= dict.fromkeys(block.limits)
        self._scaffold(src, block.start, block.body)
        found = self._headed(src, block, end, place)
        if block.other_body >= 0:
            other = replace(block, fields=block.other_fields, body=block.other_body, other_body=-1)
            view = "a header block read to another end"
            rest = decode_text(src.octets[block.other_body : block.body])
            if rest.strip():
                seen = replace(place, node=f"{place.node or '0'}.HEADER", view=view)
                found += self._aside_text(src, rest, seen, (block.other_body, block.body))
            self.alternative(found, place, view, partial(self._headed, src, other, end))
        return found

    def _headed(self, src: Source, block: Block, end: int, place: Place) -> list[Part]:
        first, *others = shapes(block, place.default)
        found = self._body(src, block, end, first, place)
        for shape in others:
            self.alternative(found, place, shape.view, partial(self._body, src, block, end, shape))
        return found

    def _body(self, src: Source, block: Block, end: int, shape: Shape, place: Place) -> list[Part]:
        if shape.kind == "multipart":
            return self._multipart(src, block, end, shape, place)
        if shape.kind == "message":
            return self._message(src, block, end, shape, place)
        return self._leaf(src, block, end, shape, place)

    def alternative(
        self,
        found: list[Part],
        place: Place,
        view: str,
        walk: Callable[[Place], list[Part] | None],
        quiet: bool = False,
    ) -> None:
        """Walk another reading, and add to `found` what it alone shows; say so where the two differ."""
        if self.views <= 0:
            self.limits[f"the message can be read in more than {self.caps.views} ways"] = None
            return
        self.views -= 1
        others = walk(replace(place, view=place.view or view)) or []
        fresh = self._beyond(others, found)
        lost = not quiet and not fresh and bool(self._beyond([p for p in found if not p.view], others))
        if (fresh or lost) and not quiet:
            self.ambiguous(place, view)
        found += fresh

    def ambiguous(self, place: Place, view: str) -> None:
        """Note that programs show different content, by the part's number and the reading."""
        where = f"part {place.node}" if place.node else "the message"
        self.ambiguities[f"{where}: {view}"] = None

    def _beyond(self, parts: list[Part], known: list[Part]) -> list[Part]:
        """Those parts whose content no known part holds, spacing aside."""
        exact = {(p.content, p.charset) for p in known}
        rest = [p for p in parts if (p.content, p.charset) not in exact and p.content.strip(SPACE)]
        if not rest:
            return []
        blob = b"\n\n".join(squeezed(p, p.content) for p in known)
        scaffold = merged(self.scaffold)
        return [part for part in rest if not self._held(part, blob, scaffold)]

    def _held(self, part: Part, blob: bytes, scaffold: list[tuple[int, int]]) -> bool:
        """Whether a part's content is in `blob`, headers and delimiters aside."""
        for stretch in stretches(part, scaffold):
            self.work -= len(blob)
            if self.work < 0 or squeezed(part, stretch) not in blob:
                return False
        return True

    def _multipart(self, src: Source, block: Block, end: int, shape: Shape, place: Place) -> list[Part]:
        self._seal_multipart(shape, place)
        found = self._split_by_any(src, block.body, end, shape, block, place)
        for encoding in self._coded(src, block, end, place):
            inner = Source(decode(src.octets[block.body : end], encoding)[0].octets, raw=False)
            whole = partial(self._split_by_any, inner, 0, len(inner.octets), shape, None)
            if found is None:
                found = whole(place)
            elif self._hides(src.octets[block.body : end], inner.octets, shape):
                view = "a multipart body decoded first"
                self.alternative(found, place, view, whole)
        if found is not None:
            return found
        return self._leaf(src, block, end, Shape(view=shape.view), place)

    def _coded(self, src: Source, block: Block, end: int, place: Place) -> list[Encoding]:
        """Return the transfer encodings of a multipart or nested message: labelled ones, and plain base64."""
        coded: list[Encoding] = [lab.encoding for lab in labels(block) if lab.encoding != "identity"]
        if not coded and looks_base64(src.octets[block.body : end]):
            self.ambiguous(place, "base64 without its label")
            coded.append("base64")
        return coded

    def _hides(self, body: bytes, decoded: bytes, shape: Shape) -> bool:
        """Whether a body holds delimiters or part headers that show only once it is decoded."""
        if decoded.lower().count(b"content-t") > body.lower().count(b"content-t"):
            return True
        most = self.caps.parts
        return any(
            len(delimiters(decoded, 0, len(decoded), b, most)) > len(delimiters(body, 0, len(body), b, most))
            for b in shape.boundaries[:12]
        )

    def _split_by_any(
        self, src: Source, start: int, end: int, shape: Shape, block: Block | None, place: Place
    ) -> list[Part] | None:
        """Split by the first boundary that stands in the body, then by the others; None where none does."""
        most = self.caps.parts
        sets: list[tuple[bytes, list[Mark]]] = []
        for boundary in shape.boundaries[:12]:
            marks = delimiters(src.octets, start, end, boundary, most)
            if marks and marks not in [seen for _, seen in sets]:
                sets.append((boundary, marks))
        if not sets:
            return None
        sets.sort(key=lambda pair: not any(mark.kind == "open" for mark in pair[1]))
        (boundary, marks), *others = sets
        if block is not None:
            self._node(src, block, end, shape.declared, place, boundary=boundary, marks=marks)
        found = self._split(src, start, end, shape, marks, place)
        for _, other in others:
            view = "another string taken for the boundary"
            self.alternative(found, place, view, partial(self._split, src, start, end, shape, other))
        return found

    def _split(
        self, src: Source, start: int, end: int, shape: Shape, marks: list[Mark], place: Place
    ) -> list[Part]:
        cut = pieces(src.octets, start, end, marks)
        for mark in marks:
            self._scaffold(src, mark.start, mark.end)
        if shape.declared == "multipart/digest":
            place = replace(place, default="message/rfc822")
        found = self._children(src, cut.children, 0, place)
        found += self._aside(src, *cut.preamble, place, "text in front of the first part", "preamble")
        if cut.behind:
            after = partial(self._children, src, cut.behind, len(cut.children))
            self.alternative(found, replace(place, first=False), "parts behind the closing boundary", after)
        found += self._aside(src, *cut.epilogue, place, "text behind the last part", "epilogue")
        if cut.loose:
            view = "lines that only start with the boundary taken for it"
            self.alternative(found, place, view, partial(self._children, src, cut.loose, 0))
        return found

    def _children(self, src: Source, spans: list[tuple[int, int]], after: int, place: Place) -> list[Part]:
        found: list[Part] = []
        for number, (start, end) in enumerate(spans, after + 1):
            if self.parts <= 0:
                self.limits[f"the message has more than {self.caps.parts} parts"] = None
                break
            own = f"{place.prefix}{number}"
            child = replace(
                place,
                own=own,
                prefix=own + ".",
                node=own,
                depth=place.depth + 1,
                first=place.first and number == 1,
            )
            found += self.entity(src, start, end, child)
        return found

    def _message(self, src: Source, block: Block, end: int, shape: Shape, place: Place) -> list[Part]:
        """Walk a nested message, decoded first where it is encoded (which RFC 2046 5.2.1 forbids)."""
        self._node(src, block, end, shape.declared, place)
        place = replace(
            place, enclosing=place.enclosing or place.own, depth=place.depth + 1, default="text/plain"
        )
        inners = [
            Source(content.octets, raw=False)
            for encoding in self._coded(src, block, end, place)
            for content in decode(src.octets[block.body : end], encoding)
        ]
        plain = read_block(src.octets, block.body, end, self.caps).fields
        if plain or not inners:
            found = self._inner(src, block.body, end, place)
        else:
            found = self._inner(inners[0], 0, len(inners[0].octets), place)
            inners = inners[1:]
            if b":" in src.octets[block.body : end]:  # no base64 digit, but every header has it
                view = "a nested message that is not encoded as its label says"
                self.alternative(found, place, view, partial(self._inner, src, block.body, end))
        for inner in inners:
            if read_block(inner.octets, 0, len(inner.octets), self.caps).fields:
                view = "a nested message decoded in another way"
                self.alternative(found, place, view, partial(self._inner, inner, 0, len(inner.octets)))
        return found

    def _inner(self, src: Source, start: int, end: int, place: Place) -> list[Part]:
        block = read_block(src.octets, start, end, self.caps)
        found: list[Part] = []
        if text := note(block.fields, _SAID):
            found += self._aside_text(
                src, text, replace(place, node=f"{place.own}.HEADER"), (start, block.body)
            )
        nested = replace(place, own=f"{place.own}.1", prefix=f"{place.own}.")
        return found + self.entity(src, start, end, nested)

    def _leaf(self, src: Source, block: Block, end: int, shape: Shape, place: Place) -> list[Part]:
        leaf = read_leaf(src.octets, block, end, shape)
        self._node(src, block, end, shape.declared, place, encoding=leaf.encoding)
        main = self._part(src, block, end, leaf, place)
        if leaf.seal and not place.enclosing:
            self.seals.add(leaf.seal)
        if leaf.limit:
            self.limits[leaf.limit] = None
        found = [main]
        for content, loud in leaf.others:
            part = self._named(replace(main, content=content.octets, view=content.view))
            if fresh := self._beyond([part], found):
                found += fresh
            if loud and (fresh or self._beyond([main], [part])):
                self.ambiguous(place, content.view)
        if leaf.odd:
            self.ambiguous(place, "an unusual transfer encoding label")
        if leaf.searched and not place.buried:
            self._buried(found, src, block.body, end, place, quiet=leaf.plain_text)
        if leaf.encoding != "identity" and leaf.is_text and not place.buried:
            decoded = Source(leaf.octets, raw=False)
            self._buried(found, decoded, 0, len(leaf.octets), place, quiet=True)
        self._asides(found, src, block, asides_of(main, leaf, block), place)
        return found

    def _asides(self, found: list[Part], src: Source, block: Block, asides: Asides, place: Place) -> None:
        """Add what stands in or about a leaf: files inside its text, other names, its description."""
        if asides.names_differ:
            self.ambiguous(place, "file names of different kinds")
        main = found[0]
        for name, octets, kind in asides.files:
            if any(p.content == octets for p in found):
                continue
            if not self._count():
                break
            view = f"a file inside the text ({kind})"
            file = replace(
                main, role="attachment", declared="application/octet-stream", charset="", name=name
            )
            found.append(self._named(replace(file, content=octets, view=view, inline=False, method="")))
        if asides.text:
            head = (block.start, block.body)
            found += self._aside_text(src, asides.text, replace(place, node=f"{place.own}.MIME"), head)

    def _buried(
        self, found: list[Part], src: Source, start: int, end: int, place: Place, quiet: bool
    ) -> None:
        """Walk what looks like MIME parts inside a text, in front of the first part, or behind the last."""
        spans = buried(src.octets, start, end, self.caps.parts)
        if not spans:
            return
        if len(spans) >= self.caps.parts and not quiet:
            self.limits[f"a part holds more than {self.caps.parts} stretches that read like parts"] = None
        inside = replace(place, buried=True, depth=place.depth + 1, prefix=f"{place.own}.")
        view = "MIME parts inside what is declared to be no multipart"
        self.alternative(found, inside, view, partial(self._children, src, spans, 0), quiet=True)
        if not quiet and any(
            p.view == (place.view or view) and p.path.startswith(inside.prefix) for p in found
        ):
            self.ambiguous(place, view)

    def _aside(self, src: Source, start: int, end: int, place: Place, view: str, slug: str) -> list[Part]:
        """Text of a multipart that stands in no part: shown by programs that know no MIME."""
        text = src.octets[start:end]
        if is_boilerplate(text):
            self._scaffold(src, start, end)
            return []
        if not text.strip(SPACE) or not self._count():
            return []
        path = f"{place.node or '0'}~{slug}"
        role: str = "attachment" if place.enclosing else "body"
        part = Part(
            path=self._unique(path),
            role="attachment" if role == "attachment" else "body",
            declared="text/plain",
            charset="",
            name="",
            content=text,
            body=(start, end) if src.raw else (0, 0),
            view=place.view or view,
            enclosing=place.enclosing,
        )
        found = [part]
        if not place.buried:
            own = f"{place.node or '0'}"
            self._buried(found, src, start, end, replace(place, own=f"{own}~{slug}"), quiet=False)
        return found

    def _aside_text(self, src: Source, text: str, place: Place, head: tuple[int, int]) -> list[Part]:
        if not self._count():
            return []
        return [
            self._named(
                Part(
                    path=place.node,
                    role="headers",
                    declared="text/plain",
                    charset="utf-8",
                    name="",
                    content=text.encode("utf-8", "replace"),
                    head=head if src.raw else (0, 0),
                    view=place.view,
                    enclosing=place.enclosing,
                )
            )
        ]

    def _part(self, src: Source, block: Block, end: int, leaf: Leaf, place: Place) -> Part:
        self._count()
        shown = leaf.is_text and not leaf.attachment and (place.first or not leaf.name)
        return self._named(
            Part(
                path=place.own,
                role="body" if shown and not place.enclosing else "attachment",
                declared=leaf.declared,
                charset=leaf.charset,
                name=leaf.name,
                content=leaf.octets,
                head=(block.start, block.body) if src.raw else (0, 0),
                body=(block.body, end) if src.raw else (0, 0),
                view=place.view,
                inline=leaf.inline,
                method=leaf.method,
                enclosing=place.enclosing,
            )
        )

    def _opaque(self, src: Source, start: int, end: int, place: Place) -> list[Part]:
        """Return what lies beyond a cap, as octets that nobody looked into."""
        if not self._count():
            return []
        part = Part(place.own, "attachment", "application/octet-stream", "", "", src.octets[start:end])
        body = (start, end) if src.raw else (0, 0)
        return [self._named(replace(part, body=body, view=place.view, enclosing=place.enclosing))]

    def _node(
        self,
        src: Source,
        block: Block,
        end: int,
        declared: str,
        place: Place,
        boundary: bytes = b"",
        marks: list[Mark] | None = None,
        encoding: str = "identity",
    ) -> None:
        if not src.raw or place.enclosing or place.view or any(n.path == place.node for n in self.nodes[-1:]):
            return
        cut = [mark for mark in marks or [] if mark.kind != "loose"]
        self.nodes.append(
            Node(
                path=place.node,
                declared=declared,
                head=(block.start, block.body),
                body=(block.body, end),
                boundary=boundary,
                encoding=encoding,
                delimiters=tuple(mark.start for mark in cut),
                closed=not marks or any(mark.kind == "close" for mark in cut),
            )
        )

    def _seal_multipart(self, shape: Shape, place: Place) -> None:
        if place.enclosing:
            return
        protocol = next((p.value.lower() for p in shape.params if p.name == "protocol"), b"")
        if shape.declared == "multipart/signed":
            self.seals.add("pgp-signed" if b"pgp" in protocol else "smime-signed")
        elif shape.declared == "multipart/encrypted":
            self.seals.add("pgp-encrypted")

    def _scaffold(self, src: Source, start: int, end: int) -> None:
        if src.raw and start < end:
            self.scaffold.append((start, end))

    def _count(self) -> bool:
        self.parts -= 1
        if self.parts < 0:
            self.limits[f"the message has more than {self.caps.parts} parts"] = None
        return self.parts >= 0

    def _named(self, part: Part) -> Part:
        """Return the part with a path of its own: readings other than the first add '~name'."""
        if not part.view:
            self.paths.setdefault(part.path, 0)
            return part
        return replace(part, path=self._unique(f"{part.path}~{_slug(part.view)}"))

    def _unique(self, path: str) -> str:
        count = self.paths.get(path, 0) + 1
        self.paths[path] = count
        return path if count == 1 else f"{path}{count}"


def _slug(view: str) -> str:
    words = [
        word for word in view.lower().split() if word not in ("a", "an", "the", "of", "to", "as", "if", "it")
    ]
    return "-".join("".join(c for c in word if c.isalnum()) for word in words[:3])
