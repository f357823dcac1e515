"""Time to first byte of the staff's pages over a store with 100,000 register rows and 5,000 held messages.

    python benchmarks/pages_bench.py            # fills a store under a temporary folder, then asks each page
    python benchmarks/pages_bench.py --rounds 9 --entries 100000 --held 5000
    python benchmarks/pages_bench.py --store postgresql+psycopg://user@host/empty-database

The pages are served by uvicorn on loopback and asked by one client: somebody who sees everything, then somebody who
sees one directorate. The median and the worst of some rounds are printed, and the CPU time that this process spent for
each (not a server's): on a busy machine only the latter means much.
"""

import argparse
import random
import socket
import statistics
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import httpx
import uvicorn
from sqlalchemy import insert

from addin_backend.admin.application import application_of
from addin_backend.admin.desk import Desk
from addin_backend.admin.roles import ROLES
from addin_backend.site import Site, open_site
from milter import log
from milter.store import accounts, contents, doors, ids, quarantine, register, weekly
from milter.store.quarantine import ToHold, waiting_for
from milter.store.register import Entry
from milter.store.schema import judged, judged_reasons
from milter.store.scope import text_of
from milter.store.transaction import Transaction

COUNCIL = "Borchester Borough Council"
NAMES = ("Jo Marsh", "Lynda Snell", "Jim Lloyd", "Ruth Archer", "Ed Grundy", "Kate Aldridge", "Amir Khan")
SCHOOLS = tuple(f"School {number}" for number in range(80))
WORDS = ("Transition plan", "Annual review", "Care plan", "Transport", "Referral", "Free school meals")
DIRECTORATES = ("Children", "Children", "Adults", "Housing", "Legal", *("",) * 5)  # half of all is not known
PART = "Housing"  # a tenth of all
REASONS = ("unapproved-domain", "look-alike-domain", "could-not-be-read", "locked-attachment")
STEP = 5_000
SPAN_MINUTES = 12 * 7 * 24 * 60  # that judged messages are spread over
PATHS = (
    ("start page", "/"),
    ("held messages", "/quarantine"),
    ("held: one reason", "/quarantine?reason=look-alike-domain"),
    ("held: an address", "/quarantine?q=school77"),
    ("held: all states", "/quarantine?state=all"),
    ("register", "/register"),
    ("register: common word", "/register?q=school"),
    ("register: rare word", "/register?q=zephaniah"),
    ("register: absent word", "/register?q=nobodyatall"),
    ("register: dates", "/register?since=2026-03-01&until=2026-03-02"),
    ("register: gaps", "/register?gaps=yes"),
    ("register: far page", "/register?after={far}"),
    ("due", "/due"),
    ("reports", "/reports"),
    ("reports: a year", "/reports?weeks=52"),
    ("one held message", "/quarantine/{held}"),
    ("one record", "/register/{entry}"),
)


def entries(count: int, now: object, dice: random.Random) -> list[Entry]:
    """Make register entries of the last two years."""
    made = []
    for number in range(count):
        school = dice.choice(SCHOOLS)
        name = "Zephaniah Quill" if number % 9_999 == 0 else dice.choice(NAMES)
        made.append(
            Entry(
                id=ids.reference(),
                at=now - timedelta(minutes=10 * number),  # type: ignore[operator]
                channel=dice.choice(("email", "email", "email", "telephone", "post")),
                sender=f"officer{number % 400}@borchester.gov.uk",
                sender_name=dice.choice(NAMES),
                sender_organisation=COUNCIL,
                directorate=dice.choice(DIRECTORATES),
                recipient=f"office@{school.lower().replace(' ', '')}.sch.uk",
                recipient_name=name,
                recipient_job_title="SENCO" if number % 3 else "",
                recipient_organisation=school,
                recipient_telephone="0118 496 0150",
                purpose=dice.choice(WORDS),
                information=("health", "child"),
                way="e-mail, documents encrypted, password apart",
                status=dice.choice(("protected", "sent", "released")),
            )
        )
    return made


def hold(tx: Transaction, number: int, dice: random.Random, directorate: str) -> str:
    """Hold one message."""
    raw = b"Subject: Care plan\r\n\r\nNHS number 943 476 5919\r\n"
    recipients = (f"office@school{number % 80}.sch.uk", f"head{number}@valley.example")
    message = ToHold(
        id=ids.reference(),
        judged_id=ids.reference(),
        sender=f"officer{number % 400}@borchester.gov.uk",
        organisation=COUNCIL,
        directorate=directorate,
        grade=dice.choice(("high", "medium", "low")),
        categories=("health",),
        envelope={"sender": "", "recipients": []},
        summary={"subject": "Care plan", "from": [], "parts": [], "findings": [], "reasons": []},
        recipients=tuple(waiting_for(one, reasons=(dice.choice(REASONS),)) for one in recipients),
        expires_at=tx.now + timedelta(days=dice.randint(1, 14)),
    )
    quarantine.hold(tx, message, contents.seal_content(tx.vault, raw))
    return message.id


def judge(tx: Transaction, count: int, dice: random.Random) -> None:
    """Record judged messages of the last twelve weeks, with a reason each."""
    rows, reasons = [], []
    for number in range(count):
        row = {
            "id": ids.reference(),
            "at": tx.now - timedelta(minutes=SPAN_MINUTES * number / count),
            "node": "",
            "queue_id": "",
        }
        row |= {
            "message_id_digest": "",
            "sender": "",
            "organisation": COUNCIL,
            "directorate": dice.choice(DIRECTORATES),
            "policy": "x",
            "grade": "high",
        }
        row |= {"categories": ("health",), "size_bytes": 1_000, "recipients": 1, "spent_ms": 5}
        row["action"] = dice.choice(("PASS", "PASS", "PASS", "PROTECT", "HOLD", "REFUSE"))
        rows.append(row)
        reason = {"judged_id": row["id"], "code": dice.choice(REASONS), "enforced": True, "recipients": 1}
        reasons.append(reason | {"action": row["action"], "at": row["at"]})
    tx.execute(insert(judged), rows)
    tx.execute(insert(judged_reasons), reasons)


def fill(site: Site, entry_count: int, held_count: int) -> dict[str, str]:
    """Fill the store; give what stands for the places in the paths."""
    dice = random.Random(6)
    made = entries(entry_count, site.clock(), dice)
    for start in range(0, len(made), STEP):
        with site.store.transaction() as tx:
            register.add(tx, made[start : start + STEP])
            judge(tx, STEP, dice)
    held_id = first = ""
    for start in range(0, held_count, 500):
        with site.store.transaction() as tx:
            for number in range(start, min(start + 500, held_count)):
                held_id = hold(tx, number, dice, dice.choice(DIRECTORATES) if held_id else PART)
                first = first or held_id
    theirs = [entry for entry in made if entry.directorate == PART]
    far = theirs[len(theirs) * 3 // 4]
    place = f"{int(far.at.timestamp() * 1_000_000)}.{far.id}"
    return {"held": first, "entry": theirs[len(theirs) // 2].id, "far": place}


def count_weeks(site: Site) -> None:
    """Count finished weeks, as the gateway does."""
    while True:
        with site.store.read() as tx:
            week = weekly.finished(tx)
            counts = weekly.count(tx, week) if week else []
        if week is None:
            return
        with site.store.transaction() as tx:
            weekly.keep(tx, week, counts)


def session(site: Site, *scope: str) -> str:
    """Sign somebody in who has every role."""
    token = ids.token()
    with site.store.transaction() as tx:
        roles = tuple(role.name for role in ROLES)
        email = f"bench{len(scope)}@borchester.gov.uk"
        account = accounts.add(tx, "Bench", email, "bench", roles=roles, scope=scope)
        doors.begin_session(tx, account.id, token, tx.now + timedelta(hours=8))
    return token


def main() -> None:
    """Fill, serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--held", type=int, default=5_000)
    parser.add_argument("--store", default="", help="address of an empty database; an SQLite file without it")
    parser.add_argument("--uncounted", action="store_true", help="before the gateway counted finished weeks")
    given = parser.parse_args()
    log.configure("warning")
    with tempfile.TemporaryDirectory(prefix="sealgate-bench-") as name:
        folder = Path(name)
        url = given.store or f"sqlite:///{folder}/bench.db"
        settings = f'[store]\nurl = "{url}"\nkey-file = "{folder}/bench.key"\n'
        (folder / "sealgate.toml").write_text(settings, encoding="utf-8")
        for file in ("policy.toml", "partners.toml", "personal-domains.txt"):
            (folder / file).write_bytes((Path("config") / file).read_bytes())
        site = open_site(folder, "admin")
        began = time.monotonic()
        places = fill(site, given.entries, given.held)
        print(
            f"filled {given.entries:,} records and {given.held:,} held messages in {time.monotonic() - began:.0f} s"
        )
        if not given.uncounted:
            count_weeks(site)
        ask(site, places, given.rounds)
        site.store.close()


def ask(site: Site, places: dict[str, str], rounds: int) -> None:
    """Ask each page some times, and print the time to the first byte."""
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application_of(Desk(site)), log_config=None, lifespan="off", log_level="error")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    for who, scope in (("everything", ()), ("one directorate", (text_of(COUNCIL, PART),))):
        cookies = {"sealgate": session(site, *scope)}
        print(f"{who:<24}{'median ms':>10}{'worst ms':>10}{'CPU ms':>8}{'kB':>6}")
        with httpx.Client(
            base_url=f"http://127.0.0.1:{door.getsockname()[1]}", cookies=cookies, timeout=120
        ) as client:
            for title, path in PATHS:
                measure(client, title, path.format(**places), rounds)
    server.should_exit = True
    thread.join(10)


def measure(client: httpx.Client, title: str, path: str, rounds: int) -> None:
    """Ask one page and print a line; the first asking, which compiles its template, is not counted."""
    client.get(path).raise_for_status()
    times, size = [], 0
    spent = time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        with client.stream("GET", path) as answer:
            answer.raise_for_status()
            times.append(1_000 * (time.perf_counter() - began))
            size = len(answer.read())
    cpu = 1_000 * (time.process_time() - spent) / rounds
    print(f"{title:<24}{statistics.median(times):>10.0f}{max(times):>10.0f}{cpu:>8.0f}{size / 1024:>6.0f}")


if __name__ == "__main__":
    main()
