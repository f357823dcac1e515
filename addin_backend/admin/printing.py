"""Sheets to print: fax cover sheet, envelope labels, telephone card (F1, M1, T1)."""

from starlette.responses import Response

from addin_backend.admin import channels
from addin_backend.admin.entries import entry_for
from addin_backend.admin.visit import NotThereError, Visit


def sheet(visit: Visit) -> Response:
    """Show one sheet of an entry, ready to be printed."""
    with visit.store.read() as tx:
        entry = entry_for(tx, visit.me, visit.path["id"])
    channel = channels.BY_NAME.get(entry.channel)
    titles = dict(channel.prints) if channel else {}
    what = visit.path["sheet"]
    if what not in titles:
        raise NotThereError
    partner = next((p for p in visit.desk.site.known.policy.own if p.name == entry.sender_organisation), None)
    back = partner.addresses[0] if partner and partner.addresses else ""
    postcode = partner.postcodes[0] if partner and partner.postcodes else ""
    telephone = (partner.telephone if partner else "") or visit.desk.site.known.settings.contact.telephone
    return visit.page(
        "sheet.html",
        section="/register",
        entry=entry,
        what=what,
        title=titles[what],
        return_address=", ".join(line for line in (entry.sender_organisation, back, postcode) if line),
        telephone=telephone,
    )
