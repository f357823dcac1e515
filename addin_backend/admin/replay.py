"""Replay: a changed policy against the stored facts of the last weeks. Facts, not content: nothing is opened."""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from starlette.responses import Response

from addin_backend.admin.visit import Visit
from addin_backend.admin.words import ACTIONS
from milter.assess.remembered import remembered
from milter.errors import ConfigurationError
from milter.policy.decide import decide
from milter.policy.load import load_policy
from milter.policy.model import Action, Verdict
from milter.policy.policy import Policy
from milter.settings import shipped_folder
from milter.store import judged
from milter.store.judged import Judged
from milter.store.transaction import Transaction

PATH = "/reports/replay"
WEEKS = (1, 2, 4, 8)
SECONDS = 20.0  # then it stops, and says so
SHOWN = 100  # messages that fare differently


@dataclass(frozen=True, slots=True)
class Change:
    """One message that the changed policy would judge differently."""

    message: Judged
    before: str
    after: str
    reasons: tuple[str, ...]  # that are new, or gone


def form(visit: Visit) -> Response:
    """Show the policy in force, to be changed and tried."""
    folder = visit.desk.site.folder or shipped_folder()
    text = (folder / "policy.toml").read_text(encoding="utf-8-sig")
    return visit.page("replay.html", section="/reports", weeks=WEEKS, values={"policy": text, "weeks": "4"})


def run(visit: Visit) -> Response:
    """Judge the stored facts by both policies, and show the differences."""
    text = (
        visit.form.files["file"].content.decode("utf-8", "replace")
        if _uploaded(visit)
        else visit.form.get("policy")
    )
    asked = visit.form.get("weeks")
    weeks = int(asked) if asked in {str(number) for number in WEEKS} else 4
    values = {"policy": text, "weeks": str(weeks)}
    try:
        changed = _policy_of(visit, text)
    except ConfigurationError as error:
        problems = [f"line {p.line}: {p.field}: {p.cause}. {p.cure}" for p in error.problems]
        return visit.page(
            "replay.html", 422, section="/reports", weeks=WEEKS, values=values, problems=problems
        )
    with visit.store.read() as tx:
        told = compare(visit, tx, changed, weeks)
    return visit.page("replayed.html", section="/reports", weeks=weeks, actions=ACTIONS, **told)


def _uploaded(visit: Visit) -> bool:
    return bool(visit.form.files.get("file") and visit.form.files["file"].content)


def _policy_of(visit: Visit, text: str) -> Policy:
    """Load a policy's text with the partners and lists that are in force."""
    folder = visit.desk.site.folder or shipped_folder()
    with tempfile.TemporaryDirectory(prefix="sealgate-replay-") as name:
        for file in (*folder.glob("*.toml"), *folder.glob("*.txt")):
            shutil.copy(file, name)
        (Path(name) / "policy.toml").write_text(text, encoding="utf-8")
        return load_policy(Path(name))


def compare(visit: Visit, tx: Transaction, changed: Policy, weeks: int) -> dict[str, Any]:
    """Judge by both policies; give counts by (before, after), and the messages that fare differently."""
    counted: Counter[tuple[str, str]] = Counter()
    by_reason: Counter[tuple[str, str]] = Counter()
    changes: list[Change] = []
    stop, total, unreadable, cut = monotonic() + SECONDS, 0, 0, False
    until = tx.now + timedelta(seconds=1)
    for message, value in judged.replay(tx, until - timedelta(weeks=weeks), until, visit.me.reach):
        try:
            before, after = _verdicts(value, visit.desk.site.known.policy), _verdicts(value, changed)
        except (ValueError, KeyError, TypeError):
            unreadable += 1
            continue
        total += 1
        actions = _gravest(before), _gravest(after)
        counted[actions] += 1
        if actions[0] != actions[1]:
            codes = tuple(sorted(_codes(before) ^ _codes(after)))
            by_reason.update((code, "more" if code in _codes(after) else "fewer") for code in codes)
            if len(changes) < SHOWN:
                changes.append(Change(message, *actions, codes))
        if monotonic() > stop:
            cut = True
            break
    return {
        "counted": counted,
        "by_reason": by_reason.most_common(20),
        "changes": changes,
        "total": total,
        "unreadable": unreadable,
        "cut": cut,
        "more": _count(counted, more=True),
        "free": _count(counted, more=False),
    }


def _verdicts(value: Any, policy: Policy) -> tuple[Verdict, ...]:
    facts, people = remembered(value, policy)
    return decide(facts, people, policy)


def _gravest(verdicts: tuple[Verdict, ...]) -> str:
    return max((verdict.action for verdict in verdicts), default=Action.PASS).name


def _codes(verdicts: tuple[Verdict, ...]) -> set[str]:
    return {
        reason.code for verdict in verdicts for reason in verdict.reasons if reason.enforced and reason.action
    }


def _count(counted: Counter[tuple[str, str]], *, more: bool) -> int:
    """Count the messages that would be stopped and were not (`more`), or the other way about."""
    stopped = {"HOLD", "REFUSE"}
    return sum(
        number
        for (before, after), number in counted.items()
        if ((after if more else before) in stopped) and ((before if more else after) not in stopped)
    )
