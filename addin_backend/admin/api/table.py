"""Every act of the API and who may call it, with the form of what goes in: read top to bottom."""

from typing import Any

from addin_backend.admin import channels
from addin_backend.admin.api import held, others
from addin_backend.admin.api.call import ApiDoor
from addin_backend.admin.entries import KINDS
from addin_backend.admin.roles import (
    DECIDES,
    RECORDS,
    SEES_ENTRIES,
    SEES_HELD,
    SEES_INCIDENTS,
    SEES_REGISTER,
    SEES_REPORTS,
)

TEXT: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 4000}
LINE: dict[str, Any] = {"type": "string", "maxLength": 1000}
LIMIT = {"type": "integer", "minimum": 1, "maximum": 200}
AFTER = {"type": "string"}
WORD = {"type": "string"}
RECIPIENTS = {"type": "array", "items": {"type": "string"}, "maxItems": 1000}


def _object(needed: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(needed),
        "additionalProperties": False,
    }


PAGED = {"limit": LIMIT, "after": AFTER}
PLACE = dict.fromkeys(("organisation", "directorate"), WORD)
FILTERS = dict.fromkeys(("q", "state", "reason", "grade", "soon", "mine"), WORD) | PLACE | PAGED
DAY = {"type": "string", "format": "date"}
SEARCH = (
    dict.fromkeys(("q", "channel", "status", "gaps"), WORD) | {"since": DAY, "until": DAY} | PLACE | PAGED
)
SHARES = {"state": WORD} | PLACE | PAGED
ENTRY = _object(
    ("channel", "organisation", *others.R1),
    channel={"type": "string", "enum": list(channels.BY_NAME)},
    organisation=LINE,
    directorate=LINE,
    information={"type": "array", "items": {"type": "string"}, "maxItems": 30},
    extra={"type": "object", "additionalProperties": {"type": "string"}},
    **{name: LINE | {"minLength": 1} for name in others.R1},
    **dict.fromkeys(others.ALSO, LINE),
)
DECISION = {"reason": TEXT, "recipients": RECIPIENTS}
RELEASE = _object(("reason",), **DECISION, how={"type": "string", "enum": ["as-it-is", "protected"]})
REFUSE = _object(("reason",), **DECISION)
ASSIGN = _object((), to=LINE)
WORDS = _object(("text",), text=TEXT)
INCIDENT = _object(("kind",), kind={"type": "string", "enum": list(KINDS)})
WEEKS = {"weeks": {"type": "integer", "minimum": 1, "maximum": 104}} | PLACE

API: tuple[ApiDoor, ...] = (
    ApiDoor("GET", "/held", SEES_HELD, held.listing, "List held messages", query=FILTERS),
    ApiDoor("GET", "/held/{id}", SEES_HELD, held.show, "Show a held message, masked"),
    ApiDoor("POST", "/held/{id}/release", DECIDES, held.release, "Release a held message", body=RELEASE),
    ApiDoor("POST", "/held/{id}/refuse", DECIDES, held.refuse, "Refuse a held message", body=REFUSE),
    ApiDoor("POST", "/held/{id}/assign", DECIDES, held.assign, "Give it to an account", body=ASSIGN),
    ApiDoor("POST", "/held/{id}/note", DECIDES, held.note, "Add a note", body=WORDS),
    ApiDoor("POST", "/held/{id}/question", DECIDES, held.question, "Ask the sender", body=WORDS),
    ApiDoor("GET", "/register", SEES_ENTRIES, others.entries, "Search the record of sharing", query=SEARCH),
    ApiDoor(
        "POST",
        "/register",
        RECORDS,
        others.record,
        "Record what was shared otherwise",
        body=ENTRY,
        status=201,
    ),
    ApiDoor("GET", "/register/{id}", SEES_ENTRIES, others.entry, "Show a record"),
    ApiDoor("POST", "/register/{id}/settle", RECORDS, others.settle, "Note that what was due is done"),
    ApiDoor(
        "POST",
        "/register/{id}/incident",
        RECORDS,
        others.incident_open,
        "Report that something went wrong",
        body=INCIDENT,
        status=201,
    ),
    ApiDoor("GET", "/shares", SEES_REGISTER, others.shares_list, "List protected documents", query=SHARES),
    ApiDoor("GET", "/shares/{id}", SEES_REGISTER, others.share, "Show protected documents and their history"),
    ApiDoor("GET", "/incidents", SEES_INCIDENTS, others.incidents_list, "List open incidents", query=PLACE),
    ApiDoor("GET", "/reports", SEES_REPORTS, others.figures, "Count what was judged", query=WEEKS),
)
