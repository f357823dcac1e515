"""Turns a notice's values into a subject, a plain text and an HTML text.

Guarantees: a template sees the values it is given and nothing else (sandbox); a name that is missing or
misspelt is an error and never a blank; every value is escaped in HTML, and in all three is a single line
without control characters, so that a hostile subject or file name can forge no line of ours (pitfall 42).
Refuses: names that are not in the catalogue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unicodedata import category

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from milter.errors import RequestError
from milter.notices.model import NOTICES, Notice, name_of, values_of

TEMPLATES = Path(__file__).parent / "templates"
JOINERS = "\u200c\u200d"  # format characters that Persian and Indian names are written with
NAMES = tuple(name for name, _ in NOTICES)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice ready to be made a message of."""

    subject: str  # one line
    text: str  # lines end in '\n'
    html: str


def render(name: str, values: Mapping[str, object], override: Path | None = None) -> Rendered:
    """Render the notice called `name`.

    `override` is a folder (`config/notices`) whose `<name>/{subject.txt,body.txt,body.html}`, and whose
    `_layout.html`, take the place of ours, file by file. RequestError says which template is wrong, and how.
    """
    if name not in NAMES:
        message = f"There is no notice called '{name}'."
        raise RequestError(message)
    environment = _environment(override)

    def filled(file: str) -> str:
        try:
            return environment.get_template(f"{name}/{file}").render(values)
        except TemplateError as error:
            message = f"The template {name}/{file} can't be used: {error.message}"
            raise RequestError(message) from error

    subject = " ".join(filled("subject.txt").split())
    return Rendered(subject, filled("body.txt").strip("\n") + "\n", filled("body.html").strip("\n") + "\n")


def render_notice(notice: Notice, override: Path | None = None) -> Rendered:
    """Render a notice from its value."""
    return render(name_of(notice), values_of(notice), override)


@lru_cache(maxsize=8)
def _environment(override: Path | None) -> ImmutableSandboxedEnvironment:
    folders = [TEMPLATES] if override is None else [override, TEMPLATES]
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        auto_reload=override is not None,  # ours do not change while we run
        finalize=_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _one_line(value: object) -> object:
    """Make any value a single line that shows what it holds: no line ends, controls or reordering marks."""
    if isinstance(value, Undefined | Markup):
        return value
    text = str(value)
    if text.isprintable():  # neither controls, format characters nor separators but the space
        return text
    return "".join(" " if _disturbs(char) else char for char in text)


def _disturbs(char: str) -> bool:
    return category(char) in {"Cc", "Cf", "Zl", "Zp"} and char not in JOINERS
