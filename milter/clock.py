"""Time, so that tests can set it. The middle floors (message, attachments, detect, policy, assess) have none."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]  # always timezone-aware, UTC


def utc_now() -> datetime:
    """Give the present moment in UTC."""
    return datetime.now(UTC)
