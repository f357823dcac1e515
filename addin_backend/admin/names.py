"""The names of those who act, as people know them."""

from collections.abc import Callable

from milter.store import accounts
from milter.store.transaction import Transaction

OTHERS = {
    "gateway": "Sealgate",
    "recipient": "the recipient",
    "sender": "the sender",
    "first-start": "the first start",
    "oidc": "the identity provider",
    "unknown": "somebody who was not signed in",
    "store": "the store",
    "": "",
}


def names(tx: Transaction) -> Callable[[str], str]:
    """Give a function that names an actor of the trail: 'account:SG-...' is a person."""
    known = accounts.names(tx)

    def name(actor: str) -> str:
        kind, _, rest = actor.partition(":")
        if kind == "account":
            return known.get(rest, "an account that is gone")
        if kind == "cli":
            return f"{rest}, by command"
        return known.get(actor, OTHERS.get(actor, actor))

    return name
