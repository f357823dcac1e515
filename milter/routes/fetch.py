"""Fetches MTA-STS policies by HTTPS (RFC 8461 section 3.3), from a host whose name others choose.

Guarantees: one GET of one fixed path at port 443 of mta-sts.DOMAIN; the certificate is checked; no redirect, no
proxy, no cookie, no compression; at most 64 KiB within `SECONDS`. The connection goes to an address that was looked
at first: never to this machine or a private network unless the configuration allows it (no SSRF, no rebinding).
"""

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import ip_address

from milter.routes.exchangers import addresses
from milter.routes.mta_sts import MOST_OCTETS, StsPolicy, parse_policy
from milter.routes.resolver import LookUpError, Resolver

SECONDS = 10.0
PORT = 443
PATH = "/.well-known/mta-sts.txt"

MayReach = Callable[[str], bool]


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet."""
    ip = ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return is_public(str(mapped)) if mapped else ip.is_global and not ip.is_multicast


class PolicyFetcher:
    """Fetches policies for one event loop."""

    def __init__(
        self,
        resolver: Resolver,
        context: ssl.SSLContext,
        may_reach: MayReach = is_public,
        port: int = PORT,
    ) -> None:
        import httpx

        self._resolver = resolver
        self._may_reach = may_reach
        self._port = port
        self._errors = (httpx.HTTPError, httpx.InvalidURL)
        self._client = httpx.AsyncClient(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            timeout=SECONDS,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=0),
            headers={"Accept": "text/plain", "Accept-Encoding": "identity", "User-Agent": "Sealgate"},
        )

    async def fetch(self, domain: str) -> StsPolicy | None:
        """Give a domain's policy; None where there is none that can be had and read."""
        host = f"mta-sts.{domain}"
        try:
            async with asyncio.timeout(SECONDS):
                reachable = [a for a in await addresses(host, self._resolver) if self._may_reach(a)]
                return parse_policy(await self._get(reachable[0], host)) if reachable else None
        except (LookUpError, TimeoutError, OSError, ValueError, *self._errors):
            return None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _get(self, address: str, host: str) -> str:
        at = f"[{address}]" if ":" in address else address
        url = f"https://{at}:{self._port}{PATH}"
        sni = {"sni_hostname": host}  # what the certificate is checked against, too
        async with self._client.stream("GET", url, headers={"Host": host}, extensions=sni) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != 200 or kind != "text/plain":
                return ""
            if response.headers.get("content-encoding", "identity") != "identity":
                return ""
            text = bytearray()
            async for piece in response.aiter_raw():
                text += piece
                if len(text) > MOST_OCTETS:
                    return ""
        return text.decode("ascii", "replace")
