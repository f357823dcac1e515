"""Structured logs: one JSON object a line, ids and codes only, never personal data (law 8)."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog


class _StandardError:
    """Standard error as it is when something is written, whoever has taken its place since the set-up."""

    def write(self, text: str) -> int:
        """Write text."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """See that it is out."""
        sys.stderr.flush()


def configure(level: str = "info", *, json: bool = True) -> None:
    """Set up logging for this process, to standard error."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    level = level.upper()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=_StandardError()),  # type: ignore[arg-type]  # all of a file it needs
        cache_logger_on_first_use=True,
    )


def without_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Turn an exception into where it happened: its words and local values may hold personal data (law 8)."""
    if not event.pop("exc_info", None):
        return event
    kind, _, trail = sys.exc_info()
    frames = traceback.extract_tb(trail)[-8:] if trail else []
    event["exception"] = kind.__name__ if kind else "unknown"
    event["at"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def logger(area: str) -> Any:
    """Give the logger of one area, such as 'smtpd'."""
    return structlog.get_logger(area=area)
