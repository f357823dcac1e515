"""`account`: the people of the pages, for whom no page is open yet or who are locked out of it."""

import argparse
import sys
from collections.abc import Sequence
from datetime import timedelta

from milter.cli.records import WHEN, actor, opened
from milter.cli.words import table
from milter.errors import RequestError
from milter.policy.domains import domain_of
from milter.settings import load_settings
from milter.store import accounts, doors, ids
from milter.store.scope import place_of, text_of

DAYS = 7


def invite(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate account invite`."""
    if "@" not in arguments.email or not domain_of(arguments.email):
        raise RequestError(f"'{arguments.email}' is no e-mail address; write it like name@example.gov.uk.")
    organisations = tuple(arguments.organisation or ())
    scope = organisations
    if arguments.directorate:
        if len(organisations) != 1:
            sys.stderr.write("--directorate needs one --organisation, which it is a part of.\n")
            return 2
        scope = tuple(text_of(organisations[0], name) for name in arguments.directorate)
    settings = load_settings(arguments.config)
    url = settings.pages.admin_url.rstrip("/") or f"http://{settings.pages.admin_listen}"
    token = ids.token()
    with opened(arguments) as store, store.transaction() as tx:
        doors.invite(
            tx,
            token,
            actor(),
            email=arguments.email,
            roles=tuple(arguments.role),
            scope=scope,
            expires_at=tx.now + timedelta(days=DAYS),
        )
    sys.stdout.write(
        f"Give this link to {arguments.email}; it works once, for {DAYS} days:\n{url}/invitation/{token}\n"
    )
    return 0


def listing(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate account list`."""
    with opened(arguments) as store, store.read() as tx:
        found = accounts.listed(tx)
    rows = [(a.email, a.name, ", ".join(a.roles), _sees(a.scope), a.state, _seen(a)) for a in found]
    head = ("address", "name", "roles", "sees", "state", "last here")
    sys.stdout.write((table(head, rows) if rows else "There are no accounts.") + "\n")
    return 0


def disable(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate account disable`."""
    return _set(arguments, "disabled")


def enable(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate account enable`."""
    return _set(arguments, "active")


def _set(arguments: argparse.Namespace, state: str) -> int:
    with opened(arguments) as store, store.transaction() as tx:
        account = accounts.by_email(tx, arguments.email)
        if account is None:
            raise RequestError("There is no account with this address.")
        accounts.change(tx, account.id, actor(), state=state)
    sys.stdout.write(f"{arguments.email} is {state}.\n")
    return 0


def _sees(scope: Sequence[str]) -> str:
    return ", ".join(": ".join(part for part in place_of(text) if part) for text in scope) or "all"


def _seen(account: accounts.Account) -> str:
    return account.seen_at.strftime(WHEN) if account.seen_at else "never"
