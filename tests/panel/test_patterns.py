"""The table, as an eye sees it."""

from collections.abc import Callable
from itertools import combinations
from math import inf
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from ren_device import panel
from ren_device.model import Colour
from ren_device.panel.patterns import PATTERNS, Still, changes_in_s, render
from ren_device.panel.scenes import LightState, scene, value
from ren_device.panel.truth import Truth

Film = NDArray[np.float64]
"""Pictures, each STEP_S after the one before; a luminance for each pixel."""

STATES: tuple[LightState, ...] = get_args(LightState)
LIT = [state for state in STATES if state != "idle"]
ROWS = (1, 3, 12)
STEP_S = 0.02
SEEN_S = 12.0
LATEST_S = 8.0  # an eye may come so much later to one of two lights

# What goes on while each state is shown, `t` seconds after it began. 1000 is the moment it began.
STORIES: dict[LightState, Callable[[float], Truth]] = {
    "reset_warning": lambda t: Truth(reset_progress=min(t / 5.0, 1.0)),
    "ringing": lambda t: Truth(ringing=True),
    "refused": lambda t: Truth(muted=t < 1.0, refused_at=1000.0),
    "volume": lambda t: Truth(volume_percent=60, volume_changed_at=1000.0),
    "listening": lambda t: Truth(phase="listening"),
    "thinking": lambda t: Truth(phase="thinking"),
    "speaking": lambda t: Truth(phase="speaking"),
    "fault": lambda t: Truth(phase="fault"),
    "muted": lambda t: Truth(muted=True),
    "updating": lambda t: Truth(updating=True),
    "setup": lambda t: Truth(setting_up=True),
    "starting": lambda t: Truth(phase="starting"),
    "no_network": lambda t: Truth(online=False),
    "timer": lambda t: Truth(timer_left=0.6),
    "idle": lambda t: Truth(),
}


def luminance(colour: Colour) -> float:
    """How bright a LED that has but one colour makes it."""
    return max(colour)


def film(state: LightState, pixels: int) -> Film:
    """What is seen from the beginning of a state on, every STEP_S: the luminance of each pixel."""
    pictures = []
    for number in range(round((SEEN_S + LATEST_S) / STEP_S)):
        t = number * STEP_S
        so = STORIES[state](t)
        now = scene(so, 1000.0 + t)
        picture = render(PATTERNS[now], t, pixels, value(now, so))
        pictures.append([luminance(colour) for colour in picture])
    return np.array(pictures)


def difference(films: dict[LightState, Film], one: LightState, other: LightState) -> float:
    """Root mean square of how much two films differ, wherever either is come upon.

    What answers a finger is seen from its beginning.
    """
    length, latest = round(SEEN_S / STEP_S), round(LATEST_S / STEP_S)
    return min(
        float(np.sqrt(np.mean((films[first][:length] - films[second][late:][:length]) ** 2)))
        for first, second in ((one, other), (other, one))
        for late in range(1 if second in ("refused", "volume") else latest)
    )


@pytest.fixture(scope="module")
def one_led() -> dict[LightState, Film]:
    """Films of a single pixel without its own brightness, which no eye remembers."""
    films = {state: film(state, 1) for state in STATES}
    return {state: seen / (seen.max() or 1.0) for state, seen in films.items()}


@pytest.fixture(scope="module")
def row() -> dict[LightState, Film]:
    return {state: film(state, 12) for state in STATES}


PAIRS = list(combinations(STATES, 2))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_any_two_can_be_told_apart_by_their_rhythm_on_a_led_of_one_colour(
    one: LightState, other: LightState, one_led: dict[LightState, Film]
) -> None:
    assert difference(one_led, one, other) > 0.15


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_any_two_can_be_told_apart_without_colour_on_a_row(
    one: LightState, other: LightState, row: dict[LightState, Film]
) -> None:
    assert difference(row, one, other) > 0.1


def test_every_state_is_in_the_table() -> None:
    assert set(PATTERNS) == set(STATES)


def test_the_readme_has_every_state_in_order() -> None:
    lines = Path(panel.__file__).with_name("README.md").read_text().splitlines()
    named = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert [name for name in named if name in STATES] == list(STATES)


@pytest.mark.parametrize("pixels", ROWS)
@pytest.mark.parametrize("state", LIT)
@pytest.mark.parametrize("measured", [0.0, 0.3, 1.0])
def test_everything_begins_lit(state: LightState, pixels: int, measured: float) -> None:
    picture = render(PATTERNS[state], 0.0, pixels, measured)
    assert len(picture) == pixels
    assert max(map(luminance, picture)) >= 0.3 * luminance(PATTERNS[state].colour) * (
        0.5 if pixels == 1 or PATTERNS[state].row == "all" else 1.0
    )


@pytest.mark.parametrize("pixels", [0, *ROWS])
def test_idle_is_dark_for_good(pixels: int) -> None:
    assert render(PATTERNS["idle"], 7.7, pixels) == ((0.0, 0.0, 0.0),) * pixels
    assert changes_in_s(PATTERNS["idle"], 7.7, pixels) == inf


@pytest.mark.parametrize("pixels", ROWS)
@pytest.mark.parametrize("state", STATES)
def test_colours_are_colours(state: LightState, pixels: int) -> None:
    for number in range(400):
        for colour in render(PATTERNS[state], number * 0.013, pixels, number / 400):
            assert all(0.0 <= part <= 1.0 for part in colour)


@pytest.mark.parametrize("state", STATES)
def test_nothing_flashes_more_than_three_times_a_second(
    state: LightState, one_led: dict[LightState, Film]
) -> None:
    lit = [luminances[0] > 0.5 for luminances in one_led[state]]
    begins = [index for index in range(1, len(lit)) if lit[index] and not lit[index - 1]]
    second = round(1.0 / STEP_S)
    assert all(sum(at <= each < at + second for each in begins) <= 3 for at in begins)


@pytest.mark.parametrize("pixels", ROWS)
@pytest.mark.parametrize("state", STATES)
def test_a_picture_is_right_until_it_is_said_to_change(state: LightState, pixels: int) -> None:
    pattern, t = PATTERNS[state], 0.0
    looks = 0
    while t < 12.0:
        looks += 1
        right_for_s = min(changes_in_s(pattern, t, pixels), 1.0)
        shown = render(pattern, t, pixels, 0.5)
        for share in (0.3, 0.6, 0.9):
            later = render(pattern, t + share * right_for_s, pixels, 0.5)
            moved = max(abs(luminance(a) - luminance(b)) for a, b in zip(shown, later, strict=True))
            is_moving = right_for_s <= 0.04
            assert moved <= (1.0 if is_moving else 0.0)
        t += max(right_for_s, 0.001)
    assert looks <= 25 * 12 + 1


@pytest.mark.parametrize("state", STATES)
def test_blinking_takes_a_look_for_each_edge_and_no_more(state: LightState) -> None:
    pattern, t, looks = PATTERNS[state], 0.0, 0
    if pattern.rhythm == Still() or changes_in_s(pattern, 0.0, 1) <= 0.04:
        return
    while t < 10 * pattern.rhythm.period_s:
        t += max(changes_in_s(pattern, t, 1), 0.001)
        looks += 1
    edges = 10 * len(pattern.rhythm.lengths)  # type: ignore[union-attr]
    assert edges <= looks <= edges + 1


def test_a_bar_is_as_long_as_what_it_measures() -> None:
    bar = [each[0] for each in render(PATTERNS["volume"], 0.0, 8, 0.55)]
    assert bar == pytest.approx([1, 1, 1, 1, 0.4, 0, 0, 0])
    empty = [each[0] for each in render(PATTERNS["volume"], 0.0, 8, 0.0)]
    assert empty[0] > 0.2
    assert not any(empty[1:])
    assert all(each[0] == 1.0 for each in render(PATTERNS["volume"], 0.0, 8, 1.0))


@pytest.mark.parametrize("state", ["reset_warning", "volume", "listening"])
def test_one_pixel_measures_by_its_brightness(state: LightState) -> None:
    steps = [luminance(render(PATTERNS[state], 0.0, 1, n / 10)[0]) for n in range(11)]
    assert steps == sorted(steps)
    assert steps[0] < 0.6 * steps[-1]


def test_thinking_runs_round_and_comes_back() -> None:
    heads = []
    for number in range(12):
        t = number / 12 * PATTERNS["thinking"].rhythm.period_s
        row = [luminance(each) for each in render(PATTERNS["thinking"], t + 1e-6, 12)]
        heads.append(row.index(max(row)))
    assert heads == list(range(12))


def test_a_timer_is_dim() -> None:
    assert all(luminance(each) <= 0.15 for each in render(PATTERNS["timer"], 0.0, 12, 1.0))
    lit = sum(bool(render(PATTERNS["timer"], n / 50, 1, 1.0)[0][0]) for n in range(50 * 60))
    assert lit / (50 * 60) < 0.04
