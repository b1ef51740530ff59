"""What a device's samples become: louder where its microphone is quiet."""

from array import array

import pytest

from ren_device.engines.sound_form import ToPcm


def pcm(*samples: int) -> bytes:
    return array("h", samples).tobytes()


@pytest.mark.engine
def test_a_quiet_microphone_is_made_louder_up_to_the_loudest() -> None:
    louder = ToPcm(16_000, 1, gain_db=20)
    assert louder.convert(pcm(100, -100, 4000, -4000)) == pcm(1000, -1000, 32767, -32768)


@pytest.mark.engine
def test_without_a_gain_it_stays_as_it_is() -> None:
    assert ToPcm(16_000, 1).convert(pcm(100, -4000)) == pcm(100, -4000)


@pytest.mark.engine
def test_the_gain_comes_after_the_choice_of_channels() -> None:
    right = ToPcm(16_000, 2, (2,), gain_db=-20)
    assert right.convert(pcm(9000, 1000, 9000, -1000)) == pcm(100, -100)
