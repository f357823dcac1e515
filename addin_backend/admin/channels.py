"""The other channels: what each one's record asks for, as literal forms (rules T1 to L1, H2, R1).

What is asked of every sharing (R1) stands in COMMON; each channel adds its own. A tick says that something was
done; one that is missing is no bar to the record, but it is shown, since an honest record is worth more.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a form."""

    name: str
    label: str
    hint: str = ""
    kind: Literal["line", "text", "tick", "choice"] = "line"
    needed: bool = False
    rule: str = ""  # id of the guide that it serves
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel's form."""

    name: str  # as the register keeps it
    title: str
    about: str
    way: str  # how it was shared, as the register says it
    asks: tuple[Ask, ...]
    rules: tuple[str, ...]
    where: str = "Recipient's number or address"  # label of the recipient's number or place
    due: tuple[tuple[str, str], ...] = ()  # what may be due later, and how the date is asked for
    prints: tuple[tuple[str, str], ...] = ()  # sheets that can be printed


COMMON = (
    Ask("recipient_name", "Recipient's name", needed=True, rule="R1"),
    Ask("recipient_job_title", "Recipient's job title", needed=True, rule="R1"),
    Ask("recipient_department", "Recipient's department", rule="T1"),
    Ask("recipient_organisation", "Recipient's organisation", needed=True, rule="R1"),
    Ask(
        "recipient_telephone",
        "Recipient's telephone number",
        "The switchboard's, rather than a direct or mobile one",
        needed=True,
        rule="R1",
    ),
    Ask("purpose", "Reason for sharing", kind="text", needed=True, rule="R1"),
    Ask(
        "information",
        "Type of information",
        "Such as: health of a child, address. No details of the case.",
        needed=True,
        rule="R1",
    ),
    Ask("authorised_by", "Authorised by", "Where an authority was needed", rule="R1"),
    Ask(
        "consent_limits",
        "Limits that the recipient was told of",
        "What may be passed on, to whom, when",
        kind="text",
        rule="P5",
    ),
)

CHANNELS: tuple[Channel, ...] = (
    Channel(
        "telephone",
        "Telephone",
        "Verify who rings, take a switchboard number, ring back. Tell only the person who asked; leave no message.",
        "by telephone",
        (
            Ask("direction", "Who rang?", kind="choice", choices=("They rang us", "We rang them"), rule="T1"),
            Ask(
                "verified",
                "The caller's name, job title, department, organisation and reason were verified",
                kind="tick",
                rule="T1",
            ),
            Ask(
                "identity_confirmed",
                "Their identity was confirmed with their organisation",
                kind="tick",
                rule="T1",
            ),
            Ask("call_back_number", "Switchboard number that was rung back", rule="T1"),
            Ask("rang_back", "They were rung back", kind="tick", rule="T1"),
            Ask(
                "person_only",
                "Only the person who asked was told; no message was left",
                kind="tick",
                rule="T2",
            ),
            Ask("not_overheard", "Nobody could overhear", kind="tick", rule="T2"),
        ),
        ("T1", "T2"),
        prints=(("telephone-card", "Telephone card"),),
    ),
    Channel(
        "by-hand",
        "By hand",
        "Only where it is necessary. Sealed, locked in the boot, never unattended, brought back or disposed of soon.",
        "by hand",
        (
            Ask("necessary", "Why was it necessary to take it out?", kind="text", needed=True, rule="B1"),
            Ask("what", "What leaves the site?", "Such as: one file, 40 pages", needed=True, rule="B1"),
            Ask("sealed", "It was sealed", kind="tick", rule="B1"),
            Ask("boot", "It was locked in the boot, or kept on the person", kind="tick", rule="B1"),
            Ask("attended", "It was never left unattended", kind="tick", rule="B1"),
        ),
        ("B1",),
        where="Where it was taken",
        due=(("return", "When is it due back?"),),
    ),
    Channel(
        "post",
        "Post",
        "Confirm name, department and address. Two envelopes: the inner one marked, nothing telling on the outer one.",
        "by post",
        (
            Ask("address", "Postal address", kind="text", needed=True, rule="M1"),
            Ask("confirmed", "Name, department and address were confirmed", kind="tick", rule="M1"),
            Ask(
                "inner",
                "The inner envelope says 'Private and Confidential - To be opened by Addressee Only'",
                kind="tick",
                rule="M1",
            ),
            Ask("outer", "There is nothing telling on the outer envelope", kind="tick", rule="M1"),
            Ask("return_address", "Both envelopes bear a return address", kind="tick", rule="M1"),
            Ask(
                "carrier",
                "Carrier",
                kind="choice",
                choices=("Ordinary post", "Recorded delivery", "Approved courier"),
                rule="M1",
            ),
            Ask("tracking", "Recorded-delivery or consignment number", rule="M1"),
        ),
        ("M1",),
        where="Short form of the address",
        due=(("confirmation", "By when should receipt be confirmed?"),),
        prints=(("inner-label", "Inner envelope"), ("outer-label", "Outer envelope")),
    ),
    Channel(
        "fax",
        "Fax",
        "Ring first; the recipient waits at the machine and acknowledges. Check the number. Keep the report.",
        "by fax",
        (
            Ask(
                "rang_first", "The recipient was rung first and waited at the machine", kind="tick", rule="F1"
            ),
            Ask("number_checked", "The number was checked, or is pre-programmed", kind="tick", rule="F1"),
            Ask(
                "cover_sheet",
                "A cover sheet names the recipient and says 'Private and Confidential'",
                kind="tick",
                rule="F1",
            ),
            Ask("pages", "Pages, with the cover sheet", rule="F1"),
            Ask("report_kept", "The transmission report is kept", kind="tick", rule="F1"),
            Ask("acknowledged", "The recipient acknowledged", kind="tick", rule="F1"),
            Ask(
                "attended",
                "The receiving machine stands somewhere secure or is attended",
                kind="tick",
                rule="F2",
            ),
        ),
        ("F1", "F2"),
        where="Fax number",
        due=(("confirmation", "By when should receipt be acknowledged?"),),
        prints=(("cover-sheet", "Cover sheet"),),
    ),
    Channel(
        "device",
        "Removable device",
        "Only approved devices, encrypted or protected by a password. Delete the information after use.",
        "on a removable device",
        (
            Ask("device", "Device", "Kind and asset number", needed=True, rule="D1"),
            Ask("approved", "It is an approved device", kind="tick", rule="D1"),
            Ask("encryption", "How is it encrypted?", needed=True, rule="D1"),
            Ask("password_apart", "The password was told separately", kind="tick", rule="E8"),
        ),
        ("D1",),
        where="Where it was taken",
        due=(
            ("deletion", "By when is the information to be deleted from it?"),
            ("return", "When is it due back?"),
        ),
    ),
    Channel(
        "laptop",
        "Laptop",
        "Personal data stays on the organisation's own equipment, encrypted.",
        "on a laptop",
        (
            Ask("device", "Asset number", needed=True, rule="L1"),
            Ask("own_equipment", "It is the organisation's own equipment", kind="tick", rule="L1"),
            Ask("encrypted", "Its disk is encrypted", kind="tick", rule="L1"),
        ),
        ("L1",),
        where="Where it was taken",
        due=(
            ("return", "When is it due back?"),
            ("deletion", "By when is the information to be deleted from it?"),
        ),
    ),
    Channel(
        "secure-page",
        "Secure pages",
        "Files go over encrypted pages, by people with a login of their own. They are encrypted at source all the same.",
        "by secure pages",
        (
            Ask("page", "Which pages?", "Such as: Learning Hub", needed=True, rule="H1"),
            Ask(
                "own_login",
                "The recipient has a login of their own, with the right to this file",
                kind="tick",
                rule="H1",
            ),
            Ask("encrypted", "The file was encrypted at source", kind="tick", rule="H2"),
            Ask("password_apart", "The password was told separately", kind="tick", rule="H2"),
        ),
        ("H1", "H2"),
        where="Recipient's login or address",
        due=(
            ("confirmation", "By when should receipt be confirmed?"),
            ("deletion", "By when is the file to be deleted?"),
        ),
    ),
    Channel(
        "meeting",
        "Meeting",
        "Say who was there, what was told or handed out, and where the minutes are kept.",
        "in a meeting",
        (
            Ask(
                "attendees", "Who was there?", "Names and organisations", kind="text", needed=True, rule="R1"
            ),
            Ask("private", "Nobody else could hear or see", kind="tick", rule="P1"),
            Ask("papers", "Papers that were handed out", rule="B1"),
            Ask(
                "collected", "All papers were collected, or their keeping was agreed", kind="tick", rule="B1"
            ),
            Ask("minutes", "Where are the minutes kept?"),
        ),
        ("R1", "P1"),
        where="Place of the meeting",
        due=(("return", "When are papers due back?"),),
    ),
)
BY_NAME = {channel.name: channel for channel in CHANNELS}
