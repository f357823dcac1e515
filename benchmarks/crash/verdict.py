"""The verdict on a run: what became of every recipient of every message, judged by what arrived and by the store."""

import io
import re
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.crash import hop
from benchmarks.crash.messages import HOLD, PASS, PROTECT, REFUSE, Numbered, canary, number_of
from benchmarks.crash.people import People, decision, never_confirms
from milter.store.engine import Store
from milter.store.schema import held_recipients, progress, shares

_PASSWORD = re.compile(r"^    ([A-Za-z0-9-]{8,}(?: [A-Za-z0-9-]+)*)\s*$", re.MULTILINE)
_REFERENCE = re.compile(r"\((SG-[0-9A-Z-]{14})\)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures of a run. The lists must be empty; they name what went wrong, at most so many of each."""

    messages: int = 0
    recipients: int = 0
    ended: dict[str, int] = field(default_factory=dict)  # delivered, held, refused
    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    duplicates: dict[str, int] = field(default_factory=dict)  # copies beyond the first, by kind of mail
    held_instead: int = 0  # a reading process was killed: closed when unsure (law 7)
    passwords: int = 0
    opened: int = 0  # protected copies that the mailed password was seen to open
    confirmed: int = 0
    dead_links: int = 0
    twice_refused: int = 0
    trail_rows: int = 0
    lost: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # an end that the rules do not allow
    password_faults: list[str] = field(default_factory=list)  # twice, too early, never, or opening nothing
    trail_broken: list[str] = field(default_factory=list)
    unclean_stops: int = 0
    unknown_commits: list[str] = field(default_factory=list)
    points_missed: list[str] = field(default_factory=list)

    def also(self, **more: Any) -> "Verdict":
        """Give the same with more said."""
        return replace(self, **more)

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        named = {
            "lost": self.lost,
            "in clear": self.in_clear,
            "wrong end": self.wrong,
            "password": self.password_faults,
            "audit trail": self.trail_broken,
            "commit that is not in the list": self.unknown_commits,
            "point not hit": self.points_missed,
        }
        faults = [f"{name}: {one}" for name, ones in named.items() for one in ones]
        return faults + ["a node did not stop cleanly"] * self.unclean_stops


@dataclass(slots=True)
class _Evidence:
    copies: dict[str, list[hop.Arrived]]  # by recipient of a message
    passwords: dict[str, list[hop.Arrived]]
    notices: dict[str, list[hop.Arrived]]  # by sender of a message
    replies: int
    outcome: dict[str, str]  # what the store says
    held: dict[str, str]  # state in quarantine


def draw(
    mail: list[Numbered], arrivals: Path, store: Store, people: People, kills: dict[str, int], seconds: float
) -> Verdict:
    """Judge a run that has settled."""
    seen = _gather(arrivals, store)
    verdict = Verdict(
        messages=len(mail),
        recipients=sum(len(one.fates) for one in mail),
        kills=kills,
        seconds=seconds,
        passwords=sum(map(len, seen.passwords.values())),
        confirmed=len(people.confirmed_at),
        dead_links=people.dead_links,
        twice_refused=people.twice_refused,
    )
    ended: Counter[str] = Counter()
    held_instead = 0
    for one in mail:
        for address, fate in one.fates.items():
            end = _end(one, address, seen)
            ended[end] += 1
            held_instead += end == "held" and fate != HOLD
            _judge(one, address, fate, end, seen, verdict)
    opened = sum(
        _judge_password(one, address, seen, people, store, verdict) for one in mail for address in one.fates
    )
    _look_for_leaks_in_notices(seen, verdict)
    trail = store.verify()
    verdict.trail_broken.extend(str(broken) for broken in trail.broken)
    return verdict.also(
        ended=dict(ended),
        held_instead=held_instead,
        opened=opened,
        duplicates=_duplicates(seen),
        trail_rows=trail.rows,
    )


def _gather(arrivals: Path, store: Store) -> _Evidence:
    seen = _Evidence(defaultdict(list), defaultdict(list), defaultdict(list), 0, {}, {})
    for arrived in hop.read(arrivals)[0]:
        for address in arrived.recipients:
            _sort(seen, address, arrived)
    with store.read() as tx:
        query = select(progress.c.recipient, progress.c.outcome)
        seen.outcome.update({row.recipient: row.outcome for row in tx.execute(query)})
        states = select(held_recipients.c.recipient, held_recipients.c.state)
        seen.held.update({row.recipient: row.state for row in tx.execute(states)})
    return seen


def _sort(seen: _Evidence, address: str, arrived: hop.Arrived) -> None:
    if number_of(address) is None:
        return
    if address.startswith("r"):
        is_password = b"\r\nSubject: The password" in arrived.raw
        (seen.passwords if is_password else seen.copies)[address].append(arrived)
    elif b"Thank you, all here." in arrived.raw:
        seen.replies += 1
    else:
        seen.notices[address].append(arrived)


def _end(one: Numbered, address: str, seen: _Evidence) -> str:
    """What became of a recipient, by evidence first: the store's word alone delivers nothing."""
    if address in seen.held:
        return "held"
    if seen.copies[address]:
        return "delivered"
    if seen.notices[one.sender] and seen.outcome.get(address, "refused") == "refused":
        return "refused"
    return "lost"


def _judge(one: Numbered, address: str, fate: str, end: str, seen: _Evidence, verdict: Verdict) -> None:
    if end == "lost":
        verdict.lost.append(f"{address} ({one.kind}); the store says {seen.outcome.get(address)}")
    allowed = {PASS: "delivered", PROTECT: "delivered", HOLD: "held", REFUSE: "refused"}[fate]
    if end not in {allowed, "held", "lost"}:
        verdict.wrong.append(f"{address} ({one.kind}) is {end}, not {allowed}")
    if end == "held":
        _judge_held(one, address, seen, verdict)
    elif fate != PASS and any(canary(one.number) in _all_text(copy.raw) for copy in seen.copies[address]):
        verdict.in_clear.append(f"{address} ({one.kind})")


def _judge_held(one: Numbered, address: str, seen: _Evidence, verdict: Verdict) -> None:
    wanted = {"release": "released", "refuse": "refused", "": "held"}[decision(one.number)]
    if seen.held[address] != wanted:
        verdict.wrong.append(f"{address} ({one.kind}) is {seen.held[address]} in quarantine, not {wanted}")
    came = bool(seen.copies[address])
    if came is not (wanted == "released"):
        verdict.wrong.append(f"{address} ({one.kind}) is {wanted}, and {'came' if came else 'did not come'}")


def _judge_password(
    one: Numbered, address: str, seen: _Evidence, people: People, store: Store, verdict: Verdict
) -> bool:
    """Judge the passwords of one recipient; tell whether one was seen to open what came."""
    passwords, copies = seen.passwords[address], seen.copies[address]
    protected = one.fates[address] == PROTECT and address not in seen.held and bool(copies)
    wanted = protected and not never_confirms(one.number)
    by_share: dict[str, set[str]] = defaultdict(set)
    for mail in passwords:
        share = _REFERENCE.search(str(message_from_bytes(mail.raw)["Subject"]).replace("\n", ""))
        name = share[1] if share else "?"
        by_share[name].add(str(message_from_bytes(mail.raw)["Message-ID"]))
        if mail.at < people.confirmed_at.get(name, float("inf")):
            verdict.password_faults.append(f"{address}: before {name} was confirmed")
    verdict.password_faults.extend(
        f"{address}: {len(ids)} password messages for {name}"
        for name, ids in by_share.items()
        if len(ids) > 1
    )
    if passwords and not wanted:
        verdict.password_faults.append(f"{address}: a password that nobody may have")
    if not wanted:
        return False
    words = {found for mail in passwords for found in _PASSWORD.findall(_all_text(mail.raw))}
    opens = any(canary(one.number) in _opened(copy.raw, word) for copy in copies for word in words)
    if not opens:
        told = _told(store, address)
        verdict.password_faults.append(
            f"{address}: confirmed, and nothing opens ({len(words)} passwords; {told})"
        )
    return opens


def _told(store: Store, address: str) -> str:
    with store.read() as tx:
        rows = tx.execute(select(shares.c.id, shares.c.state).where(shares.c.recipient == address))
        return ", ".join(f"{row.id} {row.state}" for row in rows)


def _look_for_leaks_in_notices(seen: _Evidence, verdict: Verdict) -> None:
    for address, notices in (*seen.notices.items(), *seen.passwords.items()):
        number = number_of(address)
        if number is not None and any(canary(number) in _all_text(notice.raw) for notice in notices):
            verdict.in_clear.append(f"a notice to {address}")


def _duplicates(seen: _Evidence) -> dict[str, int]:
    found: Counter[str] = Counter()
    for kind, by_address in (
        ("message", seen.copies),
        ("password", seen.passwords),
        ("notice", seen.notices),
    ):
        for mails in by_address.values():
            ids = Counter(str(message_from_bytes(mail.raw)["Message-ID"]) for mail in mails)
            found[kind] += sum(count - 1 for count in ids.values())
    return dict(found)


def _leaves(raw: bytes) -> list[bytes]:
    parts: list[Message] = [part for part in message_from_bytes(raw).walk() if not part.is_multipart()]
    return [part.get_payload(decode=True) or b"" for part in parts]  # type: ignore[misc]


def _all_text(raw: bytes) -> str:
    """All that can be read of a message without a password: raw, decoded, unpacked."""
    pieces = [raw]
    for leaf in _leaves(raw):
        pieces.append(leaf)
        if leaf.startswith(b"PK"):
            pieces += _unzipped(leaf)
    return b"\n".join(pieces).decode("utf-8", "replace")


def _unzipped(content: bytes) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [archive.read(name) for name in archive.namelist()]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return []


def _opened(raw: bytes, password: str) -> str:
    """All that a password opens of a message's documents."""
    import msoffcrypto
    import pikepdf
    import pypdfium2

    texts = []
    for leaf in _leaves(raw):
        try:
            if leaf.startswith(b"\xd0\xcf\x11\xe0"):
                out = io.BytesIO()
                office = msoffcrypto.OfficeFile(io.BytesIO(leaf))
                office.load_key(password=password)
                office.decrypt(out)
                texts += [piece.decode("utf-8", "replace") for piece in _unzipped(out.getvalue())]
            elif leaf.startswith(b"%PDF"):
                pikepdf.open(io.BytesIO(leaf), password=password).close()
                document = pypdfium2.PdfDocument(leaf, password=password)
                texts += [page.get_textpage().get_text_range() for page in document]
        except (
            msoffcrypto.exceptions.InvalidKeyError,
            msoffcrypto.exceptions.DecryptionError,
            pikepdf.PasswordError,
        ):
            continue
    return "\n".join(texts)
