"""Identity tokens of an Exchange server on the organisation's own premises (ExIdTok.V1).

Checked are the server that vouches for it (its metadata address, `amurl`, on the list of the configuration, before
anything is fetched), the certificate by its thumbprint, signature, algorithm, audience (the address of the add-in's
pane) and times. Such a token proves a mailbox of that server and not its address: what only a message's own sender
may do is not done on its word.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_der_x509_certificate
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from addin_backend.addin.caller import ALGORITHMS, Caller, RefusedError, within_time
from addin_backend.addin.entra import LEAST_BITS
from addin_backend.addin.keys import Published
from milter.untrusted import json_object

VERSION = "ExIdTok.V1"
METADATA = "/autodiscover/metadata/json/1"


class Exchange:
    """Checks the tokens of some Exchange servers, 'mail.example.gov.uk' or 'mail.example.gov.uk:444' each."""

    def __init__(self, hosts: Sequence[str], audience: str, published: Published) -> None:
        self._hosts = frozenset(host.lower() if ":" in host else f"{host.lower()}:443" for host in hosts)
        self._audience = audience
        self._published = published

    async def caller(self, token: str, header: dict[str, Any], claims: dict[str, Any], now: float) -> Caller:
        """Give whose token it is. Raises RefusedError, and KeysUnavailableError where that can't be told now."""
        thumbprint = header.get("x5t")
        if header.get("alg") not in ALGORITHMS or not isinstance(thumbprint, str):
            raise RefusedError("it is signed in another way")
        context = _context(claims)
        address = self._metadata(context)
        key = await self._key(address, thumbprint)
        try:
            proven = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise RefusedError(f"the signature does not hold ({type(error).__name__})") from error
        within_time(proven, now)
        if not self._audience or proven.get("aud") != self._audience:
            raise RefusedError("made for another add-in")
        mailbox = context.get("msexchuid")
        if context.get("version") != VERSION or not isinstance(mailbox, str) or not mailbox:
            raise RefusedError("it names no mailbox")
        return Caller(f"exchange {mailbox} {address}", ())

    def _metadata(self, context: dict[str, Any]) -> str:
        """Give the address of the server's keys in one form, where it is one of ours."""
        try:
            given: SplitResult = urlsplit(str(context.get("amurl", "")))
            host = f"{given.hostname or ''}:{given.port or 443}"
        except ValueError as error:
            raise RefusedError("its server's address is none") from error
        plain = given.username is None and not given.query and not given.fragment
        if given.scheme != "https" or not plain or host not in self._hosts or given.path != METADATA:
            raise RefusedError("another server vouches for it")
        return f"https://{host}{METADATA}"

    async def _key(self, address: str, thumbprint: str) -> RSAKey:
        for fresh in (False, True):
            document = await self._published.get(address, fresh=fresh)
            for one in document["keys"][:100]:
                if (certificate := _certificate(one)) and hmac.compare_digest(
                    _thumbprint(certificate), thumbprint.encode("utf-8", "replace")
                ):
                    return _rsa(certificate)
        raise RefusedError("it is signed with an unknown key")


def _context(claims: dict[str, Any]) -> dict[str, Any]:
    """Give the application's context, which some servers write as text."""
    context = claims.get("appctx")
    try:
        return context if isinstance(context, dict) else json_object(str(context))
    except ValueError as error:
        raise RefusedError("it is not well formed") from error


def _certificate(one: Any) -> bytes:
    """Give a signing certificate of the metadata document; none where the entry is another's."""
    try:
        value = one["keyvalue"]
        signs = one["usage"] == "signing" and value["type"] == "x509Certificate"
        return base64.b64decode(value["value"], validate=True) if signs else b""
    except (KeyError, TypeError, binascii.Error, ValueError):
        return b""


def _thumbprint(certificate: bytes) -> bytes:
    digest = hashlib.sha1(certificate, usedforsecurity=False).digest()  # 'x5t' is this (RFC 7515 4.1.7)
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def _rsa(certificate: bytes) -> RSAKey:
    try:
        key = load_der_x509_certificate(certificate).public_key()
    except ValueError as error:
        raise RefusedError("the certificate is none") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        raise RefusedError("the key is weak")
    return RSAKey.import_key(key)
