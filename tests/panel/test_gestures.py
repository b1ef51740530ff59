"""Each gesture, at its limits of time."""

import pytest

from ren_device.model import Control, Edge
from ren_device.panel.gestures import (
    Gesture,
    Gestures,
    Mute,
    MuteLine,
    Talk,
    VolumeBy,
    Warn,
)

A_HAIR_S = 1e-6
DOWN, HELD, UP = Talk("talk_down"), Talk("talk_held"), Talk("talk_up")
REPEAT, STOP, RESET = Talk("repeat"), Talk("stop"), Talk("factory_reset")


class Fingers:
    """Presses, from the second 100 on, and what came of them."""

    def __init__(self, *, mute_is_switch: bool = False) -> None:
        self.gestures = Gestures(mute_is_switch=mute_is_switch)
        self.meant: list[Gesture] = []

    def press(self, at: float, control: Control = "talk") -> None:
        self.meant += self.gestures.edge(Edge(control, True, 100 + at))

    def release(self, at: float, control: Control = "talk") -> None:
        self.meant += self.gestures.edge(Edge(control, False, 100 + at))

    def wait_until(self, at: float) -> None:
        self.meant += self.gestures.advance(100 + at)

    def take(self) -> list[Gesture]:
        """What came since the last look."""
        meant, self.meant = self.meant, []
        return meant

    def stuck(self) -> Control | None:
        return self.gestures.stuck


def test_a_tap_is_done_when_the_finger_goes_down_and_needs_nothing_more() -> None:
    fingers = Fingers()
    fingers.press(0)
    assert fingers.take() == [DOWN]
    fingers.release(0.35 - A_HAIR_S)
    fingers.wait_until(60)
    assert fingers.take() == []
    assert fingers.gestures.due == float("inf")


def test_push_to_talk_begins_after_so_long_and_ends_with_letting_go() -> None:
    fingers = Fingers()
    fingers.press(0)
    assert fingers.take() == [DOWN]
    assert fingers.gestures.due == 100.35
    fingers.wait_until(0.35 - A_HAIR_S)
    assert fingers.take() == []
    fingers.wait_until(0.35)
    assert fingers.take() == [HELD]
    fingers.release(4)
    assert fingers.take() == [UP]
    fingers.wait_until(60)
    assert fingers.take() == []


def test_a_release_in_the_very_moment_of_holding_is_a_hold() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.release(0.35)
    assert fingers.take() == [DOWN, HELD, UP]


@pytest.mark.parametrize(
    ("pause_s", "second"), [(0.05, REPEAT), (0.35 - A_HAIR_S, REPEAT), (0.35 + A_HAIR_S, DOWN)]
)
def test_a_second_tap_repeats_when_it_comes_in_time(pause_s: float, second: Gesture) -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.release(0.2)
    fingers.press(0.2 + pause_s)
    fingers.release(0.3 + pause_s)
    fingers.wait_until(60)
    assert fingers.take() == [DOWN, second]


def test_a_third_tap_stops_what_the_second_one_repeats() -> None:
    fingers = Fingers()
    for at in (0, 0.3, 0.6, 0.9):
        fingers.press(at)
        fingers.release(at + 0.1)
    assert fingers.take() == [DOWN, REPEAT, DOWN, REPEAT]


def test_after_a_hold_there_is_no_double_tap() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.release(1)
    fingers.press(1.1)
    assert fingers.take() == [DOWN, HELD, UP, DOWN]


def test_a_second_press_that_is_held_is_push_to_talk_after_all() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.release(0.1)
    fingers.press(0.2)
    fingers.release(3)
    assert fingers.take() == [DOWN, REPEAT, DOWN, HELD, UP]


# --- the factory reset -----------------------------------------------------------------------


def test_the_warning_rises_for_five_seconds_and_letting_go_resets() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.wait_until(10 - A_HAIR_S)
    assert fingers.take() == [DOWN, HELD]
    fingers.wait_until(10)
    assert fingers.take() == [STOP, Warn(0.0)]
    moments = []
    while (due := fingers.gestures.due) <= 115:
        moments.append(due - 100)
        fingers.wait_until(due - 100)
    progress = [each.progress for each in fingers.take() if isinstance(each, Warn)]
    assert progress == [step / 50 for step in range(1, 51)]
    assert moments == pytest.approx([10 + step / 10 for step in range(1, 51)])
    assert moments[-1] == 15
    fingers.release(15)
    assert fingers.take() == [Warn(None), RESET]
    fingers.wait_until(60)
    assert fingers.take() == []


@pytest.mark.parametrize("at", [10, 12.34, 15 - A_HAIR_S])
def test_letting_go_while_it_rises_cancels(at: float) -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.release(at)
    meant = fingers.take()
    assert meant[:3] == [DOWN, HELD, STOP]
    assert meant[-1] == Warn(None)
    assert RESET not in meant
    assert Warn(1.0) not in meant
    fingers.wait_until(60)
    assert fingers.take() == []


@pytest.mark.parametrize(("at", "resets"), [(15, True), (25 - A_HAIR_S, True), (25, False)])
def test_it_resets_only_when_let_go_in_time(at: float, resets: bool) -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.wait_until(at)
    fingers.release(at)
    meant = fingers.take()
    assert (RESET in meant) is resets
    assert meant.count(Warn(None)) == 1


def test_a_button_that_stays_down_is_stuck_and_resets_nothing() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.wait_until(25 - A_HAIR_S)
    assert fingers.stuck() is None
    fingers.take()
    fingers.wait_until(25)
    assert fingers.take() == [Warn(None)]
    assert fingers.stuck() == "talk"
    fingers.wait_until(100_000)
    fingers.release(100_001)
    assert fingers.take() == []
    assert fingers.stuck() is None
    fingers.press(100_002)
    assert fingers.take() == [DOWN]


def test_a_release_that_is_told_late_counts_from_when_it_was() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.wait_until(16)  # a busy loop looks at the clock before it hears of the release
    fingers.take()
    fingers.release(14.9)
    assert fingers.take() == [Warn(None)]


def test_what_is_down_at_the_start_means_nothing_until_it_is_let_go() -> None:
    fingers = Fingers()
    fingers.gestures.ignore(Edge("talk", True, 100))
    fingers.press(1, "volume_up")
    assert fingers.take() == [VolumeBy(10)]  # and it keeps nobody else from working
    fingers.release(1.1, "volume_up")
    fingers.wait_until(20)
    assert fingers.stuck() is None
    fingers.release(20)
    assert fingers.take() == []
    fingers.press(21)
    assert fingers.take() == [DOWN]


def test_what_is_down_at_the_start_and_stays_so_is_stuck() -> None:
    fingers = Fingers()
    fingers.gestures.ignore(Edge("volume_down", True, 100))
    fingers.wait_until(25)
    assert fingers.stuck() == "volume_down"
    assert fingers.take() == []


# --- two at once -----------------------------------------------------------------------------


def test_a_second_button_ends_push_to_talk_and_neither_does_more_until_all_are_up() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.wait_until(1)
    fingers.take()
    fingers.press(2, "volume_up")
    assert fingers.take() == [STOP]
    fingers.wait_until(20)
    fingers.release(20)
    fingers.press(20.1)  # the other one is still down
    fingers.release(20.2)
    fingers.release(20.3, "volume_up")
    assert fingers.take() == []
    fingers.press(21, "volume_up")
    assert fingers.take() == [VolumeBy(10)]


@pytest.mark.parametrize("at", [11, 16])
def test_a_second_button_ends_the_warning_and_nothing_is_reset(at: float) -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.wait_until(at)
    fingers.take()
    fingers.press(at, "volume_down")
    fingers.release(at + 1)
    fingers.release(at + 1, "volume_down")
    fingers.wait_until(60)
    assert fingers.take() == [Warn(None)]


def test_a_second_button_within_a_tap_leaves_it_a_tap_that_is_never_doubled() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.press(0.1, "volume_up")
    fingers.release(0.15)
    fingers.release(0.2, "volume_up")
    fingers.press(0.3)
    assert fingers.take() == [DOWN, DOWN]


def test_both_volume_buttons_at_once() -> None:
    fingers = Fingers()
    fingers.press(0, "volume_up")
    fingers.press(0.2, "volume_down")
    fingers.wait_until(5)
    assert fingers.take() == [VolumeBy(10)]


def test_a_stuck_button_is_no_second_one() -> None:
    fingers = Fingers()
    fingers.press(0, "volume_up")
    fingers.wait_until(30)
    fingers.take()
    fingers.press(31)
    fingers.wait_until(31.35)
    fingers.release(33)
    assert fingers.take() == [DOWN, HELD, UP]
    assert fingers.stuck() == "volume_up"


# --- volume and mute -------------------------------------------------------------------------


@pytest.mark.parametrize(("control", "percent"), [("volume_up", 10), ("volume_down", -10)])
def test_volume_changes_at_once_and_again_while_it_is_held(control: Control, percent: int) -> None:
    fingers = Fingers()
    fingers.press(0, control)
    assert fingers.take() == [VolumeBy(percent)]
    fingers.wait_until(0.6 - A_HAIR_S)
    assert fingers.take() == []
    fingers.wait_until(0.6)
    assert fingers.take() == [VolumeBy(percent)]
    fingers.wait_until(1.35)
    assert fingers.take() == [VolumeBy(percent)] * 3
    fingers.release(1.4, control)
    fingers.wait_until(60)
    assert fingers.take() == []


def test_a_volume_button_that_is_stuck_gives_up() -> None:
    fingers = Fingers()
    fingers.press(0, "volume_up")
    fingers.wait_until(25)
    assert len(fingers.take()) == 1 + 98
    assert fingers.stuck() == "volume_up"
    assert fingers.gestures.due == float("inf")


def test_a_mute_button_acts_when_it_goes_down_whatever_else_is_down() -> None:
    fingers = Fingers()
    fingers.press(0)
    fingers.press(1, "mute")
    fingers.release(1.1, "mute")
    fingers.release(2)
    assert fingers.take() == [DOWN, HELD, Mute(), UP]
    fingers.press(3, "mute")
    fingers.press(3.1)
    fingers.wait_until(4)
    assert fingers.take() == [Mute(), DOWN, HELD]
    fingers.wait_until(40)
    assert fingers.stuck() == "mute"
    fingers.release(41, "mute")
    assert fingers.stuck() == "talk"


def test_a_mute_switch_is_no_button_and_never_stuck() -> None:
    fingers = Fingers(mute_is_switch=True)
    fingers.press(0, "mute")
    fingers.press(1)
    fingers.wait_until(2)
    fingers.release(2, "mute")
    fingers.release(3)
    assert fingers.take() == [MuteLine(True), DOWN, HELD, MuteLine(False), UP]
    fingers.press(4, "mute")
    assert fingers.gestures.due == float("inf")
    assert fingers.stuck() is None


@pytest.mark.parametrize("is_switch", [True, False])
@pytest.mark.parametrize("at", [10.5, 14.0, 15.5, 20.0])
def test_who_reaches_for_the_mute_in_a_warning_does_not_mean_to_erase_everything(
    at: float, is_switch: bool
) -> None:
    fingers = Fingers(mute_is_switch=is_switch)
    fingers.press(0)
    fingers.wait_until(at)
    fingers.take()
    fingers.press(at, "mute")
    assert fingers.take() == [MuteLine(True) if is_switch else Mute(), Warn(None)]
    fingers.release(at + 0.1, "mute")
    fingers.release(at + 5)
    fingers.wait_until(60)
    assert RESET not in fingers.take()
