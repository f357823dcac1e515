"""`doctor`: looks over an installation and says what to mend; changes nothing and sends no mail."""

import argparse
import asyncio
import email.utils
import importlib.util
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from milter.assess.known import Known, load
from milter.attachments import ocr
from milter.cli.doctor_directory import look_at_directory
from milter.cli.doctor_dns import look_at_dns
from milter.cli.finding import Finding, State
from milter.cli.words import plural
from milter.errors import ConfigurationError, SealgateError, StoreError
from milter.relay.client import NextHopClient
from milter.sandbox import Sandbox
from milter.settings import NextHop
from milter.store import outbox
from milter.store.backlog import backlog
from milter.store.engine import open_store

MARKS: dict[State, str] = {"ok": "ok  ", "look": "look", "mend": "MEND"}
MEASURES = ("limits", "privileges", "namespaces", "landlock", "seccomp")
PIP = "in the folder that Sealgate was installed from: /opt/sealgate/bin/pip install"
EXTRAS = (
    (
        ocr.installed,
        "pictures are read (OCR)",
        "pictures count as picture-not-read, which the shipped policy lets pass",
        f"Install Debian's tesseract-ocr-eng, and {PIP} '.[ocr]'",
    ),
    (
        lambda: importlib.util.find_spec("py7zr") is not None,
        "7-Zip archives are read",
        "they count as could-not-be-read, which the shipped policy holds",
        f"Do this {PIP} '.[sevenzip]'",
    ),
)
LOW_SPACE = 2 * 1024**3  # octets
SOON_DAYS = 21
SECONDS = 5.0


def doctor(arguments: argparse.Namespace) -> int:
    """Carry out `sealgate doctor`: exit code 1 where something is to be mended, 2 where nothing could be read."""
    try:
        known = load(arguments.config)
    except ConfigurationError as error:
        sys.stdout.write("\n".join(f"MEND  {problem}" for problem in error.problems) + "\n")
        return 2
    worst = 0
    for name, look in CHECKS:
        for finding in look(known):
            sys.stdout.write(f"{MARKS[finding.state]}  {name}: {finding.words}\n")
            if finding.cure:
                sys.stdout.write(f"      {finding.cure}\n")
            sys.stdout.flush()
            worst = max(worst, finding.state == "mend")
    sys.stdout.write("There is something to mend.\n" if worst else "Nothing needs mending.\n")
    return int(worst)


def _interpreter(_known: Known) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if not getattr(email.utils, "supports_strict_parsing", False):
        yield Finding(
            "look", f"Python {version} lacks later security fixes", "Install its newest patch level."
        )
    else:
        yield Finding("ok", f"Python {version}")
    for is_there, words, effect, cure in EXTRAS:
        if is_there():
            yield Finding("ok", words)
        else:
            yield Finding("look", f"not so that {words}: {effect}", cure)


def _policy(known: Known) -> Iterator[Finding]:
    policy = known.policy
    own = ", ".join(partner.name for partner in policy.own)
    yield Finding("ok", f"right; policy {policy.hash}; own organisations: {own}")
    if policy.mode == "monitor":
        yield Finding(
            "look", "monitor mode: everything passes, and is recorded", 'Set mode = "enforce" when ready.'
        )
    for name in ("telephone", "help_address", "governance_address"):
        if not getattr(known.settings.contact, name):
            setting = f"contact.{name.replace('_', '-')}"
            yield Finding(
                "look", f"{setting} is empty, so notices can't name it (P4)", "Set it in sealgate.toml."
            )


def _key_file(known: Known) -> Iterator[Finding]:
    file = Path(known.settings.store.key_file)
    if not file.exists():
        yield Finding("look", f"{file} is not there yet", "The first start makes it. Back it up apart.")
    elif file.stat().st_mode & 0o077:
        yield Finding("mend", f"others may read {file}", f"chmod 600 {file}")
    else:
        yield Finding("ok", f"{file}, for its owner only. Is a copy kept apart?")


def _store(known: Known) -> Iterator[Finding]:
    settings = known.settings.store
    if not Path(settings.key_file).exists():
        yield Finding("look", "not looked at before the first start")
        return
    try:
        store = open_store(settings.url, Path(settings.key_file), node="doctor")
    except StoreError as error:
        yield Finding("mend", str(error))
        return
    try:
        with store.read() as tx:
            waits = backlog(tx)
            failed = outbox.waiting(tx, state="failed", limit=10)
    finally:
        store.close()
    yield Finding(
        "ok", f"answers; {plural(waits.held, 'message')} held, {plural(waits.owed, 'message')} to be sent"
    )
    if waits.owed_late > 900:
        yield Finding(
            "mend", f"mail to be sent is {waits.owed_late / 60:.0f} minutes late", "Is the gateway running?"
        )
    for item in failed:
        yield Finding("mend", f"a {item.kind} about {item.subject} could not be sent ({item.error})")


def _space(known: Known) -> Iterator[Finding]:
    url = make_url(known.settings.store.url)
    if url.get_backend_name() != "sqlite":
        return
    place = Path(str(url.database)).parent
    free = shutil.disk_usage(place if place.exists() else place.parent).free
    words = f"{free / 1024**3:.1f} GiB free for the store"
    yield (
        Finding("ok", words)
        if free > LOW_SPACE
        else Finding("mend", words, "A full disk stops mail: make room.")
    )


def _next_hop(known: Known) -> Iterator[Finding]:
    yield from _greeted(known, known.settings.next_hop)


def _secure_next_hop(known: Known) -> Iterator[Finding]:
    if known.settings.secure_next_hop is None:
        yield Finding(
            "look",
            "there is none, so nothing counts as a verified way",
            "See deploy/postfix/verified-tls.master.cf.",
        )
    else:
        yield from _greeted(known, known.settings.secure_next_hop)


def _greeted(known: Known, hop: NextHop) -> Iterator[Finding]:
    where = f"{hop.host}:{hop.port}"

    async def greet() -> tuple[bool, object]:
        client = NextHopClient(
            replace(hop, connect_seconds=SECONDS, reply_seconds=SECONDS), known.settings.smtp.hostname
        )
        try:
            return await client.probe(), client.capabilities()
        finally:
            await client.close()

    reached, offers = asyncio.run(greet())
    if not reached:
        yield Finding(
            "mend", f"{where} does not answer as a mail server", "Start it, or correct the address."
        )
        return
    lacking = [
        words
        for name, words in (("eight_bit", "8BITMIME"), ("smtputf8", "SMTPUTF8"), ("dsn", "DSN"))
        if not getattr(offers, name)
    ]
    yield Finding("ok", f"{where} answers")
    if lacking:
        yield Finding("look", f"{where} lacks {', '.join(lacking)}, so Sealgate does not offer it either")


def _gateway(known: Known) -> Iterator[Finding]:
    for listen in known.settings.smtp.listen:
        host, _, port = listen.rpartition(":")
        hop = NextHop(host=host.strip("[]") or "127.0.0.1", port=int(port))
        for finding in _greeted(known, hop):
            cure = "Start it: systemctl start sealgate" if finding.state == "mend" else ""
            yield replace(finding, cure=cure)


def _children(known: Known) -> Iterator[Finding]:
    async def measures() -> tuple[str, ...]:
        sandbox = Sandbox("milter.assess.child", {"folder": None}, size=1, limits=known.settings.read)
        try:
            await sandbox.start()
            return sandbox.measures()
        finally:
            await sandbox.close()

    try:
        found = asyncio.run(measures())
    except SealgateError as error:
        yield Finding("mend", f"children that read documents can't be started: {error}")
        return
    missing = [name for name in MEASURES if name not in found]
    yield Finding("ok", f"children are confined by {', '.join(found)}")
    if missing:
        yield Finding(
            "look",
            f"not by {', '.join(missing)}",
            "A newer kernel, or a container that allows it, adds that.",
        )


def _directory(known: Known) -> Iterator[Finding]:
    if known.settings.directory.kind == "none":
        words = "there is none: the register lacks names, job titles and telephone numbers (R1)"
        yield Finding("look", words, "Set [directory] in sealgate.toml; docs/directory.md explains.")
    for well, words, cure in look_at_directory(known.settings):
        yield Finding("ok" if well else "mend", words, cure)


def _dns(known: Known) -> Iterator[Finding]:
    yield from look_at_dns(known.settings.dns)


def _certificate(known: Known) -> Iterator[Finding]:
    file = known.settings.smtp.tls_certificate
    if not file:
        return
    try:
        left = _days_left(file)
    except (OSError, ValueError, ssl.SSLError):
        yield Finding("mend", f"{file} can't be read as a certificate")
        return
    words = f"{file} holds for {left} days more"
    yield Finding("ok", words) if left > SOON_DAYS else Finding("mend", words, "Renew it.")


def _days_left(file: str) -> int:
    from cryptography.x509 import load_pem_x509_certificate

    until = load_pem_x509_certificate(Path(file).read_bytes()).not_valid_after_utc
    return (until - datetime.now(UTC)).days


def _postfix(_known: Known) -> Iterator[Finding]:
    program = shutil.which("postconf") or shutil.which("postconf", path="/usr/sbin")
    if program is None:
        return
    asked = subprocess.run(  # noqa: S603 - a fixed program, no shell
        [program, "-h", "smtpd_forbid_bare_newline"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if asked.stdout.strip() not in {"reject", "normalize"}:
        cure = "postconf -e smtpd_forbid_bare_newline=reject smtpd_forbid_bare_newline_exclusions="
        yield Finding("mend", "Postfix here takes a bare LF, so mail can be smuggled through it", cure)
    else:
        yield Finding("ok", "refuses a bare LF (no SMTP smuggling)")


CHECKS: tuple[tuple[str, Callable[[Known], Iterator[Finding]]], ...] = (
    ("program", _interpreter),
    ("configuration", _policy),
    ("key file", _key_file),
    ("store", _store),
    ("disk", _space),
    ("next hop", _next_hop),
    ("secure next hop", _secure_next_hop),
    ("gateway", _gateway),
    ("children", _children),
    ("DNS", _dns),
    ("directory", _directory),
    ("certificate", _certificate),
    ("Postfix", _postfix),
)
