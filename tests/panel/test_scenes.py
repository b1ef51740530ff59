"""Which light is shown, of all that could be."""

from dataclasses import replace
from itertools import combinations
from math import copysign, inf, nextafter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device.panel.scenes import REFUSED_S, VOLUME_S, LightState, passes_in_s, scene, value
from ren_device.panel.truth import Truth

NOW = 500.0
STATES: tuple[LightState, ...] = get_args(LightState)

# What makes each state so.
REASONS: dict[LightState, dict[str, object]] = {
    "reset_warning": {"reset_progress": 0.0},
    "ringing": {"ringing": True},
    "refused": {"refused_at": NOW - 0.9, "muted": True},
    "volume": {"volume_changed_at": NOW - 1.4},
    "listening": {"phase": "listening"},
    "thinking": {"phase": "thinking"},
    "speaking": {"phase": "speaking"},
    "fault": {"fault": "The loudspeaker is gone."},
    "muted": {"muted": True},
    "updating": {"updating": True},
    "setup": {"setting_up": True},
    "starting": {"phase": "starting"},
    "no_network": {"online": False},
    "timer": {"timer_left": 0.0},
    "idle": {},
}


def truth(*states: LightState) -> Truth:
    together: dict[str, object] = {}
    for state in reversed(states):  # where two give the phase, the more important one does
        together |= REASONS[state]
    return replace(Truth(), **together)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_a_reason(state: LightState) -> None:
    assert scene(truth(state), NOW) == state


# Nobody is listened to by a muted Ren: the one exception.
PAIRS = [pair for pair in combinations(STATES, 2) if pair != ("listening", "muted")]


@pytest.mark.parametrize(("more", "less"), PAIRS)
def test_of_two_the_more_important_is_shown(more: LightState, less: LightState) -> None:
    assert scene(truth(more, less), NOW) == more


def test_nobody_is_listened_to_while_the_microphone_is_off() -> None:
    assert scene(Truth(phase="listening", muted=True), NOW) == "muted"
    assert scene(Truth(phase="listening", muted=True, fault="broken"), NOW) == "muted"


def test_a_fault_of_the_voice_is_a_fault_and_no_voice_is_none() -> None:
    assert scene(Truth(phase="fault"), NOW) == "fault"
    assert scene(Truth(phase="off"), NOW) == "idle"
    assert scene(Truth(phase="off", timer_left=0.5), NOW) == "timer"


def test_a_refusal_ends_with_its_second_or_when_the_next_press_is_heard() -> None:
    pressed = Truth(muted=True, refused_at=NOW)
    assert scene(pressed, NOW + 0.999) == "refused"
    assert scene(pressed, NOW + REFUSED_S) == "muted"
    assert scene(replace(pressed, phase="listening"), NOW + 0.1) == "refused"
    assert scene(replace(pressed, phase="listening", muted=False), NOW + 0.1) == "listening"


def test_the_volume_is_shown_for_a_moment() -> None:
    turned = Truth(volume_percent=40, volume_changed_at=NOW)
    assert scene(turned, NOW + 1.499) == "volume"
    assert scene(turned, NOW + VOLUME_S) == "idle"


def test_it_is_known_when_time_alone_changes_the_scene() -> None:
    assert passes_in_s(Truth(), NOW) == inf
    both = Truth(muted=True, refused_at=NOW - 0.5, volume_changed_at=NOW - 0.2)
    assert passes_in_s(both, NOW) == pytest.approx(0.5)
    assert passes_in_s(both, NOW + 0.6) == pytest.approx(0.7)
    assert passes_in_s(both, NOW + 1.4) == inf


@given(began=st.floats(0, 1e7), ulps=st.integers(-3, 3))
def test_what_ends_by_itself_is_known_to_end_to_the_last_bit(began: float, ulps: int) -> None:
    """Else the loop sleeps on with a light that is over."""
    for so, lasts_s in (
        (Truth(volume_changed_at=began), VOLUME_S),
        (Truth(muted=True, refused_at=began), REFUSED_S),
    ):
        now = began + lasts_s
        for _ in range(abs(ulps)):
            now = nextafter(now, copysign(inf, ulps))
        shown = scene(so, now) in ("volume", "refused")
        assert shown == (passes_in_s(so, now) < inf)


def test_what_a_light_measures_is_between_nothing_and_all() -> None:
    so = Truth(
        level=1.7, volume_percent=40, reset_progress=-0.1, timer_left=0.25, phase="listening"
    )
    measured = {state: value(state, so) for state in STATES}
    assert measured["listening"] == 1.0
    assert measured["volume"] == pytest.approx(0.4)
    assert measured["reset_warning"] == 0.0
    assert measured["timer"] == 0.25
    assert measured["thinking"] == 1.0
    assert value("timer", Truth()) == 1.0
