"""Rows of pixels: what is sent to them is what they understand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.engines.led_eyes import Apa102Eye, Ws2812Eye
from ren_device.engines.led_strip import WS2812_HZ, encode_apa102, encode_ws2812
from ren_device.engines.light_levels import Light

share_of_light = st.floats(0, 1)

ORDERS = ["bgr", "rgb", "grb", "gbr", "rbg", "brg"]
rows = st.lists(st.tuples(share_of_light, share_of_light, share_of_light), min_size=1, max_size=64)


def bits(frame: bytes) -> list[bool]:
    return [bool(byte >> place & 1) for byte in frame for place in range(7, -1, -1)]


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.sampled_from(ORDERS))
def test_apa102_pixels_understand_every_frame(frames: list[list[Light]], order: str) -> None:
    eye = Apa102Eye(64, order)
    for row in frames:
        for bit in bits(encode_apa102(row, order)):
            eye.bit(bit)
        for asked, seen in zip(row, eye.lights, strict=False):
            for a, b in zip(asked, seen, strict=True):
                assert a - 1 / 255 - 1e-9 <= b <= a + 1e-9


@settings(deadline=None)
@given(rows)
def test_apa102_frames_are_as_the_data_sheet_wants_them(row: list[Light]) -> None:
    frame = encode_apa102(row, "bgr")
    assert frame[:4] == bytes(4)
    words = [frame[4 + 4 * at : 8 + 4 * at] for at in range(len(row))]
    assert all(word[0] >> 5 == 0b111 for word in words)
    after = frame[4 + 4 * len(row) :]
    assert not any(after)
    assert len(after) * 8 >= 32 + len(row) / 2, "the clock has to reach the last pixel"


def test_apa102_has_fine_steps_in_the_dark() -> None:
    eye = Apa102Eye(1, "bgr")
    for bit in bits(encode_apa102([(0.002, 0.001, 0.0)], "bgr")):
        eye.bit(bit)
    red, green, _ = eye.lights[0]
    assert red == pytest.approx(0.002, abs=0.0002)
    assert green == pytest.approx(0.001, abs=0.0002)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=2), st.sampled_from(["grb", "rgb"]))
def test_ws2812_pixels_understand_every_frame(frames: list[list[Light]], order: str) -> None:
    eye = Ws2812Eye(64, order)
    for row in frames:
        for bit in bits(encode_ws2812(row, order)):
            eye.bit(bit)
        for asked, seen in zip(row, eye.lights, strict=False):
            for a, b in zip(asked, seen, strict=True):
                assert a - 1 / 255 - 1e-9 <= b <= a + 1e-9


@pytest.mark.parametrize("core_hz", [200e6, 250e6, 400e6, 500e6])
def test_ws2812_pulses_are_within_both_data_sheets_on_every_pi(core_hz: float) -> None:
    divider = -(-core_hz // WS2812_HZ)
    divider += divider % 2  # the Pi's SPI divides its clock by even numbers
    tick_us = divider / core_hz * 1e6
    pulses: dict[int, set[tuple[int, int]]] = {}
    for byte, bit in ((0x00, 0), (0xFF, 1)):
        line = bits(encode_ws2812([(byte / 255,) * 3] * 2, "grb"))
        high = low = 0
        for level in line[line.index(True) :]:
            if level and low:
                pulses.setdefault(bit, set()).add((high, low))
                high = low = 0
            high, low = high + level, low + (not level)
    ((zero_high, zero_low),) = pulses[0]
    ((one_high, one_low),) = pulses[1]
    # WS2812B: T0H 0.25 to 0.55 µs, T0L 0.70 to 1.00, T1H 0.65 to 0.95, T1L 0.30 to 0.60;
    # WS2812B-V5: 0.22 to 0.38, 0.58 to 1.00, 0.58 to 1.00, 0.22 to 0.42.
    assert 0.25 <= zero_high * tick_us <= 0.38
    assert 0.70 <= zero_low * tick_us <= 1.00
    assert 0.65 <= one_high * tick_us <= 0.95
    assert 0.30 <= one_low * tick_us <= 0.42
