"""Who may do what: the roles, and the groups of them that the table of routes names.

A role opens routes, a scope narrows what is seen behind them. Nobody has a right that is not written here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One role, as pages name and explain it."""

    name: str  # as accounts keep it
    title: str
    does: str


ROLES = (
    Role("reviewer", "Reviewer", "decides about held messages and answers staff"),
    Role(
        "governance", "Information governance", "keeps the record of sharing, deals with incidents, decides"
    ),
    Role("it", "IT", "looks after accounts, API tokens and the policy; sees no messages"),
    Role("auditor", "Auditor", "reads everything that is masked, changes nothing"),
    Role(
        "help-desk", "Help desk", "tells staff what became of a message, and has a lost password sent again"
    ),
    Role("recorder", "Recorder", "records what is shared by telephone, post and so on, and sees own records"),
    Role("unmask", "Sees content", "may see held content unmasked, with a reason; a right beside a role"),
)
BY_NAME = {role.name: role for role in ROLES}

ANYONE: frozenset[str] = frozenset()  # signed in or not
SIGNED_IN = frozenset({role.name for role in ROLES})
DECIDES = frozenset({"reviewer", "governance"})
SEES_HELD = DECIDES | {"auditor"}
UNMASKS = frozenset({"unmask"})
RECORDS = frozenset({"reviewer", "governance", "help-desk", "recorder"})
SEES_REGISTER = frozenset({"reviewer", "governance", "auditor", "help-desk"})
SEES_ENTRIES = SEES_REGISTER | {"recorder"}
KEEPS_REGISTER = frozenset({"governance"})
EXPORTS = frozenset({"governance", "auditor"})
HELPS_SHARES = frozenset({"governance", "help-desk"})
SEES_REPORTS = frozenset({"reviewer", "governance", "auditor", "it"})
SEES_POLICY = frozenset({"reviewer", "governance", "auditor", "it"})
SEES_INCIDENTS = frozenset({"governance", "auditor"})
SEES_TRAIL = frozenset({"governance", "auditor", "it"})
ADMINISTERS = frozenset({"it"})


def titles(names: tuple[str, ...]) -> str:
    """Give the titles of roles in words."""
    return ", ".join(BY_NAME[name].title for name in names if name in BY_NAME)
