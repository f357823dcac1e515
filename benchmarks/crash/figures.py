"""The figures of a run as a table, and their place in docs/reliability.md."""

from datetime import date
from pathlib import Path

from benchmarks.crash.points import POINTS
from benchmarks.crash.run import Plan
from benchmarks.crash.verdict import Verdict

_BEGIN, _END = "<!-- figures of benchmarks/crash, made by the command: begin -->", "<!-- end -->"


def table(plan: Plan, verdict: Verdict) -> str:
    """Give the figures in Markdown."""
    at_points = {point: count for point, count in verdict.kills.items() if point in POINTS}
    others = {what: count for what, count in verdict.kills.items() if what not in POINTS}
    random_kills = ", ".join(f"{what} {count}" for what, count in sorted(others.items()))
    ended = ", ".join(f"{what} {verdict.ended.get(what, 0):,}" for what in ("delivered", "held", "refused"))
    doubles = ", ".join(f"{what} {count}" for what, count in verdict.duplicates.items())
    rows = (
        ("store, nodes, processes of each", f"{plan.store}, {plan.nodes}, {plan.workers}"),
        ("messages, recipients", f"{verdict.messages:,}, {verdict.recipients:,}"),
        ("seconds, kills and settling included", f"{verdict.seconds:,.0f}"),
        ("kills", f"{sum(verdict.kills.values())}"),
        (
            "of them at crash points",
            f"{sum(at_points.values())}; {len(at_points)} of {len(POINTS)} points hit",
        ),
        ("of them at random", random_kills),
        ("recipients by their end", ended),
        ("**lost**", f"**{len(verdict.lost)}**"),
        ("**in clear that should not be**", f"**{len(verdict.in_clear)}**"),
        ("ends that the rules do not allow", f"{len(verdict.wrong)}"),
        ("held because the reading process was killed", f"{verdict.held_instead}"),
        ("shares confirmed, password messages", f"{verdict.confirmed}, {verdict.passwords}"),
        ("passwords twice, too early, never, or opening nothing", f"{len(verdict.password_faults)}"),
        ("protected copies that the mailed password opened", f"{verdict.opened}"),
        ("second releases of a held message, all refused", f"{verdict.twice_refused}"),
        ("duplicates that SMTP allows, same Message-ID", doubles),
        ("rows of the audit trail, chains broken", f"{verdict.trail_rows:,}, {len(verdict.trail_broken)}"),
    )
    return "\n".join(["| what | figure |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows)])


def write(page: Path, plan: Plan, verdict: Verdict) -> None:
    """Put the figures in their place on the page."""
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    command = f"python benchmarks/crash --messages {plan.messages} --kills {plan.kills} --seed {plan.seed}"
    made = f"{date.today():%-d %B %Y}, `{command}`:"  # noqa: DTZ011  a day for people
    page.write_text(f"{head}{_BEGIN}\n{made}\n\n{table(plan, verdict)}\n{_END}{tail}", encoding="utf-8")
