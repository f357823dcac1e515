"""A mailbox on an Exchange server, read and emptied: where receipts come to that no domain of one's own takes.

The mailbox is the gateway's: what was dealt with goes into its deleted items. Guarantees: a message is given with the
bytes that came; nothing is taken away before `dealt_with`; each call ends with its time limit.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from milter.directory.ews import Ews, asked, fault_of
from milter.directory.threads import Threads

MOST = 50  # messages of one look
LARGEST = 10 * 1024 * 1024  # octets; a receipt is a few thousand
LONGEST_MINUTES = 29  # that Exchange keeps a stream of events open at most is 30


@dataclass(frozen=True, slots=True)
class Found:
    """One message of the mailbox; `raw` is empty where it is too large to be a receipt, or damaged."""

    id: str
    raw: bytes


class Mailbox:
    """One mailbox, by the directory's account, which needs full access to it."""

    def __init__(self, ews: Ews, address: str) -> None:
        self._ews = ews
        self._address = address
        self._threads = Threads("mailbox", 2)
        self._kept: Any = None

    async def look(self) -> tuple[Found, ...]:
        """Give what lies in the inbox, a part of it where it is much. Raises DirectoryError."""
        return await asked(self._threads, self._look)

    async def dealt_with(self, ids: Sequence[str]) -> None:
        """Put messages among the deleted ones; those that are gone already do no harm. Raises DirectoryError."""
        if ids:
            await asked(self._threads, lambda: self._delete(ids))

    async def news(self, minutes: int) -> bool:
        """Wait until something comes in, so many minutes at most; say whether something did. Raises DirectoryError."""
        return await asked(self._threads, lambda: self._wait(min(minutes, LONGEST_MINUTES)))

    def close(self) -> None:
        """End the threads; a wait for news ends with its minutes, or with the process."""
        self._threads.close()

    def _account(self) -> Any:
        from exchangelib import DELEGATE, Account

        if self._kept is None:
            self._ews.protocol()
            self._kept = Account(
                primary_smtp_address=self._address,
                config=self._ews.configuration(),
                autodiscover=False,
                access_type=DELEGATE,
            )
        return self._kept

    def _look(self) -> tuple[Found, ...]:
        from exchangelib.errors import ErrorItemNotFound

        items = (
            self._account().inbox.all().only("id", "changekey", "size").order_by("datetime_received")[:MOST]
        )
        listed = [_need(item) for item in items]
        found = {item.id: b"" for item in listed}
        small = [(item.id, item.changekey) for item in listed if (item.size or 0) <= LARGEST]
        fetched = self._account().fetch(ids=small, only_fields=["mime_content"]) if small else ()
        for (name, _), item in zip(small, fetched, strict=True):
            if isinstance(item, ErrorItemNotFound):
                del found[name]  # another program took it
            elif isinstance(item, Exception) and fault_of(item).fault in {"busy", "denied"}:
                raise item
            elif not isinstance(item, Exception):
                found[name] = bytes(item.mime_content or b"")
        return tuple(Found(name, raw) for name, raw in found.items())

    def _delete(self, ids: Sequence[str]) -> None:
        from exchangelib.errors import ErrorItemNotFound
        from exchangelib.items import MOVE_TO_DELETED_ITEMS

        done = self._account().bulk_delete(
            ids=[(name, None) for name in ids], delete_type=MOVE_TO_DELETED_ITEMS
        )
        for one in done:
            if not isinstance(one, ErrorItemNotFound):
                _need(one)

    def _wait(self, minutes: int) -> bool:
        inbox = self._account().inbox
        subscription = inbox.subscribe_to_streaming(event_types=["NewMailEvent"])
        try:
            for notification in inbox.get_streaming_events(
                subscription, connection_timeout=minutes, max_notifications_returned=1
            ):
                if not isinstance(notification, Exception) and list(notification.events):
                    return True
        finally:
            with contextlib.suppress(Exception):  # the server forgets it by itself
                inbox.unsubscribe(subscription)
        return False


def _need(answer: Any) -> Any:
    """Give an answer of the library, or raise it where it is an error given as one."""
    if isinstance(answer, Exception):
        raise answer
    return answer
