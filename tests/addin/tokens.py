"""Tokens as Entra ID and Exchange sign them, with the documents of keys that they publish; and forgeries of both."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from addin_backend.addin.keys import KeysUnavailableError, Published

TENANT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
CLIENT = "9b9a1111-2222-3333-4444-555566667777"
URL = "https://addin.borchester.gov.uk"
AUDIENCE = f"api://addin.borchester.gov.uk/{CLIENT}"
ENTRA_KEYS = f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"
EXCHANGE = "mail.borchester.gov.uk"
EXCHANGE_KEYS = f"https://{EXCHANGE}:443/autodiscover/metadata/json/1"
OFFICER = "amira.khan@borchester.gov.uk"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Give the private key of a name; 'stranger' is nobody's whom the configuration trusts."""
    return rsa.generate_private_key(65_537, 2_048)


@cache
def certificate(name: str) -> bytes:
    private = key(name)
    subject = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "Microsoft Exchange Server Auth Certificate")]
    )
    begins = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1_000))
        .sign(private, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


def thumbprint(name: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha1(certificate(name)).digest()).rstrip(b"=").decode()


def published(asked: list[str] | None = None, down: bool = False) -> Published:
    """Give the documents of keys without a network; every address that is asked for is noted in `asked`."""
    entra = RSAKey.import_key(key("entra")).as_dict(private=False) | {"kid": "entra-1", "use": "sig"}
    documents = {
        ENTRA_KEYS: {"keys": [entra]},
        EXCHANGE_KEYS: {
            "keys": [
                {
                    "usage": "signing",
                    "keyinfo": {"x5t": thumbprint("exchange")},
                    "keyvalue": {
                        "type": "x509Certificate",
                        "value": base64.b64encode(certificate("exchange")).decode(),
                    },
                }
            ]
        },
    }

    async def fetch(url: str) -> bytes:
        if asked is not None:
            asked.append(url)
        if down or url not in documents:
            raise KeysUnavailableError("there is nothing")
        return json.dumps(documents[url]).encode()

    return Published(fetch)


def entra(
    *, signer: str = "entra", header: dict[str, Any] | None = None, without: str = "", **claims: Any
) -> str:
    """Give an access token of the add-in's user, with some claims changed."""
    now = int(time.time())
    given = {
        "ver": "2.0",
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": CLIENT,
        "tid": TENANT,
        "oid": "11111111-aaaa-bbbb-cccc-222222222222",
        "scp": "access_as_user",
        "preferred_username": OFFICER,
        "iat": now,
        "nbf": now,
        "exp": now + 3_600,
    } | claims
    given.pop(without, None)
    head = {"alg": "RS256", "kid": "entra-1", "typ": "JWT"} | (header or {})
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, given, RSAKey.import_key(key(signer)))


def exchange(
    *,
    signer: str = "exchange",
    amurl: str = EXCHANGE_KEYS,
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Give an identity token of an Exchange server, its times as text, as Exchange writes them."""
    now = int(time.time())
    context = {"msexchuid": "53e925fa@mail.borchester.gov.uk", "version": "ExIdTok.V1", "amurl": amurl}
    given = {
        "aud": f"{URL}/pane.html",
        "iss": "00000002-0000-0ff1-ce00-000000000000@mail.borchester.gov.uk",
        "nbf": str(now),
        "exp": str(now + 28_800),
        "isbrowserhostedapp": "true",
        "appctx": json.dumps(context),
    } | claims
    head = {"alg": "RS256", "typ": "JWT", "x5t": thumbprint(signer)} | (header or {})
    return jwt.encode(head, given, RSAKey.import_key(key(signer)))


def unsigned(token: str) -> str:
    """Give the same token with 'none' for its algorithm (RFC 7519 6)."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"entra-1"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def signed_with_public_key(token: str) -> str:
    """Give the same claims, signed with HS256 under the published key taken for a shared secret."""
    public = key("entra").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"entra-1"}').rstrip(b"=").decode()
    body = f"{head}.{token.split('.')[1]}"
    signature = hmac.digest(public, body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
