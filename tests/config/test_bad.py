"""Bad configurations: each folder's files over the shipped ones, and every line that `check-config` must print.

`absent.txt` names shipped files to leave out. Nothing may be reported beside what `expected.txt` says.
"""

import shutil
from pathlib import Path

import pytest

from milter.detect.load import Detectors, load_detectors
from milter.errors import ConfigurationError
from milter.policy.load import load_policy
from milter.settings import load_settings

HERE = Path(__file__).parent
SHIPPED = HERE.parent.parent / "config"
CASES = sorted(path for path in (HERE / "bad").iterdir() if path.is_dir())
NAMES = ("sealgate.toml", "policy.toml", "partners.toml", "detectors.toml", "personal-domains.txt")


def laid_out(case: Path, folder: Path) -> Path:
    """Put the case's files over the shipped ones."""
    absent = case / "absent.txt"
    left_out = absent.read_text("utf-8").split() if absent.is_file() else []
    for name in NAMES:
        if name not in left_out:
            shutil.copy(SHIPPED / name, folder / name)
    for file in case.iterdir():
        if file.name not in {"expected.txt", "absent.txt"}:
            shutil.copy(file, folder / file.name)
    return folder


def detectors_of(folder: Path) -> Detectors:
    """Load a folder's detectors."""
    file = folder / "detectors.toml"
    return load_detectors(file.read_text("utf-8"), file=file)


def mistakes(folder: Path) -> list[str]:
    """Give every mistake as it is printed, the folder left out."""
    found = []
    for load in (load_settings, load_policy, detectors_of):
        try:
            load(folder)
        except ConfigurationError as error:
            found += [str(problem).replace(f"{folder.resolve()}/", "") for problem in error.problems]
    return [line.replace(f"{folder}/", "") for line in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_mistake_is_reported(case: Path, tmp_path: Path) -> None:
    """Each mistake of a case is named with file, line, setting, cause and cure, and nothing else is."""
    expected = (case / "expected.txt").read_text("utf-8").splitlines()
    assert mistakes(laid_out(case, tmp_path)) == expected


def test_there_are_cases() -> None:
    """A wrong path would make every case pass unseen."""
    assert len(CASES) >= 25


def test_no_secret_is_repeated(tmp_path: Path) -> None:
    """A store's address may hold a password, which no message repeats."""
    assert "secret" not in "\n".join(mistakes(laid_out(HERE / "bad" / "store", tmp_path)))
