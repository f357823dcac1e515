"""A share as mail on its way begins one, in a store beside a configuration."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from addin_backend.site import Site
from milter import sharing
from milter.assess.known import load
from milter.cli import cycle
from milter.receipts.token import new_token
from milter.store import ids, outbox, register, shares
from milter.store.engine import Store, open_store
from milter.store.register import Entry
from milter.store.shares import Share, ToShare
from tests.gateway.harness import configure

OFFICER, SCHOOL = "amira.khan@borchester.gov.uk", "office@ambridge-primary.borchester.sch.uk"
GOVERNANCE = "governance@borchester.gov.uk"
PASSWORD = "acorn-velvet-tunnel-river-onion-maple"
PERSON = cycle.PERSON


@dataclass(frozen=True, slots=True)
class Begun:
    """A share with its tokens, which the store itself does not know."""

    id: str
    page: str
    sender: str
    register_id: str


def site_in(folder: Path, clock: "type[datetime] | object | None" = None, settings: str = "") -> Site:
    """Make a configuration and a store, and give what an application works with."""
    configure(folder, 1, settings=settings or '[receipts]\npage-url = "https://testserver"\n')
    known = load(folder)
    store = known.settings.store
    options = {} if clock is None else {"clock": clock}
    opened = open_store(store.url, Path(store.key_file), node="web", **options)  # type: ignore[arg-type]
    return Site(known, opened, clock or opened._clock, folder)  # type: ignore[arg-type]


def begin(store: Store, **more: object) -> Begun:
    """Begin a share of one document, sent to a school, and record it."""
    begun = Begun(ids.reference(), new_token(), new_token(), ids.reference())
    with store.transaction() as tx:
        share = ToShare(
            id=begun.id,
            judged_id="SG-0000-0000-0000",
            sender=OFFICER,
            organisation="Borchester Borough Council",
            recipient=SCHOOL,
            password=PASSWORD,
            needed="confirmed",
            way="email",
            grade="high",
            expires_at=tx.now + timedelta(days=14),
            details={"files": ["case note.docx"], "categories": ["child"], "purpose": "EHC plan review"},
            register_id=begun.register_id,
            tokens=(("page", begun.page), ("sender", begun.sender)),
        )
        share = replace(share, **more)  # type: ignore[arg-type]
        shares.begin(tx, share)
        entry = Entry(
            begun.register_id,
            tx.now,
            "email",
            share_id=begun.id,
            sender=OFFICER,
            recipient=SCHOOL,
            purpose="EHC plan review",
            information=("child",),
            way=sharing.WAY,
            status="protected",
        )
        register.add(tx, (entry,))
    return begun


def share_of(store: Store, begun: Begun) -> Share:
    """Give the share as it stands."""
    with store.read() as tx:
        return shares.get(tx, begun.id)


def asked(store: Store, begun: Begun) -> list[tuple[str, str]]:
    """Give the notices about a share that were asked for, and to whom each goes."""
    with store.read() as tx:
        items = outbox.about(tx, begun.id)
    return [(str(item.payload["notice"]), str(item.payload["audience"])) for item in items if item.payload]
