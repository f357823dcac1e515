"""What the policy says for one share: what evidence releases, which way, until when, with what reminders.

Guarantees: pure; moments are the caller's, in UTC. A category that goes by telephone only wins over every
other setting, since it is there for what must not be e-mailed (pitfall 1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from milter.policy.policy import Sharing
from milter.receipts.evidence import Grade, enough
from milter.receipts.share import State, Way


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed for one share when it is sent; a later change of policy does not touch it."""

    needed: Grade
    way: Way
    leaves_at: datetime  # later than it was sent where the policy grants an undo window
    expires_at: datetime
    remind_at: tuple[datetime, ...]  # all before the expiry, in order
    reissues: int


def terms(
    sharing: Sharing,
    categories: Iterable[str],
    sent_at: datetime,
    *,
    telephone: bool = False,
    reach: Grade = "confirmed",
) -> Terms:
    """Return the terms of a share of these categories of data, sent at `sent_at` (UTC).

    `telephone` where the route or the sender asks for it. `reach` is the strongest evidence that can come in
    here: without a confirmation page nobody confirms, and what can't be released by e-mail is told instead.
    """
    asked = telephone or bool(set(categories) & set(sharing.telephone_categories))
    by_telephone = asked or not enough(reach, sharing.release_on)
    way: Way = "telephone" if by_telephone else sharing.release_by
    leaves_at = sent_at + timedelta(minutes=sharing.undo_minutes)
    expires_at = leaves_at + timedelta(days=sharing.expires_days)
    reminders = sorted(leaves_at + timedelta(days=days) for days in set(sharing.remind_days))
    return Terms(
        sharing.release_on,
        way,
        leaves_at,
        expires_at,
        tuple(at for at in reminders if at < expires_at)
        if way != "telephone" and reach == "confirmed"
        else (),
        sharing.reissues,
    )


def next_reminder(reminders: tuple[datetime, ...], after: datetime) -> datetime | None:
    """Return the first reminder later than `after`; None where there is none left."""
    return next((at for at in reminders if at > after), None)


def why_no_reissue(state: State, reissues: int, limit: int) -> str:
    """Return why a lost password is not sent again, in words for who asks; '' where it is."""
    if state != "released":
        return f"This share is {state}: its password was not given out, so there is none to repeat."
    if reissues >= limit:
        return f"The password was sent {limit} times more already; ask for the document anew."
    return ""
