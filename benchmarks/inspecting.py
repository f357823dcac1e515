"""What inspecting and encrypting cost by themselves, in one process: mean CPU milliseconds a message, by sort.

Pictures are not recognised as text here, since nothing else in the run does that: what recognising costs stands in
`Cost.pictures`, apart.
"""

import io
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from benchmarks import performance_corpus as corpus
from benchmarks.arrangements import configured
from milter.assess.inspect import Matter, inspect
from milter.assess.judge import Assessment, assess
from milter.assess.known import Known, load
from milter.attachments import ocr
from milter.attachments.protect import protect
from milter.attachments.read import read
from milter.dispatch.targets import LOCKS, STRONG
from milter.message.envelope import Envelope, Recipient
from milter.message.model import Message
from milter.message.parse import parse
from milter.policy.model import Action
from milter.policy.partners import people


@dataclass(frozen=True)
class Cost:
    """Mean milliseconds of processor time a message."""

    parse: float
    inspect: float
    decide: float
    encrypt: float
    personal: int  # messages that hold something personal
    by_sort: Mapping[str, tuple[int, float, float]]  # messages, parse to decide, encrypting
    pictures: Mapping[
        str, float
    ]  # what recognising the text of one costs, ms; empty where it is not installed

    @property
    def total(self) -> float:
        """All of it."""
        return self.parse + self.inspect + self.decide + self.encrypt

    def line(self) -> str:
        """Say it in a line."""
        return (
            f"inspect and encrypt, in one process: {self.total:.2f} ms a message (parse {self.parse:.2f}, "
            f"inspect {self.inspect:.2f}, decide {self.decide:.2f}, encrypt {self.encrypt:.2f})"
        )


def cost(folder: Path) -> Cost:
    """Take every message of a corpus through the pure middle of the gateway, twice; the second round counts."""
    settings = folder / "settings"
    configured(settings, 10025, 10026, "enforce")
    known = load(settings)
    rows = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    rows += [_long_pdf(folder, personal) for personal in (True, False)]
    for _ in range(2):
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 5)
        for row in rows:
            raw = (folder / row["file"]).read_bytes()
            steps = _steps(raw, row["sender"], row["recipients"], known)
            sums[row["sort"]] = [a + b for a, b in zip(sums[row["sort"]], (1.0, *steps), strict=True)]
    mixed = [each for sort, each in sums.items() if sort != "long-pdf"]
    count = sum(each[0] for each in mixed)
    mean = [1000 * sum(each[at] for each in mixed) / count for at in range(1, 5)]
    by_sort = {
        sort: (int(n), 1000 * sum(rest[:3]) / n, 1000 * rest[3] / n)
        for sort, (n, *rest) in sorted(sums.items())
    }
    personal = sum(row["personal"] for row in rows if row["sort"] != "long-pdf")
    return Cost(*mean, personal=personal, by_sort=by_sort, pictures=_pictures())


def _long_pdf(folder: Path, personal: bool) -> dict[str, Any]:
    """Write a message with a long PDF, which is measured beside the mix; its line of the index."""
    name = f"long-pdf-{personal}.eml"
    raw = corpus.message(Random(1), 0, "long-pdf", personal, corpus.RECIPIENTS[:1])
    (folder / name).write_bytes(raw)
    return {
        "file": name,
        "sort": "long-pdf",
        "sender": corpus.SENDER,
        "recipients": corpus.RECIPIENTS[:1],
        "personal": personal,
    }


def _pictures() -> dict[str, float]:
    """Recognise a scanned page, a photograph of one and a picture without text, each once."""
    if not ocr.installed():
        return {}
    page = _typed_page()
    photograph = page.rotate(2, fillcolor=120).resize((3000, 4000)).point(lambda shade: 40 + shade * 3 // 5)
    noise = Image.frombytes("L", (2000, 2500), Random(1).randbytes(5_000_000))
    found: dict[str, float] = {}
    for name, picture, kind in (
        ("scanned page", page, "PNG"),
        ("photographed page of 12 megapixels", photograph, "JPEG"),
        ("noise of 5 MB", noise, "PNG"),
    ):
        out = io.BytesIO()
        picture.save(out, kind)
        started = time.process_time()
        read(out.getvalue(), name=f"picture.{kind.lower()}")
        found[name] = 1000 * (time.process_time() - started)
    return found


def _typed_page() -> Image.Image:
    page = Image.new("L", (1654, 2339), 255)  # A4 at 200 dots an inch
    text = corpus.sentences(Random(1), 3_000, personal=True)
    ImageDraw.Draw(page).multiline_text((150, 150), text, fill=0, font=ImageFont.load_default(28), spacing=14)
    return page


def _steps(raw: bytes, sender: str, recipients: list[str], known: Known) -> tuple[float, ...]:
    times = [time.process_time()]
    message = parse(raw, known.caps)
    times.append(time.process_time())
    envelope = Envelope(sender, tuple(Recipient(address) for address in recipients))
    persons = people(envelope, known.policy)
    partner = persons.sender.partner
    facts = inspect(Matter.of(message, partner.name if partner else ""), known.knowledge)
    times.append(time.process_time())
    assessment = assess(message, facts, persons, known.policy)
    times.append(time.process_time())
    _encrypt(message, assessment)
    times.append(time.process_time())
    return tuple(after - before for before, after in pairwise(times))


def _encrypt(message: Message, assessment: Assessment) -> None:
    """Lock what the verdicts name, once for all recipients, as dispatch does."""
    wanted = [
        v
        for v in assessment.verdicts
        if v.action is Action.PROTECT and "protect-attachments" in v.obligations
    ]
    named = {reason.part for verdict in wanted for reason in verdict.reasons if reason.code in LOCKS}
    parts = {part.path: part for part in message.parts}
    for fact in assessment.facts.parts:
        if fact.path in named and fact.path in parts and fact.protection not in STRONG:
            part = parts[fact.path]
            protect(
                part.content,
                format=fact.format,
                name=part.name or "document",
                password="-".join(["acorn"] * 6),
            )
