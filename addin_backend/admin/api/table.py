"""Every act of the API and who may call it, with the form of what goes in: read top to bottom."""

from typing import Any

from addin_backend.admin import channels
from addin_backend.admin.api import held, others, record
from addin_backend.admin.api.call import ApiDoor
from addin_backend.admin.entries import KINDS
from addin_backend.admin.roles import (
    DECIDES,
    HELPS_SHARES,
    KEEPS_REGISTER,
    RECORDS,
    SEES_ENTRIES,
    SEES_HELD,
    SEES_INCIDENTS,
    SEES_REGISTER,
    SEES_REPORTS,
)
from milter.store import feedback

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
REQUESTS = {"state": {"type": "string", "enum": ["open", "answered"]}} | PLACE
SHARES = {"state": WORD} | PLACE | PAGED
ENTRY = _object(
    ("channel", "organisation", *record.R1),
    channel={"type": "string", "enum": list(channels.BY_NAME)},
    organisation=LINE,
    directorate=LINE,
    information={"type": "array", "items": {"type": "string"}, "maxItems": 30},
    extra={"type": "object", "additionalProperties": {"type": "string"}},
    at={"type": "string", "format": "date-time"},
    due={"type": "object", "additionalProperties": DAY},
    **{name: LINE | {"minLength": 1} for name in record.R1},
    **dict.fromkeys(record.ALSO, LINE),
)
FILL = _object(
    (),
    information=ENTRY["properties"]["information"],
    **{name: ENTRY["properties"][name] for name in record.FILLED},
)
DECISION = {"reason": TEXT, "recipients": RECIPIENTS}
RELEASE = _object(("reason",), **DECISION, how={"type": "string", "enum": ["as-it-is", "protected"]})
REFUSE = _object(("reason",), **DECISION)
ASSIGN = _object((), to=LINE)
WORDS = _object(("text",), text=TEXT)
NOTE = _object((), text={"type": "string", "maxLength": 4000})
REASON = _object(("reason",), reason=TEXT | {"maxLength": 2000})
TOLD = _object(("person", "job_title"), person=TEXT | {"maxLength": 200}, job_title=TEXT | {"maxLength": 200})
FEEDBACK = _object(
    ("code", "verdict"), code=TEXT, verdict={"type": "string", "enum": list(feedback.VERDICTS)}
)
ANSWER = _object(("text",), text=TEXT, false_positive=LINE)
INCIDENT = _object(("kind",), kind={"type": "string", "enum": list(KINDS)})
WEEKS = {"weeks": {"type": "integer", "minimum": 1, "maximum": 104}} | PLACE

API: tuple[ApiDoor, ...] = (
    ApiDoor("GET", "/held", SEES_HELD, held.listing, "List held messages", query=FILTERS),
    ApiDoor("GET", "/held/{id}", SEES_HELD, held.show, "Show a held message, masked"),
    ApiDoor("POST", "/held/{id}/release", DECIDES, held.release, "Release a held message", body=RELEASE),
    ApiDoor("POST", "/held/{id}/refuse", DECIDES, held.refuse, "Refuse a held message", body=REFUSE),
    ApiDoor("POST", "/held/{id}/assign", DECIDES, held.assign, "Give it to an account", body=ASSIGN),
    ApiDoor("POST", "/held/{id}/note", DECIDES, held.note, "Add a note", body=WORDS),
    ApiDoor("POST", "/held/{id}/feedback", DECIDES, held.feedback, "Say whether it was right", body=FEEDBACK),
    ApiDoor("POST", "/held/{id}/question", DECIDES, held.question, "Ask the sender", body=WORDS),
    ApiDoor("GET", "/requests", SEES_HELD, others.requests_list, "List what staff asked", query=REQUESTS),
    ApiDoor("GET", "/requests/{id}", SEES_HELD, others.request, "Show a request of staff"),
    ApiDoor("POST", "/requests/{id}/answer", DECIDES, others.answer, "Answer a request", body=ANSWER),
    ApiDoor("GET", "/messages/{id}", SEES_REGISTER, others.message, "Show what became of a message"),
    ApiDoor("GET", "/register", SEES_ENTRIES, record.entries, "Search the record of sharing", query=SEARCH),
    ApiDoor("POST", "/register", RECORDS, record.record, "Record another channel", body=ENTRY, status=201),
    ApiDoor("GET", "/register/{id}", SEES_ENTRIES, record.entry, "Show a record"),
    ApiDoor("POST", "/register/{id}/fill", RECORDS, record.fill, "Fill in or correct a record", body=FILL),
    ApiDoor("POST", "/register/{id}/settle", RECORDS, record.settle, "Note that what was due is done"),
    ApiDoor("POST", "/register/{id}/note", RECORDS, record.note, "Add a note to a record", body=WORDS),
    ApiDoor(
        "POST", "/register/{id}/incident", RECORDS, record.begin, "Report a loss", body=INCIDENT, status=201
    ),
    ApiDoor("GET", "/shares", SEES_REGISTER, others.shares_list, "List protected documents", query=SHARES),
    ApiDoor("GET", "/shares/{id}", SEES_REGISTER, others.share, "Show protected documents and their history"),
    ApiDoor("POST", "/shares/{id}/withdraw", HELPS_SHARES, others.withdraw, "Take them back", body=REASON),
    ApiDoor(
        "POST",
        "/shares/{id}/reissue",
        HELPS_SHARES,
        others.reissue,
        "Send a lost password again",
        body=REASON,
    ),
    ApiDoor(
        "POST", "/shares/{id}/told", HELPS_SHARES, others.told, "Note whom the password was told", body=TOLD
    ),
    ApiDoor("GET", "/incidents", SEES_INCIDENTS, record.incidents_list, "List open incidents", query=PLACE),
    ApiDoor("GET", "/incidents/{id}", SEES_INCIDENTS, record.incident, "Show an incident"),
    ApiDoor("POST", "/incidents/{id}/note", KEEPS_REGISTER, record.incident_note, "Add a note", body=WORDS),
    ApiDoor(
        "POST",
        "/incidents/{id}/report",
        KEEPS_REGISTER,
        record.incident_report,
        "Reported to the regulator",
        body=NOTE,
    ),
    ApiDoor("POST", "/incidents/{id}/close", KEEPS_REGISTER, record.incident_close, "Close it", body=WORDS),
    ApiDoor("GET", "/reports", SEES_REPORTS, others.figures, "Count what was judged", query=WEEKS),
)
