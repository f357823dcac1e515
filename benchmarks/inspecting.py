"""What inspecting and encrypting cost by themselves, in one process: mean CPU milliseconds a message, by sort."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.arrangements import configured
from milter.assess.inspect import Matter, inspect
from milter.assess.judge import Assessment, assess
from milter.assess.known import Known, load
from milter.attachments.protect import protect
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
    for _ in range(2):
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 5)
        for row in rows:
            raw = (folder / row["file"]).read_bytes()
            steps = _steps(raw, row["sender"], row["recipients"], known)
            sums[row["sort"]] = [a + b for a, b in zip(sums[row["sort"]], (1.0, *steps), strict=True)]
    count = len(rows)
    mean = [1000 * sum(each[at] for each in sums.values()) / count for at in range(1, 5)]
    by_sort = {
        sort: (int(n), 1000 * sum(rest[:3]) / n, 1000 * rest[3] / n)
        for sort, (n, *rest) in sorted(sums.items())
    }
    return Cost(*mean, personal=sum(row["personal"] for row in rows), by_sort=by_sort)


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
