"""What is delivered: locked, permissively licensed, complete in its wheel, described by its manual page."""

import importlib.metadata as installed
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "deploy" / "requirements"
COPYLEFT = re.compile(r"\bA?GPL|GNU (Affero )?General|Lesser|\bLGPL", re.IGNORECASE)
STRONG = re.compile(r"\bAGPL|(?<!L)GPL|GNU (Affero )?General Public", re.IGNORECASE)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def run(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(command), capture_output=True, text=True, check=False, **options)


def closure(lines: list[str]) -> set[str]:
    """Give what these requirements bring along, as it is installed here."""
    found: set[str] = set()
    waiting = [Requirement(line) for line in lines]
    while waiting:
        wanted = waiting.pop()
        name = wanted.name.lower().replace("_", "-")
        if name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        try:
            requires = installed.requires(wanted.name) or []
        except installed.PackageNotFoundError:
            continue  # of another platform
        found.add(name)
        waiting += [Requirement(line) for line in requires if "extra ==" not in line]
    return found


def licence(name: str) -> str:
    told = installed.metadata(name)
    classifiers = [one for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    return told.get("License-Expression") or "; ".join(classifiers) or (told.get("License") or "")[:80]


def test_the_core_is_permissive() -> None:
    """Nothing that Sealgate always needs is under the GPL, AGPL or LGPL, and every licence is told."""
    licences = {name: licence(name) for name in closure(project()["dependencies"])}
    assert len(licences) > 40
    assert not {name: told for name, told in licences.items() if COPYLEFT.search(told) or not told}


def test_extras_are_no_more_than_lgpl() -> None:
    """What an operator may add is at most under the LGPL."""
    extras = [line for lines in project()["optional-dependencies"].values() for line in lines]
    told = {name: licence(name) for name in closure(extras)}
    assert not {name: words for name, words in told.items() if STRONG.search(words)}


@pytest.mark.parametrize("name", ["uv.txt", "run.txt", "dev.txt"])
def test_everything_is_locked_with_hashes(name: str) -> None:
    """Each line of the lock files has a version and a hash, and none names a host."""
    text = (REQUIREMENTS / name).read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert all("==" in block and "--hash=sha256:" in block for block in blocks)
    assert "://" not in text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_is_complete(wheel: Path) -> None:
    """Every file that git keeps of the two packages and the configuration is in the wheel, and no test is."""
    names = set(zipfile.ZipFile(wheel).namelist())
    kept = run("git", "-C", str(ROOT), "ls-files", "milter", "addin_backend", "config").stdout.split("\n")
    expected = {re.sub(r"^config/", "milter/shipped/", name) for name in kept if name}
    assert expected - names == set()
    assert not [name for name in names if name.startswith("tests/")]


def test_the_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    """Unpacked far from the checkout, the program judges by the configuration that came with it."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "lib")
    (tmp_path / "note.txt").write_text("Our meeting is on Monday at ten.\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}

    def python(program: str, *arguments: str) -> str:
        ended = run(sys.executable, "-P", "-c", program, *arguments, cwd=tmp_path, env=environment)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    told = python("from milter.cli import main; raise SystemExit(main())", "detect", "--json", "note.txt")
    assert json.loads(told)["protect"] is False
    assert python("import milter; print(milter.__file__)").startswith(str(tmp_path))


def test_the_manual_page_reads_well(tmp_path: Path) -> None:
    """The page made of the commands themselves has no mistake that groff would stumble over."""
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    page = tmp_path / "sealgate.1"
    program = str(Path(sys.executable).with_name("argparse-manpage"))
    of = (
        "--module",
        "milter.cli.main",
        "--function",
        "parser",
        "--project-name",
        "sealgate",
        "--prog",
        "sealgate",
    )
    assert run(program, *of, "--output", str(page), cwd=ROOT).returncode == 0
    assert "name expected" not in run(groff, "-man", "-ww", "-z", "-Tutf8", str(page)).stderr
    assert "sealgate hold" in page.read_text()
