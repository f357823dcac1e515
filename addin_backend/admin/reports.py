"""Reports: what was sent, protected, held and refused; by rule, organisation and week; how long; how often wrong."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

from starlette.responses import Response

from addin_backend.admin import charts, words
from addin_backend.admin.seeing import narrowed, places
from addin_backend.admin.visit import Visit
from addin_backend.admin.words import ACTIONS
from milter.policy.reasons import BY_CODE
from milter.store import reports, shares, talk
from milter.store.reports import Judgements, RuleCount
from milter.store.transaction import Transaction
from milter.store.weekly import WEEK, monday

PATH = "/reports"
WEEKS = (4, 12, 26, 52)
CHOICES = tuple((number, f"{number} weeks") for number in WEEKS)
FINISHED = {"released": "released", "refused": "refused", "expired": "nobody decided in time"}


def show(visit: Visit) -> Response:
    """Show the reports of the last weeks."""
    asked = visit.query.get("weeks")
    weeks = int(asked) if asked in {str(number) for number in WEEKS} else 12
    with visit.store.read() as tx:
        told = _figures(visit, tx, weeks)
    return visit.page(
        "reports.html",
        section=PATH,
        weeks=weeks,
        choices=CHOICES,
        places=places(visit.desk, visit.me.reach),
        values=visit.query,
        **told,
    )


def _figures(visit: Visit, tx: Transaction, weeks: int) -> dict[str, Any]:
    until = tx.now + timedelta(seconds=1)
    since = monday(until - timedelta(weeks=weeks))
    scope = narrowed(visit.query, visit.me)
    judgements = reports.judgements(tx, since, until, scope)
    counted = reports.rules(tx, since, until, scope)
    labels = _labels(since, until)
    series = charts.by_key(_by_week(judgements), labels, ACTIONS)
    return {
        "totals": _totals(judgements),
        "chart": charts.stacked(f"Messages by week, {weeks} weeks and this one", labels, series),
        "series": series,
        "table": charts.table(labels, series),
        "organisations": _organisations(judgements),
        "rules": _rules(counted, enforced=True),
        "watched": _rules(counted, enforced=False),
        "waits": _waits(reports.hours_in_quarantine(tx, since, until, scope)),
        "feedback": _feedback(talk.feedback_counts(tx, since, scope)),
        "unconfirmed": shares.count_open(tx, scope),
        "actions": ACTIONS,
    }


def _label(week: datetime) -> str:
    return week.strftime("%-d %b")


def _labels(since: datetime, until: datetime) -> list[str]:
    return [_label(since + number * WEEK) for number in range(-((since - until) // WEEK))]


def _by_week(judgements: Sequence[Judgements]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for one in judgements:
        counted[_label(one.week), one.action] += one.messages
    return counted


def _totals(judgements: Sequence[Judgements]) -> list[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for one in judgements:
        counted[one.action] += one.messages
    return [(title, counted[action]) for action, title in ACTIONS.items()]


def _organisations(judgements: Sequence[Judgements]) -> list[tuple[str, list[int]]]:
    """Count by organisation, and by directorate where one has some."""
    counted: Counter[tuple[tuple[str, str], str]] = Counter()
    for one in judgements:
        counted[(one.organisation, one.directorate), one.action] += one.messages
    found = sorted({place for place, _ in counted})
    divided = {organisation for organisation, directorate in found if directorate}
    return [
        (_place(*place, divided=place[0] in divided), [counted[place, action] for action in ACTIONS])
        for place in found
    ]


def _place(organisation: str, directorate: str, *, divided: bool) -> str:
    return words.place(
        organisation or "not known", directorate or ("no known directorate" if divided else "")
    )


def _rules(counted: Sequence[RuleCount], *, enforced: bool) -> list[dict[str, Any]]:
    """Add up the weeks of each reason; for watched ones `action` is what it would have done."""
    found: dict[tuple[str, str], list[int]] = {}
    for one in counted:
        if one.enforced is enforced:
            sums = found.setdefault((one.code, one.action), [0, 0])
            sums[0] += one.messages
            sums[1] += one.recipients
    rows = [
        {
            "code": code,
            "title": BY_CODE[code].title if code in BY_CODE else code,
            "rules": ", ".join(BY_CODE[code].rules) if code in BY_CODE else "",
            "action": action,
            "messages": messages,
            "recipients": recipients,
        }
        for (code, action), (messages, recipients) in found.items()
    ]
    return sorted(rows, key=lambda row: -int(str(row["messages"])))


def _waits(hours: Sequence[tuple[str, float]]) -> list[tuple[str, int, str, str]]:
    """Give (what, how many, half were decided within, nine of ten within)."""
    rows = []
    for state, title in FINISHED.items():
        waited = [length for one, length in hours if one == state]
        if waited:
            ninth = quantiles(waited, n=10)[-1] if len(waited) > 1 else waited[0]
            rows.append((title, len(waited), _hours(median(waited)), _hours(ninth)))
    return rows


def _hours(length: float) -> str:
    return f"{length / 24:.1f} days" if length >= 48 else f"{length:.1f} hours"


def _feedback(counts: Sequence[tuple[str, str, int]]) -> list[tuple[str, int, int, int]]:
    """Give (what, false alarms, right, missed)."""
    found: dict[str, Counter[str]] = {}
    for code, verdict, times in counts:
        found.setdefault(code, Counter())[verdict] += times
    rows = [
        (BY_CODE[code].title if code in BY_CODE else code, c["false-positive"], c["right"], c["missed"])
        for code, c in found.items()
    ]
    return sorted(rows, key=lambda row: -row[1])
