"""Signing in: pass-phrase and one-time code of a local account, sign-out.

Guarantees: whoever tries learns neither whether an address has an account nor which half was wrong; each
stage has a session of its own, so a token from before a sign-in is worth nothing after it; five failures lock
an account for a quarter of an hour, and one address may try twenty times in five minutes.
"""

from datetime import timedelta
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.responses import Response

from addin_backend.admin.visit import LONGEST, SIGNED_IN, NotAllowedError, Visit, set_cookie
from milter.store import accounts, doors, ids
from milter.store.accounts import Account
from milter.store.doors import Session
from milter.store.transaction import Transaction

FAILURES, LOCK = 5, timedelta(minutes=15)
STEP_SECONDS = 30
CODE_STAGE = "second-factor"
CODE_MINUTES = timedelta(minutes=10)
WRONG = "The e-mail address or the pass-phrase is not right, or the account is locked for a while."
HASHER = PasswordHasher()


def show(visit: Visit) -> Response:
    """Show the form."""
    if visit.person is not None:
        return visit.go("/")
    return _form(visit, {}, {"next": visit.query.get("next")})


def sign_in(visit: Visit) -> Response:
    """Take address and pass-phrase; what follows is the one-time code."""
    if not visit.desk.site.known.settings.sign_in.local_accounts:
        raise NotAllowedError
    if not visit.desk.sign_ins.allows(visit.client):
        return visit.problem(429)
    email, phrase = visit.form.get("email"), visit.form.get("pass-phrase")
    with visit.store.read() as tx:
        account = accounts.by_email(tx, email[:300])
    right = _is_right(account.pass_phrase if account else "", phrase)
    if account is None or not right or not _may_enter(account, visit):
        if account is not None and not right:
            _failed(visit, account)
        return _form(visit, {"email": WRONG}, {"email": email, "next": visit.form.get("next")}, 422)
    return begin(visit, account, CODE_STAGE, "local", safe_path(visit.form.get("next")))


def begin(visit: Visit, account: Account, stage: str, way: str, next_path: str) -> Response:
    """Begin a session under a fresh token, and lead to where it goes on."""
    token = ids.token()
    length = LONGEST if stage == SIGNED_IN else CODE_MINUTES

    def work(tx: Transaction) -> None:
        if visit.session is not None:
            doors.end_session(tx, visit.session, f"account:{visit.session.account_id}")
        doors.begin_session(tx, account.id, token, tx.now + length, stage)
        if stage == SIGNED_IN:
            accounts.signed_in(tx, account.id, way)
        elif next_path:
            found = doors.session(tx, token, length)
            assert found is not None
            doors.keep_in_session(tx, found, {"next": next_path})

    visit.store.submit(work).result()
    response = visit.go((next_path or "/") if stage == SIGNED_IN else "/sign-in/code")
    set_cookie(visit.desk, response, token)
    return response


def code_show(visit: Visit) -> Response:
    """Ask for the one-time code, or have an app set up where the account has none yet."""
    account = pending(visit)
    with visit.store.read() as tx:
        secret = accounts.second_factor(tx, account.id)
    return visit.page("sign-in-code.html") if secret else visit.go("/sign-in/app")


def code(visit: Visit) -> Response:
    """Take the one-time code, once."""
    account = pending(visit)
    typed = visit.form.get("code").replace(" ", "")
    with visit.store.read() as tx:
        secret = accounts.second_factor(tx, account.id)
        now = tx.now
    step = step_of(secret, typed, now.timestamp()) if secret and _may_enter(account, visit) else None
    if step is None or not visit.store.submit(lambda tx: accounts.use_step(tx, account.id, step)).result():
        _failed(visit, account)
        errors = {"code": "This code is not right, or it was used. Wait for the next one."}
        return visit.page("sign-in-code.html", 422, errors=errors)
    return begin(visit, account, SIGNED_IN, "local", kept_path(visit.session))


def sign_out(visit: Visit) -> Response:
    """End the session."""
    session = visit.session
    if session is not None:
        visit.store.submit(lambda tx: doors.end_session(tx, session, visit.actor)).result()
    response = visit.go("/sign-in", done="You are signed out.")
    set_cookie(visit.desk, response, ids.token())
    return response


def pending(visit: Visit) -> Account:
    """Give the account that has shown its pass-phrase and not yet its code."""
    session = visit.session
    if session is None or session.stage != CODE_STAGE:
        raise NotAllowedError
    with visit.store.read() as tx:
        return accounts.get(tx, session.account_id)


def kept_path(session: Session | None) -> str:
    """Give the page that signing in leads back to."""
    return safe_path(str(session.kept.get("next", ""))) if session else ""


def safe_path(path: str) -> str:
    """Give a path of these pages; '' for anything that could lead elsewhere."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path[:500] if inside else ""


def step_of(secret: str, typed: str, now: float) -> int | None:
    """Give the time step of a right code: this one, the one before or the next (RFC 6238, 5.2)."""
    here = int(now) // STEP_SECONDS
    codes = pyotp.TOTP(secret)
    for step in (here, here - 1, here + 1):
        if len(typed) == codes.digits and pyotp.utils.strings_equal(typed, codes.generate_otp(step)):
            return step
    return None


def _form(visit: Visit, errors: dict[str, str], values: dict[str, str], status: int = 200) -> Response:
    return visit.page(
        "sign-in.html", status, errors=errors, values=values, ways=visit.desk.site.known.settings.sign_in
    )


def _is_right(hashed: str, phrase: str) -> bool:
    """Compare in the same time, whether there is an account or not."""
    try:
        return HASHER.verify(hashed or _nobody(), phrase[:1000]) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return HASHER.hash(ids.token())


def _may_enter(account: Account, visit: Visit) -> bool:
    now = visit.desk.site.clock()
    return account.state == "active" and (account.locked_until is None or account.locked_until <= now)


def _failed(visit: Visit, account: Account) -> None:
    visit.store.submit(lambda tx: accounts.sign_in_failed(tx, account.id, limit=FAILURES, lock=LOCK)).result()
