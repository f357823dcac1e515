"""An office for the tests: a store that a real gateway filled with the sample mail, people, and the pages."""

import asyncio
import dataclasses
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from addin_backend.admin.application import application_of
from addin_backend.admin.desk import Desk
from addin_backend.admin.visit import cookie_name
from addin_backend.site import Site, open_site
from milter.cli.samples import samples
from milter.store import accounts, doors, ids, quarantine
from milter.store.accounts import Account
from milter.store.contents import seal_content
from milter.store.quarantine import ToHold, waiting_for
from tests.gateway.harness import OFFICER, capturing, configure, serving

COUNCIL = "Borchester Borough Council"
URL = "http://localhost"
PAGES = f'[pages]\nadmin-url = "{URL}"\n'


def fill(folder: Path, store_url: str = "") -> None:
    """Have a gateway deal with the sample mail; its store is an SQLite file of the folder unless another is named."""

    async def send() -> None:
        async with capturing() as (sink, hop), AsyncExitStack() as stack:
            configure(folder, hop, settings=PAGES)
            if store_url:
                move_store(folder, f"sqlite:///{folder}/store.db", store_url)
            gateway = await stack.enter_async_context(serving(folder, sink))
            for number, sample in enumerate(samples(), start=1):
                await gateway.send(sample.sender, list(sample.recipients), sample.message(number))
            await gateway.settle()

    asyncio.run(send())


def copied(filled: Path, folder: Path) -> Path:
    """Give a copy of a filled office, for a test that changes it."""
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    move_store(folder, str(filled), str(folder))
    return folder


def move_store(folder: Path, old: str, new: str) -> None:
    """Put another place for the old one into a folder's settings."""
    settings = folder / "sealgate.toml"
    settings.write_text(settings.read_text().replace(old, new))


@dataclass(slots=True)
class Office:
    """The pages of one office, and the people who use them."""

    site: Site
    desk: Desk
    client: TestClient
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def store(self):
        return self.site.store

    def person(self, *roles: str, name: str = "", scope: tuple[str, ...] = ()) -> Account:
        """Make an account."""
        name = name or "-".join(roles)
        email = f"{name}-{ids.token()[:6]}@borchester.gov.uk".lower().replace(" ", ".")
        return self.store.submit(
            lambda tx: accounts.add(tx, name, email, "test", roles=roles, scope=scope)
        ).result()

    def enter(self, person: Account) -> "Browser":
        """Give a browser in which a person is signed in."""
        token = ids.token()
        self.store.submit(
            lambda tx: doors.begin_session(tx, person.id, token, tx.now + timedelta(hours=1))
        ).result()
        self.tokens[person.id] = token
        return Browser(self, token)

    def as_(self, *roles: str, scope: tuple[str, ...] = ()) -> "Browser":
        """Give a browser of a fresh person with these roles."""
        return self.enter(self.person(*roles, scope=scope))

    def close(self) -> None:
        assert self.client.portal is not None
        self.client.portal.call(self.desk.close)
        self.client.__exit__(None, None, None)
        self.store.close()


@dataclass(slots=True)
class Browser:
    """A browser without JavaScript: it keeps one session."""

    office: Office
    token: str

    def get(self, path: str, **options):
        return self.office.client.get(path, headers=self._headers(), follow_redirects=False, **options)

    def post(self, path: str, **fields):
        """Send a form, with the token that its page bears."""
        data = {"csrf": self.office.store.vault.digest("form", self.token)[:40]}
        data |= {name.replace("_", "-"): value for name, value in fields.items()}
        return self.office.client.post(path, data=data, headers=self._headers(), follow_redirects=False)

    def _headers(self):
        return {"Cookie": f"{cookie_name(self.office.desk)}={self.token}"}


def open_office(folder: Path, **changes) -> Office:
    """Open the pages of a folder; `changes` are fields of the policy."""
    site = open_site(folder, "admin")
    if changes:
        policy = dataclasses.replace(site.known.policy, **changes)
        site = dataclasses.replace(site, known=dataclasses.replace(site.known, policy=policy))
    desk = Desk(site)
    client = TestClient(application_of(desk), base_url=URL, raise_server_exceptions=True)
    client.__enter__()
    return Office(site, desk, client)


def hold(office: Office, raw: bytes, subject: str, recipients: tuple[str, ...], **more) -> str:
    """Put a message into quarantine as dispatch does, and give its reference."""
    held_id, judged_id = ids.reference(), ids.reference()
    content = seal_content(office.store.vault, raw)
    envelope = {"sender": OFFICER, "recipients": [[one, [], ""] for one in recipients]}
    summary = {"subject": subject, "from": [OFFICER], "parts": [], "findings": [], "reasons": []} | more
    message = ToHold(
        id=held_id,
        judged_id=judged_id,
        sender=OFFICER,
        organisation=COUNCIL,
        grade="high",
        categories=("health",),
        envelope=envelope,
        summary=summary,
        recipients=tuple(waiting_for(one, reasons=("unapproved-domain",)) for one in recipients),
        expires_at=office.site.clock() + timedelta(days=3),
    )
    office.store.submit(lambda tx: quarantine.hold(tx, message, content)).result()
    return held_id
