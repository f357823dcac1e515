"""Whether a name is a private person's or that of someone in a professional role (N1), by the words beside it."""

import re

from milter.detect.naming import Name
from milter.detect.page import Page
from milter.detect.signature import Zones

LABEL_WORDS = (
    r"(?:(?:full )?names? of (?:the )?[a-z]+(?: [a-z]+)?|name|names|full name|pupil|student|child|client|patient|tenant|resident|claimant|applicant|employee|complainant|appellant|service user|young person|customer|learner"
    r"|mother|father|mum|dad|parents?|carer|parent/carer|guardian|next of kin|nok|sibling|brother|sister|son|daughter|husband|wife|partner|spouse|re|ref|subject|regarding"
    r"|account holder|account name|perpetrator|suspect|victim|witness|candidate|occupier|taxpayer|debtor|householder|informant|deceased|member of staff|staff member|worker)"
)
JOB = (
    r"(?:head ?teacher|head of|headmaster|headmistress|deputy|assistant head|principal|teacher|tutor|senco|sendco|teaching assistant|ta\b|lsa\b|social worker|senior social|support worker"
    r"|key ?worker|family support|health visitor|school nurse|nurse|doctor|gp\b|consultant|paediatrician|psychologist|psychiatrist|therapist|midwife|officer|manager|director|chief"
    r"|executive|co-?ordinator|administrator|adviser|advisor|clerk|secretary|chair\b|chairman|chairperson|councillor|cllr|mayor|governor|leader|lead\b|inspector|constable|sergeant|pc\b"
    r"|solicitor|barrister|surveyor|engineer|planner|architect|librarian|caretaker|editor|spokes\w+|minister|mp\b|portfolio|independent reviewing|iro\b|dsl\b|designated|practitioner"
    r"|caseworker|case worker|business manager|receptionist|bursar|trustee|treasurer|president|commissioner|analyst|specialist|trainer|instructor|coach|vicar|author|artist|speaker|agent"
    r"|facilitator|apprentice|intern|technician|developer|supervisor|team leader|member for|ward member|representative|investigating|interviewer|warden|landlord|agent for)"
)
_PRO_BEFORE = re.compile(
    rf"(?:\b{JOB}(?: (?:for|of|in|at|and|the|our|your|&|[a-z'\-]{{3,14}})){{0,3}}[:,\-]?"
    r"|(?:^|[>|\t]) ?(?:from|to|cc|bcc|author|contact|media enquiries|press enquiries|enquiries|present|apologies|attendees|attending|attended|in attendance|signed|officers?|referrer|clerk|councillors?|assessor|circulation|distribution|invitees) ?[:\t]"
    r"|\b(?:prepared|report|completed|written|referred|chaired|presented|seconded|proposed|moved|submitted|interviewed|approved|authorised|signed|led|facilitated|delivered|taught|authored|edited|illustrated|recorded) by"
    r"|\b(?:please ask for|copied to|colleagues?|cabinet member|said|says|hi|hello|hey|thanks|thank you|morning|afternoon|cheers|regards|allocated to|assigned to|applicant's agent|agent|introduced|welcomed|on behalf of the council))[ :,\-]{0,3}$",
    re.IGNORECASE,
)
_PRO_AFTER = re.compile(
    rf"^(?:,? ?[(\-]? ?(?:the |our |your |a |an |acting |interim |senior |principal |lead |class |form |year \d+ |service |assistant |deputy |school |team |area |locum |specialist |children's |adult |housing |education |educational |clinical |speech and language |occupational |consultant ){{0,4}}{JOB}"
    r"|,? (?:said|says|added|commented|explained),? ?|\s?<[^>@\n]*@|\s?\[mailto|,? (?:from|of|at) (?:the |our )?(?:[A-Z]\w+ ){0,4}(?:school|council(?! (?:house|flat|estate|tax))|team|service|trust|hospital|surgery|department|university|police|nhs|camhs|college|ltd|solicitors)|'s team\b)",
    re.IGNORECASE,
)
PRIVATE_BEFORE = re.compile(
    rf"(?:\b{LABEL_WORDS}(?:'s)?(?: name| full name)?(?:\(s\))?\s?[:\-|\t]\s?|\b(?:pupil|student|child|client|patient|tenant|resident|claimant|applicant|employee|complainant|service user|young person|learner|mother|father|mum|dad"
    r"|parent|carer|son|daughter|brother|sister|husband|wife|partner|neighbour|grandmother|grandfather|nan|aunt|uncle|cousin|baby|toddler|boy|girl|twins?|sibling|victim|witness|perpetrator|suspect|offender|boyfriend|girlfriend"
    r"|friend|ex-partner|stepfather|stepmother|occupier|constituent|in respect of|on behalf of|re|regarding|about|concerning|named|called|discuss|referral for|assessment of|report on|reference for|visit to|visited|seen|saw)"
    r"[,:]? ?\(?)$",
    re.IGNORECASE,
)
PRIVATE_AFTER = re.compile(
    r"^(?:'s)?[,:]? ?[(\[\-]? ?(?:d\.?\s?o\.?\s?b|date of birth|born|b\.|aged? \d|age:|\d{1,2} ?(?:yrs?|years?)|year \d|yr ?\d|y\d\b|class \w|nhs|upn|ni\b|nino|\d{1,2}[/.]\d{1,2}[/.]\d{2}|lives at|of \d+ |who lives|\d{1,2}[mf]\b"
    r"|\(?(?:mother|father|mum|dad|son|daughter|carer|pupil|student|client|patient|tenant|child|sister|brother|grandmother|parent)\b)",
    re.IGNORECASE,
)


_PRIVATE_MAILBOX = re.compile(
    r"[\"']?\s?[<\[(](?:mailto:)?[^\s@>]{1,64}@(?:[a-z0-9\-]+\.)?(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|icloud|me|aol|btinternet|btopenworld|sky|talktalk|talk21|virginmedia|ntlworld|blueyonder|proton|protonmail|plusnet|tiscali|mail)\."
)
_IN_TROUBLE = re.compile(
    r"^(?:,? [^.\n]{0,60}?)?,? (?:(?:has|had|have) (?:now |also |just |since )?(?:been )?|is |was |were |being )(?:now |currently |still |to be |again )?(?:suspended|arrested|dismissed|signed off|off sick|absent|charged|cautioned|convicted|sacked|diagnosed|pregnant|on maternity|on long[- ]term|interviewed under|investigated|under investigation|referred to occupational|resigned|made redundant|given a (?:final )?(?:written )?warning)"
)
_OWN_AFTER = re.compile(
    r"^'s? (?:mobile|phone|home|mum|dad|mother|father|parents|results?|medication|diagnosis|house|flat|tenancy|rent|claim|attendance|behaviour|sister|brother|son|daughter|partner|husband|wife|nan|carer|foster|family|consultant|gp|condition|illness|sickness|absence|probation|disciplinary|grievance|salary|benefits|debts?|arrears|birthday|address|annual review|ehcp|placement|exclusion)\b"
)
CLASS_AFTER = re.compile(
    r"^(?:'s)?,? ?[(\[\-]? ?(?:in |from |of )?(?:class )?(?:(?:[1-9]|1[0-3])[A-Z][A-Za-z0-9]?\b(?!\d| [A-Z][a-z])|(?:[Yy]ear|[Yy]r) ?(?:\d|R)|Y(?:[1-9]|1[0-3])\b|[Rr]eception\b|[Nn]ursery\b)"
)


_MAY_BE_ANYONE = re.compile(r"\bpayee\b|\bmembers?\b(?! of staff)|\bowner\b")


def role_beside(page: Page, zones: Zones, name: Name) -> int:
    """Private (1), professional (-1) or not said (0), by what stands right before and behind a name."""
    low, high = name.start, name.end
    if page.quiet:
        return -1
    place = zones.at(low)
    if place == "mail-header" and _PRIVATE_MAILBOX.match(page.lower[high : high + 80]):
        return 1
    if place in ("signature", "letterhead", "mail-header", "disclaimer"):
        return -1
    before = page.text[max(0, low - 60) : low]
    before = (
        before.rsplit("\n", 1)[-1] if not before.endswith("\n") else before.rsplit("\n", 2)[-2][-50:] + " "
    )
    before = re.sub(r"(?:Mr|Mrs|Miss|Ms|Mx|Dr)\.? $", "", before)
    after = page.text[high : high + 70]
    if CLASS_AFTER.match(after):
        name.why = f"{name.why}, with a class"
        return 1
    if (
        PRIVATE_AFTER.match(after)
        or _OWN_AFTER.match(after)
        or _IN_TROUBLE.match(page.text[high : high + 130])
    ):
        return 1
    if _PRO_AFTER.match(after.replace("\n", " , ", 1) if after.startswith("\n") else after):
        name.job = True
        return -1
    if PRIVATE_BEFORE.search(before):
        return 1
    if _PRO_BEFORE.search(before):
        name.job = True
        return -1
    column, heading = page.column(low)
    if column in ("professional", "organisation", "other"):
        return 0 if _MAY_BE_ANYONE.search(heading.lower()) and page.private_rows(low) else -1
    if place == "private-signature":
        return 1
    field, _ = page.field(low)
    return -1 if field == "professional" else int(field in ("name", "forename", "surname"))


__all__ = ["CLASS_AFTER", "LABEL_WORDS", "PRIVATE_AFTER", "PRIVATE_BEFORE", "role_beside"]
