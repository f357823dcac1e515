"""A covering note tells how to open exactly what is attached."""

import pytest

from milter.notices.covering import (
    HOW_PASSWORD,
    OPENS_READ_ONLY,
    how_password,
    steps_on_computer,
    steps_on_phone,
)


@pytest.mark.parametrize(
    ("formats", "told", "untold"),
    [
        (("docx",), ("Word",), ("PDF", "zip")),
        (("pdf", "pdf"), ("PDF",), ("Word", "zip")),
        (("zip", "xlsx"), ("Excel", "7-Zip"), ("PDF",)),
    ],
)
def test_steps_are_of_the_formats_that_are_attached_and_no_others(
    formats: tuple[str, ...], told: tuple[str, ...], untold: tuple[str, ...]
) -> None:
    """Nobody reads about zips who got none, and nobody is left without a step."""
    steps = " ".join(steps_on_computer(formats))
    assert all(word in steps for word in told)
    assert not any(word in steps for word in untold)
    assert steps_on_computer(formats)[-1] == OPENS_READ_ONLY
    assert len(steps_on_phone(formats)) == len(set(formats))


def test_zip_steps_warn_of_windows_and_name_programs_that_work() -> None:
    """Built-in zip programs can't open AES zips (pitfall 6)."""
    (step, _) = steps_on_computer(("zip",))
    assert "7-Zip" in step
    assert "Windows by itself can't" in step


def test_each_way_of_the_password_is_told_and_only_the_right_ones_promise_an_email() -> None:
    """A recipient whose password comes by telephone is not told to wait for an email (E8)."""
    promises = [way for way, words in HOW_PASSWORD.items() if "comes in a separate email" in words]
    assert promises == ["email", "both"]
    assert "rings you" in how_password("telephone")
