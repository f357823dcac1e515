"""The company that a value keeps: what a document speaks of, and whose bank details are whose (N3, N5)."""

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from operator import attrgetter

from milter.detect import exact
from milter.detect.branches import factored
from milter.detect.detector import Hit
from milter.detect.evidence import Evidence, PageEvidence
from milter.detect.lexicon import shipped
from milter.detect.page import Page
from milter.detect.person import Name
from milter.detect.sieve import Sieve

_TALK = (
    (
        "health",
        factored(
            r"\b(?:patient|nhs|clinic|hospital|surgery|gp\b|appointment|referral|ward \d|medical|health|diagnos\w+|care plan|consultant|prescription|symptom\w*|onset|nurse|swab|jab|vaccin\w+|dose|mg\b|physio|paed\w*|dr\b|a&e|ambulance|bloods|scan|therap\w+|medication|meds)\b"
        ),
    ),
    (
        "learner",
        factored(r"\b(?:learner|uln|college|apprentice|qualification|enrol\w+|sixth form|further education)"),
    ),
    (
        "business",
        factored(
            r"\b(?:invoice|order (?:no|ref|number)|our order|your order|purchase order|sku|carriage|delivery note|part no|stock|vat\b|catalogue|mpan|mprn|serial|total inc|qty)\b"
        ),
    ),
    ("tax", factored(r"\b(?:hmrc|self assessment|taxpayer|tax return|utr|income tax|paye)\b")),
)
_ORGANISED = factored(
    r"\b(?:ltd|limited|plc|llp|gmbh|invoices?|vat|remittance|supplier|contractor|our (?:bank|account)|payable to|pay us|purchase order|registered charity|company (?:no|number|reg)|ways to pay|how to pay|payment methods?|donat\w+|gifts?"
    r"|trading as|business account|payments? (?:to us|should be made|can be made|are made)|please (?:pay|remit|make payments?|send)|quoting|tickets?|subscriptions?|fundrais\w+)\b"
)
_BODY = factored(
    r"\b(?:ltd|limited|plc|llp|council|borough|school|academy|college|trust|charity|services|fund|association|club|pta|church|society|foundation|company|solutions|supplies|group|partners|centre|friends of|nursery|scouts|hospice|team|facilities|cic|mosque|homes|housing|unity trust|solicitors|catering|theatre|museum|hospital|committee)\b"
)
_PERSONAL = factored(
    r"\b(?:mr|mrs|ms|miss|mx|my|his|her|their|employee|claimant|tenant|refund|payroll|salary|wages|personal|customer'?s?|client|parent|carer|foster|applicant|direct payments?|attorney|support plan|into (?:the|your|his|her|their|my) account|she|he|i|me|im|i'm|self[- ]employed|sole trader|reimburse\w*|expenses|direct debit|dob|d\.o\.b|ni number|nino|national insurance"
    r"|next of kin|pension\w*|benefit|new starter|starter|account holder|name on account|named? account|resident|payee name|grandmother|mother|father|deceased|estate|daughter|son|compensation|deposit)\b"
)


def company(pages: list[Page], name: str) -> frozenset[str]:
    """What a document speaks of, by its first 60,000 characters: some of 'health', 'learner', 'business', 'tax'."""
    text = name.lower() + " " + " ".join(page.lower[:20_000] for page in pages[:3])
    there = _sieve().surely(text.encode("latin-1", "replace"))
    return frozenset(word for at, (word, pattern) in enumerate(_TALK) if at in there and pattern.search(text))


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    return Sieve(*(pattern for _, pattern in _TALK))


def organisation_bank(page: Page, hit: Hit, names: list[Name]) -> bool:
    """Say whether bank details are an organisation's, by their holder, their column and the words around them."""
    row = page.lower[slice(*page.line(page.line_at(hit.start)))] if page.column(hit.start)[0] else ""
    if row:
        heads = " ".join(page.block_at(page.line_at(hit.start)).heads).lower()  # type: ignore[union-attr]
        if _FIRM.search(row) or (_FIRMS.search(heads) and not re.search(r"\bn\.?i\b|nino|dob|born", heads)):
            return True
        if page.private_rows(hit.start):
            return False
    near = page.lower[max(0, hit.start - 240) : hit.end + 160]
    holder = _HOLDER.search(near)
    if holder:
        words = re.findall(r"[a-z'\-]+", holder.group(1))
        return bool(
            _BODY.search(holder.group(1)) or re.search(r" (?:&|and) (?:sons?|co)\b", holder.group(1))
        ) or (len(words) > 1 and not any(_a_persons(word) for word in words))
    clause = _clause(page.lower[max(0, hit.start - 110) : hit.start])
    if _ITS_OWN.search(clause) or (_BODY.search(clause) and not _PERSONAL.search(clause)):
        return True
    if _INVOICE.search(page.lower[:160]) and not _REFUND.search(near):
        return True
    close = page.lower[max(0, hit.start - 75) : hit.start]
    first = bisect_right(names, hit.start - 200, key=_START)  # names and hits are in the order of the text
    people = sum(1 for name in names[first : bisect_left(names, hit.end + 60, key=_START)] if name.role >= 0)
    work = len(set(_ORGANISED.findall(near))) + len(set(_BODY.findall(close)))
    personal = len(set(_PERSONAL.findall(near))) + min(people, 2)
    if not personal:  # nobody's in sight: an organisation's where the paper speaks of business at all
        return bool(_ORGANISED.search(page.lower[:6_000]) or _BUSINESS.search(page.lower[:3_000]))
    return work > personal


_START = attrgetter("start")
_CLAUSE = re.compile(r"[.!?](?:\s|$)\s*(?!acc|sort)|\n")  # 'a/c no. 1234' is one clause
_DETAIL = re.compile(r"sort|code|account|number|acc|a/c|no|iban|bank|and|[^a-z]")


def _clause(before: str) -> str:
    """The last clause before bank details that says more than their labels."""
    parts = _CLAUSE.split(before)
    return next((part for part in reversed(parts) if len(_DETAIL.sub("", part)) > 3), "")


# Before bank details: words that make them an organisation's, whoever is named nearby.
_ITS_OWN = factored(
    r"\bbankers?\s?:|\bour (?:own )?(?:bank|account)|\bcouncil's (?:bank )?account|\bcompany's\b|\bstanding orders? to\b|\bto give again\b|\bdonat\w+|\bpremiums\b|\bclient account\b"
    r"|\bchange of mandate\b|\b(?:business|professional|office|school|club|charity|trust|church) (?:bank )?account\b|\bpayments? (?:within|to us|is by)\b|\bfrom abroad\b|\bplease (?:pay|remit) (?:us|to)\b"
    r"|\bdon't pay\b|\bcaf bank\b|\bbankers\b|\bpay to\b[^\n]{0,40}\bhomes\b"
)
_FIRM = factored(r"\b(?:ltd|limited|llp|plc|vat gb|& co|& sons?)\b")
_FIRMS = factored(r"\bvat\b|\bco(?:mpany)? ?no\b|\bsuppliers?\b|\bcreditors?\b|\bvendors?\b")
_INVOICE = re.compile(r"\b(?:invoice|statement of account|remittance|quotation)\b|^\W*statement\b")
_REFUND = re.compile(r"\b(?:refund|reimburs\w*|salary|payroll|wages|expenses)\b")


def _a_persons(word: str) -> bool:
    """Say whether a word of an account's name is a given name, a surname, a title or an initial."""
    words, name = shipped(), word.title()
    known = name in words.given or name in words.given_doubtful or name in words.surnames
    return known or len(word) == 1 or word in ("mr", "mrs", "ms", "miss", "dr")


_BUSINESS = factored(
    r"\b(?:agreement|provider|council|grant|treasurer|charity|tender|contract|schedule|invoice|statement|stock|order|supplies|customer)\b"
)
_HOLDER = re.compile(
    r"(?:account (?:holder|name)|name (?:of|on) (?:the )?account|payee|beneficiary|in the name of)(?: name)?\s?[:\-\t]?\s*([^\n\t,;]{2,60})"
)


def dismissed(evidence: Evidence) -> None:
    """Drop the bank details of organisations, and the values of test data and specimens."""
    specimen = evidence.genre.is_a("fiction", least=8)
    for one in evidence.pages:
        one.hits = [
            hit
            for hit in one.hits
            if not (hit.kind in ("bank", "iban") and organisation_bank(one.page, hit, one.names))
            and not (hit.kind == "bank" and _lone_account(one, hit))
            and not (hit.kind == "utr" and _companys(one.page, hit))
            and not (specimen and not hit.why.startswith(exact.WHY))
        ]


_COMPANY = re.compile(
    r"(?<!the )(?<!a )\b(?:ltd|limited|plc|llp)\b|of the company|corporation tax|\bcompany (?:no|reg)|\bco\. no"
)
_HERSELF = re.compile(
    r"sole trader|self[- ]employed|not (?:a|the) (?:ltd|limited|company)|personally|\bni\b|national insurance"
)


def _companys(page: Page, hit: Hit) -> bool:
    """Say whether a taxpayer reference is a company's, by the words of its row or around it."""
    low, high = (
        page.line(page.line_at(hit.start)) if page.column(hit.start)[0] else (hit.start - 150, hit.end + 80)
    )
    near = page.lower[max(0, low) : high]
    return _COMPANY.search(near) is not None and not _HERSELF.search(near)


def _lone_account(one: PageEvidence, hit: Hit) -> bool:
    """Say whether 'account 80333717' stands without a sort code, the word bank or a table of people: a customer's number."""
    block = one.page.block_at(one.page.line_at(hit.start))
    if block is not None and "sort" in block.roles:
        return False
    first = bisect_right(one.hits, hit.start - 400, key=_START)
    others = any(
        other.kind == "bank" and len(re.sub(r"\D", "", one.page.text[other.start : other.end])) == 6
        for other in one.hits[first : bisect_left(one.hits, hit.start + 400, key=_START)]
    )
    return not others and not re.search(
        r"\bbank|\bsort\b|\bbuilding society", one.page.lower[max(0, hit.start - 200) : hit.end + 120]
    )
