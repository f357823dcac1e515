"""What each notice needs to know, as frozen values; a template can use these names and no others.

Guarantees: nothing here asks for a message's content. Whoever fills a value in gives masked findings and a
subject only where it holds nothing personal (law 8, pitfall 33). Moments come as words ('Tuesday 24 November
2026 at 10:42'), since people read them; addresses come whole, since the reader must know who is meant.
"""

from dataclasses import dataclass, fields
from typing import Literal

Became = Literal[
    "delivered",
    "protected",
    "marked",
    "apart",
    "held",
    "refused",
    "not-sent",
    "released",
    "expired",
    "unconfirmed",
]


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation that speaks: every notice names it and its published number (pitfall 11, P4)."""

    name: str
    telephone: (
        str  # the published switchboard number, by which a doubtful reader checks that this is no fraud
    )
    help_name: str  # whom to ask: 'Information Governance team'
    help_email: str
    help_telephone: str = ""
    governance_email: str = ""  # '' where it is the help address
    regulator: str = "Information Commissioner's Office (ICO)"  # the name is changing; configuration says it


@dataclass(frozen=True, slots=True)
class ReasonInWords:
    """One reason as a person reads it: what, why the rule exists, what to do now (pitfall 32)."""

    title: str
    why: str
    steps: tuple[str, ...]
    rules: tuple[str, ...] = ()  # ids of the guide
    details: tuple[str, ...] = ()  # what was found, masked, and where
    addresses: tuple[str, ...] = ()  # the recipients it applies to; () for all


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the message for one recipient; a notice lists every one of them (pitfall 18)."""

    address: str
    became: Became
    why: str = ""  # in a few words: 'no safe way to this address'
    who: str = ""  # whom the directory knows by this address: 'Jane Brown, Clerk, Housing'

    @property
    def words(self) -> str:
        """What became of it, in words."""
        return OUTCOME_WORDS[self.became]

    @property
    def got_it(self) -> bool:
        """True where the message is on its way to this recipient."""
        return self.became in {"delivered", "protected", "marked", "apart", "released", "unconfirmed"}


OUTCOME_WORDS: dict[Became, str] = {
    "delivered": "sent",
    "protected": "sent, with its documents locked by a password",
    "marked": "sent, with its subject marked",
    "apart": "sent, in a copy of its own that names no other recipient",
    "held": "held until a reviewer decides",
    "refused": "not sent",
    "not-sent": "not sent, because it was stopped for another recipient",
    "released": "sent, after a reviewer released it",
    "expired": "not sent, because nobody released it in time",
    "unconfirmed": "sent with its documents locked; the password is destroyed",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """The message spoken of, as its sender knows it."""

    reference: str  # 'SG-7K2M-9QXD'
    sender: str
    sent_at: str
    subject: str = ""  # '' where it holds something personal


@dataclass(frozen=True, slots=True)
class Refusal:
    """`refusal`, to the sender: not sent to whom, what was found, which rule, what to do now, whom to ask."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]  # of every recipient
    reasons: tuple[ReasonInWords, ...]  # gravest first, all of them
    review: str = ""  # address of the page where the sender asks for another look; '' for none


@dataclass(frozen=True, slots=True)
class HeldSender:
    """`held-sender-notice`, to the sender: it waits for a reviewer, for whom and why."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]
    reasons: tuple[ReasonInWords, ...]
    expires_at: str
    review: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """`held`, to the reviewers: a message waits for a decision."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]
    reasons: tuple[ReasonInWords, ...]
    expires_at: str
    page: str = ""  # where it is decided; '' where there are no pages, then by command


@dataclass(frozen=True, slots=True)
class Released:
    """`released`, to the sender: a reviewer released it."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]
    note: str = ""  # what the reviewer says to the sender


@dataclass(frozen=True, slots=True)
class SentApart:
    """`sent-apart`, to the sender: the outside recipients got copies of their own, since they were many (P1)."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class RefusedByReviewer:
    """`refused-by-reviewer`, to the sender: a reviewer decided against it, and why."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]
    note: str  # the reviewer's reason; required
    reasons: tuple[ReasonInWords, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """`question`, to the sender: a reviewer wants to know something before deciding."""

    organisation: Organisation
    mail: Mail
    text: str  # the reviewer's words
    page: str  # where the sender, and nobody else, answers
    days: int  # for how long the page is open


@dataclass(frozen=True, slots=True)
class Answered:
    """`answered`, to the sender: what a reviewer says to their request for another look."""

    organisation: Organisation
    mail: Mail
    text: str
    page: str = ""  # where the message and all answers stand


@dataclass(frozen=True, slots=True)
class Expired:
    """`expired`, to the sender: time ran out for a held message, or for a share that nobody confirmed."""

    organisation: Organisation
    mail: Mail
    outcomes: tuple[Outcome, ...]
    what: Literal[
        "held", "share", "telephone"
    ]  # the latter two: the document went, the password is destroyed


@dataclass(frozen=True, slots=True)
class Undelivered:
    """`undelivered`, to the sender: the recipient's mail system sent the message back (pitfall 5)."""

    organisation: Organisation
    mail: Mail
    recipient: str
    ways: tuple[str, ...]  # other ways to share it
    locked: bool = True  # False: it was mail as it is, and the server refused the address


@dataclass(frozen=True, slots=True)
class Way:
    """How one recipient gets the password, and where the sender may take the documents back."""

    recipient: str
    by_email: bool  # a separate email, once they confirm
    by_telephone: bool  # the sender tells it; the card comes by itself
    page: str = ""  # '' where there are no pages: then the people named in the notice take it back


@dataclass(frozen=True, slots=True)
class SentLocked:
    """`sent-locked`, to the sender: documents went out locked, how the passwords go, how to take them back."""

    organisation: Organisation
    mail: Mail
    ways: tuple[Way, ...]
    expires_at: str
    leaves_at: str = ""  # where they have not left yet: until when nothing has


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """`receipt-request`, to the recipient: the covering note of a protected message (P5, E6)."""

    organisation: Organisation
    mail: Mail
    recipient: str
    documents: tuple[str, ...]  # names as attached
    purpose: str  # P5
    limits: str  # of consent: what may be passed on, to whom, when (P5)
    open_computer: tuple[str, ...]  # steps
    open_phone: tuple[str, ...]
    how_password: str  # one paragraph: by which way it comes
    confirm_page: str = ""  # '' where the password goes by telephone or was agreed before
    confirm_by: str = ""
    body_moved: bool = False  # the message's own text is in one of the documents
    telephone: str = ""  # the sender's, to check with
    reply_address: str = ""  # an address of this share alone, for who can't use the page; '' for none


@dataclass(frozen=True, slots=True)
class Password:
    """`password`, to the recipient, apart and after confirmation (E8). With the card, all that holds it."""

    organisation: Organisation
    mail: Mail
    password: str
    documents_sent_at: str
    open_computer: tuple[str, ...]
    open_phone: tuple[str, ...]
    confirmed: bool = True  # False where the policy releases on weaker evidence than a person's confirmation


@dataclass(frozen=True, slots=True)
class Reminder:
    """`reminder`, to the recipient: please confirm, or say that it is not for you."""

    organisation: Organisation
    mail: Mail
    recipient: str
    confirm_page: str
    confirm_by: str


@dataclass(frozen=True, slots=True)
class NotForMe:
    """`not-for-me`, to the sender: it reached someone it was not meant for; what was done, what to do."""

    organisation: Organisation
    mail: Mail
    recipient: str
    reported_at: str
    incident: str  # its reference
    password_given: bool = False  # True: it had been released before


@dataclass(frozen=True, slots=True)
class Incident:
    """`incident`, to information governance: the clock runs (72 hours, UK GDPR article 33)."""

    organisation: Organisation
    mail: Mail
    incident: str
    what: str  # one sentence without personal data
    recipient: str
    opened_at: str
    due_at: str
    categories: tuple[str, ...]
    password_given: bool | None  # False: it is destroyed, nobody holds it; None: there is none
    page: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """`due`, to whoever recorded a sharing: what was to be back, confirmed or deleted by now (B1, M1, F1, D1)."""

    organisation: Organisation
    mail: Mail
    what: str  # such as 'what was taken out is due back'
    due_at: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """`withdrawn`, to the recipient: the sender took it back before the password was released."""

    organisation: Organisation
    mail: Mail
    recipient: str
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class TelephoneCard:
    """`telephone-card`, to the sender: whom to ring, how to be sure who answers, what to say (T1, T2, E8)."""

    organisation: Organisation
    mail: Mail
    recipient: str
    person: str  # name, or '' where nobody knows
    job_title: str
    employer: str
    telephone: (
        str  # published; '' where none is known: then the sender must find one, not take one from a mail
    )
    telephone_from: str  # 'the partner list', 'the directory'
    password: str
    page: str = ""  # where 'told to, job title, time' is taken down; '' then by command
    by_email: bool = False  # it may also come by email, once they confirm


Notice = (
    Refusal
    | HeldSender
    | Held
    | Released
    | SentApart
    | RefusedByReviewer
    | Question
    | Answered
    | Expired
    | Undelivered
    | SentLocked
    | ReceiptRequest
    | Password
    | Reminder
    | NotForMe
    | Incident
    | Due
    | Withdrawn
    | TelephoneCard
)

NOTICES: tuple[tuple[str, type[Notice]], ...] = (
    ("refusal", Refusal),
    ("held-sender-notice", HeldSender),
    ("held", Held),
    ("released", Released),
    ("sent-apart", SentApart),
    ("refused-by-reviewer", RefusedByReviewer),
    ("question", Question),
    ("answered", Answered),
    ("expired", Expired),
    ("undelivered", Undelivered),
    ("sent-locked", SentLocked),
    ("receipt-request", ReceiptRequest),
    ("password", Password),
    ("reminder", Reminder),
    ("not-for-me", NotForMe),
    ("incident", Incident),
    ("due", Due),
    ("withdrawn", Withdrawn),
    ("telephone-card", TelephoneCard),
)


def name_of(notice: Notice) -> str:
    """Return the folder of templates that renders this notice."""
    return next(name for name, kind in NOTICES if kind is type(notice))


def values_of(notice: Notice) -> dict[str, object]:
    """Return what the notice's templates may use: its fields by name, not copied."""
    return {one.name: getattr(notice, one.name) for one in fields(notice)}
