"""Signing in with the organisation's own identity provider: OpenID Connect, authorization code with PKCE.

Guarantees (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207): state, nonce and verifier are fresh, sealed in a
cookie of ten minutes and bound to the browser; the ID token's signature, issuer, audience, nonce and times are
checked against the provider's published keys. An account is found by issuer and subject; the first time by
the address that it was invited for, where the provider vouches for that. Nobody gets in uninvited.
"""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from starlette.responses import Response

from addin_backend.admin import sign_in
from addin_backend.admin.visit import SIGNED_IN, NotThereError, Visit
from milter import log
from milter.errors import StoreError
from milter.settings import SignIn
from milter.store import accounts, ids
from milter.store.accounts import Account
from milter.store.transaction import Transaction

ALGORITHMS = ["RS256", "PS256", "ES256"]
COOKIE = "sealgate-oidc"
MINUTES = 10
KEPT_SECONDS = 3_600.0  # what a provider says of itself
SKEW_SECONDS = 60
MOST_BYTES = 512 * 1024  # of an answer
_log = log.logger("oidc")
_known: dict[str, tuple[float, Any]] = {}


class ProviderError(Exception):
    """The provider could not be asked, or what it said does not hold."""


def start(visit: Visit) -> Response:
    """Send the browser to the provider."""
    settings = _settings(visit)
    if not visit.desk.sign_ins.allows(visit.client):
        return visit.problem(429)
    try:
        about = _about(settings)
    except ProviderError as error:
        return _refused(visit, error)
    told = {"state": ids.token(), "nonce": ids.token(), "verifier": ids.token() + ids.token()}
    digest = hashlib.sha256(told["verifier"].encode()).digest()
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": _callback(visit),
        "scope": "openid email profile",
        "state": told["state"],
        "nonce": told["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    told["next"] = sign_in.safe_path(visit.query.get("next"))
    joint = "&" if "?" in about["authorization_endpoint"] else "?"
    response = visit.go(f"{about['authorization_endpoint']}{joint}{urlencode(query)}")
    sealed = visit.store.vault.seal("sign-in", COOKIE, json.dumps(told).encode())
    value = base64.urlsafe_b64encode(sealed).decode()
    response.set_cookie(
        COOKIE,
        value,
        max_age=60 * MINUTES,
        httponly=True,
        secure=visit.desk.https,
        samesite="lax",
        path="/sign-in",
    )
    return response


def callback(visit: Visit) -> Response:
    """Take the provider's answer, and sign the account in."""
    settings = _settings(visit)
    try:
        told = _told(visit)
        claims = _claims(visit, settings, told)
        account = visit.store.submit(lambda tx: _account(tx, settings, claims)).result()
    except ProviderError as error:
        return _refused(visit, error)
    response = sign_in.begin(visit, account, SIGNED_IN, "oidc", told["next"])
    response.delete_cookie(COOKIE, path="/sign-in")
    return response


def _settings(visit: Visit) -> SignIn:
    settings = visit.desk.site.known.settings.sign_in
    if not settings.issuer:
        raise NotThereError
    return settings


def _callback(visit: Visit) -> str:
    return f"{visit.desk.url}/sign-in/callback"


def _told(visit: Visit) -> dict[str, str]:
    """Open the cookie of this browser's own attempt, and see that the answer belongs to it."""
    try:
        sealed = base64.urlsafe_b64decode(visit.cookies.get(COOKIE, ""))
        told: dict[str, str] = json.loads(visit.store.vault.open("sign-in", COOKIE, sealed))
    except (ValueError, StoreError) as error:
        raise ProviderError("no attempt under way in this browser") from error
    if not hmac.compare_digest(told["state"], visit.query.get("state")):
        raise ProviderError("the answer belongs to another attempt")
    issuer = visit.query.get("iss")
    if issuer and issuer != visit.desk.site.known.settings.sign_in.issuer:
        raise ProviderError("the answer comes from another provider")
    return told


def _claims(visit: Visit, settings: SignIn, told: dict[str, str]) -> dict[str, Any]:
    """Change the code for an ID token, and check that."""
    if visit.query.get("error") or not visit.query.get("code"):
        raise ProviderError("the provider refused")
    about = _about(settings)
    form = {
        "grant_type": "authorization_code",
        "code": visit.query.get("code"),
        "redirect_uri": _callback(visit),
        "client_id": settings.client_id,
        "code_verifier": told["verifier"],
    }
    if settings.client_secret_file:
        form["client_secret"] = Path(settings.client_secret_file).read_text(encoding="utf-8").strip()
    answer = _fetch("POST", about["token_endpoint"], form)
    return checked(str(answer.get("id_token", "")), settings, about, told["nonce"])


def checked(token: str, settings: SignIn, about: dict[str, Any], nonce: str) -> dict[str, Any]:
    """Give the claims of an ID token that holds (OpenID Connect Core, 3.1.3.7). Raises ProviderError."""
    try:
        keys = KeySet.import_key_set(_kept(about["jwks_uri"]))
        try:
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):  # the provider may have new keys
            keys = KeySet.import_key_set(_kept(about["jwks_uri"], fresh=True))
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        rules = jwt.JWTClaimsRegistry(
            leeway=SKEW_SECONDS,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        rules.validate(decoded.claims)
    except (JoseError, ValueError, KeyError) as error:
        raise ProviderError(f"the ID token does not hold ({type(error).__name__})") from error
    claims: dict[str, Any] = decoded.claims
    if claims.get("azp", settings.client_id) != settings.client_id:
        raise ProviderError("the ID token was made for another client")
    return claims


def _account(tx: Transaction, settings: SignIn, claims: dict[str, Any]) -> Account:
    """Find the account of an identity; bind it to one that was invited, the first time."""
    external = f"{settings.issuer}|{claims['sub']}"
    account = accounts.by_external(tx, external)
    if account is None:
        email = _address(claims)
        account = accounts.by_email(tx, email) if email else None
        if account is None or account.external is not None:
            raise ProviderError("nobody was invited by this address")
        account = accounts.change(tx, account.id, "oidc", external=external)
    if account.state != "active":
        raise ProviderError("the account is disabled")
    return account


def _address(claims: dict[str, Any]) -> str:
    """Give the address that the provider vouches for. Entra ID names work accounts by preferred_username."""
    if claims.get("email") and claims.get("email_verified", True) is True:
        return str(claims["email"])
    name = str(claims.get("preferred_username", ""))
    return name if "@" in name and "email_verified" not in claims else ""


def _about(settings: SignIn) -> dict[str, Any]:
    """Give what the provider says of itself (OpenID Connect Discovery 1.0, 4)."""
    about: dict[str, Any] = _kept(settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if about.get("issuer") != settings.issuer:
        raise ProviderError("the provider calls itself by another name than sign-in.issuer")
    if not {"authorization_endpoint", "token_endpoint", "jwks_uri"} <= about.keys():
        raise ProviderError("the provider's description lacks its addresses")
    return about


def _kept(url: str, *, fresh: bool = False) -> Any:
    at, value = _known.get(url, (0.0, None))
    if value is None or fresh or monotonic() - at > KEPT_SECONDS:
        value = _fetch("GET", url)
        _known[url] = (monotonic(), value)
    return value


def _fetch(method: str, url: str, form: dict[str, str] | None = None) -> Any:
    try:
        answer = httpx.request(method, url, data=form, timeout=10.0, follow_redirects=False)
        answer.raise_for_status()
        if len(answer.content) > MOST_BYTES:
            raise ProviderError("the provider's answer is too large")
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderError(f"the provider can't be asked ({type(error).__name__})") from error


def _refused(visit: Visit, error: ProviderError) -> Response:
    _log.warning("sign-in-refused", cause=str(error))
    paragraphs = (
        "Your organisation's sign-in did not let you in here.",
        "Try once more. If you were not invited to these pages yet, ask IT for an invitation.",
    )
    return visit.page("problem.html", 403, title="You could not be signed in", paragraphs=paragraphs)
