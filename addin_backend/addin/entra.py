"""Access tokens of Microsoft Entra ID, as Outlook gets them for the add-in (single sign-on).

Checked are signature and key (of the configured tenant's published keys only), algorithm, issuer in both of Entra's
forms (v1, v2), tenant, audience, scope and times. An ID token has no scope, so it never passes; nor does a token that
an application got for itself.
"""

from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from addin_backend.addin.caller import ALGORITHMS, Caller, RefusedError, within_time
from addin_backend.addin.keys import Published

LOGIN = "https://login.microsoftonline.com"
SCOPE = "access_as_user"
LEAST_BITS = 2_048


class Entra:
    """Checks the tokens of one tenant."""

    def __init__(self, tenant: str, audience: str, published: Published) -> None:
        self._tenant = tenant.lower()
        # An application is named by its URI (v1 tokens) or by the identifier at the URI's end (v2 tokens).
        self._audiences = frozenset({audience, audience.rpartition("/")[2]}) - {""}
        self._issuers = {
            "1.0": f"https://sts.windows.net/{self._tenant}/",
            "2.0": f"{LOGIN}/{self._tenant}/v2.0",
        }
        self._keys = f"{LOGIN}/{self._tenant}/discovery/v2.0/keys"
        self._published = published

    async def caller(self, token: str, header: dict[str, Any], now: float) -> Caller:
        """Give whose token it is. Raises RefusedError, and KeysUnavailableError where that can't be told now."""
        if not self._tenant or not self._audiences:
            raise RefusedError("no tenant is configured")
        key_id = header.get("kid")
        if header.get("alg") not in ALGORITHMS or not isinstance(key_id, str):
            raise RefusedError("it is signed in another way")
        key = await self._key(key_id)
        try:
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise RefusedError(f"the signature does not hold ({type(error).__name__})") from error
        within_time(claims, now)
        self._check(claims)
        return _caller(claims)

    async def _key(self, key_id: str) -> RSAKey:
        for fresh in (False, True):
            document = await self._published.get(self._keys, fresh=fresh)
            for one in document["keys"][:100]:
                if isinstance(one, dict) and one.get("kid") == key_id and one.get("use", "sig") == "sig":
                    return _rsa(one)
        raise RefusedError("it is signed with an unknown key")

    def _check(self, claims: dict[str, Any]) -> None:
        if claims.get("iss") != self._issuers.get(str(claims.get("ver"))):
            raise RefusedError("another issuer")
        if str(claims.get("tid", "")).lower() != self._tenant:
            raise RefusedError("another tenant")
        if not isinstance(claims.get("aud"), str) or claims["aud"] not in self._audiences:
            raise RefusedError("made for another service")
        if claims.get("idtyp", "user") != "user" or SCOPE not in str(claims.get("scp", "")).split():
            raise RefusedError("it lacks the scope of the add-in")


def _rsa(one: dict[str, Any]) -> RSAKey:
    try:
        key = RSAKey.import_key({name: one[name] for name in ("kty", "n", "e")})
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise RefusedError("the key is none") from error
    if key.public_key.key_size < LEAST_BITS:
        raise RefusedError("the key is weak")
    return key


def _caller(claims: dict[str, Any]) -> Caller:
    """The object id names the person for good; the tenant's own administrators set the names."""
    subject = claims.get("oid")
    if not isinstance(subject, str) or not subject:
        raise RefusedError("it names nobody")
    given: list[Any] = [claims.get("upn"), claims.get("preferred_username")]
    for name in ("verified_primary_email", "verified_secondary_email"):
        more = claims.get(name)
        given += more if isinstance(more, list) else []
    addresses = [one.strip().lower() for one in given if isinstance(one, str) and "@" in one]
    return Caller(f"entra {subject}", tuple(dict.fromkeys(addresses))[:50])
