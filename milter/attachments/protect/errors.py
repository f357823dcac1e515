"""Why a document could not be protected, in words for a notice."""

from milter.errors import SealgateError


class CannotProtect(SealgateError):  # noqa: N818 - it reads as what it says
    """This file can't be protected at all; the message is held. `why` is safe to show."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CannotEdit(Exception):  # noqa: N818
    """This file must not or can't be marked in its own format; it goes into a zip as the bytes that it is."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
