"""The catalogue of reasons, and that nothing in it goes undocumented."""

import re
import tomllib
from pathlib import Path

from milter.policy.decide import OBLIGATIONS, ORDER_OF_OBLIGATIONS
from milter.policy.model import Action
from milter.policy.policy import Policy
from milter.policy.reasons import BY_CODE, CATALOGUE, RULE_IDS
from milter.policy.reasons_page import page
from milter.policy.rules.recipient import FACTS

ROOT = Path(__file__).parent.parent.parent
RULES = ROOT / "milter" / "policy" / "rules"
ELSEWHERE = {"cannot-be-protected", "all-or-nothing"}  # given while acting, and by the judge itself


def test_codes_are_stable_names() -> None:
    """A code is kebab-case and stands in the catalogue once."""
    assert len(BY_CODE) == len(CATALOGUE)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in BY_CODE)


def test_every_reason_is_explained() -> None:
    """A sender finds a title, a why, and what to do now, and the guide's rule is named."""
    for entry in CATALOGUE:
        assert entry.title, entry.code
        assert entry.why.endswith("."), entry.code
        assert entry.steps, entry.code
        assert all(step.endswith(".") for step in entry.steps), entry.code
        assert entry.rules, entry.code
        assert set(entry.rules) <= set(RULE_IDS), entry.code
        assert 1 <= entry.gravity <= 5, entry.code


def test_the_page_is_the_catalogue() -> None:
    """docs/reasons.md says what the catalogue says; `make` it anew with milter.policy.reasons_page."""
    assert (ROOT / "docs" / "reasons.md").read_text("utf-8") == page()


def test_shipped_policy_lists_every_reason_with_its_default() -> None:
    """The shipped policy.toml is the reference: each reason, and the action that the catalogue gives it."""
    table = tomllib.loads((ROOT / "config" / "policy.toml").read_text("utf-8"))["reasons"]
    assert list(table) == [entry.code for entry in CATALOGUE]
    for entry in CATALOGUE:
        expected = (
            {"mode": "enforce"} if entry.routed else {"action": entry.default.name.lower(), "mode": "enforce"}
        )
        assert table[entry.code] == expected, entry.code


def test_rules_yield_what_the_catalogue_knows(policy: Policy) -> None:
    """Every code that a rule or a row gives is in the catalogue, and every entry is given by something."""
    text = "".join(file.read_text("utf-8") for file in RULES.glob("*.py"))
    written = set(re.findall(r'"([a-z]+(?:-[a-z]+)+|locked|polyglot)"', text))
    given = {row.reason for row in policy.rows if row.reason} | {code for _, code in FACTS} | ELSEWHERE
    assert given <= set(BY_CODE)
    assert set(BY_CODE) <= written | given


def test_every_obligation_has_its_place() -> None:
    """What a reason obliges to is one of the obligations that acting knows."""
    assert {name for names in OBLIGATIONS.values() for name in names} <= set(ORDER_OF_OBLIGATIONS)
    assert set(OBLIGATIONS) <= set(BY_CODE)


def test_gravest_defaults_belong_to_grave_reasons() -> None:
    """Nothing that is only a remark stops a message by default, but for what the table or the judge decides."""
    for entry in CATALOGUE:
        assert entry.gravity > 1 or entry.default <= Action.PROTECT or entry.routed, entry.code
