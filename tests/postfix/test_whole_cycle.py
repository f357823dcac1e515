"""The whole cycle through real programs: Postfix, gateway, Postfix, the recipient's pages, a browser.

A class list goes to a school in clear and arrives encrypted; what comes back counts for what it is; the button is
pressed; the password comes once, apart; the record of sharing is complete. Sent to the wrong person, nobody has
the password and an incident is open.
"""

import re
import smtplib
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import pytest

from milter.attachments import read
from milter.cli.samples import class_list
from milter.settings import load_settings
from milter.store import incidents, register, shares
from milter.store.engine import Store, open_store
from milter.store.shares import Share
from tests.gateway.harness import OFFICER, SCHOOL, configure
from tests.postfix.instance import Postfix, free_port, wait_until
from tests.running import Daemon
from tests.sink import Mail, Sink
from tests.web.chromium import chromium, missing, opened
from tests.web.shares import PERSON

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("postfix"), pytest.mark.timeout(300)]

DOMAIN = "receipts.borchester.gov.uk"
GOVERNANCE = "governance@borchester.gov.uk"
LIST = class_list()
PASSWORD = re.compile(r"\b[a-z]{3,8}(?:-[a-z]{3,8}){5}\b")


@dataclass(frozen=True)
class Cycle:
    """All that is running."""

    url: str
    sink: Sink
    entry: Postfix
    store: Store

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.sink.mail if any(f"<{address}>" in one for one in mail.recipients)]

    def wait(self, address: str, count: int) -> list[Mail]:
        """Give the mail of somebody once there is so much."""
        wait_until(lambda: len(self.to(address)) >= count, f"{count} messages to {address}")
        return self.to(address)

    def send(self, sender: str, to: str, raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.entry.port, timeout=30) as smtp:
            smtp.sendmail(sender, [to], raw)

    def share(self) -> Share:
        """Give the latest share."""
        with self.store.read() as tx:
            return shares.search(tx)[0][0]

    def events(self) -> list[str]:
        share = self.share()
        with self.store.read() as tx:
            return [event.event for event in shares.history(tx, share.id)]

    def wait_event(self, event: str) -> None:
        wait_until(lambda: event in self.events(), f"{event} in the share's history")


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cycle]:
    """Start everything: Postfix in front, the gateway, Postfix behind it, the pages."""
    folder = tmp_path_factory.mktemp("cycle") / "etc"
    url = f"http://127.0.0.1:{free_port()}"
    ports = {port: free_port() for port in (10025, 10026, 10027)}
    receipts = f'[receipts]\ndomain = "{DOMAIN}"\npage-url = "{url}"\nlisten = "{url[7:]}"\n'
    configure(folder, ports[10026], settings=receipts, port=ports[10025])
    command = (str(Path(sys.executable).with_name("sealgate")), "serve", "--config", str(folder))
    snippets = ("content-filter.main.cf", "content-filter.master.cf")
    own = {**ports, 10026: free_port()}  # its own way back is not used
    with (
        Sink() as sink,
        Postfix("out", sink.port, ("content-filter.master.cf",), ports),
        Daemon(*command),
        Daemon("-m", "addin_backend", "receipt", "--config", str(folder)),
        Postfix("in", sink.port, snippets, own) as entry,
    ):
        settings = load_settings(folder).store
        store = open_store(settings.url, Path(settings.key_file), node="test")
        yield Cycle(url, sink, entry, store)
        store.close()


@pytest.fixture(autouse=True)
def fresh(cycle: Cycle) -> None:
    cycle.sink.mail.clear()


def list_for(to: str) -> bytes:
    """Make the message: a class list, in clear, under a subject that says nothing."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = OFFICER, to, "RE: list"
    message["X-Sealgate-Purpose"] = "Review of the support plans on Tuesday"
    message.set_content("Dear Jill,\n\nhere is the list for Tuesday.\n")
    xlsx = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    message.add_attachment(LIST, maintype="application", subtype=xlsx, filename="4P list.xlsx")
    return message.as_bytes()


def text_of(mail: Mail) -> str:
    body = message_from_bytes(mail.raw, policy=default).get_body(("plain",))  # type: ignore[attr-defined]
    return str(body.get_content())


def attached(mail: Mail) -> bytes:
    (one,) = message_from_bytes(mail.raw, policy=default).iter_attachments()  # type: ignore[attr-defined]
    return bytes(one.get_content())


def address_of(mail: Mail) -> str:
    """Give the share's own address, which stands in the envelope."""
    found = re.search(r"FROM:<(r\+[0-9a-z]{26}@[^>]+)>", mail.sender)
    assert found is not None
    return found[1]


def link_of(mail: Mail, cycle: Cycle) -> str:
    (found,) = set(re.findall(re.escape(cycle.url) + r"/c/[0-9a-z]{26}", text_of(mail)))
    return str(found)


def press(link: str, fields: dict[str, str]) -> int:
    """Post a form as a program without a browser does."""
    data = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(link, data), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def press_in_browser(link: str) -> None:
    """Fill in the form and press the button, in Chromium, without scripts."""
    with chromium() as browser:
        page = opened(browser, scripts=False)
        page.goto(link)
        for name, value in PERSON.items():
            page.locator(f"#{name}").fill(value)
        page.get_by_role("button", name="Confirm that I have it").click()
        page.get_by_text("The password is on its way in a separate email").wait_for()
        browser.close()


def scan(link: str) -> None:
    """Fetch a link as mail scanners do: HEAD, GET, GET again, and the links on its page."""
    for method in ("HEAD", "GET", "GET"):
        with urllib.request.urlopen(urllib.request.Request(link, method=method), timeout=30) as answer:
            page = answer.read().decode()
    for path in re.findall(r'href="(/c/[^"]+)"', page):
        with urllib.request.urlopen(urllib.parse.urljoin(link, path), timeout=30) as answer:
            answer.read()


def come_back(cycle: Cycle, mail: Mail) -> None:
    """Send what recipients' systems send back, and see what each is taken for."""
    address = address_of(mail)
    head = f"From: Jill Archer <{SCHOOL}>\r\nTo: {address}\r\nSubject: %s\r\n"
    mdn = (
        head
        % "Read: list"
        + "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n"
        "\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt was displayed.\r\n--b\r\n"
        f"Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; {SCHOOL}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
    )
    away = head % "Re: I confirm receipt" + "Auto-Submitted: auto-replied\r\n\r\nI am away until Monday.\r\n"
    reply = head % "Re: list" + "Message-ID: <r1@school.example>\r\n\r\nThanks, what is the password?\r\n"
    for event, sender, raw in (
        ("automatic-reply", SCHOOL, away),
        ("displayed", "", mdn),
        ("reply", SCHOOL, reply),
    ):
        cycle.send(sender, address, raw.encode())
        cycle.wait_event(event)


@pytest.mark.browser
@pytest.mark.parametrize(
    "pressed",
    [
        pytest.param(
            press_in_browser,
            id="in Chromium",
            marks=pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
        ),
        pytest.param(lambda link: press(link, PERSON), id="by plain HTTP"),
    ],
)
def test_a_class_list_reaches_its_school_and_the_password_follows_once(
    pressed: Callable[[str], object], cycle: Cycle
) -> None:
    """Encrypted on arrival; nothing but the button gives the password out; opened, it is what was sent."""
    cycle.send(OFFICER, SCHOOL, list_for(SCHOOL))
    (mail,) = cycle.wait(SCHOOL, 1)
    parsed = message_from_bytes(mail.raw, policy=default)
    assert parsed["Subject"] == "RE: Private and Confidential: list"
    assert "NOTIFY=SUCCESS,FAILURE" in mail.recipients[0].upper()
    assert b"Osborne" not in mail.raw
    assert read(attached(mail)).protection == "password"
    assert "Review of the support plans on Tuesday" in text_of(mail)

    come_back(cycle, mail)
    scan(link_of(mail, cycle))
    assert cycle.share().state == "displayed"
    assert len(cycle.to(SCHOOL)) == 1

    pressed(link_of(mail, cycle))
    press(link_of(mail, cycle), PERSON)
    _, password_mail = cycle.wait(SCHOOL, 2)
    (password,) = set(PASSWORD.findall(text_of(password_mail)))
    before, after = read(LIST), read(attached(mail), words=(password,))
    assert [p.text for p in after.passages] == [p.text for p in before.passages]
    assert after.protection == "password"
    (passed_on,) = [one for one in cycle.wait(OFFICER, 2) if b"what is the password?" in one.raw]
    assert passed_on.sender.startswith("FROM:<>")

    with cycle.store.read() as tx:
        entry = register.get(tx, cycle.share().register_id)
    assert entry is not None
    assert entry.gaps == ()
    assert (entry.status, entry.recipient_name, entry.purpose) == (
        "released",
        PERSON["name"],
        "Review of the support plans on Tuesday",
    )
    settled(cycle)
    assert len(cycle.to(SCHOOL)) == 2
    assert not any(PASSWORD.search(text_of(one)) for one in cycle.to(OFFICER) if one is not passed_on)
    assert cycle.store.verify().whole


def test_sent_to_the_wrong_person_nobody_has_the_password_and_an_incident_is_open(cycle: Cycle) -> None:
    """'Not for me' ends it: sender and governance are told, the clock runs, no button brings the password back."""
    cycle.send(OFFICER, SCHOOL, list_for(SCHOOL))
    (mail,) = cycle.wait(SCHOOL, 1)
    link = link_of(mail, cycle)
    assert press(f"{link}/not-for-me", {}) == 200
    (told,) = cycle.wait(GOVERNANCE, 1)
    cycle.wait(OFFICER, 2)
    assert press(link, PERSON) == 404
    assert press(f"{link}/again", {}) == 404
    share = cycle.share()
    with cycle.store.read() as tx:
        found = [one for one in incidents.listed(tx) if one.share_id == share.id]
    assert (share.state, share.password_destroyed_at is not None) == ("refused", True)
    assert [one.state for one in found] == ["open"]
    assert "decide by" in str(message_from_bytes(told.raw, policy=default)["Subject"])
    settled(cycle)
    assert len(cycle.to(SCHOOL)) == 1
    assert not any(PASSWORD.search(text_of(one)) for one in cycle.sink.mail)


def settled(cycle: Cycle) -> None:
    """Wait until nobody owes any mail: neither the gateway nor the Postfix in front of it."""
    from milter.store import outbox

    def owed() -> bool:
        with cycle.store.read() as tx:
            return bool(outbox.waiting(tx))

    wait_until(lambda: not owed() and not cycle.entry.queue(), "all mail has gone")
