"""Where a list's next page begins, in an address: no numbers of pages, since what is new would shift them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from addin_backend.admin.visit import Values
from milter.store.columns import microseconds
from milter.store.ids import read_reference

MOST_MICROSECONDS = 253_402_300_799_000_000  # the year 9999


def after_of(query: Values) -> tuple[datetime, str] | None:
    """Read where a page begins; None for the first page, or for what is no such place."""
    number, _, name = query.get("after").partition(".")
    reference = read_reference(name)
    if not number.isdecimal() or len(number) > 18 or int(number) > MOST_MICROSECONDS or reference is None:
        return None
    return datetime.fromtimestamp(0, tz=UTC) + timedelta(microseconds=int(number)), reference


def told(path: str, query: Values, after: tuple[datetime, str] | None) -> dict[str, Any]:
    """Give what a page of a list shows of the others: whether it is the first, where the next and the first begin."""
    return {
        "first": after_of(query) is None,
        "next": link(path, query, after),
        "begin": begin(path, query),
    }


def link(path: str, query: Values, after: tuple[datetime, str] | None) -> str:
    """Give the address of the page that begins there, with the same filters; '' for None."""
    if after is None:
        return ""
    return f"{path}?{urlencode([*_filters(query.fields), ('after', f'{microseconds(after[0])}.{after[1]}')])}"


def begin(path: str, query: Values) -> str:
    """Give the address of the first page with the same filters."""
    return f"{path}?{urlencode(_filters(query.fields))}"


def _filters(fields: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    kept = {name: values for name, values in fields.items() if name not in {"after", "done"}}
    return [(name, value) for name, values in kept.items() for value in values if value]
