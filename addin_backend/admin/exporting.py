"""The register as CSV and xlsx, and the evidence pack of one entry.

A cell that a spreadsheet would take for a formula begins with an apostrophe (CWE-1236).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from starlette.responses import Response

from addin_backend.admin.entries import entry_for, search_of
from addin_backend.admin.visit import Visit
from addin_backend.admin.words import local
from milter.store import audit, evidence, register
from milter.store.register import Entry, Search
from milter.store.transaction import Transaction

MOST = 100_000  # rows of one export
PAGE = 2_000
COLUMNS = (
    ("reference", "id"),
    ("when", "at"),
    ("channel", "channel"),
    ("sender", "sender"),
    ("sender's name", "sender_name"),
    ("sender's organisation", "sender_organisation"),
    ("sender's directorate", "directorate"),
    ("recipient", "recipient"),
    ("recipient's name", "recipient_name"),
    ("recipient's job title", "recipient_job_title"),
    ("recipient's department", "recipient_department"),
    ("recipient's organisation", "recipient_organisation"),
    ("recipient's telephone number", "recipient_telephone"),
    ("reason for sharing", "purpose"),
    ("limits", "consent_limits"),
    ("type of information", "information"),
    ("authorised by", "authorised_by"),
    ("way", "way"),
    ("connection", "tls"),
    ("action", "action"),
    ("reasons", "reasons"),
    ("status", "status"),
    ("due", "due_at"),
    ("due for", "due_for"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(visit: Visit) -> Response:
    """Give what a search finds as CSV (RFC 4180), with a signature so that Excel takes it for UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([title for title, _ in COLUMNS])
    for entry in _found(visit, "csv"):
        writer.writerow([safe(cell(entry, name)) for _, name in COLUMNS])
    return _file(("\ufeff" + out.getvalue()).encode(), "text/csv; charset=utf-8", "record-of-sharing.csv")


def as_xlsx(visit: Visit) -> Response:
    """Give what a search finds as a workbook."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "constant_memory": True, "strings_to_formulas": False}
    )
    sheet = book.add_worksheet("Record of sharing")
    bold = book.add_format({"bold": True})
    for column, (title, _) in enumerate(COLUMNS):
        sheet.write_string(0, column, title, bold)
    for row, entry in enumerate(_found(visit, "xlsx"), start=1):
        for column, (_, name) in enumerate(COLUMNS):
            sheet.write_string(row, column, safe(cell(entry, name)))
    sheet.freeze_panes(1, 0)
    book.close()
    return _file(out.getvalue(), XLSX, "record-of-sharing.xlsx")


def pack(visit: Visit) -> Response:
    """Give the evidence pack of one entry."""

    def work(tx: Transaction) -> bytes:
        entry = entry_for(tx, visit.me, visit.path["id"])
        audit.register_exported(tx, visit.actor, 1, f"pack-{entry.id}")
        return evidence.pack(tx, entry)

    return _file(visit.store.submit(work).result(), "application/zip", f"evidence-{visit.path['id']}.zip")


def _found(visit: Visit, form: str) -> Sequence[Entry]:
    """Read what the search finds, and note in the trail that it left."""
    wanted, _ = search_of(visit.query, visit.me)
    with visit.store.read() as tx:
        entries = list(_pages(tx, wanted))
    visit.store.submit(lambda tx: audit.register_exported(tx, visit.actor, len(entries), form)).result()
    return entries


def _pages(tx: Transaction, wanted: Search) -> Iterator[Entry]:
    after, left = None, MOST
    while left > 0:
        page = register.search(tx, wanted, after=after, limit=min(PAGE, left))
        yield from page.entries
        left -= len(page.entries)
        after = page.next
        if after is None:
            return


def cell(entry: Entry, name: str) -> str:
    """Give a field as text."""
    value: Any = getattr(entry, name)
    if isinstance(value, datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)


def safe(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
