"""`systemd/first-boot` on an image: Python is started only when there is something new.

In a root of its own: `/run`, `/data`, `/boot` and `/opt` are the test's, the rest is this
machine's. Needs root.
"""

import subprocess
from pathlib import Path

import pytest

from tests.first_boot.card import Card
from tests.first_boot.test_taking_over import FILE

HOUSE = Path(__file__).parents[2]
OWN = ("run", "data", "boot", "opt")
ENTER = """
cd "$1"
for place in /*; do
  [ ! -e ".$place" ] || continue
  if [ -L "$place" ]; then cp -P "$place" .; continue; fi
  [ -d "$place" ] || continue
  mkdir ".$place"
  mount --bind "$place" ".$place"
done
exec chroot . sh "$2"
"""
PYTHON = f"""#!/bin/sh
echo python in "$PWD"
cd {HOUSE}
exec .venv/bin/python "$@" --root / 2>&1
"""


@pytest.fixture
def card(tmp_path: Path) -> Card:
    card = Card(tmp_path)
    python = tmp_path / "opt/ren/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    for name in ("ren.toml", "user-data"):
        card.put(name, (HOUSE / "image/first-boot" / name).read_bytes())
    return card


def start(card: Card) -> str:
    script = HOUSE / "systemd/first-boot"
    command = ("unshare", "--mount", "sh", "-euc", ENTER, "sh", card.root / "", script)
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    for place in set(card.root.iterdir()) - {
        card.root / each for each in OWN
    }:  # empty again, outside of there
        place.unlink() if place.is_symlink() else place.rmdir()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_python_is_started_for_what_is_new_only(card: Card) -> None:
    assert start(card) == ""  # as it was flashed
    card.put("ren.toml", FILE)
    said = start(card)
    assert said.startswith("python in /opt/ren\n")
    assert said.endswith("took over from the card: name, timezone, api_key, ssh_keys, wifi\n")
    assert "Kitchen" in card.settings
    assert start(card) == ""
    # What is wrong is said once, and goes with its cause.
    card.put("ren.toml", "name = Kitchen\n")
    assert "ren.toml: cannot be used" in start(card)
    assert start(card) == ""
    card.put("ren.toml", "# nothing\n")
    assert "python" in start(card)
    assert not (card.boot / "ren-errors.txt").exists()
    assert start(card) == ""
