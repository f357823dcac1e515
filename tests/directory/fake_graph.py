"""A fake Microsoft 365: the tenant's configuration and token endpoint, and the part of Graph that Sealgate asks."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.directory.fake_http import Reply, Request

TENANT, CLIENT, SECRET = "borchester.example", "app-1", "made-up-secret"
PAGE = 2  # members of one page, so that pages are followed


@dataclass
class FakeGraph:
    """The tenant's state."""

    users: list[dict[str, Any]] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    given: int = 0
    url: str = ""

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            base = f"{self.url}/{TENANT}"
            known = {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            }
            return _json(known)
        if parts.path == f"/{TENANT}/oauth2/v2.0/token":
            return self._token(parse_qs(request.body.decode()))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _json(
                {"error": {"code": "InvalidAuthenticationToken", "message": "Access token has expired."}}, 401
            )
        if request.headers.get("ConsistencyLevel") != "eventual" or (
            "$skiptoken" not in query and query.get("$count") != "true"
        ):
            return _json(
                {"error": {"code": "Request_UnsupportedQuery", "message": "Unsupported query."}}, 400
            )
        return self._found(unquote(parts.path), query)

    def _token(self, form: dict[str, list[str]]) -> Reply:
        asked = (form["grant_type"], form["client_id"], form.get("client_secret"), form["scope"])
        if asked != (["client_credentials"], [CLIENT], [SECRET], [f"{self.url}/.default"]):
            return _json(
                {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}, 401
            )
        self.given += 1
        token = f"token-{self.given}"
        self.tokens.add(token)
        return _json({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _found(self, path: str, query: dict[str, str]) -> Reply:
        if path.endswith("/transitiveMembers"):
            return self._members(path.split("/")[-2], int(query.get("$skiptoken", "0")))
        kind = path.removeprefix("/v1.0/")
        matches = _filter(query["$filter"]) if "$filter" in query else _search(query["$search"])
        found = [one for one in getattr(self, kind) if matches(one)]
        return _json(
            {
                "@odata.context": f"{self.url}/v1.0/$metadata#{kind}",
                "@odata.count": len(found),
                "value": found,
            }
        )

    def _members(self, group: str, start: int) -> Reply:
        everyone = self.members[group]
        page: dict[str, Any] = {"value": everyone[start : start + PAGE]}
        if start + PAGE < len(everyone):
            page["@odata.nextLink"] = (
                f"{self.url}/v1.0/groups/{group}/transitiveMembers?$skiptoken={start + PAGE}"
            )
        return _json(page)


def _filter(text: str) -> Callable[[dict[str, Any]], bool]:
    """Read "mail eq 'x' or proxyAddresses/any(p:p eq 'smtp:x')"."""
    wanted = text.split("'")[1].lower()

    def matches(one: dict[str, Any]) -> bool:
        others = [other.lower() for other in one.get("proxyAddresses", ())]
        return one.get("mail", "").lower() == wanted or f"smtp:{wanted}" in others

    return matches


def _search(text: str) -> Callable[[dict[str, Any]], bool]:
    words = [part.strip('" ').removeprefix("displayName:").lower() for part in text.split(" AND ")]
    return lambda one: all(word in one["displayName"].lower() for word in words)


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
