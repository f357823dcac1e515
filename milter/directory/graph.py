"""A directory in Microsoft 365: Microsoft Graph, signed in to as a registered application.

The application needs the permissions User.Read.All, GroupMember.Read.All and OrgContact.Read.All, granted by an
administrator. Guarantees: pages are followed on Graph's own host only; a token that is refused is asked for anew once.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx

from milter.directory.entry import MEMBERS, DirectoryError, Entry, plain
from milter.directory.threads import Threads

CLOUD = "https://graph.microsoft.com"
SIGN_IN = "https://login.microsoftonline.com"
NAMED = 5
PAGES = 10
_PERSON = "displayName,jobTitle,department,companyName,businessPhones,mail"
_CONTACT = "displayName,jobTitle,department,companyName,phones,mail"


class Graph:
    """Asks one tenant. `sign_in` and `url` are other clouds' where the tenant lies in one."""

    def __init__(
        self,
        tenant: str,
        client_id: str,
        secret: str,
        seconds: float,
        *,
        url: str = "",
        sign_in: str = "",
        ca_file: str = "",
    ) -> None:
        self._url = (url or CLOUD).rstrip("/")
        self._authority = f"{(sign_in or SIGN_IN).rstrip('/')}/{tenant}"
        self._client_id, self._secret, self._seconds = client_id, secret, seconds
        self._verify: Any = ca_file or True
        self._threads = Threads("graph", 1)
        self._application: Any = None
        self._http = httpx.AsyncClient(timeout=seconds, verify=_context(ca_file), follow_redirects=False)

    async def look_up(self, address: str) -> Entry | None:
        """Give the user, group or outside contact that has an address."""
        quoted = address.replace("'", "''")
        by_address = f"mail eq '{quoted}' or proxyAddresses/any(p:p eq 'smtp:{quoted}')"
        for kind, select in (("users", _PERSON), ("groups", "id,displayName,mail"), ("contacts", _CONTACT)):
            query = {"$filter": by_address, "$select": select, "$count": "true", "$top": "2"}
            found = _values(await self._get(f"{self._url}/v1.0/{kind}", query))
            if len(found) == 1 and kind == "groups":
                return await self._group(address, found[0])
            if len(found) == 1:
                return _person(found[0], address)
        return None

    async def named(self, name: str) -> tuple[Entry, ...]:
        """Give the users whose display name holds all words of a name."""
        words = " AND ".join(f'"displayName:{word}"' for word in name.replace('"', " ").split())
        query = {"$search": words, "$select": _PERSON, "$count": "true", "$top": str(NAMED)}
        return tuple(_person(one) for one in _values(await self._get(f"{self._url}/v1.0/users", query)))

    async def close(self) -> None:
        """Let go of connections."""
        self._threads.close()
        await self._http.aclose()

    async def _group(self, address: str, group: Mapping[str, Any]) -> Entry:
        """Open a group; Graph opens the groups in it by itself."""
        url = f"{self._url}/v1.0/groups/{group['id']}/transitiveMembers"
        query: Mapping[str, str] | None = {
            "$select": "mail,userPrincipalName",
            "$top": "999",
            "$count": "true",
        }
        members: dict[str, None] = {}
        whole = True
        for _ in range(PAGES):
            page = await self._get(url, query)
            for one in _values(page):
                if one.get("@odata.type") == "#microsoft.graph.group":
                    continue
                mail = _mail(one)
                members |= {mail: None} if mail else {}
                whole = whole and bool(mail)
            url, query = str(page.get("@odata.nextLink") or ""), None
            if not url or len(members) > MEMBERS:
                break
            if urlsplit(url).netloc != urlsplit(self._url).netloc:
                raise DirectoryError("odd")
        return Entry(
            address,
            plain(group.get("displayName")),
            members=tuple(members)[:MEMBERS],
            whole=whole and not url and len(members) <= MEMBERS,
        )

    async def _get(self, url: str, query: Mapping[str, str] | None) -> Mapping[str, Any]:
        for again in (True, False):
            token = await self._threads.run(partial(self._token, fresh=not again))
            headers = {"Authorization": f"Bearer {token}", "ConsistencyLevel": "eventual"}
            try:
                response = await self._http.get(url, params=query, headers=headers)
            except httpx.HTTPError as error:
                raise DirectoryError("down") from error
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return _checked(response)
        raise DirectoryError("denied")

    def _token(self, *, fresh: bool) -> str:
        """Give the application's token, from the library's own cache while it lasts."""
        import msal
        import requests

        try:
            if self._application is None or fresh:
                patient = _Patient(requests.Session(), self._seconds, self._verify)
                self._application = msal.ConfidentialClientApplication(
                    self._client_id,
                    client_credential=self._secret,
                    authority=self._authority,
                    http_client=patient,
                    instance_discovery=False,
                )
            got = self._application.acquire_token_for_client([f"{self._url}/.default"])
        except requests.RequestException as error:
            self._application = None
            raise DirectoryError("down") from error
        except ValueError as error:  # no configuration of the tenant where one should be
            self._application = None
            raise DirectoryError("odd") from error
        if "access_token" not in got:
            refused = str(got.get("error")) in {"invalid_client", "unauthorized_client", "access_denied"}
            raise DirectoryError("denied" if refused else "down")
        return str(got["access_token"])


class _Patient:
    """The HTTP client that msal is given: one that waits no longer than the directory may."""

    def __init__(self, session: Any, seconds: float, verify: Any) -> None:
        self._session = session
        self._options = {
            "timeout": seconds,
            "verify": verify,
        }  # the session's own give way to the environment's

    def post(self, url: str, **options: Any) -> Any:
        return self._session.post(url, **self._options, **options)

    def get(self, url: str, **options: Any) -> Any:
        return self._session.get(url, **self._options, **options)

    def close(self) -> None:
        self._session.close()


def _context(ca_file: str) -> Any:
    import ssl

    return ssl.create_default_context(cafile=ca_file or None)


def _checked(response: httpx.Response) -> Mapping[str, Any]:
    if response.status_code in {429, 503}:
        raise DirectoryError("busy", _seconds(response.headers.get("Retry-After", "")))
    if response.status_code == httpx.codes.FORBIDDEN:
        raise DirectoryError("denied")
    if response.status_code == httpx.codes.NOT_FOUND:
        return {}
    if response.status_code != httpx.codes.OK:
        raise DirectoryError("down" if response.status_code >= 500 else "odd")
    try:
        answer = response.json()
    except ValueError as error:
        raise DirectoryError("odd") from error
    if not isinstance(answer, dict):
        raise DirectoryError("odd")
    return answer


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _values(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = answer.get("value", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DirectoryError("odd")
    return found


def _mail(one: Mapping[str, Any]) -> str:
    """Give a member's address; a guest's own stands in its principal name: 'jane_school.org#EXT#@...'."""
    mail = str(one.get("mail") or "")
    principal = str(one.get("userPrincipalName") or "")
    if not mail and "#EXT#" in principal:
        local, _, domain = principal.partition("#EXT#")[0].rpartition("_")
        mail = f"{local}@{domain}" if local else ""
    return (mail or (principal if "@" in principal and "#EXT#" not in principal else "")).lower()


def _person(one: Mapping[str, Any], address: str = "") -> Entry:
    return Entry(
        address or str(one.get("mail") or "").lower(),
        name=plain(one.get("displayName")),
        job_title=plain(one.get("jobTitle")),
        department=plain(one.get("department")),
        organisation=plain(one.get("companyName")),
        telephone=plain(_telephone(one.get("businessPhones") or one.get("phones") or ())),
    )


def _telephone(numbers: Iterable[Any]) -> str:
    """Give the first business telephone, whichever way Graph tells it."""
    for number in numbers:
        if isinstance(number, str):
            return number
        if isinstance(number, dict) and number.get("type") in {"business", None} and number.get("number"):
            return str(number["number"])
    return ""
