"""The catalogue of reasons: every outcome of judging has one stable name, here and in `docs/reasons.md`.

A code is never renamed or given another meaning, since registers and scripts keep it. The words are those
that a sender reads: what is wrong, why the rule exists, what to do now. They name no person and no value.
"""

from dataclasses import dataclass

from milter.policy.model import Action

PASS, PROTECT, HOLD, REFUSE = Action.PASS, Action.PROTECT, Action.HOLD, Action.REFUSE


@dataclass(frozen=True, slots=True)
class Entry:
    """One reason as the catalogue knows it."""

    code: str  # kebab-case, stable
    rules: tuple[str, ...]  # ids of the guide that it serves
    title: str  # what is the matter, in plain words
    why: str  # why the rule exists
    steps: tuple[str, ...]  # what the sender does now
    default: Action  # where the policy says nothing else
    gravity: int  # 1 a remark, 2 a slip, 3 a breach of the rules, 4 a likely incident, 5 a serious incident
    routed: bool = False  # the route table's row gives the action; the policy sets only its mode


# Order matters to readers only: by what the reason speaks of, the plainest first.
CATALOGUE: tuple[Entry, ...] = (
    # The sender
    Entry(
        "sender-not-approved",
        ("E1",),
        "The sender's address is not on an approved work domain",
        "Work is done from work accounts that carry the institution's name. Mail from any other address may"
        " be forged, and nobody can account for it.",
        ("Send the message again from your work account.",),
        REFUSE,
        3,
    ),
    Entry(
        "header-from-differs",
        ("E1",),
        "The message shows another sender than the account that sent it",
        "A message that shows an address outside the organisation as its sender may be forwarded"
        " automatically, and personal information would leave without anyone deciding so.",
        (
            "If you forward mail automatically to an outside address, turn that off.",
            "Forward this message by hand to the people who need it.",
        ),
        HOLD,
        3,
    ),
    Entry(
        "reply-to-personal",
        ("E1",),
        "Replies are steered to a personal account",
        "The answer, and the personal information quoted in it, would leave the organisation's own systems.",
        ("Remove the reply address, so that answers come to your work account, and send the message again.",),
        HOLD,
        2,
    ),
    Entry(
        "forwarding-home",
        ("E1",),
        "The recipient looks like the sender's own personal account",
        "Personal accounts are not used for work: the information may leave the jurisdiction, and the"
        " organisation can neither protect nor delete it.",
        ("Work from your work account. If you need it at home, ask IT for remote access.",),
        PASS,
        2,
    ),
    # The recipient
    Entry(
        "personal-account",
        ("E1",),
        "The recipient's address is a personal account",
        "Personal accounts such as Hotmail or Gmail do not show which institution someone works for, and the"
        " information may leave the jurisdiction.",
        (
            "Ask the recipient for a work address and send the message there.",
            "If the person has none, telephone or post the information instead.",
        ),
        REFUSE,
        4,
        routed=True,
    ),
    Entry(
        "unapproved-domain",
        ("E2",),
        "The recipient's organisation is not one that is approved for personal information",
        "Sending information to the wrong address is the most common breach. The recipient's name, department"
        " and address are confirmed before sending.",
        (
            "Telephone the organisation on a number that you find yourself and confirm the address.",
            "Ask information governance to approve the organisation if you will write to it again.",
        ),
        HOLD,
        3,
        routed=True,
    ),
    Entry(
        "look-alike-domain",
        ("E2",),
        "The recipient's domain looks like an approved one, but is another",
        "A typing slip or a forged address sends personal information to a stranger.",
        ("Compare the address with the one suggested, correct it, and send the message again.",),
        HOLD,
        4,
    ),
    Entry(
        "many-outside-recipients",
        ("P1",),
        "Many outside addresses can see each other",
        "The list of addresses itself tells everyone on it who the others are. This is among the most"
        " reported breaches in the country.",
        ("Put the recipients in Bcc, or send each a message of their own.",),
        HOLD,
        4,
    ),
    Entry(
        "first-mail",
        ("E2",),
        "This is the first message ever to this address",
        "A new address is more likely to be wrong than one that has been used before.",
        ("Check the recipient's name, department and address.",),
        PASS,
        1,
    ),
    Entry(
        "near-miss",
        ("E2",),
        "The address is nearly, but not quite, one that is often written to",
        "A typing slip sends personal information to a stranger.",
        ("Compare the address with the usual one, correct it if need be, and send the message again.",),
        HOLD,
        3,
    ),
    Entry(
        "unusual-address",
        ("E2",),
        "The address is unlike every one used before for this name",
        "Outlook may have suggested another person of the same name.",
        ("Check that this is the person you mean, and send the message again.",),
        HOLD,
        3,
    ),
    Entry(
        "internal-name-outside",
        ("E2",),
        "The name is a colleague's, the address is outside",
        "The message was probably meant for the colleague inside the organisation.",
        ("Pick the colleague from the address book and send the message again.",),
        HOLD,
        3,
    ),
    Entry(
        "group-with-outside-members",
        ("E2",),
        "The group has members outside the organisation",
        "Whoever writes to a group does not see who is in it.",
        ("Look up the group's members. Write to the people who need the information.",),
        PASS,
        2,
    ),
    # The way
    Entry(
        "retired-route",
        ("E4",),
        "The address belongs to a closed network (GCSX or the GSI family)",
        "These networks have closed. Such accounts do not count as secure and carry no client details.",
        ("Use the address on the organisation's present domain, which is usually the one suggested.",),
        REFUSE,
        3,
        routed=True,
    ),
    Entry(
        "school-in-clear",
        ("E5",),
        "Personal information would go in clear between the council and a school",
        "Plain e-mail between the council and schools is not secure, in either direction.",
        (
            "Put the information into an attached document and protect it with a password.",
            "Tell the password by telephone, or once the document's receipt is confirmed.",
        ),
        PROTECT,
        3,
        routed=True,
    ),
    Entry(
        "secure-connection",
        ("E4",),
        "The message may go only over a verified secure connection",
        "A secure connection is used where there is one.",
        ("Nothing: the gateway sees to it.",),
        PASS,
        1,
    ),
    Entry(
        "route-not-verified",
        ("E4",),
        "No verified secure connection to the recipient's organisation is known",
        "Without one, anyone on the way could read the message.",
        (
            "Put the information into an attached document and protect it with a password.",
            "Ask IT whether the organisation offers a secure connection.",
        ),
        PROTECT,
        3,
    ),
    Entry(
        "marking-above-route",
        ("P2",),
        "The protective marking asks for more than this way of sending gives",
        "A marking raises the handling that a message needs.",
        (
            "Check that the marking is right.",
            "Ask your manager or the information security officer by which way it may go.",
        ),
        HOLD,
        4,
        routed=True,
    ),
    Entry(
        "telephone-only",
        ("E8", "T1"),
        "The password of the document may be told by telephone only",
        "For information as sensitive as this, a separate e-mail is not enough.",
        ("Ring the recipient on a published number, verify who answers, and tell the password.",),
        PROTECT,
        2,
    ),
    Entry(
        "portal-only",
        ("H1",),
        "Information of this kind goes by the secure pages, not by e-mail",
        "The secure pages give access only to people with a login and rights of their own.",
        ("Put the file, encrypted, on the secure pages and tell the recipient where it is.",),
        HOLD,
        3,
        routed=True,
    ),
    Entry(
        "route-held",
        ("P4",),
        "A reviewer must see messages of this kind to this recipient",
        "Whoever is unsure asks a manager or the information security officer.",
        ("Wait for the reviewer's answer, or ask the information governance team.",),
        HOLD,
        2,
        routed=True,
    ),
    Entry(
        "route-refused",
        ("P1",),
        "Information of this kind may not go to this recipient by e-mail",
        "Technical measures keep personal information from going where it must not.",
        ("Ask the information governance team by which way it may go.",),
        REFUSE,
        3,
        routed=True,
    ),
    # The subject and the body
    Entry(
        "subject-not-marked",
        ("E3",),
        "The subject does not say 'Private and Confidential'",
        "The marking tells the recipient's staff not to open or pass on what is not meant for them.",
        ("Begin the subject with 'Private and Confidential'.",),
        PROTECT,
        2,
    ),
    Entry(
        "subject-personal-data",
        ("E7",),
        "The subject itself carries personal information",
        "A subject can't be encrypted. It is shown in lists, on locked phones and in logs.",
        ("Take the personal information out of the subject and send the message again.",),
        REFUSE,
        3,
    ),
    Entry(
        "body-personal-data",
        ("E7",),
        "The text of the message carries personal information",
        "Personal information goes into an attached, protected document: the text of a message can be read on"
        " its way and is quoted in every answer.",
        (
            "Move the personal information into a document.",
            "Save it read-only, protect it with a password, and attach it.",
        ),
        PROTECT,
        3,
    ),
    Entry(
        "calendar-with-personal-data",
        ("E7",),
        "An invitation carries personal information",
        "Invitations are shown in shared calendars and can't be protected without breaking them.",
        ("Send the invitation without the personal information, and that in a protected document.",),
        HOLD,
        3,
    ),
    # Attachments and passwords
    Entry(
        "attachment-not-encrypted",
        ("E7",),
        "An attachment with personal information is not encrypted",
        "A document that goes astray can be opened by anyone unless it has a password.",
        ("Save the document read-only, protect it with a password, and attach it again.",),
        PROTECT,
        3,
    ),
    Entry(
        "attachment-weakly-encrypted",
        ("E7",),
        "An attachment is protected by a lock that can be broken",
        "Old zip and Office encryption is opened by free programs in minutes.",
        ("Protect the document with AES-256: save it in the present Office format, or use 7-Zip.",),
        PROTECT,
        3,
    ),
    Entry(
        "attachment-not-read-only",
        ("E7",),
        "An attachment with personal information is not saved read-only",
        "The recipient might change the document without noticing.",
        ("Save the document read-only before you attach it.",),
        PASS,
        1,
    ),
    Entry(
        "password-in-message",
        ("E8",),
        "The password of an attachment stands in the same message",
        "Whoever gets the message can open the document: the password protects nothing.",
        (
            "Choose a new password and send the document again without it.",
            "Tell the password by telephone, or in a separate e-mail once receipt is confirmed.",
        ),
        REFUSE,
        4,
    ),
    Entry(
        "locked",
        ("E7",),
        "An attachment is locked, so it could not be inspected",
        "A locked document is presumed to hold personal information.",
        ("If a reviewer asks, say what the document holds. See that its password travels apart.",),
        PASS,
        2,
        routed=True,
    ),
    Entry(
        "could-not-be-read",
        ("P1",),
        "A part of the message could not be read",
        "What can't be read is not known to be clean.",
        ("Save the document in a common format such as docx, xlsx or PDF and attach it again.",),
        HOLD,
        3,
    ),
    Entry(
        "picture-not-read",
        ("P1",),
        "A picture could not be searched for text",
        "A photograph of a document or of a person may be personal information.",
        ("Check that the picture shows nobody's personal information.",),
        PASS,
        1,
    ),
    Entry(
        "inspection-limit",
        ("P1",),
        "The message is too large or too deeply nested to be inspected in full",
        "What was not inspected is not known to be clean.",
        ("Send fewer or smaller files, without archives inside archives.",),
        HOLD,
        3,
    ),
    Entry(
        "type-mismatch",
        ("P1",),
        "An attachment is of another type than its name says",
        "A wrong name can hide what a file is.",
        ("Give the file the ending that belongs to it.",),
        PASS,
        2,
    ),
    Entry(
        "polyglot",
        ("P1",),
        "An attachment can be read as files of two types",
        "Such a file shows one content to the inspection and another to its reader.",
        ("Save the document anew from the program that made it, and attach it again.",),
        HOLD,
        3,
    ),
    Entry(
        "cloud-link",
        ("H1",),
        "The message links to a shared file, which was not inspected",
        "Whoever may open the link is decided elsewhere than in this message.",
        ("Check that only the people meant may open the link.",),
        PASS,
        2,
    ),
    Entry(
        "cannot-be-protected",
        ("E7",),
        "The gateway could not protect a part of the message",
        "What must be protected does not leave without protection.",
        ("Protect the document yourself with a password, and attach it again.",),
        HOLD,
        3,
    ),
    # The message as a whole
    Entry(
        "ambiguous-structure",
        ("P1",),
        "Mail programs would disagree about what this message contains",
        "The recipient might see what the inspection did not.",
        ("Write the message anew instead of forwarding it, and attach the files again.",),
        HOLD,
        4,
    ),
    Entry(
        "message-signed-or-encrypted",
        ("E7",),
        "The message is signed or encrypted (S/MIME or PGP), so the gateway can't put it right",
        "Editing would break the signature, and what is encrypted can't be edited at all.",
        (
            "Send the message again without the signature.",
            "Or protect the document yourself and mark the subject.",
        ),
        HOLD,
        3,
    ),
    Entry(
        "own-dkim-signature",
        ("E7",),
        "The message already bears the organisation's own DKIM signature, so the gateway may not edit it",
        "Editing would break the signature, and the recipient's system might take the message for a forgery.",
        ("Ask IT: the signature must be made after the gateway.",),
        HOLD,
        2,
    ),
    Entry(
        "protection-requested",
        ("P3",),
        "The sender asked for protection",
        "Whoever writes knows best how sensitive the information is.",
        ("Nothing: the gateway sees to it.",),
        PROTECT,
        1,
    ),
    Entry(
        "all-or-nothing",
        ("P1",),
        "Another recipient of the same message may not have it",
        "The policy keeps a message together: everyone gets it, or nobody does.",
        ("Put right what the other recipient's reasons say, or send to the recipients apart.",),
        HOLD,
        1,
        routed=True,
    ),
)

# The ids of the guide: principles, e-mail, secure pages, the record, the other channels.
RULE_IDS = (
    *("P1", "P2", "P3", "P4", "P5"),
    *("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9"),
    *("H1", "H2", "R1", "T1", "T2", "B1", "M1", "F1", "F2", "D1", "L1"),
)
BY_CODE: dict[str, Entry] = {entry.code: entry for entry in CATALOGUE}
ORDER: dict[str, int] = {entry.code: place for place, entry in enumerate(CATALOGUE)}
