"""Partners from published lists: schools from the GIAS register, accredited NHS domains. Text to values.

An import never touches what was written by hand: it makes a file of its own, `partners-schools.toml` or
`partners-nhs.toml`, and the difference to the one before is shown first. What can't be used is listed with
its reason instead of being guessed at.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from milter.policy.domains import normalise
from milter.policy.load_partners import DOMAIN, TOO_WIDE
from milter.policy.model import Kind, Partner

MAX_ROWS = 100_000
MAX_NAMES = 3  # of schools that share a domain
# Where many organisations have pages: their name there is not where their mail goes.
SHARED = (
    "facebook.com",
    "google.com",
    "sites.google.com",
    "wordpress.com",
    "wixsite.com",
    "weebly.com",
    "blogspot.com",
    "primarysite.net",
    "schooljotter.com",
    "schooljotter2.com",
    "eschools.co.uk",
    "gov.uk",
)
CLOSED = "closed"
NAME_COLUMNS = ("organisation", "organisation name", "name")
DOMAIN_COLUMNS = ("domain", "email domain", "domains", "e-mail domain")


class NoSuchColumnError(ValueError):
    """The list lacks a column that it must have; the message names it and those that there are."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a list gave, and each row that it could not, in words."""

    partners: tuple[Partner, ...]
    skipped: tuple[str, ...]


def decode(content: bytes) -> str:
    """Give the text of a published CSV: UTF-8, or Windows-1252 as the register's own is."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def import_schools(text: str, taken: Iterable[str] = ()) -> Imported:
    """Read the register's columns: EstablishmentName, SchoolWebsite, TelephoneNum, LA (name), status.

    `taken` are domains written by hand, which stay as they are. Raises NoSuchColumnError.
    """
    rows = _rows(text, (("establishmentname",), ("schoolwebsite", "website")))
    found: dict[str, list[Mapping[str, str]]] = {}
    skipped: list[str] = []
    not_free = frozenset(taken)
    for number, row in rows:
        name = row["establishmentname"]
        if CLOSED in row.get("establishmentstatus (name)", "").casefold().split():
            continue
        domain = _website_domain(row.get("schoolwebsite") or row.get("website", ""))
        why = _unusable(domain, not_free)
        if why:
            skipped.append(f"row {number}, {name}: {why}")
        else:
            found.setdefault(domain, []).append(row)
    return Imported(tuple(_school(domain, here) for domain, here in sorted(found.items())), tuple(skipped))


def import_nhs(text: str, taken: Iterable[str] = ()) -> Imported:
    """Read a list of accredited organisations and their domains, one or several a row.

    `taken` and the error are as in `import_schools`.
    """
    rows = _rows(text, (NAME_COLUMNS, DOMAIN_COLUMNS))
    found: dict[str, list[str]] = {}
    owners: dict[str, str] = {}
    skipped: list[str] = []
    not_free = frozenset(taken)
    for number, row in rows:
        name = _first(row, NAME_COLUMNS)
        for word in _first(row, DOMAIN_COLUMNS).replace(";", " ").replace(",", " ").split():
            domain = normalise(word.rpartition("@")[2])
            why = _unusable(domain, not_free)
            if not why and owners.setdefault(domain, name) != name:
                why = f"{domain} belongs to {owners[domain]} already"
            if why:
                skipped.append(f"row {number}, {name}: {why}")
            else:
                found.setdefault(name, []).append(domain)
    partners = tuple(_partner(name, "nhs", tuple(dict.fromkeys(found[name]))) for name in sorted(found))
    return Imported(partners, tuple(skipped))


def difference(before: Iterable[Partner], after: Iterable[Partner]) -> tuple[str, ...]:
    """Give what an import would change, a line each: '+' new, '-' gone, '~' changed."""
    old = {partner.domains: partner for partner in before}
    new = {partner.domains: partner for partner in after}
    lines = []
    for domains in sorted(old.keys() | new.keys()):
        was, is_now = old.get(domains), new.get(domains)
        if was == is_now:
            continue
        sign = "+" if was is None else "-" if is_now is None else "~"
        partner = is_now or was
        assert partner is not None
        telephone = f", {partner.telephone}" if partner.telephone else ""
        lines.append(f"{sign} {partner.name}: {', '.join(domains)}{telephone}")
    return tuple(lines)


def as_toml(partners: Iterable[Partner], source: str) -> str:
    """Write partners as a file that `load_policy` reads; `source` says where they come from."""
    lines = [f"# Made from {' '.join(source.split())}. The next import replaces this file."]
    for partner in partners:
        lines += ["", "[[partner]]", f"name = {_quoted(partner.name)}", f"kind = {_quoted(partner.kind)}"]
        lines.append(f"domains = [{', '.join(_quoted(domain) for domain in partner.domains)}]")
        for name in ("telephone", "note"):
            if getattr(partner, name):
                lines.append(f"{name} = {_quoted(getattr(partner, name))}")
    return "\n".join(lines) + "\n"


def _rows(text: str, needed: tuple[tuple[str, ...], ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each row by its column's name in lower case, with its line in the list."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=False)
    columns = [" ".join(name.split()).casefold() for name in next(reader, [])]
    for names in needed:
        if not set(names) & set(columns):
            words = f"there is no column '{names[0]}'; there are: {', '.join(columns)[:300]}"
            raise NoSuchColumnError(words)
    return _numbered(reader, columns)


def _numbered(reader: Iterable[list[str]], columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, values in enumerate(reader, 2):
        if number > MAX_ROWS:
            break
        if any(values):
            cleaned = (
                " ".join("".join(c if c.isprintable() else " " for c in value).split()) for value in values
            )
            yield number, dict(zip(columns, cleaned, strict=False))


def _website_domain(website: str) -> str:
    """Give the domain that a school's website suggests: 'www.' and whatever is behind the host gone."""
    address = website if "//" in website else f"//{website}"
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return normalise(host).removeprefix("www.")


def _unusable(domain: str, taken: frozenset[str]) -> str:
    if not domain:
        return "it names no domain"
    if not DOMAIN.fullmatch(domain) or domain.startswith("*"):
        return f"{domain[:80]!r} is no domain name"
    if (
        domain in TOO_WIDE
        or domain in SHARED
        or domain.endswith(tuple(f".{shared}" for shared in SHARED[:-1]))
    ):
        return f"{domain} is shared by many"
    return f"{domain} is written by hand already" if domain in taken else ""


def _school(domain: str, rows: list[Mapping[str, str]]) -> Partner:
    names = list(dict.fromkeys(row["establishmentname"] for row in rows))
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    authorities = dict.fromkeys(row.get("la (name)", "") for row in rows)
    telephone = _telephone(rows[0].get("telephonenum", "")) if len(names) == 1 else ""
    note = "; ".join(authority for authority in authorities if authority)
    return _partner("; ".join(names[:MAX_NAMES]) + more, "school", (domain,), telephone, note)


def _telephone(number: str) -> str:
    """Give back the leading 0 that the register's numbers lose."""
    return f"0{number}" if number.isdigit() and len(number) in {9, 10} and number[0] != "0" else number


def _partner(name: str, kind: Kind, domains: tuple[str, ...], telephone: str = "", note: str = "") -> Partner:
    return Partner(name, kind, domains, telephone=telephone, note=note)


def _first(row: Mapping[str, str], columns: tuple[str, ...]) -> str:
    return next((row[column] for column in columns if row.get(column)), "")


def _quoted(text: str) -> str:
    """Write a TOML basic string, whose escapes are JSON's but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
