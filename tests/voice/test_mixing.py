from array import array

import pytest

from ren_device.voice.mixing import loudness


@pytest.mark.parametrize(
    ("sample", "level"), [(0, 0.0), (1, 0.0), (-32768, 1.0), (3277, 0.6), (-3277, 0.6), (104, 0.0)]
)
def test_loudness_goes_in_even_steps_of_decibels(sample: int, level: float) -> None:
    assert loudness(array("h", [0, sample, 0]).tobytes()) == pytest.approx(level, abs=0.001)


def test_no_sound_is_silent() -> None:
    assert loudness(b"") == 0.0
