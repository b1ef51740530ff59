"""Contacts that bounce, chatter, and lose edges."""

import pytest

from ren_device.model import Edge
from ren_device.panel.debounce import SETTLE_S, Debounce


def edge(down: bool, at: float) -> Edge:
    return Edge("talk", down, at)


def looks_at(line: Debounce) -> float | None:
    return line.look_at


def released() -> Debounce:
    """A line that is up and has been looked at."""
    line = Debounce("talk", down=False, now=0)
    assert line.look(False, SETTLE_S) == []
    return line


def pressed(at: float) -> Debounce:
    """A line that went down then, and has been looked at."""
    line = released()
    assert line.edge(edge(True, at)) == [edge(True, at)]
    assert line.look(True, at + SETTLE_S) == []
    return line


def test_the_first_edge_counts_at_once_and_bounces_do_not() -> None:
    line = released()
    assert line.edge(edge(True, 1.0)) == [edge(True, 1.0)]
    for at, down in (1.001, False), (1.002, True), (1.004, False), (1.005, True):
        assert line.edge(edge(down, at)) == []
    assert looks_at(line) == 1.0 + SETTLE_S
    assert line.look(True, 1.0 + SETTLE_S) == []
    assert looks_at(line) is None
    assert line.edge(edge(False, 1.5)) == [edge(False, 1.5)]


def test_a_press_shorter_than_the_bounce_ends_when_it_ended() -> None:
    line = released()
    line.edge(edge(True, 1.0))
    assert line.edge(edge(False, 1.015)) == []
    assert line.look(False, 1.0 + SETTLE_S) == [edge(False, 1.015)]
    assert not line.down


def test_bounces_of_a_release_after_the_look_are_looked_at_again() -> None:
    line = released()
    line.edge(edge(True, 1.0))
    line.edge(edge(False, 1.019))
    assert line.look(False, 1.02) == [edge(False, 1.019)]
    assert line.edge(edge(True, 1.021)) == []  # the release bounces on
    assert line.edge(edge(False, 1.023)) == []
    assert looks_at(line) == pytest.approx(1.04)
    assert line.look(False, 1.04) == []


def test_what_happened_while_nobody_had_time_is_told_with_its_own_times() -> None:
    line = released()
    told = line.edge(edge(True, 1.0)) + line.edge(edge(False, 1.003)) + line.edge(edge(True, 1.005))
    told += line.edge(edge(False, 4.0)) + line.edge(edge(True, 4.002)) + line.edge(edge(False, 4.1))
    assert told == [edge(True, 1.0), edge(False, 4.0), edge(True, 4.002), edge(False, 4.1)]


def test_a_tap_that_nobody_had_time_for_is_not_lost_in_the_next_press() -> None:
    line = released()
    told = line.edge(edge(True, 1.0)) + line.edge(edge(False, 1.012)) + line.edge(edge(True, 1.2))
    assert told == [edge(True, 1.0), edge(False, 1.012), edge(True, 1.2)]


def test_a_lost_release_is_as_early_as_can_be() -> None:
    line = pressed(1.0)
    assert line.agrees(True, 5.0)
    assert looks_at(line) is None
    assert not line.agrees(False, 9.0)
    assert looks_at(line) == pytest.approx(9.0 + SETTLE_S)
    assert line.look(False, 9.02) == [edge(False, 5.0)]


def test_a_lost_press_is_as_late_as_can_be() -> None:
    line = Debounce("talk", down=False, now=0)
    assert looks_at(line) == 0.02
    assert line.look(True, 0.02) == [edge(True, 0.02)]


def test_a_release_that_is_only_on_its_way_has_its_own_time() -> None:
    line = pressed(1.0)
    assert not line.agrees(False, 9.0)
    assert line.edge(edge(False, 8.999)) == [edge(False, 8.999)]
    assert line.look(False, 9.02) == []


def test_a_line_that_goes_down_twice_was_up_in_between() -> None:
    line = pressed(1.0)
    assert line.agrees(True, 3.0)
    assert line.edge(edge(True, 9.0)) == [edge(False, 3.0), edge(True, 9.0)]


def test_a_line_that_goes_up_twice_is_looked_at_once() -> None:
    line = released()
    assert line.edge(edge(False, 3.0)) == []
    assert looks_at(line) == 3.0 + SETTLE_S
    assert line.look(False, 3.02) == []
    assert looks_at(line) is None
