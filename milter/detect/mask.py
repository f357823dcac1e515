"""Masks a value where it is found (law 8): enough to find it again in the document, too little to use it."""


def masked(kind: str, value: str) -> str:
    """The value with all but a few characters starred; its length and separators stay."""
    if kind == "email":
        local, at, domain = value.partition("@")
        return (
            f"{local[:1]}{'*' * max(len(local) - 1, 1)}{at}{'*' * len(domain.split('.')[0])}"
            if at
            else _starred(value, 1, 0)
        )
    if kind == "person":
        return " ".join(word[:1] + "*" * (len(word) - 1) for word in value.split())
    if kind == "date-of-birth":
        return _starred(value, 0, 2)
    if kind in ("address", "postcode"):
        return _starred(value, 2, 0)
    return _starred(value, 2, 2)


def _starred(value: str, first: int, last: int) -> str:
    signs = [at for at, char in enumerate(value) if char.isalnum()]
    if len(signs) <= 2 * (first + last):
        first, last = min(first, 1), 0
    shown = set(signs[:first]) | (set(signs[-last:]) if last else set())
    return "".join(
        char if at in shown or not char.isalnum() else "*" for at, char in enumerate(value)
    ).replace("\n", " ")
