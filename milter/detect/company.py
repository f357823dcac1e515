"""The company that a value keeps: what a document speaks of, and whose bank details are whose (N3, N5)."""

import re

from milter.detect.detector import Hit
from milter.detect.evidence import Evidence
from milter.detect.page import Page

_TALK = (
    (
        "health",
        re.compile(
            r"\b(?:patient|nhs|clinic|hospital|surgery|gp\b|appointment|referral|ward|medical|health|diagnos\w+|care plan|consultant|prescription)"
        ),
    ),
    (
        "learner",
        re.compile(
            r"\b(?:learner|uln|college|apprentice|qualification|enrol\w+|sixth form|further education)"
        ),
    ),
    ("tax", re.compile(r"\b(?:hmrc|self assessment|taxpayer|tax return|utr|income tax|paye)\b")),
)
_ORGANISED = re.compile(
    r"\b(?:ltd|limited|plc|llp|council|borough|school|academy|college|trust|charity|company|invoice|vat|remittance|supplier|contractor|services|our bank|our account|payable to|pay us|bacs payment|payments? (?:to|should|can|by)"
    r"|purchase order|fund|association|club|pta|church|society|business|trading|foundation|payment methods?|ways to pay|how to pay|quote|quoting|donat\w+)\b"
)
_PERSONAL = re.compile(
    r"\b(?:mr|mrs|ms|miss|mx|my|his|her|their|employee|claimant|tenant|refund|payroll|salary|wages|personal|customer'?s?|client|parent|carer|foster|applicant|staff|reimburse\w*|expenses|direct debit|dob|d\.o\.b|ni number|nino|national insurance"
    r"|next of kin|pension\w*|benefit|new starter|starter|account holder|name on account|named? account|resident|payee name|grandmother|mother|father|deceased|estate|daughter|son|compensation|deposit)\b"
)


def company(pages: list[Page], name: str) -> frozenset[str]:
    """What a document speaks of, by its first 60,000 characters: some of 'health', 'learner', 'tax'."""
    text = name.lower() + " " + " ".join(page.lower[:20_000] for page in pages[:3])
    return frozenset(word for word, pattern in _TALK if pattern.search(text))


def organisation_bank(page: Page, hit: Hit) -> bool:
    """Say whether bank details are an organisation's, by the words within some lines of them."""
    near = page.lower[max(0, hit.start - 320) : hit.end + 160]
    work, private = len(set(_ORGANISED.findall(near))), len(set(_PERSONAL.findall(near)))
    holder = re.search(
        r"(?:account (?:holder|name)|name (?:of|on) (?:the )?account|payee|beneficiary)(?: name)?\s?[:\-\t]?\s*([^\n\t]{2,60})",
        near,
    )
    if holder:
        return bool(
            re.search(
                r"\b(?:ltd|limited|plc|llp|council|school|academy|college|trust|services|fund|association|club|pta|church|company|society|foundation|charity|&|group|solutions|supplies|partners|contractors?|centre|farm|nursery|hire|catering|engineering)\b",
                holder.group(1),
            )
        )
    if page.column(hit.start)[0] and page.private_rows(hit.start):
        return False
    return work > private or (
        work and work == private and bool(re.search(r"\binvoice|remittance|vat\b", near))
    )


def dismissed(evidence: Evidence) -> None:
    """Drop the bank details of organisations, and the values of test data and specimens."""
    specimen = evidence.genre.is_a("fiction", least=8)
    for one in evidence.pages:
        one.hits = [
            hit
            for hit in one.hits
            if not (hit.kind in ("bank", "iban") and organisation_bank(one.page, hit)) and not specimen
        ]
