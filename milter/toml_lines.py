"""Where each key of a TOML file stands, for messages that name a line: tomllib itself does not say.

It takes text that tomllib has accepted and finds no fault with anything. Keys inside an inline table count as
standing where the table does. Linear in the length of the text.
"""

import re
import tomllib

SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
BLANK = re.compile(r"[ \t]*")
KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
STRING = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^']|'(?!''))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''',
    re.DOTALL,
)
PLAIN = re.compile(r"[^,#\[\]{}\"'\n]+")  # a date and its time may be parted by a space


def locate(text: str) -> dict[tuple[str | int, ...], int]:
    """Give the line, from 1, of each table, key and list item: {('route', 2, 'demand'): 41}."""
    return _Locator(text).run()


class _Locator:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counted = (0, 1)  # an offset, and its line
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.tables: dict[tuple[str | int, ...], int] = {}  # how many of each array of tables came so far

    def run(self) -> dict[tuple[str | int, ...], int]:
        inside: tuple[str | int, ...] = ()
        self._skip(SPACE)
        while self.at < len(self.text):
            line = self._line()
            if self.text[self.at] == "[":
                inside = self._header()
                self.lines.setdefault(inside, line)
            else:
                key = inside + self._key()
                self._skip(BLANK)
                self.at += 1  # the equals sign
                self._skip(BLANK)
                self.lines.setdefault(key, line)
                self._value(key)
            self._skip(SPACE)
        return self.lines

    def _header(self) -> tuple[str | int, ...]:
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        self._skip(BLANK)
        names = self._key()
        self._skip(BLANK)
        self.at += 2 if array else 1
        if not array:
            return self._resolved(names)
        named = (*self._resolved(names[:-1]), names[-1])
        self.tables[named] = self.tables.get(named, -1) + 1
        return (*named, self.tables[named])

    def _resolved(self, names: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """Put in which table of an array a header means: the latest."""
        way: tuple[str | int, ...] = ()
        for name in names:
            way = (*way, name)
            if way in self.tables:
                way = (*way, self.tables[way])
        return way

    def _key(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            self._skip(BLANK)
            found = KEY.match(self.text, self.at)
            if found is None:  # not TOML, which can't be: end quietly
                self.at = len(self.text)
                return tuple(names) or ("",)
            self.at = found.end()
            names.append(_unquoted(found[0]))
            self._skip(BLANK)
            if not self.text.startswith(".", self.at):
                return tuple(names)
            self.at += 1

    def _value(self, key: tuple[str | int, ...]) -> None:
        """Go past a value, noting the lines of a list's items."""
        depth, place, fresh = 0, 0, False
        a_list = self.text.startswith("[", self.at)
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign in "[{":
                if fresh and depth == 1:
                    self.lines.setdefault((*key, place), self._line())
                depth += 1
                fresh = sign == "[" and depth == 1
                self.at += 1
            elif sign in "]}":
                depth -= 1
                self.at += 1
            elif sign == ",":
                place, fresh = (place + 1, a_list) if depth == 1 else (place, fresh)
                self.at += 1
            else:
                if fresh and depth == 1:
                    self.lines.setdefault((*key, place), self._line())
                    fresh = False
                self._scalar()
            if depth == 0:
                return
            self._skip(SPACE)

    def _scalar(self) -> None:
        found = STRING.match(self.text, self.at) or PLAIN.match(self.text, self.at)
        self.at = found.end() if found else self.at + 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _line(self) -> int:
        offset, line = self.counted
        self.counted = (self.at, line + self.text.count("\n", offset, self.at))
        return self.counted[1]


def _unquoted(name: str) -> str:
    if name[0] in "\"'":
        return next(iter(tomllib.loads(f"{name} = 0")))
    return name
