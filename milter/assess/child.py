"""The work that a sandboxed child does: inspect a message's parts, or a whole file for the commands.

The child reads hostile bytes. What it answers is plain JSON; a child that dies or runs out of its limits is a
verdict on what it was reading ('could not be read'), never on the gateway.
"""

import ctypes
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milter.assess.explain import detected, explained
from milter.assess.inspect import Matter, inspect, inspect_file
from milter.assess.judge import assess, envelope_of
from milter.assess.known import Known, load, with_lists
from milter.assess.preview import preview
from milter.assess.warm import warm, warm_documents
from milter.assess.wire import to_json
from milter.attachments import ocr
from milter.attachments.protect import CannotProtect, protect
from milter.attachments.protect.text_to_pdf import body_to_pdf
from milter.message.model import Part
from milter.message.parse import parse
from milter.policy.partners import people

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
LARGE_BYTES = 512 * 1024


@dataclass(slots=True)
class _State:
    """What `prepare` loaded, once in the process that all children are forked from."""

    known: Known | None = None
    warm: bool = (
        False  # `known` was loaded, and all made that is made when first used, by whoever this is a fork of
    )


_state = _State()


def prepared(known: Known) -> None:
    """Warm this process up for forks of it that will be asked to `prepare`, which then need not load anything."""
    warm(known.knowledge)
    _state.known, _state.warm = known, True


def prepare(init: Mapping[str, Any]) -> None:
    """Load policy and detectors, and import the readers, before any child is forked."""
    _give_back()
    known = _state.known if _state.warm else None
    if known is not None:
        warm_documents()  # which the process that this is a fork of had no time for
    else:
        known = load(Path(init["folder"]) if init.get("folder") else None)
        warm(known.knowledge)
    if exact := init.get("exact"):
        known = with_lists(known, exact["descriptor"], bytes.fromhex(exact["key"]))
        os.close(exact["descriptor"])
    _state.known = known
    if known.settings.read.ocr_pages:
        ocr.installed()


def _give_back() -> None:
    """Have the C library give large memory back to the system when it is freed, not keep it (mallopt(3)).

    A limit of memory counts what is kept as well. Elsewhere than with glibc nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        mallopt(M_TRIM_THRESHOLD, 4 * LARGE_BYTES)


def work(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Do what the header asks for; `op` is one of inspect, explain, detect, preview, protect, policy."""
    known = _state.known
    assert known is not None, "prepare() comes first"
    match header["op"]:
        case "inspect":
            return {"parts": to_json(inspect(_matter(header, content), known.knowledge))}, b""
        case "explain":
            return _explain(header, content, known), b""
        case "detect":
            parts = inspect_file(content, str(header["name"]), known.knowledge, reveal=bool(header["reveal"]))
            return detected(parts, reveal=bool(header["reveal"])), b""
        case "protect":
            return _protect(header, content)
        case "protect-text":
            return _protect_text(header, content)
        case "preview":
            return _preview(header, content, known), b""
        case "policy":
            return {"policy": known.policy.hash}, b""
        case other:
            raise ValueError(f"no such work: {other!r}")


def matter_header(matter: Matter) -> tuple[dict[str, Any], *tuple[bytes, ...]]:
    """Pack a matter for a child: one header, and the contents of its parts, not copied."""
    parts = [
        {
            "path": part.path,
            "role": part.role,
            "declared": part.declared,
            "charset": part.charset,
            "name": part.name,
            "size": len(part.content),
        }
        for part in matter.parts
    ]
    header = {
        "op": "inspect",
        "subject": matter.subject,
        "organisation": matter.organisation,
        "reveal": matter.reveal,
        "parts": parts,
    }
    return (header, *(part.content for part in matter.parts))


def _matter(header: Mapping[str, Any], content: bytes) -> Matter:
    parts = []
    start = 0
    for part in header["parts"]:
        end = start + part["size"]
        parts.append(
            Part(
                part["path"],
                part["role"],
                part["declared"],
                part["charset"],
                part["name"],
                bytes(content[start:end]),
            )
        )
        start = end
    return Matter(header["subject"], tuple(parts), header["organisation"], header["reveal"])


def _explain(header: Mapping[str, Any], content: bytes, known: Known) -> dict[str, Any]:
    message = parse(content, known.caps)
    envelope = envelope_of(message, header.get("from"), tuple(header.get("to") or ()))
    persons = people(envelope, known.policy)
    organisation = persons.sender.partner.name if persons.sender.partner else ""
    matter = Matter.of(message, organisation, reveal=bool(header["reveal"]))
    assessment = assess(message, inspect(matter, known.knowledge), persons, known.policy)
    return explained(assessment, reveal=bool(header["reveal"]))


def _preview(header: Mapping[str, Any], content: bytes, known: Known) -> dict[str, Any]:
    message = parse(content, known.caps)
    return preview(message, str(header["organisation"]), known.knowledge, clear=bool(header["clear"]))


def _protect(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        done = protect(
            content,
            format=header["format"],
            name=header["name"],
            password=header["password"],
            rounds=header["rounds"],
        )
    except CannotProtect as error:
        return {"error": str(error)}, b""
    return {"name": done.name, "format": done.format, "lock": done.lock}, done.content


def _protect_text(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Put a message's own words into a document, and lock that."""
    title = str(header["title"])
    try:
        document = body_to_pdf(content.decode(), html=bool(header["html"]), title=title)
    except CannotProtect as error:
        return {"error": str(error)}, b""
    return _protect({**header, "format": "pdf", "name": f"{title}.pdf"}, document)
