"""From scores to verdicts."""

import pytest

from ren_device.engines.wake_verdict import QUIET_S, Once, Verdicts, likeness, louder, threshold
from ren_device.model import Wake


def verdicts(*scores: float, least: float = 0.5) -> list[tuple[int, str, float]]:
    """Which step of 0.1 s gave which verdict."""
    ears = Verdicts({"alexa": least})
    heard = ((at, ears.hear("alexa", score, at / 10, 0.1)) for at, score in enumerate(scores))
    return [(at, wake.certainty, wake.score) for at, wake in heard if wake is not None]


def test_a_score_above_the_threshold_is_sure_at_once_and_once() -> None:
    assert verdicts(0.0, 0.3, 0.6, 0.9, 0.9, 0.1) == [(2, "sure", 0.6)]


def test_what_rises_and_falls_below_it_is_doubtful_when_it_falls() -> None:
    assert verdicts(0.0, 0.2, 0.4, 0.42, 0.2, 0.0) == [(4, "doubtful", 0.42)]


def test_little_is_a_near_miss_and_less_is_nothing() -> None:
    assert verdicts(0.0, 0.15, 0.0) == [(2, "near_miss", 0.15)]
    assert verdicts(0.0, 0.05, 0.09, 0.0) == []


def test_a_doubtful_one_does_not_keep_a_sure_one_back() -> None:
    assert verdicts(0.3, 0.1, 0.3, 0.1, 0.8) == [(1, "doubtful", 0.3), (4, "sure", 0.8)]


def test_after_a_sure_one_there_is_nothing_for_a_while() -> None:
    quiet = round(QUIET_S * 10)
    found = verdicts(0.9, 0.1, 0.3, 0.1, *[0.0] * quiet, 0.9)
    assert found == [(0, "sure", 0.9), (quiet + 4, "sure", 0.9)]


def test_the_end_of_the_phrase_is_counted_from_its_highest_score() -> None:
    ears = Verdicts({"alexa": 0.5})
    ears.hear("alexa", 0.4, 1.0, 0.1)
    ears.hear("alexa", 0.39, 1.1, 0.1)
    wake = ears.hear("alexa", 0.1, 1.2, 0.1)
    assert wake is not None
    assert wake.ended_s == pytest.approx(0.3)


def test_highest_scores_are_taken_once() -> None:
    ears = Verdicts({"alexa": 0.5, "okay nabu": 0.5})
    for score in (0.1, 0.3, 0.2):
        ears.hear("alexa", score, 0.0, 0.1)
    assert ears.take_highest() == {"alexa": 0.3, "okay nabu": 0.0}
    assert ears.take_highest() == {"alexa": 0.0, "okay nabu": 0.0}


def test_reset_forgets_half_a_rise() -> None:
    ears = Verdicts({"alexa": 0.5})
    ears.hear("alexa", 0.4, 1.0, 0.1)
    ears.reset()
    assert ears.hear("alexa", 0.0, 1.1, 0.1) is None


def test_engines_with_other_cutoffs_are_compared_on_one_scale() -> None:
    assert likeness(0.97, 0.97) == pytest.approx(0.5)
    assert likeness(0.3, 0.5) == pytest.approx(0.3)
    assert likeness(0.9, 0.97) < 0.25 < 0.85 < likeness(255 / 256, 0.97)
    assert (likeness(0.0, 0.97), likeness(1.0, 0.97)) == (0.0, 1.0)


def test_more_sensitive_wakes_earlier() -> None:
    assert [threshold(each) for each in (0, 0.5, 1)] == pytest.approx([0.85, 0.5, 0.15])
    assert verdicts(0.2, 0.0, least=threshold(1.0)) == [(0, "sure", 0.2)]
    assert verdicts(0.8, 0.0, least=threshold(0.0)) == [(1, "doubtful", 0.8)]


def test_the_surer_of_two_counts_and_then_the_likelier() -> None:
    near, sure = Wake("alexa", 0.9, "near_miss"), Wake("okay nabu", 0.5, "sure")
    surer = Wake("alexa", 0.6, "sure")
    assert louder(near, sure) is sure
    assert louder(surer, sure) is surer
    assert louder(None, near) is near
    assert louder(None, None) is None


def test_what_two_engines_notice_passes_once() -> None:
    once = Once()
    doubtful, sure = Wake("alexa", 0.3, "doubtful"), Wake("alexa", 0.6, "sure")
    heard = [(1.0, doubtful), (1.2, doubtful), (1.3, sure), (1.6, sure), (2.9, sure)]
    assert [at for at, wake in heard if once.pass_on(wake, at)] == [1.0, 1.3, 2.9]
