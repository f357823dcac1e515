"""Moments as people in the United Kingdom read them: 'Tuesday 24 November 2026 at 10:42', by the clock on the wall."""

from datetime import datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def in_words(at: datetime) -> str:
    """Say when something was or will be. `at` is aware; the store's moments are UTC."""
    return at.astimezone(LONDON).strftime("%A %-d %B %Y at %H:%M")
