"""The rules: each reads one case and yields what it found. All run, so that the sender hears everything."""

from collections.abc import Callable, Iterator

from milter.policy.case import Case, Found
from milter.policy.rules import attachment, body, marking, password, recipient, route, sender, structure

RULES: tuple[Callable[[Case], Iterator[Found]], ...] = (
    *sender.RULES,
    *recipient.RULES,
    *route.RULES,
    *marking.RULES,
    *body.RULES,
    *attachment.RULES,
    *password.RULES,
    *structure.RULES,
)
