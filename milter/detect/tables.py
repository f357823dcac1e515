"""Tables read as tables (pitfall 27): a header makes its column, and a cell's left neighbour may be its label.

A header row may stand anywhere, span two rows or come again further down; label and value may stand side by
side; a table may lie on its side. Text that only looks like a table (commas, bars, tabs, wide gaps) is read
the same way once a row of it reads like a header. Linear in the length of the text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import re2

from milter.detect.context import header_name, latin_options
from milter.detect.sieve import Sieve

Span = tuple[int, int]
HEADER_SEARCH = 15  # rows without a header before a passage that is a table is taken to have none
_MANY_CELLS = 200  # cells of one row that are looked at

# What a column or a labelled field is about, by its heading in lower case; the first that fits counts.
_ROLES = (
    ("other", r"\b(?:office|business|work|premises|registered|site) address"),
    ("born", r"dob\d?$|^dob\b|birth ?date$|date ?of ?birth$"),  # as databases run their headings together
    ("forename", r"(?:^|child|parent|pupil|student|legal|pref)(?:fore|first|given)name$"),
    ("surname", r"(?:^|child|parent|pupil|student|legal)(?:sur|family|last)name$|^sname$"),
    ("postcode", r"postcode$|p/code$|^pc$"),
    ("organisation", r"\b(?:school|college|academy|setting|company|organisation|organization|supplier|vendor|business|firm|employer"
                     r"|practice|surgery|trust|council|provider|agency|payee|contractor|premises|merchant|charity)\b(?: name)?(?!.*\b"
                     r"(?:tax|address|attended|pupil|child|debt)\b)"),
    ("other", r"\b(?:file|product|course|project|event|room|item|asset|user|job|street|road|building|site|ward|parish|class|team|group"
              r"|department|service|scheme|document|domain|server|policy|module|subject|unit|qualification|scheme|plan|book|brand|species"
              r"|dish|menu|activity|field|column|variable|table|display|host|system|application|form) ?(?:name|title)\b"),
    ("professional", r"\b(?:officer|social worker|key ?worker|teacher|tutor|senco|gp|doctor|consultant|manager|councillor|cllr|member"
                     r"|governor|clerk|chair|lead|author|owner|contact officer|headteacher|head|principal|director|inspector|assessor"
                     r"|reviewer|approver|approved by|agent|solicitor|referrer|referred by|caseworker|case worker|completed by"
                     r"|assigned to|allocated to|responsible|witness officer|attendee|delegate|speaker|presenter|staff member present)\b"),
    ("forename", r"\b(?:fore|first|given|christian|preferred|known as|middle|legal fore|legal first)[ \-]?names?\b|^forenames?$|^first$"
                 r"|^known as$|^fname$"),
    ("surname", r"\b(?:sur|last|family|legal sur|maiden|second|previous)[ \-]?names?\b|^lname$|^last$"),
    ("initials", r"\binitials?\b"),
    ("email", r"\be-?mail\b"),
    ("address", r"\baddress(?:es)?\b(?! ?book)|^street\b|\baddress line|\baddr\b|^house\b|^town\b|\bplace of residence|\blives at"
                r"|^home$|^road$"),
    ("postcode", r"\bpost ?code\b|\bpcode\b|\bzip\b"),
    ("health", r"\b(?:sen|send|sen[d]? (?:status|need|support|type|provision)|ehcp?|ehc plan|diagnos[ie]s|medical|conditions?|allerg\w*|disab\w*"
               r"|medication|health|illness|symptoms?|needs?|impairment|dyslexi\w*|mental|therap\w*|injur\w*|blood|dietary|diet"
               r"|pregnan\w*|treatment|primary need|referral reason|reason for referral|care needs|care plan|camhs|salt|asd|adhd"
               r"|vaccin\w*|immunisation\w*|bmi|weight|height|vision|hearing|epipen|asthma)\b"),
    ("social", r"\b(?:cp|cpp|cin|lac|cla|looked[ \-]after|child protection|child in need|safeguarding|legal status|in care|care status"
               r"|risk|concerns?|plan type|s47|s17|domestic|referr?al|placement|foster\w*|carer status|young carer|dv|early help|category of abuse)\b"),
    ("ethnicity", r"\b(?:ethnic\w*|religion|faith|nationality|first language|home language|immigration|visa status|asylum|sexual\w*"
                  r"|orientation|country of birth|union|right to work|eal|gypsy|gender identity|marital)\b"),
    ("benefit", r"\b(?:fsm|free school meals?|pupil premium|pp|ppg|benefits?|universal credit|uc|housing benefit|hb|ctr|ctax|council tax"
                r"|arrears|balance|debt|owed|owing|outstanding|rent|income|savings|means|amount due|overpayment|award|dhp|ever ?6|ever6fsm"
                r"|deposit|payment plan|fine|pip|dla|esa|jsa|carer'?s allowance|pension|bursary|hardship|fees?)\b"),
    ("criminal", r"\b(?:offen[cs]e\w*|convict\w*|caution\w*|arrest\w*|dbs (?:result|disclosure|content)|allegation\w*|charge[sd]?|police|yot|sentence\w*"
                 r"|bail|court|crime type|asb|perpetrator|suspect)\b"),
    ("employment", r"\b(?:salary|pay|gross|net pay|grade point|scp|spine point|sickness|days? (?:sick|lost|off)|absence reason|reason for absence"
                   r"|appraisal|performance|disciplin\w*|grievance|leaving reason|reason for leaving|bradford\w*|probation|tax code"
                   r"|hourly rate|annual leave|notice|redundan\w*|interview score|shortlist\w*|applicant score|fte salary|deductions?|maternity)\b"),
    ("education", r"\b(?:attendance|att ?%|absence|absences|unauthorised|marks?|scores?|results?|grades?|level|progress|attainment|target|predicted"
                  r"|behaviou?r|exclu\w*|suspen\w*|detention\w*|reading age|spelling age|sats|phonics|gcse|maths|english|effort|comments?|report"
                  r"|ks[1-4]|cats?|assessment|achievement|incidents?|intervention|provision|working at|expected|wa|gds|exp)\b"),
    ("year", r"\b(?:year ?(?:group)?|yr|class|form|reg(?:istration)? group|tutor group|house|nc year|ncy|cohort)\b"),
    ("age", r"\bage\b"),
    ("gender", r"\b(?:gender|sex|m/f)\b"),
    ("notes", r"\b(?:notes?|comments?|remarks?|details?|reasons?|outcome|action|circumstances|narrative|description|issue|status|situation|summary)\b"),
    ("job", r"\b(?:job|role|position|title|post|designation|occupation|extension|ext|party|portfolio|committee)\b"),
    ("name", r"\b(?:full |client |pupil |student |child(?:'?s)? |patient |tenant |resident |claimant |employee |applicant |customer |parent"
             r"|carer |guardian |contact |service user |young person |candidate |account |learner |staff )?names?\b"
             r"|^(?:pupils?|students?|child(?:ren)?|clients?|patients?|tenants?|residents?|claimants?|employees?|applicants?|learners?|person|parents?"
             r"|carers?|parent/carer|parents?/carers?|mother|father|mum|dad|guardian|next of kin|nok|emergency contact|contact \d|siblings?|service user"
             r"|young person|su|yp|passengers?|borrowers?|electors?|participants?|tenant ?\d|on loan to|out to|complainant|appellant|subject|householder|customer|taxpayer|debtor|occupants?|worker|colleague|candidates?)\b"
             r"(?: ?\d| ?\(.*\))?$|\b(?:pupil|student|child|client|patient|tenant|employee)$|\bparent/carer|^re$"),
)  # fmt: skip
_PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in _ROLES)
STRONG = frozenset(
    "nhs chi hc uln utr upn nino passport licence iban card sort account born homephone phone name forename surname"
    " email address postcode".split()
)
PRIVATE = {
    "health": "health", "social": "health", "ethnicity": "health", "benefit": "financial", "criminal": "criminal",
    "employment": "employment", "education": "education",
}  # fmt: skip
_HEADING = re2.compile(
    rb"\b(?:\w*names?|pupils?|students?|child(?:ren)?|clients?|patients?|tenants?|residents?|claimants?|employees?|applicants?"
    rb"|learners?|dob|d\.o\.b|birth|born|nhs|upn|uln|utr|nino?|ni no|national insurance|chi|passport|address|post ?code|e-?mail"
    rb"|mobile|telephone|phone|tel|iban|sort code|account|mother|father|parents?|carers?|contact|initials|surname)\b",
    latin_options(),
)
_VALUE = re.compile(r"\d{4}|\d[\d/.\-: ]{4,}|@|£\s?\d|^\d+(?:\.\d+)?%?$")
_DELIMITERS = ("\t", "|", ";", ",")


@dataclass(slots=True)
class Block:
    """A run of lines that share one header."""

    first: int  # line numbers of the first and the last row below the header
    last: int
    delimiter: str  # '' for wide gaps
    roles: tuple[str, ...]  # for each column; '' where the heading says nothing
    heads: tuple[str, ...]
    header: int  # line number of the header row
    further: int = 0  # rows of it in the pieces of a long passage behind this one
    guessed: bool = False  # no heading names its people: a column is taken for names by its cells


@lru_cache(maxsize=4096)
def role_of(cell: str) -> str:
    """What a heading or field label is about; '' where it does not read like one."""
    words = re.sub(r"[_\s]+", " ", cell).strip(" :*?.-").lower()
    if not words or len(words) > 60 or _VALUE.search(words):
        return ""
    label = header_name(words)
    if label and label not in ("other", "phone", "account"):
        return label
    there = _sieve().surely(words.encode("latin-1", "replace"))
    for at, (name, pattern) in enumerate(_PATTERNS):
        if at in there and pattern.search(words):
            return name
    return label


@lru_cache(maxsize=1)
def _sieve() -> Sieve:
    return Sieve(*(pattern for _, pattern in _PATTERNS))


def cells(line: str, start: int, delimiter: str) -> list[Span]:
    """The spans of a line's cells, without the blanks and quotes around them."""
    found: list[Span] = []
    at = 0
    if delimiter:
        pieces = _quoted(line, delimiter) if '"' in line else line.split(delimiter)
        for piece in pieces[:_MANY_CELLS]:
            end = at + len(piece)
            bare = piece.strip(' "')
            low = at if len(bare) == end - at else end - len(piece.lstrip(' "'))
            found.append((start + low, start + low + len(bare)))
            at = end + 1
        return found
    for match in re.finditer(r"\S(?:[^\s]| (?! ))*", line):
        found.append((start + match.start(), start + match.end()))
    return found[:_MANY_CELLS]


def some_cells(
    line: str, start: int, delimiter: str, columns: Sequence[tuple[int, str]]
) -> Iterator[tuple[Span, str]]:
    """The spans of a line's cells in some columns, each with what its column is about; the same spans as `cells` gives."""
    if not delimiter or '"' in line:
        spans = cells(line, start, delimiter)
        yield from ((spans[at], role) for at, role in columns if at < len(spans))
        return
    pieces = line.split(delimiter)
    for at, role in columns:
        if at < min(len(pieces), _MANY_CELLS):
            piece = pieces[at]
            low = start + at + sum(map(len, pieces[:at])) + len(piece) - len(piece.lstrip(" "))
            yield (low, low + len(piece.strip(" "))), role


def _quoted(line: str, delimiter: str) -> list[str]:
    pieces: list[str] = []
    low = 0
    inside = False
    for at, char in enumerate(line):
        if char == '"':
            inside = not inside
        elif char == delimiter and not inside:
            pieces.append(line[low:at])
            low = at + 1
    pieces.append(line[low:])
    return pieces


def blocks(text: str, octets: bytes, starts: Sequence[int], *, table: bool) -> list[Block]:
    """Every run of rows with a header over it; `starts` are the offsets of the lines."""
    found: list[Block] = []
    done = -1
    for at in _candidates(octets, starts, table=table):
        if at <= done or (not table and found and at <= found[-1].last):
            continue
        line = _line(text, starts, at)
        header = _header(line, table=table)
        if header is None:
            continue
        block = Block(at + 1, at, *header, at)
        done = at + (_second_row(text, starts, at + 1, block, table=table) if at + 1 < len(starts) else 0)
        if table and found:
            found[-1].last = at - 1
        block.last = len(starts) - 1 if table else _end(text, starts, block)
        found.append(block)
    return [block for block in found if block.last >= block.first]


def _candidates(octets: bytes, starts: Sequence[int], *, table: bool) -> Iterator[int]:
    """Lines that hold a heading's word; in a table those that hold two, or stand at its top."""
    last = -1
    if table:
        yield from range(min(HEADER_SEARCH, len(starts)))
        last = HEADER_SEARCH - 1
    for match in _HEADING.finditer(octets):
        at = bisect_right(starts, match.start()) - 1
        if at > last and (not table or octets.count(b"\t", starts[at], match.start() + 400)):
            yield at
        last = max(at, last)


def _line(text: str, starts: Sequence[int], at: int) -> str:
    return text[starts[at] : starts[at + 1] - 1 if at + 1 < len(starts) else len(text)]


def _end(text: str, starts: Sequence[int], block: Block) -> int:
    """The last line of a block in running text."""
    at = block.first
    while at < len(starts) and _continues(_line(text, starts, at), block):
        at += 1
    return at - 1


def _continues(line: str, block: Block) -> bool:
    if not line.strip():
        return False
    if block.delimiter:
        wanted = len(block.roles) - 1
        return abs(line.count(block.delimiter) - wanted) <= max(1, wanted // 3) and block.delimiter in line
    return "  " in line.strip()


def _header(line: str, *, table: bool) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    if len(line) > 4000 or not line.strip():
        return None
    delimiter = "\t" if table and "\t" in line else _delimiter(line)
    if delimiter is None and table:
        delimiter = "\t"
    if delimiter is None:
        return None
    spans = cells(line, 0, delimiter)
    if not table and len(spans) < 2:
        return None
    heads = tuple(line[low:high] for low, high in spans)
    if any(len(head) > 60 for head in heads) and not table:
        return None
    roles = tuple(role_of(head) for head in heads)
    named = [role for role in roles if role]
    values = sum(1 for head in heads if head and _VALUE.search(head))
    if not table and (_prose(heads, delimiter) or (not delimiter and (values or _LABELS.search(line)))):
        return None
    filled = sum(1 for head in heads if head)
    strong = sum(1 for role in named if role in STRONG)
    if values > 1 or not strong:
        return None
    if len(named) >= 2 and len(named) >= filled / (4 if delimiter else 2) and not _sideways(roles, heads):
        return delimiter, roles, heads
    if filled == 1 and len(spans) == 1 and strong and table:
        return delimiter, roles, heads
    return None


_LABELS = re.compile(r":\s+\S")


def _prose(heads: tuple[str, ...], delimiter: str) -> bool:
    """Say whether a line that commas part is a sentence, not a row of headings."""
    return delimiter == "," and any(
        len(head.split()) > 5 or ("(" in head and ")" not in head) or head.startswith(("and ", "or "))
        for head in heads
    )


def _sideways(roles: tuple[str, ...], heads: tuple[str, ...]) -> bool:
    """Say whether a row is label and value side by side ('Name | Ella Smith'), not a row of headings."""
    if len(heads) == 2 and roles[0] and (not roles[1] or len(heads[1].split()) > 4 or "," in heads[1]):
        return True
    return len(heads) >= 4 and all(roles[0::2]) and not any(roles[1::2])


def _delimiter(line: str) -> str | None:
    for delimiter in _DELIMITERS:
        if delimiter in line and (delimiter != "," or line.count(",") >= 1):
            return delimiter
    return "" if "  " in line.strip() else None


def _second_row(text: str, starts: Sequence[int], at: int, block: Block, *, table: bool) -> int:
    """Merge a second header row into a block; the number of lines taken."""
    line = _line(text, starts, at)
    if not table and re.fullmatch(r"[\s|+:=\-]+", line) and line.strip():
        block.first = at + 1  # a rule under the header of a text table
        return 1
    second = _header(line, table=table) if not any(char.isdigit() for char in line) else None
    if second is None or second[0] != block.delimiter:
        return 0
    count = max(len(block.roles), len(second[1]))
    pad = ("",) * count
    first_roles, first_heads = (*block.roles, *pad)[:count], (*block.heads, *pad)[:count]
    roles, heads = (*second[1], *pad)[:count], (*second[2], *pad)[:count]
    block.roles = tuple(new or old for new, old in zip(roles, first_roles, strict=True))
    block.heads = tuple(f"{old} {new}".strip() for new, old in zip(heads, first_heads, strict=True))
    block.first = at + 1
    return 1
