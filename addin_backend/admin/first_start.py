"""The first account: where there is none, each start prints a link by which IT sets it up. No password is shipped."""

from datetime import timedelta

from addin_backend.site import Site
from milter.store import accounts, doors, ids
from milter.store.transaction import Transaction

HOURS = 24
ROLES = ("it",)


def set_up_link(site: Site, url: str) -> str:
    """Give the link for the first account; '' where there is an account, or people come from a provider only."""
    token = ids.token()

    def work(tx: Transaction) -> bool:
        if accounts.count(tx):
            return False
        until = tx.now + timedelta(hours=HOURS)
        doors.invite(tx, token, "first-start", email="", roles=ROLES, expires_at=until)
        return True

    return f"{url}/invitation/{token}" if site.store.submit(work).result() else ""
