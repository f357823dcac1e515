"""Accounts, invitations and API tokens (IT), and everybody's own account."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from addin_backend.admin import words
from addin_backend.admin.roles import BY_NAME, DECIDES, ROLES
from addin_backend.admin.seeing import places
from addin_backend.admin.visit import NotThereError, Visit
from milter.errors import RequestError
from milter.policy.domains import domain_of
from milter.store import accounts, doors, ids
from milter.store.accounts import Account
from milter.store.scope import place_of
from milter.store.transaction import Transaction

INVITATION = timedelta(days=7)
TOKEN_DAYS = (30, 90, 365)
ACTS = ("disable", "enable", "renew", "rights")


def listing(visit: Visit) -> Response:
    """List the accounts."""
    with visit.store.read() as tx:
        found = accounts.listed(tx)
    return visit.page("accounts.html", section="/accounts", accounts=found, titles=BY_NAME)


def invite_show(visit: Visit) -> Response:
    """Ask whom to invite."""
    return _invite_page(visit)


def invite(visit: Visit) -> Response:
    """Invite somebody; the link is shown once."""
    form = visit.form
    email, roles, scope, errors = form.get("email").lower(), _roles(form.all("roles")), _scope(visit), {}
    if "@" not in email or len(email) > 254 or not domain_of(email):
        errors["email"] = "Enter an e-mail address, such as name@example.gov.uk"
    if not roles:
        errors["roles"] = "Tick at least one role"
    if errors:
        return _invite_page(visit, errors, 422)
    if form.get("way") == "provider":
        name = email.partition("@")[0].replace(".", " ").title()
        visit.store.submit(
            lambda tx: accounts.add(tx, name, email, visit.actor, roles=roles, scope=scope)
        ).result()
        return visit.go("/accounts", done=f"{email} can sign in with their work account.")
    return _link_page(visit, email, roles, scope)


def account_show(visit: Visit) -> Response:
    """Show one account."""
    with visit.store.read() as tx:
        account = accounts.get(tx, visit.path["id"])
        tokens = doors.api_tokens_of(tx, account.id)
        factor = bool(accounts.second_factor(tx, account.id))
    told: dict[str, Any] = {
        "account": account,
        "tokens": tokens,
        "factor": factor,
        "now": visit.desk.site.clock(),
    }
    return visit.page("account.html", section="/accounts", **_rights(visit, account.scope), **told)


def account_act(visit: Visit) -> Response:
    """Disable or enable an account, change its rights, or give a link to set it up anew."""
    account_id, act = visit.path["id"], visit.form.get("act")
    if act not in ACTS:
        raise RequestError("Say what is to be done.")
    if account_id == visit.me.id and act in {"disable", "rights"}:
        raise RequestError("Nobody changes their own rights: ask another person of IT.")
    if act == "renew":
        with visit.store.read() as tx:
            account = accounts.get(tx, account_id)
        return _link_page(visit, account.email, account.roles, account.scope)

    def work(tx: Transaction) -> None:
        fields: dict[str, object] = {"state": "disabled" if act == "disable" else "active"}
        if act == "rights":
            scope = _scope(visit, accounts.get(tx, account_id).scope)
            fields = {"roles": _roles(visit.form.all("roles")), "scope": scope}
        accounts.change(tx, account_id, visit.actor, **fields)

    visit.store.submit(work).result()
    return visit.go(f"/accounts/{account_id}", done="The account is changed.")


def token_make(visit: Visit) -> Response:
    """Give out an API token of an account; it is shown once."""
    name, days = visit.form.get("name")[:100], visit.form.get("days")
    if not name or days not in {str(number) for number in TOKEN_DAYS}:
        raise RequestError("Name what the token is for, and say how long it is to be good.")
    token = f"sg-{ids.token()}"

    def work(tx: Transaction) -> Account:
        account = accounts.get(tx, visit.path["id"])
        until = tx.now + timedelta(days=int(days))
        roles = tuple(role for role in account.roles if role in set(visit.form.all("roles") or account.roles))
        doors.make_api_token(
            tx, token, visit.actor, name=name, account_id=account.id, roles=roles, expires_at=until
        )
        return account

    account = visit.store.submit(work).result()
    return visit.page("token.html", section="/accounts", token=token, account=account, days=days)


def token_revoke(visit: Visit) -> Response:
    """Make an API token void."""
    visit.store.submit(lambda tx: doors.revoke_api_token(tx, visit.path["token"], visit.actor)).result()
    return visit.go(f"/accounts/{visit.path['id']}", done="The token is void.")


def me_show(visit: Visit) -> Response:
    """Show one's own account, and who stands in."""
    with visit.store.read() as tx:
        others = [a for a in accounts.listed(tx) if a.id != visit.me.id and DECIDES & set(a.roles)]
        tokens = doors.api_tokens_of(tx, visit.me.id)
    return visit.page("me.html", others=others, tokens=tokens, titles=BY_NAME)


def me_set(visit: Visit) -> Response:
    """Say who stands in: messages given to oneself show in the deputy's list too."""
    deputy = visit.form.get("deputy")

    def work(tx: Transaction) -> None:
        if deputy and not DECIDES & set(accounts.get(tx, deputy).roles):
            raise NotThereError
        accounts.change(tx, visit.me.id, visit.actor, deputy=deputy)

    visit.store.submit(work).result()
    return visit.go("/me", done="Your deputy is noted." if deputy else "You have no deputy now.")


def _invite_page(visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return visit.page(
        "invite.html",
        status,
        section="/accounts",
        **_rights(visit, ()),
        ways=visit.desk.site.known.settings.sign_in,
        errors=errors or {},
        values=visit.form,
    )


def _link_page(visit: Visit, email: str, roles: tuple[str, ...], scope: tuple[str, ...]) -> Response:
    token = ids.token()
    visit.store.submit(
        lambda tx: doors.invite(
            tx, token, visit.actor, email=email, roles=roles, scope=scope, expires_at=tx.now + INVITATION
        )
    ).result()
    link = f"{visit.desk.url}/invitation/{token}"
    return visit.page("invited.html", section="/accounts", link=link, email=email, days=INVITATION.days)


def _roles(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role.name for role in ROLES if role.name in given)


def _scope(visit: Visit, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    known = {text for text, _ in places(visit.desk)} | set(before)
    return tuple(text for text in visit.form.all("scope") if text in known)


def _rights(visit: Visit, scope: tuple[str, ...]) -> dict[str, Any]:
    """Give what can be ticked: (value, words, hint) of roles and places."""
    return {
        "roles": [(role.name, role.title, role.does) for role in ROLES],
        "places": [(text, title, "") for text, title in _choices(visit, scope)],
    }


def _choices(visit: Visit, scope: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Give what can be ticked. What is there no more stays to be seen: with nothing ticked all would be seen."""
    known = places(visit.desk)
    gone = [text for text in scope if text not in dict(known)]
    return (*known, *((text, f"{words.place(*place_of(text))} (there is no more)") for text in gone))
