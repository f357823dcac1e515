"""What comes from those who are not trusted, taken in bounded ways."""

import json
from typing import Any


def json_object(text: str | bytes) -> dict[str, Any]:
    """Take one JSON object; ValueError for anything else, however deep it is nested."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - a value, not a caller's mistake
    return value
