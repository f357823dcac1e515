"""Formats that are known and not read, and the one that a library reads whole: binary workbooks (xlsb)."""

from milter.attachments import ole
from milter.attachments.draft import Draft, File, UnreadableError

NAMES = {
    "mp3": "a sound recording", "wav": "a sound recording", "ogg": "a sound recording",
    "flac": "a sound recording", "midi": "a sound recording", "video": "a film or recording",
    "executable": "a program", "pst": "an Outlook mail store", "access": "an Access database",
    "cab": "a cabinet archive", "parquet": "a data file (Parquet)", "onenote": "a OneNote file",
    "vsd": "an old Visio drawing",
}  # fmt: skip


def read_none(file: File, draft: Draft) -> None:
    """Say what it is, and that it was not read."""
    from milter.attachments import sniff

    kind = next(iter(sniff.formats(file.content, file.name, file.declared)))
    draft.note(
        "executable" if kind == "executable" else "recording" if "recording" in NAMES[kind] else "unread"
    )
    raise UnreadableError(f"{NAMES[kind]}, which nothing here reads")


def read_ole(file: File, draft: Draft) -> None:
    """Another compound file: properties and embedded files are read, its own content is not."""
    with ole.opened(file.content) as archive:
        ole.read_properties(archive, draft)
        ole.read_embedded(archive, draft)
    raise UnreadableError("a compound file of a kind that nothing here reads")


def read_xlsb(file: File, draft: Draft) -> None:
    """A binary workbook: its cells, by calamine."""
    import io
    from datetime import date, datetime

    import python_calamine as calamine

    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(file.content))
    for about in book.sheets_metadata:
        sheet = book.get_sheet_by_name(about.name)
        lines = []
        for row in sheet.iter_rows():
            cells = [
                value.strftime("%d/%m/%Y")
                if isinstance(value, date | datetime)
                else str(value).removesuffix(".0")
                for value in row
            ]
            lines.append("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells))
        hidden = about.visible != calamine.SheetVisibleEnum.Visible
        draft.say(f"sheet '{about.name}'", "\n".join(lines), table=True, hidden=hidden)
    draft.fail("unreadable", "a binary workbook, whose comments and properties nothing here reads")
