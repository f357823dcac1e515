"""What was loaded once serves for as long as its files say the same."""

import shutil
from pathlib import Path

from milter.assess.known import load
from milter.settings import shipped_folder


def test_what_was_loaded_is_current_until_a_file_changes(tmp_path: Path) -> None:
    """A worker that is started again later must not judge by a policy that was changed since."""
    folder = tmp_path / "config"
    shutil.copytree(shipped_folder(), folder)
    known = load(folder)
    assert known.is_current()
    with (folder / "policy.toml").open("a") as file:
        file.write("\n# looked over\n")
    assert not known.is_current()
    known = load(folder)
    assert known.is_current()
    (folder / "partners-nhs.toml").write_text("")
    assert not known.is_current()
