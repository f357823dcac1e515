"""The messages that speed is measured on are made again alike, and are mail as SMTP carries it."""

import json

from benchmarks.performance_corpus import SORTS, order, publish


def test_a_small_corpus_is_deterministic_and_has_crlf_alone(tmp_path):
    """The same seed gives the same bytes, no bare line ends, an index line for each file."""
    for name in ("a", "b"):
        assert publish(tmp_path / name, count=2, seed=7) == sum(
            f.stat().st_size for f in (tmp_path / name).glob("*.eml")
        )
    for line in (tmp_path / "a" / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["sort"] == "image":
            continue  # five megabytes of noise tell nothing more
        content = (tmp_path / "a" / entry["file"]).read_bytes()
        assert content == (tmp_path / "b" / entry["file"]).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
        assert entry["bytes"] == len(content)


def test_half_of_every_sort_is_personal():
    """The mix is as the targets were set on: 200 messages, half with personal data."""
    plan = order(200, 1)
    assert len(plan) == 200
    for sort, count in SORTS:
        assert sum(personal for kind, personal in plan if kind == sort) * 2 == count
