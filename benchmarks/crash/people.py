"""The people of a run: senders' mail goes in, recipients confirm, reviewers decide. They try again until it works."""

import re
import smtplib
import threading
import time
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import TypeVar

from benchmarks.crash import hop
from benchmarks.crash.messages import Numbered, message, number_of
from benchmarks.crash.parts import PAGES, RECEIPTS
from milter import sharing
from milter.errors import RequestError, StoreError
from milter.store import decisions, quarantine, shares
from milter.store.engine import Store, open_store
from milter.store.transaction import Transaction

T = TypeVar("T")
_LINK = re.compile(re.escape(PAGES) + "/(?:[a-z]+/)?([0-9a-z]{26})")
_ADDRESS = re.compile(re.escape("<r+") + "([0-9a-z]{26})@" + re.escape(RECEIPTS))


def never_confirms(number: int) -> bool:
    """Whether the recipient of this message leaves it unconfirmed: no password may ever come."""
    return number % 4 == 0


def decision(number: int) -> str:
    """What reviewers do with a held message: 'release', 'refuse' or nothing."""
    return ("release", "refuse", "")[number % 3]


class Senders:
    """Puts messages into Postfix over a few connections. Postfix is not killed: it is the queue (law 1).

    So many as were asked for, and then more until they are told to finish, so that there is traffic to the end.
    """

    def __init__(self, port: int, least: int, connections: int, allowed: Callable[[], float]) -> None:
        self._port, self._allowed = port, allowed  # how many may be under way by now
        self._least = least
        self._finish = False
        self._lock = threading.Lock()
        self.sent: list[Numbered] = []
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(connections)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> list[Numbered]:
        """Send what is left of those asked for, and give all that were sent."""
        self._finish = True
        for thread in self._threads:
            thread.join()
        return self.sent

    def _next(self) -> Numbered | None:
        with self._lock:
            if self._finish and len(self.sent) >= self._least:
                return None
            self.sent.append(message(len(self.sent) + 1))
            return self.sent[-1]

    def _send(self) -> None:
        with smtplib.SMTP("127.0.0.1", self._port, timeout=120) as smtp:
            while (one := self._next()) is not None:
                smtp.sendmail(one.sender, list(one.fates), one.raw)
                while len(self.sent) > self._allowed() and not self._finish:
                    time.sleep(0.02)


class People:
    """Recipients and reviewers, in one thread, with a store of their own as the pages have."""

    def __init__(self, url: str, key: Path, arrivals: Path, port: int) -> None:
        self.confirmed_at: dict[str, float] = {}  # by share: when its confirmation began
        self.dead_links = 0
        self.twice_refused = 0  # second releases that were refused, as they must be
        self._arrivals, self._port, self._read = arrivals, port, 0
        self._open = lambda: open_store(url, key, node="pages")
        self._store: Store | None = None
        self._decided: set[str] = set()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what ended their thread, if anything did."""
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Have one more look at everything, then stop."""
        self._stop.set()
        self._thread.join(120)
        self.check()

    def _run(self) -> None:
        try:
            while not self._stop.wait(0.3):
                self._look()
            self._look()
        except BaseException as error:  # the harness tells of it
            self._failure = error
        finally:
            if self._store is not None:
                self._store.close()

    def _look(self) -> None:
        arrived, self._read = hop.read(self._arrivals, self._read)
        for mail in arrived:
            number = number_of(mail.recipients[0])
            if mail.recipients[0].startswith("r") and number is not None:
                self._receive(mail, number)
        self._review()

    def _receive(self, mail: hop.Arrived, number: int) -> None:
        raw = mail.raw
        text = b"".join(
            part.get_payload(decode=True) or b""
            for part in message_from_bytes(raw).walk()
            if not part.is_multipart()
        ).decode("utf-8", "replace")
        link, address = _LINK.search(text), _ADDRESS.search(raw.decode("latin-1"))
        if address and number % 5 == 1:
            self._answer(address[1], mail.recipients[0], displayed=True)
        if address and number % 7 == 2:
            self._answer(address[1], mail.recipients[0], displayed=False)
        if link and not never_confirms(number):
            self._confirm(link[1])

    def _confirm(self, token: str) -> None:
        def work(tx: Transaction) -> str:
            share = shares.by_token(tx, "page", token)
            if share is None:
                return ""
            self.confirmed_at.setdefault(share.id, time.time())
            sharing.confirmed(tx, share.id, "Jo Bloggs", "Nurse", "Borsetshire NHS", "0118 496 0199")
            return share.id

        if not self._do(work):
            self.dead_links += 1

    def _review(self) -> None:
        held, _ = self._do(lambda tx: quarantine.search(tx, quarantine.Search(), limit=1_000))
        for one in held:
            if one.id in self._decided:
                continue
            self._decided.add(one.id)
            number = number_of(one.sender) or 0
            full = self._do(lambda tx, one=one: quarantine.get(tx, one.id))  # type: ignore[misc]
            waiting = [r.recipient for r in full.recipients if r.state == "held"]
            if waiting and decision(number):
                self._decide(one.id, waiting, decision(number))

    def _decide(self, held_id: str, recipients: list[str], what: str) -> None:
        act = decisions.release if what == "release" else decisions.refuse
        try:
            self._do(lambda tx: act(tx, held_id, recipients, "account:reviewer", "looked at it by hand"))
        except RequestError:
            return  # the commit before took effect after all, and its answer was lost
        try:
            self._do(lambda tx: decisions.release(tx, held_id, recipients, "account:other", "and once more"))
        except RequestError:
            self.twice_refused += 1

    def _answer(self, token: str, sender: str, *, displayed: bool) -> None:
        """Send a read receipt, or a person's reply, to the share's own address, by way of Postfix."""
        to = f"r+{token}@{RECEIPTS}"
        head = f"From: {sender}\r\nTo: {to}\r\nMIME-Version: 1.0\r\n"
        if displayed:
            raw = head + _RECEIPT.format(sender=sender)
        else:
            raw = (
                head
                + f"Subject: Re: Case note\r\nMessage-ID: <{token}@there>\r\n\r\nThank you, all here.\r\n"
            )
        with smtplib.SMTP("127.0.0.1", self._port, timeout=120) as smtp:
            smtp.sendmail("" if displayed else sender, [to], raw.encode())

    def _do(self, work: Callable[[Transaction], T]) -> T:
        while True:
            try:
                if self._store is None:
                    self._store = self._open()
                return self._store.submit(work).result()
            except StoreError:
                time.sleep(0.2)


_RECEIPT = (
    "Subject: Read: Case note\r\nAuto-Submitted: auto-replied\r\n"
    "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
    "--b\r\n\r\nThe message was displayed.\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
    "Final-Recipient: rfc822;{sender}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n"
)
