"""Where each key of a TOML file stands."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milter.toml_lines import locate

SHIPPED = Path(__file__).parent.parent.parent / "config"

TEXT = '''# a remark = 1
plain = 1
dotted.name = """text
over = 2
lines ]""" # remark
[table]
list = [
  "a", # ] no end
  'b',
  { x = 1 },
  [1,
   2],
]
date = 1987-01-01 00:00:00
[[row]]
from = ["x"]
[[row]]
"to" = 'y'
[row.inner]
z = -1.5
["od.d"]
"q\\"r" = { a = [1, 2], b = "}" }
last = true'''


def test_lines() -> None:
    """Tables, keys, items of lists and rows of arrays are found, whatever the strings between them hold."""
    assert locate(TEXT) == {
        ("plain",): 2,
        ("dotted", "name"): 3,
        ("table",): 6,
        ("table", "list"): 7,
        ("table", "list", 0): 8,
        ("table", "list", 1): 9,
        ("table", "list", 2): 10,
        ("table", "list", 3): 11,
        ("table", "date"): 14,
        ("row", 0): 15,
        ("row", 0, "from"): 16,
        ("row", 0, "from", 0): 16,
        ("row", 1): 17,
        ("row", 1, "to"): 18,
        ("row", 1, "inner"): 19,
        ("row", 1, "inner", "z"): 20,
        ("od.d",): 21,
        ("od.d", 'q"r'): 22,
        ("od.d", "last"): 23,
    }


@pytest.mark.parametrize("name", ["sealgate.toml", "policy.toml", "partners.toml"])
def test_every_key_of_the_shipped_files_is_found(name: str) -> None:
    """Each key that tomllib reads has a line, and the line holds the key."""
    text = (SHIPPED / name).read_text("utf-8")
    found, lines = locate(text), text.splitlines()
    for table_name, value in tomllib.loads(text).items():
        tables = [((table_name,), value)] if isinstance(value, dict) else []
        if isinstance(value, list):
            tables = [((table_name, n), item) for n, item in enumerate(value) if isinstance(item, dict)]
        for place, table in tables:
            for key in table:
                assert key in lines[found[(*place, key)] - 1]


@given(st.text(max_size=60))
def test_text_that_is_no_toml_ends_quietly(text: str) -> None:
    """Whatever it is given, it ends without an error."""
    assert isinstance(locate(text), dict)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(max_size=20), max_size=5))
def test_lines_of_written_files(table: dict[str, str]) -> None:
    """Keys one a line are found on their lines, whatever text is their value."""
    import json

    text = "\n".join(f"{key} = {json.dumps(value).replace(chr(127), '')}" for key, value in table.items())
    assert locate(text) == {(key,): n for n, key in enumerate(table, 1)}
