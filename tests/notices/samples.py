"""One filled-in value of each notice, as telling as real ones."""

from milter.notices.covering import LIMITS, how_password, steps_on_computer, steps_on_phone
from milter.notices.model import (
    Answered,
    Due,
    Expired,
    Held,
    HeldSender,
    Incident,
    Mail,
    NotForMe,
    Notice,
    Organisation,
    Outcome,
    Password,
    Question,
    ReasonInWords,
    ReceiptRequest,
    Refusal,
    RefusedByReviewer,
    Released,
    Reminder,
    SentApart,
    SentLocked,
    TelephoneCard,
    Undelivered,
    Way,
    Withdrawn,
)

COUNCIL = Organisation(
    name="Wokeford Borough Council",
    telephone="0118 496 0000",
    help_name="Information Governance team",
    help_email="information.governance@wokeford.gov.uk",
    help_telephone="0118 496 0123",
)
MAIL = Mail(
    reference="SG-7K2M-9QXD",
    sender="amira.khan@wokeford.gov.uk",
    sent_at="Tuesday 24 November 2026 at 10:42",
    subject="Autumn intervention group",
)
HOTMAIL = Outcome("parent.governor@hotmail.com", "refused", "a personal account")
SCHOOL = Outcome("office@hillside.wokeford.sch.uk", "delivered")
OTHER = Outcome("head@valley.wokeford.sch.uk", "not-sent")
PERSONAL = ReasonInWords(
    title="The recipient has a personal email account",
    why="Personal accounts can't be traced to an organisation, and what is sent to them may leave the UK.",
    steps=(
        "Ask the recipient for their work address.",
        "If they have none, ask the people named below how to share it.",
    ),
    rules=("E1",),
    details=("parent.governor@hotmail.com",),
    addresses=("parent.governor@hotmail.com",),
)
IN_CLEAR = ReasonInWords(
    title="A document with personal information is not protected",
    why="Anyone who gets hold of the email on its way can read it.",
    steps=("Save the document with a password.", "Send the password separately, once it has arrived."),
    rules=("E7", "E8"),
    details=("6 pupil numbers such as H80120****** in class list.xlsx, sheet 'SEN', column C",),
)
FORMATS = ("docx", "zip")
PAGE = "https://receipts.wokeford.gov.uk/c/5Jx8b2mYQw"
ADDRESS = SCHOOL.address
SECRET = "acorn-velvet-tunnel-river-onion-maple"

SAMPLES: tuple[Notice, ...] = (
    Refusal(
        COUNCIL, MAIL, (HOTMAIL, SCHOOL, OTHER), (PERSONAL, IN_CLEAR), "https://sealgate.wokeford.gov.uk/r/SG"
    ),
    HeldSender(COUNCIL, MAIL, (Outcome(ADDRESS, "held"),), (IN_CLEAR,), "Friday 27 November 2026 at 17:00"),
    Held(COUNCIL, MAIL, (Outcome(ADDRESS, "held"),), (IN_CLEAR,), "Friday 27 November 2026 at 17:00"),
    Released(COUNCIL, MAIL, (Outcome(ADDRESS, "released"),), "Fine this time; use the portal next time."),
    SentApart(COUNCIL, MAIL, (Outcome(ADDRESS, "apart"), Outcome("b@other.example", "apart"))),
    RefusedByReviewer(
        COUNCIL, MAIL, (Outcome(ADDRESS, "refused"),), "The list holds pupils of another school."
    ),
    Question(
        COUNCIL, MAIL, "Who authorised this, and for what?", "https://sealgate.wokeford.gov.uk/answer/x", 14
    ),
    Answered(
        COUNCIL,
        MAIL,
        "The school is on our list now. Please send it again.",
        "https://sealgate.wokeford.gov.uk/ask/x/y",
    ),
    Expired(COUNCIL, MAIL, (Outcome(ADDRESS, "expired"),), "held"),
    Expired(COUNCIL, MAIL, (Outcome(ADDRESS, "unconfirmed", "nobody confirmed"),), "share"),
    Expired(COUNCIL, MAIL, (Outcome(ADDRESS, "unconfirmed", "nobody wrote it down"),), "telephone"),
    Undelivered(COUNCIL, MAIL, ADDRESS, ("Use the Learning Hub.",)),
    Undelivered(COUNCIL, MAIL, ADDRESS, ("Send it again.",), locked=False),
    SentLocked(
        COUNCIL,
        MAIL,
        (
            Way(ADDRESS, by_email=True, by_telephone=False, page=PAGE),
            Way("office@other.example", by_email=False, by_telephone=True, page=PAGE),
        ),
        "Tuesday 8 December 2026",
    ),
    ReceiptRequest(
        COUNCIL,
        MAIL,
        ADDRESS,
        ("class list.xlsx", "document-1.zip"),
        "For the planning of the autumn intervention group.",
        LIMITS,
        steps_on_computer(FORMATS),
        steps_on_phone(FORMATS),
        how_password("email"),
        PAGE,
        "Tuesday 8 December 2026",
        body_moved=True,
        telephone="0118 496 0456",
    ),
    Password(COUNCIL, MAIL, SECRET, MAIL.sent_at, steps_on_computer(FORMATS), steps_on_phone(FORMATS)),
    Reminder(COUNCIL, MAIL, ADDRESS, PAGE, "Tuesday 8 December 2026"),
    NotForMe(COUNCIL, MAIL, ADDRESS, "Tuesday 24 November 2026 at 11:05", "IN-4Q7T-22XM"),
    Incident(
        COUNCIL,
        MAIL,
        "IN-4Q7T-22XM",
        "A recipient says that documents were not meant for them.",
        ADDRESS,
        "Tuesday 24 November 2026 at 11:05",
        "Friday 27 November 2026 at 11:05",
        ("child", "health"),
        password_given=False,
    ),
    Due(COUNCIL, MAIL, "what was taken out is due back", "Friday 27 November 2026 at 17:00", PAGE),
    Withdrawn(COUNCIL, MAIL, ADDRESS, "0118 496 0456"),
    TelephoneCard(
        COUNCIL,
        MAIL,
        ADDRESS,
        "Jo Marsh",
        "SENCO",
        "Hillside Primary School",
        "0118 496 0777",
        "the partner list",
        SECRET,
    ),
)
