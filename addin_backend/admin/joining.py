"""Joining: an invitation is accepted, a pass-phrase chosen, an authenticator app set up."""

from dataclasses import replace

import pyotp
import segno
from starlette.responses import Response

from addin_backend.admin import sign_in
from addin_backend.admin.roles import titles
from addin_backend.admin.sign_in import CODE_STAGE, HASHER, pending
from addin_backend.admin.visit import SIGNED_IN, NotThereError, Visit
from milter.policy.domains import domain_of
from milter.store import accounts, doors
from milter.store.accounts import Account
from milter.store.doors import Invitation
from milter.store.transaction import Transaction

SHORTEST, LONGEST = 12, 1_000  # characters of a pass-phrase (NCSC: length instead of rules about letters)
COMMON = ("password", "passphrase", "letmein", "qwerty", "123456", "sealgate", "welcome", "council")


def invitation_show(visit: Visit) -> Response:
    """Show what the invitation is for, and ask for a name and a pass-phrase."""
    invited = _invited(visit)
    return visit.page(
        "invitation.html", invited=invited, roles=titles(invited.roles), token=visit.path["token"]
    )


def invitation_accept(visit: Visit) -> Response:
    """Make the account, or give one that there is a new pass-phrase."""
    if not visit.desk.public.allows(visit.client):
        return visit.problem(429)
    invited = _invited(visit)
    form = visit.form
    email = invited.email or form.get("email").lower()
    errors = _wrong(form.get("name"), form.get("pass-phrase"), form.get("again"), email)
    if errors:
        told = {"errors": errors, "values": form}
        return visit.page(
            "invitation.html",
            422,
            invited=invited,
            roles=titles(invited.roles),
            token=visit.path["token"],
            **told,
        )
    hashed = HASHER.hash(form.get("pass-phrase"))

    def work(tx: Transaction) -> Account:
        doors.accept(tx, visit.path["token"])
        return _account(tx, replace(invited, email=email), form.get("name"), hashed)

    return sign_in.begin(visit, visit.store.submit(work).result(), CODE_STAGE, "local", "")


def _account(tx: Transaction, invited: Invitation, name: str, hashed: str) -> Account:
    known = accounts.by_email(tx, invited.email)
    if known is None:
        actor = invited.invited_by
        return accounts.add(
            tx, name, invited.email, actor, roles=invited.roles, scope=invited.scope, pass_phrase=hashed
        )
    accounts.set_second_factor(tx, known.id, f"account:{known.id}", "")
    doors.end_sessions(tx, known.id, f"account:{known.id}")
    return accounts.change(tx, known.id, f"account:{known.id}", pass_phrase=hashed, name=name)


def app_show(visit: Visit) -> Response:
    """Show the QR code of a fresh secret; it is kept in the session until a code proves that it was taken."""
    account = pending(visit)
    _without_factor(visit, account)
    assert visit.session is not None
    secret = str(visit.session.kept.get("secret") or pyotp.random_base32())
    session = visit.session
    kept = {**session.kept, "secret": secret}
    visit.store.submit(lambda tx: doors.keep_in_session(tx, session, kept)).result()
    return _app_page(visit, account, secret)


def app_set(visit: Visit) -> Response:
    """Take the first code: the app is set up, and the account is signed in."""
    account = pending(visit)
    _without_factor(visit, account)
    assert visit.session is not None
    secret = str(visit.session.kept.get("secret", ""))
    typed = visit.form.get("code").replace(" ", "")
    step = sign_in.step_of(secret, typed, visit.desk.site.clock().timestamp()) if secret else None
    if step is None:
        return _app_page(visit, account, secret, {"code": "This code is not right. Wait for the next one."})

    def work(tx: Transaction) -> None:
        accounts.set_second_factor(tx, account.id, f"account:{account.id}", secret)
        accounts.use_step(tx, account.id, step)

    visit.store.submit(work).result()
    return sign_in.begin(visit, account, SIGNED_IN, "local", sign_in.kept_path(visit.session))


def _without_factor(visit: Visit, account: Account) -> None:
    """Let nobody who knows the pass-phrase alone replace an app that is set up."""
    with visit.store.read() as tx:
        if accounts.second_factor(tx, account.id):
            raise NotThereError


def _app_page(visit: Visit, account: Account, secret: str, errors: dict[str, str] | None = None) -> Response:
    issuer = f"Sealgate {visit.desk.site.organisation}"
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=issuer)
    picture = segno.make(uri, error="m").svg_inline(scale=5, border=2, svgclass="seal-qr", lineclass="")
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    status = 422 if errors else 200
    return visit.page("sign-in-app.html", status, picture=picture, secret=spaced, errors=errors or {})


def _invited(visit: Visit) -> Invitation:
    with visit.store.read() as tx:
        invited = doors.invitation(tx, visit.path["token"])
    if invited is None:
        raise NotThereError
    return invited


def _wrong(name: str, phrase: str, again: str, email: str) -> dict[str, str]:
    errors = {}
    if not domain_of(email) or len(email) > 254:
        errors["email"] = "Enter your e-mail address, such as name@example.gov.uk"
    if not 0 < len(name) <= 100:
        errors["name"] = "Enter your name, in no more than 100 characters"
    folded = phrase.casefold()
    if not SHORTEST <= len(phrase) <= LONGEST:
        errors["pass-phrase"] = f"Enter a pass-phrase of at least {SHORTEST} characters"
    elif email.partition("@")[0].casefold() in folded or len(set(folded)) < 5 or _is_common(folded):
        errors["pass-phrase"] = "Enter a pass-phrase that nobody would guess: three random words, for example"
    elif phrase != again:
        errors["again"] = "Enter the same pass-phrase twice"
    return errors


def _is_common(folded: str) -> bool:
    """Whether a pass-phrase is a common one with a few characters around it."""
    return any(word in folded and len(folded) - len(word) < 8 for word in COMMON)
