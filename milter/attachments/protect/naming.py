"""File names for what leaves: a name is hostile text (pitfall 42), and may say too much (pitfall 6)."""

import re
from unicodedata import category

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
RESERVED = frozenset('<>:"|?*')
LONGEST = 100  # characters, extension included
EXTENSION = re.compile(r"[a-z0-9]{1,8}")
EXTENSION_OF_FORMAT = (
    ("text", "txt"),
    ("html", "html"),
    ("eml", "eml"),
)  # others are called like their extension


def clean_name(name: str) -> str:
    """Return the name without paths, controls, reordering marks, and characters that systems trip over."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        char
        for char in last
        if category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in '<>:"|?*'
    )
    stem, dot, extension = kept.strip(" .").rpartition(".")
    if not dot:
        stem, extension = extension, ""
    room = LONGEST - len(dot + extension)
    cleaned = (stem[: max(room, 1)].rstrip() + dot + extension)[:LONGEST]
    return cleaned or "document"


def extension_of(name: str, format: str) -> str:  # noqa: A002 - the word that Reading uses
    """Return the extension for a file of this name and format, in lower case without the dot; '' for none."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if EXTENSION.fullmatch(extension):
        return extension
    by_format = dict(EXTENSION_OF_FORMAT).get(format, format)
    return by_format if EXTENSION.fullmatch(by_format) and by_format != "unknown" else ""


def zipped_name(name: str) -> str:
    """Return what the zip of a file of this name is called."""
    stem, dot, _ = clean_name(name).rpartition(".")
    return f"{stem if dot else clean_name(name)}.zip"


def neutral_name(number: int, name: str, format: str) -> str:  # noqa: A002
    """Return a name that tells nothing: 'document-2.xlsx', for where the name itself is personal."""
    extension = extension_of(name, format)
    return f"document-{number}.{extension}" if extension else f"document-{number}"
