"""The kinds of column: moments, JSON, references and digests, alike on SQLite and PostgreSQL."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String, Text, TypeDecorator

_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn a time into the number that is kept."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn the kept number into a time."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """A JSON value as canonical text: sorted keys, no spaces. Lists come back as tuples, at every depth."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Turn a value into text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Turn text into a value."""
        return None if value is None else frozen(json.loads(value))


class Words(TypeDecorator[str]):
    """Text from outside: what UTF-8 or PostgreSQL can't hold (lone surrogates, NUL) is written out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Make the text storable."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def microseconds(moment: datetime) -> int:
    """Give an aware time as whole microseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def canonical(value: Any) -> str:
    """Write a JSON value in the one form that is digested and kept; ASCII, so any text fits."""
    return _ENCODER.encode(value)


def frozen(value: Any) -> Any:
    """Turn lists into tuples, at every depth."""
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    if isinstance(value, Mapping):
        return {key: frozen(item) for key, item in value.items()}
    return value


Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only with INTEGER
Reference = String(40)  # 'SG-....-....-....', or what another table's row is called
Digest = String(64)  # hexadecimal
