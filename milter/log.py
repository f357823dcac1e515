"""Structured logs: one JSON object a line, ids and codes only, never personal data (law 8)."""

import logging
import sys
from typing import Any

import structlog


def configure(level: str = "info", *, json: bool = True) -> None:
    """Set up logging for this process, to standard error."""
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def logger(area: str) -> Any:
    """Give the logger of one area, such as 'smtpd'."""
    return structlog.get_logger(area=area)
