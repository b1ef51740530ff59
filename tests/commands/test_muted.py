"""Whether Ren is muted, for commands that would open its microphone."""

import asyncio
from pathlib import Path

import pytest

from ren_device import choice
from ren_device.commands.muted import KeptPreferences, muted_by
from ren_device.errors import DeviceError, StoreError
from ren_device.settings import Settings
from ren_device.store import open_store
from tests.commands.checks.sounds import answering
from tests.commands.command_line import ren_device


def keep(folder: Path, muted: str) -> None:
    async def put() -> None:
        store = await open_store(folder)
        await store.preferences.put("muted", muted)
        await store.close()

    asyncio.run(put())


def test_what_was_kept_holds_while_ren_does_not_run(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, port=0, hardware="none")
    assert muted_by(settings) is None
    keep(tmp_path, "yes")
    before = sorted((each, each.stat().st_mtime_ns) for each in tmp_path.rglob("*"))
    assert muted_by(settings) == "software"
    assert sorted((each, each.stat().st_mtime_ns) for each in tmp_path.rglob("*")) == before
    keep(tmp_path, "no")
    assert muted_by(settings) is None


def test_the_line_of_the_switch_is_looked_at(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, port=0, hardware="bare-i2s", gpio="mock")

    def switched(_: Settings) -> choice.PanelParts:
        parts = choice.panel(settings)
        assert parts.on_screen is not None
        parts.on_screen.press("mute")
        return parts

    assert muted_by(settings) is None
    assert muted_by(settings, switched) == "switch"
    assert muted_by(settings) is None  # the pins were released


def test_a_switch_that_cannot_be_read_may_say_muted(tmp_path: Path) -> None:
    """There are no pins here."""
    with pytest.raises(DeviceError, match="its switch cannot be read"):
        muted_by(Settings(data_dir=tmp_path, port=0, hardware="bare-i2s"))


def test_a_ren_that_runs_is_asked(tmp_path: Path) -> None:
    def told(body: str) -> str | None:
        with answering(body) as port:
            return muted_by(Settings(data_dir=tmp_path, port=port, hardware="none"))

    keep(tmp_path, "yes")
    assert told('{"muted": true, "muted_by": "switch"}') == "switch"
    assert told('{"muted": true, "muted_by": "software"}') == "software"
    assert told('{"muted": false, "muted_by": null}') is None
    assert told('{"detail": "not found"}') == "software"  # an older Ren, or somebody else


def test_a_store_that_cannot_be_read_does_not_say_that_it_is_not(tmp_path: Path) -> None:
    keep(tmp_path, "yes")
    for file in (tmp_path / "store").iterdir():
        if file.suffix in (".journal", ".snapshot"):
            file.unlink()
            file.mkdir()
    with pytest.raises(StoreError):
        muted_by(Settings(data_dir=tmp_path, port=0, hardware="none"))


def test_preferences_are_only_looked_at(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="only looked at"):
        asyncio.run(KeptPreferences(tmp_path).put("muted", "no"))


def test_wake_test_does_not_open_a_muted_microphone(tmp_path: Path) -> None:
    keep(tmp_path / "data", "yes")
    made = ren_device(tmp_path, "wake", "test", REN_MICROPHONE="no-such-microphone", REN_PORT="0")
    assert (made.returncode, made.stdout) == (1, b"")
    said = made.stderr.decode()
    assert "mute" in said
    assert "no-such-microphone" not in said
    assert said.count("\n") == 1
