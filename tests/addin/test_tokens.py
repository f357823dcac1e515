"""Who may ask: a token that holds in every part, and nobody else."""

import time
from collections.abc import Callable

import pytest

from addin_backend.addin.caller import RefusedError
from addin_backend.addin.entra import Entra
from addin_backend.addin.keys import AGAIN_SECONDS, BELIEVED_SECONDS, KeysUnavailableError, Published
from tests.addin import tokens
from tests.addin.asking import Asking, asking, draft_of
from tests.addin.tokens import CLIENT, EXCHANGE, TENANT, entra, exchange, signed_with_public_key, unsigned

OTHER = "99999999-9999-9999-9999-999999999999"
V1 = {
    "ver": "1.0",
    "iss": f"https://sts.windows.net/{TENANT}/",
    "aud": tokens.AUDIENCE,
    "upn": tokens.OFFICER,
}


def now() -> int:
    """Give the time as tokens write it. Tokens are made when a test runs: collected ones would grow old."""
    return int(time.time())


def status(outlook: Asking, token: str) -> int:
    return outlook.client.post(
        "/api/v1/check", json=draft_of(), headers={"Authorization": f"Bearer {token}"}
    ).status_code


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(entra, id="an access token of the tenant, v2"),
        pytest.param(lambda: entra(**V1), id="an access token of the tenant, v1"),
        pytest.param(lambda: entra(scp="email access_as_user profile"), id="the scope among others"),
        pytest.param(exchange, id="an identity token of the organisation's own Exchange"),
        pytest.param(
            lambda: exchange(amurl=f"https://{EXCHANGE}/autodiscover/metadata/json/1"), id="the port left out"
        ),
    ],
)
def test_a_token_that_holds_lets_in(outlook: Asking, made: Callable[[], str]) -> None:
    """Both kinds of tokens that Outlook gives are taken, in every form that their issuers write."""
    assert status(outlook, made()) == 200


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: "", id="none"),
        pytest.param(lambda: "a.b.c", id="no token"),
        pytest.param(lambda: "x" * 20_000 + ".a.b", id="a very long one"),
        pytest.param(lambda: entra(signer="stranger"), id="forged: another key under the same name"),
        pytest.param(
            lambda: entra(signer="stranger", header={"kid": "mine"}), id="forged: a key that nobody published"
        ),
        pytest.param(
            lambda: entra(signer="stranger", header={"kid": "entra-1", "jku": "https://evil.example/keys"}),
            id="forged: its own address of keys",
        ),
        pytest.param(lambda: entra(header={"kid": None}), id="no name of a key"),
        pytest.param(lambda: unsigned(entra()), id="algorithm 'none'"),
        pytest.param(lambda: signed_with_public_key(entra()), id="HS256 under the public key"),
        pytest.param(lambda: entra()[:-6] + "AAAAAA", id="a changed signature"),
        pytest.param(lambda: entra(exp=now() - 600), id="expired"),
        pytest.param(lambda: entra(exp=now() + 40 * 86_400), id="for ever"),
        pytest.param(lambda: entra(without="exp"), id="without an end"),
        pytest.param(lambda: entra(tid=OTHER), id="another tenant's user"),
        pytest.param(
            lambda: entra(iss=f"https://login.microsoftonline.com/{OTHER}/v2.0"), id="another tenant's issuer"
        ),
        pytest.param(lambda: entra(ver="1.0"), id="the issuer's two forms mixed"),
        pytest.param(lambda: entra(aud=OTHER), id="another audience"),
        pytest.param(lambda: entra(aud="https://graph.microsoft.com"), id="a token for Microsoft Graph"),
        pytest.param(lambda: entra(aud=[CLIENT, OTHER]), id="several audiences"),
        pytest.param(lambda: entra(without="scp"), id="an ID token: it has no scope"),
        pytest.param(
            lambda: entra(without="scp", nonce="1", name="Amira Khan"), id="an ID token with a nonce"
        ),
        pytest.param(lambda: entra(scp="profile"), id="another scope"),
        pytest.param(
            lambda: entra(without="scp", roles=["access_as_user"], idtyp="app"),
            id="an application's own token",
        ),
        pytest.param(lambda: entra(without="oid"), id="nobody's"),
        pytest.param(
            lambda: exchange(signer="stranger"), id="Exchange: forged, with the forger's certificate"
        ),
        pytest.param(
            lambda: exchange(signer="stranger", header={"x5t": tokens.thumbprint("exchange")}),
            id="Exchange: forged, under the server's thumbprint",
        ),
        pytest.param(
            lambda: exchange(amurl="https://evil.example/autodiscover/metadata/json/1"),
            id="Exchange: amurl elsewhere",
        ),
        pytest.param(
            lambda: exchange(amurl=f"https://{EXCHANGE}@evil.example/autodiscover/metadata/json/1"),
            id="Exchange: amurl elsewhere, looking like ours",
        ),
        pytest.param(
            lambda: exchange(amurl=f"https://{EXCHANGE}:8443/autodiscover/metadata/json/1"),
            id="Exchange: another port",
        ),
        pytest.param(
            lambda: exchange(amurl=f"http://{EXCHANGE}/autodiscover/metadata/json/1"),
            id="Exchange: not by https",
        ),
        pytest.param(
            lambda: exchange(amurl=f"https://{EXCHANGE}/owa/mine.json"), id="Exchange: another document there"
        ),
        pytest.param(lambda: exchange(aud="https://evil.example/pane.html"), id="Exchange: another add-in"),
        pytest.param(lambda: exchange(exp=str(now() - 600)), id="Exchange: expired"),
        pytest.param(lambda: exchange(exp="soon"), id="Exchange: an end that is none"),
        pytest.param(lambda: exchange(appctx='{"version": "ExIdTok.V9"}'), id="Exchange: another form"),
    ],
)
def test_any_other_token_is_refused(outlook: Asking, made: Callable[[], str]) -> None:
    """What does not hold in every part is refused, and the answer does not say which part it was."""
    answer = outlook.client.post(
        "/api/v1/check", json=draft_of(), headers={"Authorization": f"Bearer {made()}"}
    )
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/sign-in-needed",
        "title": "The sign-in does not hold",
        "status": 401,
        "code": "sign-in-needed",
    }


def test_clocks_may_run_half_a_minute_apart_and_no_more_than_some(outlook: Asking) -> None:
    """A token that ended half a minute ago is taken; one that begins in a quarter of an hour is not."""
    assert status(outlook, entra(exp=now() - 30)) == 200
    assert status(outlook, entra(nbf=now() + 900)) == 401


async def test_a_token_shown_again_after_its_end_is_refused() -> None:
    """A token that was overheard is worth nothing once it has expired, though it was taken before."""
    checks = Entra(TENANT, tokens.AUDIENCE, tokens.published())
    shown_at = now()
    token, header = entra(exp=shown_at + 600), {"alg": "RS256", "kid": "entra-1"}
    assert (await checks.caller(token, header, shown_at)).addresses == (tokens.OFFICER,)
    with pytest.raises(RefusedError, match="expired"):
        await checks.caller(token, header, shown_at + 1_200)


def test_keys_are_fetched_only_from_whom_the_configuration_names(tmp_path) -> None:
    """No token makes the service ask an address that the configuration does not vouch for."""
    asked: list[str] = []
    with asking(tmp_path / "etc", tokens.published(asked)) as outlook:
        for token in (
            entra(),
            exchange(),
            entra(header={"jku": "https://evil.example/keys", "kid": "x"}, signer="stranger"),
            exchange(amurl="https://evil.example/autodiscover/metadata/json/1"),
        ):
            status(outlook, token)
    assert set(asked) == {tokens.ENTRA_KEYS, tokens.EXCHANGE_KEYS}


def test_keys_that_can_not_be_had_are_no_refusal(tmp_path) -> None:
    """Where the publisher of keys is down, the add-in is told that the service is busy, not to sign in anew."""
    with asking(tmp_path / "etc", tokens.published(down=True)) as outlook:
        answer = outlook.post("check", draft_of())
    assert answer.status_code == 503
    assert answer.json()["code"] == "busy"


async def test_unknown_keys_make_one_fetch_a_minute() -> None:
    """A flood of tokens under unknown keys is no flood of fetches; a new key is found within a minute."""
    asked: list[str] = []
    now = [0.0]
    source = tokens.published(asked)
    published = Published(source._fetch, lambda: now[0])
    checks = Entra(TENANT, tokens.AUDIENCE, published)
    for _ in range(20):
        with pytest.raises(RefusedError):
            await checks.caller(entra(header={"kid": "new"}), {"alg": "RS256", "kid": "new"}, time.time())
    assert len(asked) == 1
    now[0] += AGAIN_SECONDS
    with pytest.raises(RefusedError):
        await checks.caller(entra(header={"kid": "new"}), {"alg": "RS256", "kid": "new"}, time.time())
    assert len(asked) == 2


async def test_known_keys_outlive_their_publisher_by_a_day() -> None:
    """A publisher that is down for an hour stops nobody; what it said is not believed for ever."""
    now, down = [0.0], [False]
    source = tokens.published()

    async def fetch(url: str) -> bytes:
        if down[0]:
            raise KeysUnavailableError("down")
        return await source._fetch(url)

    published = Published(fetch, lambda: now[0])
    assert await published.get(tokens.ENTRA_KEYS)
    down[0], now[0] = True, 3 * 3_600.0
    assert await published.get(tokens.ENTRA_KEYS)
    now[0] = BELIEVED_SECONDS + 1
    with pytest.raises(KeysUnavailableError):
        await published.get(tokens.ENTRA_KEYS)
