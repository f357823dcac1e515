"""The shipped configuration is the reference: it loads, and every setting stands in it with its default."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

from milter.detect.load import Detectors, load_detectors
from milter.policy.load import load_policy
from milter.policy.policy import Policy
from milter.settings import NextHop, Settings, describe, load_settings

SHIPPED = Path(__file__).parent.parent.parent / "config"
NOT_SET = {"folder", "secure-next-hop"}  # where the file lies; a table that the shipped file only shows
LISTS = {"responses", "rows", "partners", "personal-domains", "hash"}  # tables and files of their own
IN_SHIPPED = {"subject-synonyms", "markings"}  # lists that code has no opinion on


def as_written(value: Any) -> Any:
    """Give a default as TOML has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            f.name.replace("_", "-"): as_written(getattr(value, f.name)) for f in dataclasses.fields(value)
        }
    if isinstance(value, tuple):
        return list(value)
    return value.value if hasattr(value, "value") else value


def settings_table() -> dict[str, Any]:
    """Give sealgate.toml as it is shipped."""
    return tomllib.loads((SHIPPED / "sealgate.toml").read_text("utf-8"))


def test_every_setting_is_documented_with_its_default() -> None:
    """sealgate.toml sets each field of the settings, and each to what it is when left out."""
    expected = {name: value for name, value in as_written(Settings()).items() if name not in NOT_SET}
    assert settings_table() == expected


def test_every_setting_has_a_remark() -> None:
    """A remark stands above each setting, or above the group that it belongs to."""
    lines = (SHIPPED / "sealgate.toml").read_text("utf-8").splitlines()
    for name in settings_table():
        start = next(n for n, line in enumerate(lines) if line.startswith((f"[{name}]", f"{name} =")))
        assert any(line.startswith("#") for line in lines[max(0, start - 4) : start]), name


def test_the_optional_next_hop_is_shown() -> None:
    """The secure next hop is there to be uncommented, with every one of its settings."""
    text = (SHIPPED / "sealgate.toml").read_text("utf-8")
    section = text[text.index("# [secure-next-hop]") :].partition("\n\n")[0]
    table = tomllib.loads("\n".join(line.removeprefix("# ") for line in section.splitlines()))
    hop = as_written(NextHop())
    assert {name: hop[name] for name in hop if name != "port"} == {
        name: value for name, value in table["secure-next-hop"].items() if name != "port"
    }


def test_policy_settings_are_documented_with_their_defaults() -> None:
    """policy.toml sets each field of the policy, and each to what it is when left out, but for word lists."""
    table = tomllib.loads((SHIPPED / "policy.toml").read_text("utf-8"))
    expected = {name: value for name, value in as_written(Policy()).items() if name not in LISTS | IN_SHIPPED}
    given = {name: value for name, value in table.items() if name not in {"reasons", "route"} | IN_SHIPPED}
    assert given == expected
    assert set(table) >= IN_SHIPPED


def test_shipped_files_load() -> None:
    """What is shipped has no mistake, serves one organisation, and knows the big consumer services."""
    policy = load_policy(SHIPPED)
    assert len(policy.own) == 1
    assert {"hotmail.com", "gmail.com", "btinternet.com", "icloud.com"} <= policy.personal_domains
    assert len(policy.personal_domains) > 300


def test_paths_are_absolute() -> None:
    """Relative paths are relative to the folder of the file, wherever the daemon was started."""
    settings = load_settings(SHIPPED)
    assert Path(settings.store.key_file) == SHIPPED.resolve() / "var" / "sealgate.key"
    assert settings.store.url == f"sqlite:///{SHIPPED.resolve()}/var/sealgate.db"
    assert settings.smtp.tls_key == ""


@pytest.mark.parametrize(
    ("url", "effective"),
    [
        ("sqlite:////srv/sealgate.db", "sqlite:////srv/sealgate.db"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_absolute_stores_stay(tmp_path: Path, url: str, effective: str) -> None:
    """A store that is named in full is taken as it is."""
    (tmp_path / "sealgate.toml").write_text(f'[store]\nurl = "{url}"\n', "utf-8")
    assert load_settings(tmp_path).store.url == effective


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    """Everything may be left out."""
    (tmp_path / "sealgate.toml").write_text("", "utf-8")
    loaded = load_settings(tmp_path)
    assert loaded.smtp == Settings().smtp
    assert loaded.read == Settings().read


def test_the_effective_settings_can_be_printed() -> None:
    """Each setting in force is one line, named as in the file."""
    lines = describe(Settings()).splitlines()
    assert "smtp.size-bytes = 52428800" in lines
    assert 'next-hop.host = "127.0.0.1"' in lines
    assert 'smtp.networks = ["127.0.0.0/8", "::1/128"]' in lines


def test_every_setting_of_the_detectors_is_documented_with_its_default() -> None:
    """detectors.toml sets each weight, threshold and limit to what it is when the file is left out."""
    text = (SHIPPED / "detectors.toml").read_text("utf-8")
    table, built = tomllib.loads(text), Detectors()
    assert table["weights"] == built.weights
    assert table["thresholds"] == built.thresholds
    assert (table["keep"], table["rows"], table["off"]) == (built.keep, built.rows, sorted(built.off))
    assert load_detectors(text) == built
