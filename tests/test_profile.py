from pathlib import Path
from typing import Literal

import pytest

from ren_device import choice
from ren_device.settings import Settings


def test_small_does_without_the_end_of_turn_model() -> None:
    assert choice.load_turn_detector(Settings(profile="small")) is None


@pytest.mark.parametrize(
    ("profile", "memory_mb", "small"),
    [
        ("auto", 416, True),  # a Zero 2 W
        ("auto", 906, False),  # a 3B+
        ("auto", 3794, False),
        ("small", 3794, True),
        ("full", 416, False),
    ],
)
def test_a_board_of_little_memory_is_small_by_itself(
    profile: Literal["auto", "full", "small"], memory_mb: int, small: bool
) -> None:
    assert choice.is_small(Settings(profile=profile), memory_mb * 2**20) is small


@pytest.mark.engine
async def test_what_is_asked_for_wins_over_the_profile() -> None:
    detector = choice.load_turn_detector(Settings(profile="small", turn_detector="smart_turn"))
    assert detector is not None
    await detector.close()


@pytest.mark.engine
async def test_only_small_makes_a_lighter_voice(tmp_path: Path) -> None:
    await choice.load_tts(Settings(data_dir=tmp_path)).close()
    assert made_in(tmp_path) == []
    await choice.load_tts(Settings(profile="small", data_dir=tmp_path)).close()
    assert len(made_in(tmp_path)) == 1


def made_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.onnx"))
