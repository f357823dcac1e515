"""A directory by LDAP (RFC 4511): Active Directory, OpenLDAP and others, by the library ldap3 (an extra).

Guarantees: what comes from mail is escaped before it is part of a filter (RFC 4515); referrals are not followed;
a password leaves over TLS only, or to this very machine. Groups are opened member by member, to a depth of
`DEPTH` and `MEMBERS` members.
"""

import contextlib
import math
import ssl
import threading
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from milter.directory.entry import DEPTH, MEMBERS, DirectoryError, Entry, plain
from milter.directory.threads import Threads

with warnings.catch_warnings():  # ldap3 2.9 calls parts of pyasn1 by names that have others now
    warnings.simplefilter("ignore", DeprecationWarning)
    import ldap3
    from ldap3.core.exceptions import LDAPExceptionError
    from ldap3.utils.conv import escape_filter_chars

NAMED = 5
LOCAL = ("localhost", "127.0.0.1", "::1")
_ATTRIBUTES = (
    "mail",
    "displayName",
    "cn",
    "title",
    "department",
    "departmentNumber",
    "ou",
    "company",
    "o",
    "telephoneNumber",
    "member",
    "uniqueMember",
    "objectClass",
)
_DENIED = (
    49,
    50,
    8,
    48,
)  # invalidCredentials, insufficientAccessRights, strongerAuthRequired, inappropriateAuth
_BUSY = (51, 52)  # busy, unavailable
_ANSWERS = (0, 4, 32)  # success, sizeLimitExceeded, noSuchObject


class Ldap:
    """Asks one server. `ca_file` is the certificate authority's where it is not one of the system's."""

    def __init__(
        self, url: str, base: str, account: str, password: str, seconds: float, ca_file: str = ""
    ) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "ldaps"
        self._start_tls = not secure and parts.hostname not in LOCAL
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=ca_file or None)
        self._server = ldap3.Server(
            parts.hostname, port=parts.port or (636 if secure else 389), use_ssl=secure, tls=tls,
            get_info=ldap3.NONE, connect_timeout=seconds,
        )  # fmt: skip
        self._base, self._account, self._password, self._seconds = base, account, password, math.ceil(seconds)
        self._threads = Threads("ldap")
        self._here = threading.local()
        self._open: list[Any] = []

    async def look_up(self, address: str) -> Entry | None:
        """Give the person or group that has an address, as first or as another of its addresses."""
        return await self._threads.run(lambda: self._look_up(address))

    async def named(self, name: str) -> tuple[Entry, ...]:
        """Give those whose name holds all words of a name."""
        return await self._threads.run(lambda: self._named(name))

    async def close(self) -> None:
        """End threads and connections."""
        self._threads.close()
        for connection in self._open:
            _end(connection)

    def _look_up(self, address: str) -> Entry | None:
        safe = escape_filter_chars(address)
        found = self._search(self._base, f"(|(mail={safe})(proxyAddresses=smtp:{safe}))", ldap3.SUBTREE, 2)
        if len(found) != 1:
            return None  # none, or an address that two share: neither says who it is
        return self._entry(address, found[0])

    def _named(self, name: str) -> tuple[Entry, ...]:
        words = [escape_filter_chars(word) for word in name.split()]
        either = "".join(f"(|(displayName=*{word}*)(cn=*{word}*))" for word in words)
        found = self._search(self._base, f"(&(mail=*){either})", ldap3.SUBTREE, NAMED)
        return tuple(_person(_first(one, "mail").lower(), one) for one in found)

    def _entry(self, address: str, found: dict[str, Any]) -> Entry:
        members = _all(found, "member", "uniqueMember")
        kinds = {kind.lower() for kind in _all(found, "objectClass")}
        if not members and not kinds & {"group", "groupofnames", "groupofuniquenames"}:
            return _person(address, found)
        addresses, whole = self._opened(members)
        return Entry(address, _person(address, found).name, members=addresses, whole=whole)

    def _opened(self, names: list[str]) -> tuple[tuple[str, ...], bool]:
        """Give the addresses of a group's members, groups in it opened, and whether they are all."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        ahead = [(name, 1) for name in names]
        whole = True
        while ahead:
            name, depth = ahead.pop()
            if name.lower() in seen:
                continue
            seen.add(name.lower())
            if len(seen) > MEMBERS or depth > DEPTH:
                return tuple(found), False
            (one, *_) = self._search(name, "(objectClass=*)", ldap3.BASE, 1) or [{}]
            inside = _all(one, "member", "uniqueMember")
            ahead += [(member, depth + 1) for member in inside]
            if not inside:
                mail = _first(one, "mail").lower()
                found |= {mail: None} if mail else {}
                whole = whole and bool(mail)
        return tuple(found), whole

    def _search(self, base: str, query: str, scope: str, most: int) -> list[dict[str, Any]]:
        connection = self._connection()
        try:
            done, result, entries, _ = connection.search(
                base, query, scope, attributes=_ATTRIBUTES, size_limit=most, time_limit=self._seconds
            )
        except LDAPExceptionError as error:
            self._drop(connection)
            raise _fault(getattr(error, "result", None)) from error
        if not done and result["result"] not in _ANSWERS:
            self._drop(connection)
            raise _fault(result["result"])
        return [dict(entry["attributes"]) for entry in entries or () if entry.get("type") == "searchResEntry"]

    def _connection(self) -> Any:
        """Give this thread's connection, signed in."""
        connection = getattr(self._here, "connection", None)
        if connection is None:
            connection = self._here.connection = self._connect()
            self._open.append(connection)
        return connection

    def _connect(self) -> Any:
        connection = ldap3.Connection(
            self._server,
            self._account or None,
            self._password or None,
            client_strategy=ldap3.SAFE_SYNC,
            read_only=True,
            auto_referrals=False,
            check_names=False,
            receive_timeout=self._seconds,
        )
        try:
            connection.open()
            if self._start_tls:
                connection.start_tls()
            done, result, _, _ = connection.bind()
        except LDAPExceptionError as error:
            _end(connection)
            raise _fault(getattr(error, "result", None)) from error
        if not done:
            _end(connection)
            raise _fault(result["result"])
        return connection

    def _drop(self, connection: Any) -> None:
        """Let go of a connection that failed; the next question makes another."""
        self._here.connection = None
        with contextlib.suppress(ValueError):
            self._open.remove(connection)
        _end(connection)


def _end(connection: Any) -> None:
    with contextlib.suppress(LDAPExceptionError, OSError):
        connection.unbind()
    if connection.socket is not None:
        connection.socket.close()


def _fault(code: int | None) -> DirectoryError:
    return DirectoryError("denied" if code in _DENIED else "busy" if code in _BUSY else "down")


def _person(address: str, found: dict[str, Any]) -> Entry:
    return Entry(
        address,
        name=plain(_first(found, "displayName", "cn")),
        job_title=plain(_first(found, "title")),
        department=plain(_first(found, "department", "departmentNumber", "ou")),
        organisation=plain(_first(found, "company", "o")),
        telephone=plain(_first(found, "telephoneNumber")),
    )


def _values(found: dict[str, Any], name: str) -> Iterator[str]:
    wanted = name.lower()
    for key, value in found.items():
        if key.lower() == wanted or key.lower().startswith(wanted + ";range="):  # AD cuts long groups so
            for one in value if isinstance(value, list) else [value]:
                yield one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one)


def _all(found: dict[str, Any], *names: str) -> list[str]:
    return [value for name in names for value in _values(found, name)]


def _first(found: dict[str, Any], *names: str) -> str:
    return next((value for name in names for value in _values(found, name) if value), "")
