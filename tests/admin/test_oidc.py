"""Signing in with the organisation's own provider: a real one on loopback, and every way it could be bent."""

import dataclasses
import re

import httpx
import pytest
from joserfc.jwk import RSAKey

from addin_backend.admin import oidc
from milter.store import accounts
from tests.admin.office import Browser
from tests.admin.provider import CLIENT, Provider

LYNDA = "lynda.snell@borchester.gov.uk"


@pytest.fixture
def provider():
    oidc._known.clear()
    with Provider() as running:
        yield running


@pytest.fixture
def asked(office, provider):
    """Give the office with its sign-in set to the provider."""
    sign_in = dataclasses.replace(
        office.site.known.settings.sign_in, issuer=provider.issuer, client_id=CLIENT
    )
    settings = dataclasses.replace(office.site.known.settings, sign_in=sign_in)
    office.desk.site = dataclasses.replace(
        office.site, known=dataclasses.replace(office.site.known, settings=settings)
    )
    return office


def invited(office, email=LYNDA):
    return office.store.submit(
        lambda tx: accounts.add(tx, "Lynda Snell", email, "test", roles=("reviewer",))
    ).result()


def cookies(answer):
    return dict(re.findall(r"(sealgate[\w-]*)=([^;]+);", ", ".join(answer.headers.get_list("set-cookie"))))


def through(office, *, state="", next_path="/register"):
    """Go through the provider and back; give the answer of the last step."""
    first = office.client.get(f"/sign-in/provider?next={next_path}", follow_redirects=False)
    flow = cookies(first)["sealgate-oidc"]
    back = httpx.get(first.headers["location"]).headers["location"]
    path = back.removeprefix(office.desk.url)
    if state:
        path = re.sub(r"state=\w+", f"state={state}", path)
    return (
        office.client.get(path, headers={"Cookie": f"sealgate-oidc={flow}"}, follow_redirects=False),
        path,
        flow,
    )


def test_whoever_was_invited_signs_in_with_their_work_account(asked):
    """Discovery, code with PKCE, keys: the account is found by address, then bound to issuer and subject."""
    account = invited(asked)
    answer, _, _ = through(asked)
    assert answer.headers["location"] == "/register"
    here = Browser(asked, cookies(answer)["sealgate"])
    assert here.get("/me").status_code == 200
    with asked.store.read() as tx:
        assert accounts.get(tx, account.id).external == f"{asked.desk.site.known.settings.sign_in.issuer}|u-1"


def test_once_bound_the_subject_counts_and_no_address(asked, provider):
    """A changed address keeps the account; another subject with the address gets nothing."""
    invited(asked)
    through(asked)
    provider.claims = {"email": "other@borchester.gov.uk"}
    assert through(asked)[0].status_code == 303
    provider.claims = {"sub": "u-2"}
    assert through(asked)[0].status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"azp": "another"},
        {"email": "nobody@borchester.gov.uk"},
        {"email_verified": False},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_token_that_does_not_hold_lets_nobody_in(asked, provider, claims):
    """Audience, issuer, nonce, time, party, invitation and the address's standing are all checked."""
    invited(asked)
    provider.claims = claims
    answer, _, _ = through(asked)
    assert answer.status_code == 403
    assert "could not be signed in" in answer.text


def test_a_token_of_another_key_lets_nobody_in(asked, provider):
    """A signature that the provider's published keys don't bear is none."""
    invited(asked)
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert through(asked)[0].status_code == 403


def test_new_keys_of_the_provider_are_fetched(asked, provider):
    """A provider that changed its keys is asked for them again."""
    invited(asked)
    through(asked)
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert through(asked)[0].status_code == 303


def test_an_answer_to_another_attempt_is_refused(asked):
    """Neither a wrong state, nor a browser without the attempt, nor an answer used twice gets in."""
    invited(asked)
    assert through(asked, state="0" * 40)[0].status_code == 403
    answer, path, flow = through(asked)
    assert answer.status_code == 303
    again = asked.client.get(path, headers={"Cookie": f"sealgate-oidc={flow}"}, follow_redirects=False)
    assert again.status_code == 403
    assert asked.client.get(path, headers={"Cookie": "a=b"}, follow_redirects=False).status_code == 403


def test_a_disabled_account_stays_out(asked):
    """The provider lets them in; these pages do not."""
    account = invited(asked)
    asked.store.submit(lambda tx: accounts.change(tx, account.id, "test", state="disabled")).result()
    assert through(asked)[0].status_code == 403


def test_entra_names_people_by_their_principal_name():
    """A token without an address but with preferred_username, as Entra ID gives, is matched by that."""
    assert oidc._address({"preferred_username": LYNDA}) == LYNDA
    assert oidc._address({"preferred_username": "a-name"}) == ""
    assert oidc._address({"email": LYNDA, "email_verified": False, "preferred_username": LYNDA}) == ""


def test_without_a_provider_there_is_no_such_door(office):
    """Where no issuer is set, its pages are not there."""
    assert office.client.get("/sign-in/provider").status_code == 404
    assert office.client.get("/sign-in/callback").status_code == 404
