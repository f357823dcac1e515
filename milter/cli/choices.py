"""What options choose from; apart from the commands themselves, so that the command line imports none of them."""

from milter.policy.model import EVIDENCE

ROLES = ("reviewer", "governance", "it", "auditor", "help-desk", "recorder", "unmask")  # of the pages' people
LISTS = ("school", "nhs")  # published lists of partners
VERDICTS = ("false-positive", "missed", "right")  # on what was found

__all__ = ["EVIDENCE", "LISTS", "ROLES", "VERDICTS"]
