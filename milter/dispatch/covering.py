"""The covering note of a protected message: who sends, why, what may be done with it, how to open it (P5, E8)."""

from collections.abc import Sequence

from milter.dispatch import explaining
from milter.dispatch.case import Case
from milter.dispatch.surroundings import Surroundings
from milter.message.build import Note
from milter.message.envelope import Recipient
from milter.notices.covering import how_password, steps_on_computer, steps_on_phone
from milter.notices.model import ReceiptRequest
from milter.notices.render import render_notice
from milter.receipts.release import Terms


def note_for(
    case: Case,
    recipient: Recipient,
    documents: Sequence[str],
    formats: Sequence[str],
    agreed: Terms,
    token: str,
    with_: Surroundings,
    *,
    body_moved: bool,
) -> Note:
    """Write the note for one recipient, with the link that is theirs alone."""
    settings, sharing = with_.known.settings, with_.known.policy.sharing
    by_mail = agreed.way in {"email", "both"}
    page = f"{settings.receipts.page_url}/{token}" if settings.receipts.page_url and by_mail else ""
    notice = ReceiptRequest(
        organisation=explaining.organisation(settings),
        mail=explaining.mail_of(case, with_.clock()),
        recipient=recipient.address,
        documents=tuple(documents),
        purpose=case.wishes.purpose or sharing.purpose,
        limits=case.wishes.consent or sharing.consent,
        open_computer=steps_on_computer(formats),
        open_phone=steps_on_phone(formats),
        how_password=how_password(agreed.way),
        confirm_page=page,
        confirm_by=agreed.expires_at.strftime(explaining.LONDON_DAY) if page else "",
        body_moved=body_moved,
        telephone=case.assessment.people.sender.telephone,
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
