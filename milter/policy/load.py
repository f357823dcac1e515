"""Loading the policy: `policy.toml`, `partners.toml` with its like, `personal-domains.txt`.

All mistakes of all files are reported at once, each with its line, and then nothing is loaded: whoever
reloads keeps the policy in force. What is fixed at start is in `sealgate.toml`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from milter.configuration import Document, Key, fill, impossible, open_document, unknown
from milter.detect.finding import Grade
from milter.errors import ConfigurationError, Problem
from milter.policy.load_partners import load_partners
from milter.policy.model import KINDS, Action
from milter.policy.policy import DEFAULTS, Holding, Mode, Policy, Response, Row, Sharing
from milter.policy.reasons import BY_CODE, RULE_IDS

__all__ = ["Policy", "load_policy"]

ROW_NAMES = MappingProxyType({"from": "senders", "to": "recipients"})
ACTIONS = {action.name.lower(): action for action in Action}
NOT_IN_FILE = ("responses", "rows", "partners", "personal_domains", "hash")
MODES = get_args(Mode)
ROW_REASONS = tuple(code for code, entry in BY_CODE.items() if entry.routed and code != "all-or-nothing")


def load_policy(folder: Path) -> Policy:
    """Load the policy of a folder.

    Raises ConfigurationError with every mistake of every file.
    """
    document = open_document(folder / "policy.toml")
    table = dict(document.table)
    reasons = table.pop("reasons", {})
    rows = table.pop("route", [])
    given: dict[str, Any] = dict.fromkeys(NOT_IN_FILE, ())
    given |= {"responses": _responses(document, reasons), "rows": _rows(document, rows), "hash": ""}
    policy = fill(Policy, document, (), table, given=given)
    _check(document, policy)
    partners, personal, problems = load_partners(folder)
    everything = (*document.problems, *problems)
    if everything:
        raise ConfigurationError(_in_order(everything))
    policy = replace(policy, partners=partners, personal_domains=personal)
    policy = replace(policy, hash=hash_of(policy))
    policy.domains.find("")  # made now, so that no message waits for it
    return policy


def files_text(folder: Path) -> str:
    """Give the files that a policy is made of as one text, for its history; '' for one that is missing."""
    files = (folder / "policy.toml", *sorted(folder.glob("partners*.toml")), folder / "detectors.toml")
    return "\n".join(
        f"# ==== {file.name} ====\n{file.read_text(encoding='utf-8-sig')}" for file in files if file.is_file()
    )


def hash_of(policy: Policy) -> str:
    """Give the hash over what a policy says, whatever its files look like: 16 hexadecimal digits."""
    said = [(f.name, _canonical(getattr(policy, f.name))) for f in fields(policy) if f.name != "hash"]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _canonical(value: Any) -> Any:
    """Put in order what has none; everything else is shown by `repr` in the order of its fields."""
    if isinstance(value, Mapping):
        return sorted(value.items())
    return sorted(value) if isinstance(value, frozenset) else value


def _in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (str(problem.file), problem.line, problem.field)))


def _responses(document: Document, table: Any) -> dict[str, Response]:
    if not isinstance(table, dict):
        document.wrong(("reasons",), "it is not a table", "Write [reasons.<code>] above the settings.")
        return {}
    responses = {}
    for code, settings in table.items():
        key: Key = ("reasons", code)
        if code not in BY_CODE:
            unknown(document, key, "reason", BY_CODE)
        elif isinstance(settings, dict):
            responses[code] = _response(document, key, code, settings)
        else:
            document.wrong(key, "it is not a table", f"Write [reasons.{code}] above its settings.")
    return responses


def _response(document: Document, key: Key, code: str, settings: Mapping[str, Any]) -> Response:
    response = DEFAULTS[code]
    for name, value in settings.items():
        place = (*key, name)
        if name in {"action", "by-kind"} and BY_CODE[code].routed:
            cause = "the route table gives this reason its action"
            document.wrong(place, cause, "Change the demand of the [[route]] rows that name it.")
        elif name == "action":
            response = replace(response, action=_action(document, place, value))
        elif name == "mode":
            if value not in MODES:
                impossible(document, place, value, "mode", MODES)
            response = replace(response, enforced=value != "monitor")
        elif name == "by-kind":
            response = replace(response, by_kind=_by_kind(document, place, value))
        else:
            unknown(document, place, "setting", ("action", "mode", "by-kind"))
    return response


def _action(document: Document, key: Key, value: Any) -> Action:
    if isinstance(value, str) and value in ACTIONS:
        return ACTIONS[value]
    impossible(document, key, value, "action", ACTIONS)
    return Action.HOLD


def _by_kind(document: Document, key: Key, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, dict):
        document.wrong(key, "it is not a table", 'Write by-kind = { school = "hold" }.')
        return ()
    for kind in value:
        if kind not in KINDS:
            impossible(document, key, kind, "kind of recipient", KINDS)
    return tuple((kind, _action(document, (*key, kind), action)) for kind, action in value.items())


def _rows(document: Document, tables: Any) -> tuple[Row, ...]:
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        if document.table:
            cause = "there is no route table"
            document.wrong(("route",), cause, "Write each row under [[route]], or copy the shipped ones.")
        return ()
    rows = []
    for place, table in enumerate(tables):
        given = {"number": place + 1}
        rows.append(fill(Row, document, ("route", place), table, names=ROW_NAMES, given=given))
    for row in rows:
        _check_row(document, row, last=row.number == len(rows))
    return tuple(rows)


def _check_row(document: Document, row: Row, *, last: bool) -> None:
    key: Key = ("route", row.number - 1)
    anything = not (row.senders or row.recipients or row.data or row.marking or row.evidence)
    if anything and not last:
        cause = "this row has no condition, so no row behind it is ever reached"
        document.wrong(key, cause, "Give it conditions, or put it last.")
    if last and not anything:
        cause = "the last row has conditions, so some mail would match no row"
        document.wrong(key, cause, 'End with a row that has only a demand, such as demand = "hold".')
    if row.reason and row.reason not in ROW_REASONS:
        impossible(document, (*key, "reason"), row.reason, "reason for a row", ROW_REASONS)
    for rule in row.rules:
        if rule not in RULE_IDS:
            impossible(document, (*key, "rules"), rule, "rule of the guide", RULE_IDS)
    if "none" in row.data and len(row.data) > 1:
        cause = "'none' stands beside other data"
        document.wrong((*key, "data"), cause, "Write a row of its own for mail that carries nothing.")
    if row.demand == "pass" and "unknown" in row.recipients and set(row.data) - {"none", "locked"}:
        cause = "personal information would pass in clear to organisations that nobody knows"
        document.wrong((*key, "demand"), cause, "Name the kinds that may have it, or demand protection.")


def _check(document: Document, policy: Policy) -> None:
    """Find settings that are possible each by itself, and wrong together."""
    if not policy.subject_mark.strip():
        document.wrong(
            ("subject-mark",), "it is empty", "Write the words, such as 'Private and Confidential'."
        )
    if policy.personal_grade == Grade.NONE:
        cause = "every message would count as personal information"
        document.wrong(("personal-grade",), cause, "Take low, medium or high.")
    for row in policy.rows:
        for marking in row.marking:
            if marking not in policy.markings:
                key: Key = ("route", row.number - 1, "marking")
                impossible(document, key, marking, "marking", policy.markings)
    _check_days(document, policy.sharing, policy.holding)


def _check_days(document: Document, sharing: Sharing, holding: Holding) -> None:
    for days in sharing.remind_days:
        if days >= sharing.expires_days:
            cause = f"a reminder after {days} days comes when the share has expired"
            document.wrong(("sharing", "remind-days"), cause, "Remind earlier, or let shares live longer.")
    for section, days in (("sharing", sharing.expires_days), ("holding", holding.expires_days)):
        if not 1 <= days <= 366:
            cause = f"{days} days is no sensible time"
            document.wrong((section, "expires-days"), cause, "Take 1 to 366.")
