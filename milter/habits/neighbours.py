"""Near misses of things that are known by their digests alone.

A digest of 'jane.brown' tells nothing of 'jane.browm'. But whoever leaves out one character of either gets
'jane.brow' from both. So for something that is often used, the digests of all its forms with one character left
out are kept, and those of a new thing are looked up among them. Two forms that are alike mean one slip where both
leave out the same place (another character), or where one is the whole of the other (a character too many or too
few). Swapped neighbours have forms of their own. The place, a figure, is kept beside the digest.

Not every difference is a slip. Another initial ('j.smith', 'k.smith'), another first letter and other figures ('year5',
'year6') make another person or office, so no form leaves those out. Bounded: a word of n characters has 2n forms.
"""

import re
from collections.abc import Iterable, Mapping

SHORTEST = 5  # characters: shorter words are near each other by chance
LONGEST = 64
Places = tuple[int, int]  # the first and last place that can be left out to the same effect, as in 'nn'
WHOLE: Places = (-1, -1)  # of the form that leaves nothing out


def asked_forms(word: str) -> dict[str, Places]:
    """Give the forms by which a new word is looked up; none for a word that is too short or long."""
    if not SHORTEST <= len(word) <= LONGEST:
        return {}
    found = {word: WHOLE, f"={word}": WHOLE}
    firsts = {match.start() for match in re.finditer(r"[^\W\d_]+", word)}
    for place, char in enumerate(word):
        if char.isdigit() or place in firsts:
            continue
        form = word[:place] + word[place + 1 :]
        found[form] = (found.get(form, (place, place))[0], place)
    return found


def known_forms(word: str) -> dict[str, Places]:
    """Give the forms that are kept of a word that is often used: those of `asked_forms`, and those with a swap."""
    found = asked_forms(word)
    found.pop(f"={word}", None)
    for place in range(len(word) - 1 if found else 0):
        one, other = word[place], word[place + 1]
        if one != other and one.isalpha() and other.isalpha():
            found[f"={word[:place]}{other}{one}{word[place + 2 :]}"] = (place, place)
    return found


def slip(new: Mapping[str, Places], known: Iterable[tuple[str, Places]]) -> int | None:
    """Give the place in a new word where it departs from a known one by a slip; None where it departs from none.

    `known` are those of the new word's forms that were found, with the places that the known word leaves out.
    """
    known = tuple(known)
    if any(new[form] == places == WHOLE for form, places in known):
        return None  # it is the known word itself
    for form, places in known:
        mine = new[form]
        if WHOLE in (mine, places):
            return max(mine, places)[0]
        if mine[0] <= places[1] and places[0] <= mine[1]:
            return mine[0]
    return None
