"""Ordinary mail, sloppy mail too, is read in one way and never called ambiguous."""

from pathlib import Path

import pytest

from milter.message.parse import parse

FOLDER = Path(__file__).parent / "ordinary"


@pytest.mark.parametrize("case", sorted(FOLDER.glob("*.eml")), ids=lambda path: path.stem)
def test_ordinary_mail(case: Path) -> None:
    """Each part has its number, role, type, and name or method; no reading differs and no cap is hit."""
    why, *expected = case.with_suffix(".txt").read_text("utf-8").strip().split("\n")
    message = parse(case.read_bytes())
    found = [f"{p.path} {p.role} {p.declared} {p.name}{p.method}".strip() for p in message.parts]
    assert found == expected, why
    assert message.ambiguities == ()
    assert message.limits == ()


@pytest.mark.parametrize("case", sorted(FOLDER.glob("*.eml")), ids=lambda path: path.stem)
def test_line_ends_do_not_matter(case: Path) -> None:
    """A file with LF line ends holds the same parts as the mail with CRLF."""
    raw = case.read_bytes()
    crlf, lf = parse(raw), parse(raw.replace(b"\r\n", b"\n"))
    assert [(p.path, p.role, p.declared, p.name) for p in lf.parts] == [
        (p.path, p.role, p.declared, p.name) for p in crlf.parts
    ]
    assert [p.content.replace(b"\r\n", b"\n") for p in lf.parts] == [
        p.content.replace(b"\r\n", b"\n") for p in crlf.parts
    ]
    assert lf.ambiguities == ()


@pytest.mark.samples
def test_no_sample_cries_wolf(samples: Path) -> None:
    """None of the mail that public projects collected, broken encodings and all, is ambiguous or beyond a cap."""
    mails = sorted((samples / "mail").iterdir())
    assert len(mails) > 100
    judged = {mail.name: parse(mail.read_bytes()) for mail in mails}
    assert {name: m.ambiguities + m.limits for name, m in judged.items() if m.ambiguities or m.limits} == {}
    assert all(m.parts for m in judged.values())
