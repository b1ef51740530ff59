"""TinyDB's own test suite, from its source release, on Ren's storage and table.

`scripts/test` fetches the release into `.sources`; `tinydb_conftest.py` adds the storage, and names
what is left out and why.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SUITE = ROOT / ".sources" / "tinydb" / "tests"
CONFTEST = Path(__file__).with_name("tinydb_conftest.py")


@pytest.mark.peer
@pytest.mark.parametrize(
    ("in_place", "passed", "left_out"),
    [("0", 286, 5), ("1", 139, 13)],
    ids=["beside their storages", "in place of their storages"],
)
def test_their_tests_pass(tmp_path: Path, in_place: str, passed: int, left_out: int) -> None:
    shutil.copytree(SUITE, tmp_path / "tests")
    shutil.copy(CONFTEST, tmp_path / "tests" / "conftest.py")
    options = ("-q", "-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:cacheprovider")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:asyncio", "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "REN_IN_PLACE": in_place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{passed} passed, {left_out} deselected" in ended.stdout.splitlines()[-1]
