"""How pages show moments, ages, codes and sizes to people."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from milter.policy.reasons import BY_CODE
from milter.store.scope import place_of

LONDON = ZoneInfo("Europe/London")

ACTIONS = {"PASS": "sent", "PROTECT": "protected", "HOLD": "held", "REFUSE": "refused"}
STATES = {
    "held": "waits",
    "releasing": "being sent",
    "released": "released",
    "refused": "refused",
    "expired": "expired",
    "sent": "sent",
    "protected": "protected, not confirmed",
    "confirmed": "confirmed",
    "bounced": "came back",
    "withdrawn": "withdrawn",
    "recorded": "recorded",
    "due": "something is due",
    "done": "done",
    "lost": "incident",
    "delivered": "delivered",
    "displayed": "shown to the recipient",
    "open": "open",
    "reported": "reported to the regulator",
    "closed": "closed",
}
COLOURS = {
    "held": "yellow",
    "releasing": "light-blue",
    "released": "green",
    "refused": "red",
    "expired": "grey",
    "sent": "grey",
    "protected": "light-blue",
    "confirmed": "green",
    "bounced": "orange",
    "withdrawn": "grey",
    "recorded": "grey",
    "due": "orange",
    "done": "green",
    "lost": "red",
    "delivered": "light-blue",
    "displayed": "light-blue",
    "open": "red",
    "reported": "yellow",
    "closed": "grey",
    "high": "red",
    "medium": "orange",
    "low": "yellow",
    "none": "grey",
    "PASS": "grey",
    "PROTECT": "light-blue",
    "HOLD": "yellow",
    "REFUSE": "red",
}
CHANNELS = {
    "email": "E-mail",
    "telephone": "Telephone",
    "by-hand": "By hand",
    "post": "Post",
    "fax": "Fax",
    "device": "Removable device",
    "laptop": "Laptop",
    "secure-page": "Secure pages",
    "meeting": "Meeting",
}
FIELDS = {
    "purpose": "reason for sharing",
    "information": "type of information",
    "way": "how it was shared",
    "recipient_name": "recipient's name",
    "recipient_job_title": "recipient's job title",
    "recipient_organisation": "recipient's organisation",
    "recipient_telephone": "recipient's telephone number",
    "recipient_department": "recipient's department",
    "authorised_by": "authorised by",
    "consent_limits": "limits that the recipient was told of",
}
DUE = {"return": "due back", "confirmation": "receipt not confirmed", "deletion": "to be deleted"}
INCIDENTS = {
    "not-for-me": "It reached somebody whom it was not meant for",
    "mis-sent": "It was sent to the wrong person",
    "device-lost": "A device or papers were lost",
    "device-stolen": "A device or papers were stolen",
    "other": "Something else went wrong",
}


def local(moment: datetime) -> datetime:
    """Give a moment as clocks in London show it."""
    return moment.astimezone(LONDON)


def when(moment: datetime | None) -> str:
    """Say when: '24 November 2026, 10:42'."""
    return "" if moment is None else local(moment).strftime("%-d %B %Y, %H:%M")


def day(moment: datetime | None) -> str:
    """Say which day: '24 November 2026'."""
    return "" if moment is None else local(moment).strftime("%-d %B %Y")


def span(length: timedelta) -> str:
    """Say how long, in one unit: '3 days', '5 hours', '12 minutes'."""
    minutes = max(0, int(length.total_seconds() // 60))
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size or (minutes >= size and unit == "hour"):
            return counted(minutes // size, unit)
    return counted(minutes, "minute")


def age(moment: datetime, now: datetime | None = None) -> str:
    """Say how long ago, or in how long."""
    now = now or datetime.now(UTC)
    if timedelta(0) <= now - moment < timedelta(minutes=1):
        return "just now"
    return f"{span(now - moment)} ago" if moment <= now else f"in {span(moment - now)}"


def hours_left(moment: datetime, now: datetime) -> str:
    """Say how long the 72 hours still run: '71 hours left', 'over for 2 hours'."""
    hours = abs(moment - now) // timedelta(hours=1)
    return f"{counted(hours, 'hour')} left" if moment > now else f"over for {counted(hours, 'hour')}"


def counted(number: int, thing: str, things: str = "") -> str:
    """Say how many: '1 message', '1,204 messages'."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def size(octets: int) -> str:
    """Say how large a file is."""
    return f"{octets / 1_048_576:.1f} MB" if octets >= 1_048_576 else f"{max(1, octets // 1024):,} kB"


def why(code: str) -> str:
    """Say a reason's code in words."""
    entry = BY_CODE.get(code)
    return entry.title if entry else code


def rules(code: str) -> str:
    """Name the rules of the guide that a reason serves."""
    entry = BY_CODE.get(code)
    return ", ".join(entry.rules) if entry else ""


def state(code: str) -> str:
    """Say a state in words."""
    return STATES.get(code, code)


def colour(code: str) -> str:
    """Give the colour of a tag; words say the same, so that nobody needs the colour."""
    return COLOURS.get(code, "grey")


def place(organisation: str, directorate: str) -> str:
    """Say where something belongs: 'Borchester Borough Council: Housing'."""
    return f"{organisation}: {directorate}" if directorate else organisation


FILTERS: dict[str, Any] = {
    "when": when,
    "day": day,
    "age": age,
    "hours_left": hours_left,
    "counted": counted,
    "size": size,
    "place": place,
    "place_of_scope": lambda text: place(*place_of(text)),
    "why": why,
    "rules": rules,
    "state": state,
    "colour": colour,
    "action": lambda code: ACTIONS.get(code, code),
    "channel": lambda code: CHANNELS.get(code, code),
    "field": lambda name: FIELDS.get(name, name),
    "due_for": lambda code: DUE.get(code, code),
    "incident": lambda code: INCIDENTS.get(code, code),
}
