"""Loading who is known: own organisations, partners, and the list of consumer mail services.

`partners.toml` holds `[[organisation]]` (own) and `[[partner]]`; every `partners-*.toml` beside it, such as
an import makes, holds more partners. A domain belongs to one of them only.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from milter.configuration import Document, Key, fill, impossible, open_document, unknown
from milter.errors import Problem
from milter.policy.domains import PROTECTED, SUFFIXES, normalise
from milter.policy.model import DEMANDS, KINDS, Directorate, Partner

# RFC 1123 2.1: letters, digits and hyphens inside; underscores stand in names that real mail uses.
DOMAIN = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
MAX_DOMAIN = 253
LONGEST_NAME = 100
PASSWORD_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
TOO_WIDE = tuple(suffix.removeprefix(".") for suffix in SUFFIXES if suffix not in PROTECTED)
NOT_OWN = ("own", "personal", "retired", "unknown")
PARTNER_ONLY = {"route": "", "may_have": (), "password": "", "successor": ""}
OWN_ONLY = ("names", "addresses", "postcodes", "telephones", "directorates")
NOT_PARTNER = ("own", "unknown")


def load_partners(
    folder: Path, leave_out: Path | None = None
) -> tuple[tuple[Partner, ...], frozenset[str], list[Problem]]:
    """Give the partners in the files' order, the consumer domains, and every mistake."""
    partners: list[Partner] = []
    seen: dict[str, str] = {}
    problems: list[Problem] = []
    for file in (folder / "partners.toml", *sorted(folder.glob("partners-*.toml"))):
        if file == leave_out:
            continue
        document = open_document(file)
        partners += _partners(document, seen)
        if file.name == "partners.toml" and document.table and not any(partner.own for partner in partners):
            cause = "there is no own organisation, so every sender would be refused"
            document.wrong(("organisation",), cause, "Write your organisation under [[organisation]].")
        problems += document.problems
    personal, found = _personal(folder / "personal-domains.txt", seen)
    return tuple(partners), personal, problems + found


def load_file(file: Path) -> tuple[tuple[Partner, ...], list[Problem]]:
    """Give the partners of one file, and every mistake in it."""
    document = open_document(file)
    partners = tuple(_partners(document, {}))
    return partners, document.problems


def _partners(document: Document, seen: dict[str, str]) -> list[Partner]:
    partners = []
    for name, tables in document.table.items():
        if name not in {"organisation", "partner"}:
            unknown(document, (name,), "table", ("organisation", "partner"))
        elif not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            document.wrong((name,), "it is not a list of tables", f"Write [[{name}]] in double brackets.")
        else:
            for place, table in enumerate(tables):
                partners.append(_partner(document, (name, place), table, seen, own=name == "organisation"))
    return partners


def _partner(
    document: Document, key: Key, table: dict[str, Any], seen: dict[str, str], *, own: bool
) -> Partner:
    left_out = PARTNER_ONLY if own else dict.fromkeys(OWN_ONLY, ())
    names = {} if not own else {"directorate": "directorates"}  # as [[organisation.directorate]]
    partner = fill(Partner, document, key, table, names=names, given={"own": own, **left_out})
    refused = NOT_OWN if own else NOT_PARTNER
    if partner.kind in refused:
        what = "kind of an own organisation" if own else "kind of a partner"
        possible = [kind for kind in KINDS if kind not in refused]
        impossible(document, (*key, "kind"), partner.kind, what, possible)
    if partner.route and partner.route not in DEMANDS:
        impossible(document, (*key, "route"), partner.route, "route", DEMANDS)
    if partner.password and not PASSWORD_NAME.fullmatch(partner.password):
        cause = "it is not the name of a password"  # it may be the password itself, so it is not repeated
        cure = "Write a name of small letters, digits and hyphens, and set it by `sealgate partners password NAME`."
        document.wrong((*key, "password"), cause, cure)
    if not partner.name.strip() and "name" in table:
        document.wrong((*key, "name"), "it is empty", "Write the organisation's name.")
    if not table.get("domains"):
        document.wrong((*key, "domains"), "it has no domain", 'Write domains = ["example.gov.uk"].')
    domains = tuple(normalise(domain) for domain in partner.domains)
    for place, domain in enumerate(domains):
        _check_domain(document, (*key, "domains", place), domain, seen, partner.name)
    _check_directorates(document, (*key, "directorate"), partner.directorates)
    return replace(partner, domains=domains)


def _check_directorates(document: Document, key: Key, directorates: tuple[Directorate, ...]) -> None:
    """A name stands for a directorate in scopes and records, so it must be one, and fit on a line."""
    for place, one in enumerate(directorates):
        if (
            one.name.strip() != one.name
            or not 0 < len(one.name) <= LONGEST_NAME
            or not one.name.isprintable()
        ):
            cause = "it is no name of a directorate"
            document.wrong((*key, place, "name"), cause, f"Write 1 to {LONGEST_NAME} letters on one line.")
        elif one.name in {other.name for other in directorates[:place]}:
            cause = f"'{one.name}' is there twice"
            document.wrong(
                (*key, place, "name"), cause, "Put both into one, or give them names of their own."
            )
        for number, pattern in enumerate(one.senders):
            if "@" not in pattern:
                cause = f"{pattern[:80]!r} is no address"
                cure = "Write an address, or a pattern such as *.csc@example.gov.uk."
                document.wrong((*key, place, "senders", number), cause, cure)


def _check_domain(document: Document, key: Key, domain: str, seen: dict[str, str], name: str) -> None:
    if not DOMAIN.fullmatch(domain) or len(domain) > MAX_DOMAIN:
        cause = f"{domain[:80]!r} is no domain name"
        document.wrong(key, cause, "Write it like example.gov.uk, or *.example.gov.uk for all below it.")
    elif domain.removeprefix("*.") in TOO_WIDE:
        cause = f"'{domain}' would take in names that anyone can register"
        document.wrong(key, cause, "Name the organisations' own domains.")
    elif domain in seen:
        document.wrong(key, f"'{domain}' belongs to {seen[domain]} already", "Take it out of one of them.")
    seen.setdefault(domain, f"'{name}'")


def _personal(file: Path, seen: dict[str, str]) -> tuple[frozenset[str], list[Problem]]:
    """Read one domain a line; what stands behind '#' is a remark."""
    document = Document(file)
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        document.wrong((), "there is no such file", "Copy the shipped one into the folder.")
        return frozenset(), document.problems
    except (OSError, UnicodeDecodeError):
        document.wrong((), "it can't be read", "Save it as UTF-8, readable by the service's account.")
        return frozenset(), document.problems
    domains = set()
    for number, line in enumerate(lines, 1):
        domain = normalise(line.partition("#")[0].strip())
        if not domain:
            continue
        document.lines[(domain,)] = number
        if domain.startswith("*") or not DOMAIN.fullmatch(domain):
            cure = "Write one domain a line, like hotmail.com; those below it are meant as well."
            document.wrong((domain,), f"{domain[:80]!r} is no domain name", cure)
        elif domain in seen:
            cause = f"it is listed as a consumer mail service and belongs to {seen[domain]}"
            document.wrong((domain,), cause, "Take it out of one of them.")
        domains.add(domain)
    return frozenset(domains), document.problems
