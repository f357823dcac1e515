"""Fills what is made when first used (patterns, word lists, libraries), so that no message waits for it."""

import gc
import json

from milter.assess.inspect import Knowledge, Matter, inspect
from milter.attachments.protect import protect
from milter.attachments.protect.text_to_pdf import body_to_pdf
from milter.attachments.read import read
from milter.message.model import Part

# Something of every kind that a detector looks for, so that each has made its patterns; all of it is invented.
_PLAIN = b"""Dear all,

Ella Smith (born 4 May 2013) of 12 High Street, Reading RG1 1AA has epilepsy; NHS number 943 476 5919, NI number
AB 12 34 56 C, UPN A123456789012. Her mother's mobile is 07700 900123, ella@example.com. She was seen on Monday.

Kind regards
"""
_TABLE = b"Name,DOB,NHS No\nElla Smith,04/05/2013,943 476 5919\n"
_PARTS = (
    Part("1", "body", "text/plain", "utf-8", "", _PLAIN),
    Part("2", "body", "text/html", "utf-8", "", b"<p>Term starts on 4 September.</p>"),
    Part("3", "attachment", "application/json", "", "warm.json", json.dumps({"warm": True}).encode()),
    Part("4", "attachment", "text/csv", "", "warm.csv", _TABLE),
)


def warm(knowledge: Knowledge) -> None:
    """Inspect one small message; what stays of it is shared by every process that is forked from here on."""
    inspect(Matter("Warm", _PARTS), knowledge)
    gc.collect()
    gc.freeze()  # never looked at again by the collector, so that pages stay shared and collections short


def warm_documents() -> None:
    """Import what reads and locks documents, half a second of it, so that no child does so for its first one."""
    import msoffcrypto  # noqa: F401 - with olefile and what they need

    letter = body_to_pdf("Warm", title="Warm")
    protect(letter, format="pdf", name="warm.pdf", password="warm-warm-warm")  # noqa: S106 - of nothing
    read(letter, name="warm.pdf")
