"""E-mail addresses of private people: at consumer providers, or labelled as a person's own; work ones are none (N1)."""

import re

import re2

from milter.detect.context import latin_options
from milter.detect.detector import Hit
from milter.detect.lexicon import shipped
from milter.detect.page import Page
from milter.detect.signature import Zones

PATTERN = r"\b[a-z0-9._%+'\-]{1,64}(?: ?@ ?| ?\[at\] ?| ?\(at\) ?)(?:[a-z0-9\-]{1,63}(?:\.| ?\[dot\] ?| ?\(dot\) ?)){1,5}[a-z]{2,24}\b"
_EMAIL = re2.compile(PATTERN.encode("latin-1"), latin_options())
CONSUMER = frozenset(
    "gmail.com googlemail.com hotmail.com hotmail.co.uk outlook.com live.com live.co.uk msn.com yahoo.com yahoo.co.uk ymail.com"
    " rocketmail.com icloud.com me.com mac.com aol.com aol.co.uk btinternet.com btopenworld.com sky.com talktalk.net tiscali.co.uk"
    " virginmedia.com ntlworld.com blueyonder.co.uk virgin.net protonmail.com proton.me pm.me gmx.com gmx.co.uk mail.com mail.ru"
    " yandex.ru wp.pl o2.pl onet.pl interia.pl plusnet.com orange.net wanadoo.co.uk fsmail.net freeserve.co.uk uwclub.net zoho.com"
    " tutanota.com fastmail.com hey.com inbox.com lineone.net supanet.com qq.com 163.com rediffmail.com libero.it outlook.co.uk"
    " yahoo.ie eircom.net btconnect.com zen.co.uk email.com googlemail.co.uk hotmail.fr yahoo.fr hotmail.it yahoo.in yahoo.co.in"
    " talk21.com btopenworld.co.uk madasafish.com hotmail.es hotmail.de live.ie outlook.ie outlook.fr aol.fr mail.co.uk cantab.net virginmedia.co.uk ntl.com homecall.co.uk dsl.pipex.com"
    " o2.co.uk three.co.uk vodafone.net mailfence.com ukr.net seznam.cz abv.bg inbox.lv web.de gmx.de free.fr laposte.net".split()
)
# Providers known by their name under any ending: 'gmail.ie', 'outlook.pt'.
_PROVIDERS = frozenset(
    "gmail googlemail hotmail outlook live msn yahoo ymail rocketmail icloud aol btinternet btopenworld talktalk virginmedia ntlworld blueyonder"
    " protonmail proton gmx plusnet tiscali fastmail tutanota wp onet interia o2 sky zoho hushmail mailfence talk21".split()
)
_SHARED = re.compile(
    r"^(?:info|enquir|admin|office|contact|hello|mail|bookings?|sales|support|help|noreply|no-reply|donotreply|accounts?|finance|hr|jobs|recruit|team|desk|payroll|security|service|press"
    r"|media|reception|head|secretary|treasurer|chair|clerk|committee)|(?:club|fc|cc|scouts?|guides|pta|hall|church|team|society|assoc|centre|shop|garage|plumbing"
    r"|electrical|services|ltd|nursery|school|council|group|choir|events?|parish|friends|community|taxis?|cafe|salon|builders?|cleaning|desk|payroll|helpdesk|lettings|rentals)(?:\d*|\.?uk)?$"
)
_LABEL = re.compile(
    r"\b(?:personal|private|home|parents?'?s?|mum'?s?|dad'?s?|mother'?s?|father'?s?|carer'?s?|guardian'?s?|client|tenant|patient|claimant|applicant|complainant|resident"
    r"|her|his|my|their|customer|next of kin|emergency|candidate|appellant)\b[^\n.;]{0,24}\be-?mail\b|\be-?mail (?:me|her|him|them) (?:at|on)\b"
)
_WORK = re.compile(
    r"\.(?:gov|sch|nhs|ac|police|mod|parliament)\.uk$|(?:^|\.)(?:nhs\.net|cjsm\.net|gov\.wales|gov\.scot)$"
)


def patterns() -> tuple[str, ...]:
    """The pattern, for the gate."""
    return (PATTERN,)


def named(address: str) -> bool:
    """Say whether the part before the @ holds a given name or a surname of the lists."""
    lexicon = shipped()
    words = re.findall(r"[a-z]{3,}", address.partition("@")[0].lower())
    known = (lexicon.given, lexicon.surnames, lexicon.given_doubtful)
    return any(
        word[low:high].title() in names
        for word in words
        for names in known
        for low in range(len(word) - 2)
        for high in range(max(low + 4, 4), len(word) + 1)
        if low == 0 or high == len(word)
    )


def find(page: Page, zones: Zones, own: frozenset[str]) -> list[Hit]:
    """E-mail addresses of private people."""
    found: list[Hit] = []
    for match in _EMAIL.finditer(page.octets):
        low, high = match.span()
        while page.text[low] in ".-'" and low < high - 1:
            low += 1
        confidence, why = _judge(page, zones, low, high, own)
        if confidence >= 0.5:
            found.append(Hit("email", "contact", low, high, confidence, why))
    return found


def _judge(page: Page, zones: Zones, low: int, high: int, own: frozenset[str]) -> tuple[float, str]:
    address = re.sub(r" ?(?:[\[(]at[\])]|@) ?", "@", page.lower[low:high])
    address = re.sub(r" ?[\[(]dot[\])] ?", ".", address)
    local, _, domain = address.rpartition("@")
    if domain in own or _WORK.search(domain) or _SHARED.search(local.partition("+")[0]):
        return 0.0, ""
    if page.quiet and zones.at(low) == "mail-header":
        return 0.0, ""  # whom the mail is from and to, not what it tells
    if domain in CONSUMER or domain.partition(".")[0] in _PROVIDERS:
        return 0.9, "a consumer's mail provider"
    if zones.at(low) in ("signature", "letterhead", "disclaimer", "mail-header"):
        return 0.0, ""
    role, head = page.column(low)
    if role == "email" and re.search(
        r"parent|mother|father|mum|dad|carer|home|personal|pupil|client|tenant|contact \d|applicant|resident|complainant|customer",
        f"{head} {' '.join(page.block_at(page.line_at(low)).heads)}".lower(),  # type: ignore[union-attr]
    ):
        return 0.8, f"in a column headed '{head[:40]}'"
    if _LABEL.search(page.lower[max(0, low - 50) : low]):
        return 0.8, "labelled as a person's own"
    if re.fullmatch(r"example\.(?:com|org|net|co\.uk)", domain) and re.search(r"[a-z]\.[a-z]|\d", local):
        return 0.5, "a person's name at a private domain"
    return 0.0, ""
