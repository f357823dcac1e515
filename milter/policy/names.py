"""Names of people in one form, from what a message shows or an address says. Pure, and in bounded time.

A name is taken for a person's where at least two words are left of it without titles, initials, brackets and
figures, and none of them is an office's ('admissions', 'team'): two offices of a name are no case of mistaken identity.
"""

import re
import unicodedata

LONGEST = 120  # characters that are looked at
_MOST = 4  # words of a name
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_TITLES = frozenset(
    ("mr", "mrs", "miss", "ms", "mx", "dr", "prof", "cllr", "sir", "dame", "rev", "hon", "obe", "mbe")
)
_OFFICE_WORDS = """
academy accounts admin administrator admissions adult adults applications appeals bookings borough
business care centre child children client clerk college communications complaints contact council county
court customer department desk director duty education email enquiries enquiry exams family finance
governor governors group head headteacher health help helpdesk housing hr hub info information invoices
legal library licensing line list local mail mailbox manager mash members nhs no noreply nursery office
officer operations parent parents payments payroll planning police post primary private project reception
referral referrals reply revenues safeguarding sales school schools secondary secretary secure senco send
service services shared social staff support surgery systems team test the training transport trust unit
users welfare works
"""
_OFFICES = frozenset(_OFFICE_WORDS.split())


def name_key(shown: str) -> str:
    """Give 'john smith' for 'SMITH, John (Adult Care)' and for 'Mr John A. Smith'; '' where it is no person's."""
    if "@" in shown:
        return local_key(shown.rpartition("@")[0])
    text = re.split(r" [-|/] ", _BRACKETS.sub(" ", shown[:LONGEST]))[0]
    return _key(_plain(text))


def local_key(local: str) -> str:
    """Give 'john smith' for 'john.smith2' or 'J.Smith.John'; '' where the words of the name can't be told."""
    return _key(re.sub(r"[._\-+]+|\d+", " ", _plain(local[:LONGEST])))


def _key(text: str) -> str:
    words = [word.replace("'", "") for word in _WORD.findall(text.replace("-", " "))]
    kept = {word for word in words if len(word) > 1 and word not in _TITLES}
    if not 2 <= len(kept) <= _MOST or kept & _OFFICES:
        return ""
    return " ".join(sorted(kept))


def _plain(text: str) -> str:
    """Fold case, accents and typographic apostrophes; other scripts fall out."""
    folded = unicodedata.normalize("NFKD", text.replace("\u2019", "'").casefold())
    return "".join(char for char in folded if char.isascii())


def letters_of(local: str) -> str:
    """Give a local part without its figures, by which 'john.smith1' and 'john.smith2' are told apart no more."""
    return re.sub(r"\d+", "", _plain(local[:LONGEST]))


def same_person(first: str, second: str) -> bool:
    """Whether two local parts name one person: the same letters, or a surname of four with the forename's initial."""
    one, other = re.sub(r"[^a-z]", "", _plain(first)), re.sub(r"[^a-z]", "", _plain(second))
    if one == other and len(one) > 4:
        return True
    return any(_short(short, local_key(whole)) for short, whole in ((one, second), (other, first)))


def _short(letters: str, key: str) -> bool:
    """Whether letters are an initial and a surname, or both words, of a name of two."""
    words = key.split()
    if len(words) != 2:
        return False
    return any(
        letters in {fore + sur, fore[0] + sur, sur + fore[0]}
        for fore, sur in (words, reversed(words))
        if len(sur) > 3
    )
