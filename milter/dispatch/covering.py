"""The covering note of a protected message: who sends, why, what may be done with it, how to open it (P5, E8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from milter.dispatch import explaining
from milter.dispatch.case import Case
from milter.dispatch.locking import is_personal
from milter.dispatch.surroundings import Surroundings
from milter.message.build import Note
from milter.message.envelope import Recipient
from milter.notices.covering import how_password, steps_on_computer, steps_on_phone
from milter.notices.model import ReceiptRequest
from milter.notices.moments import in_words
from milter.notices.render import render_notice
from milter.receipts.release import Terms


@dataclass(frozen=True, slots=True)
class Mine:
    """What belongs to one share alone."""

    reference: (
        str  # by which everybody speaks of it: on its page, in its password's message, at the help desk
    )
    page: str  # '' where there are no pages
    reply_address: str  # on the receipts domain; '' where there is none


def note_for(
    case: Case,
    recipient: Recipient,
    documents: Sequence[str],
    formats: Sequence[str],
    agreed: Terms,
    mine: Mine,
    with_: Surroundings,
    *,
    body_moved: bool,
) -> Note:
    """Write the note for one recipient, with the link that is theirs alone.

    What the sender says of purpose and consent stands in it unless it is personal itself: the note is in clear.
    """
    settings, sharing = with_.known.settings, with_.known.policy.sharing
    purpose, consent = (
        "" if is_personal(case, words, with_) else words
        for words in (case.wishes.purpose, case.wishes.consent)
    )
    notice = ReceiptRequest(
        organisation=explaining.organisation(settings),
        mail=replace(explaining.mail_of(case, with_.clock()), reference=mine.reference),
        recipient=recipient.address,
        documents=tuple(documents),
        purpose=purpose or sharing.purpose,
        limits=consent or sharing.consent,
        open_computer=steps_on_computer(formats),
        open_phone=steps_on_phone(formats),
        how_password=how_password(agreed.way),
        confirm_page=mine.page,
        confirm_by=in_words(agreed.expires_at) if mine.page else "",
        body_moved=body_moved,
        telephone=case.assessment.people.sender.telephone,
        reply_address=mine.reply_address,
    )
    override = settings.folder / "notices"
    rendered = render_notice(notice, override if override.is_dir() else None)
    return Note(rendered.text, rendered.html)


def above_html(note: str, html: str, text: str) -> str:
    """Put the note above the sender's own HTML, or above the text where the message has no HTML."""
    if not html:
        own = f"<pre style='white-space:pre-wrap;font-family:inherit'>{_escaped(text)}</pre>" if text else ""
        return _inserted(note, own)
    return _inserted(note, html)


def _inserted(note: str, own: str) -> str:
    """Put the sender's part before the end of the note's body; browsers and mail programs merge the bodies."""
    at = note.lower().rfind("</body>")
    return f"{note[:at]}<hr>{own}{note[at:]}" if at >= 0 else f"{note}<hr>{own}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
