"""Rules on what could not be inspected or edited: closed when unsure (P1, law 7, pitfalls 13, 14, 25, 36)."""

from collections.abc import Iterator

from milter.policy.case import Case, Found
from milter.policy.facts import PartFacts
from milter.policy.model import Action
from milter.policy.rules.attachment import shown
from milter.policy.rules.marking import subject_not_marked
from milter.policy.rules.recipient import many_outside

PICTURES = ("png", "jpeg", "jpg", "gif", "bmp", "webp", "tiff", "heic", "svg", "ico", "emf", "wmf", "psd")
UNEDITABLE = ("smime-signed", "smime-encrypted", "pgp-signed", "pgp-encrypted")
MAX_LINES = 3  # of differences or limits that a detail gives
REQUESTS = frozenset({"protect", "x-sealgate-protect"})


def could_not_be_read(case: Case) -> Iterator[Found]:
    """P1: what can't be read is not clean; a picture is a milder case than a document."""
    if case.inside:
        return
    for part in case.contents.odd:
        if part.status == "unreadable" and not part.covered:
            picture = "picture" in part.notes or part.format in PICTURES
            code = "picture-not-read" if picture else "could-not-be-read"
            yield Found(code, part.path, _why(part))


def inspection_limit(case: Case) -> Iterator[Found]:
    """P1: what was not inspected in full is not clean."""
    if case.inside:
        return
    for part in case.contents.odd:
        if part.status == "limit":
            yield Found("inspection-limit", part.path, _why(part))
    if case.facts.limits:
        yield Found("inspection-limit", detail="; ".join(case.facts.limits[:MAX_LINES]))


def ambiguous(case: Case) -> Iterator[Found]:
    """P1: the recipient's program might show what the inspection did not see."""
    if case.facts.ambiguities and not case.inside:
        yield Found("ambiguous-structure", detail="; ".join(case.facts.ambiguities[:MAX_LINES]))


def sealed(case: Case) -> Iterator[Found]:
    """E7: a signed or encrypted message is never edited; one that would have to be is stopped."""
    seals = [seal for seal in UNEDITABLE if seal in case.facts.seals]
    if seals and _needs_edit(case):
        yield Found("message-signed-or-encrypted", detail=", ".join(seals))


def own_signature(case: Case) -> Iterator[Found]:
    """Pitfall 14: what bears our own DKIM signature is edited only where the policy says so."""
    if case.policy.edit_own_dkim or not _needs_edit(case):
        return
    for domain in case.facts.dkim_domains:
        partner = case.policy.domains.find(domain.lower())
        if partner and partner.own:
            yield Found("own-dkim-signature", detail=f"signed by {domain.lower()}")


def requested(case: Case) -> Iterator[Found]:
    """P3: the sender asked for protection by an internet header."""
    if not case.inside and not REQUESTS.isdisjoint(case.facts.words):
        yield Found("protection-requested")


def _needs_edit(case: Case) -> bool:
    marks = any(found.action is None for found in subject_not_marked(case))
    return marks or bool(case.exposed) or _is_sent_apart(case)


def _is_sent_apart(case: Case) -> bool:
    """Whether the policy answers to many outside addresses with a copy for each, whose To is another."""
    response = case.policy.response("many-outside-recipients")
    apart = response.enforced and response.action_for(case.person.kind) is Action.PROTECT
    return apart and any(many_outside(case))


def _why(part: PartFacts) -> str:
    return f"{shown(part)}: {part.why}" if part.why else shown(part)


RULES = (could_not_be_read, inspection_limit, ambiguous, sealed, own_signature, requested)
