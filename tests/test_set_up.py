"""What scripts/lib.sh does when something cannot be had. Nothing is installed here."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"

# A Python that has no way to the package index, and the installer as if its cache held everything.
SCENE = """
set -euo pipefail
. scripts/lib.sh
make_venv() {
  echo 'new .venv'
  mkdir -p "$venv/bin"
  printf '#!/bin/sh\\ncase "$*" in *download*) echo asked >>%s; exit 1;; esac\\necho 3.11.7\\n' \
    "$root/log" >"$venv/bin/python"
  chmod +x "$venv/bin/python"
}
install_locked() { :; }
install_audio() { echo built; }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    return tmp_path


def did(root: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", SCENE + "\n".join(commands)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_ren_starts_without_the_end_of_turn_model_and_asks_for_it_when_told_to(root: Path) -> None:
    first = did(root, "ensure_run")
    assert (first.returncode, first.stdout) == (0, "new .venv\n")
    assert "model could not be fetched; going on without it" in first.stderr
    assert not (root / ".venv/.ren-unfinished").exists()
    second = did(root, "ensure_run")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert (root / "log").read_text() == "asked\n"
    third = did(root, "try_again", "ensure_run")
    assert (third.returncode, third.stdout) == (0, "")
    assert (root / "log").read_text() == "asked\nasked\n"


def test_the_end_of_turn_model_that_is_there_is_not_asked_for(root: Path) -> None:
    done = did(root, "are_models_there() { :; }", "ensure_run", "cut -d' ' -f3- .venv/.ren-run")
    assert (done.returncode, done.stdout) == (0, "new .venv\nbuilt here\n")
    assert not (root / "log").exists()
