"""The audit trail, by reference."""

from starlette.responses import Response

from addin_backend.admin.finding import path_of
from addin_backend.admin.names import names
from addin_backend.admin.visit import Visit
from milter.store import trail
from milter.store.ids import read_reference
from milter.store.trail import AuditRow

PATH = "/trail"
LATEST = 100


def show(visit: Visit) -> Response:
    """Show the rows about one reference, or the latest of all.

    Whoever sees a part only is shown the rows about what they may see, and no list of everything.
    """
    typed = visit.query.get("q")
    subject = read_reference(typed) or typed[:80]
    partial = bool(visit.me.scope)
    with visit.store.read() as tx:
        if partial and not path_of(visit, tx, subject):
            rows: tuple[AuditRow, ...] = ()
        else:
            rows = (
                trail.rows_about(tx.connection, subject) if subject else trail.latest(tx.connection, LATEST)
            )
        name = names(tx)
    return visit.page(
        "trail.html", section=PATH, rows=rows, name=name, typed=typed, latest=LATEST, partial=partial
    )


def verify(visit: Visit) -> Response:
    """Walk every chain, and say whether they are whole."""
    return visit.page("verified.html", section=PATH, verified=visit.store.verify())
