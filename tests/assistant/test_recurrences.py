"""Whether words of recurrence are in a sentence, understood or not."""

import pytest

from tests.assistant.corpus import ENGLISH

is_repeated = ENGLISH.moments.is_repeated


@pytest.mark.parametrize(
    "said",
    [
        "remind me every day at 8 to take my pills",
        "wake me up every morning at 7",
        "set an alarm for 6:30 am every weekday",
        "remind me on mondays and fridays at 9 to run",
        "set a timer every 5 mins",
        "remind me to stretch twice a day",
        "set a recurring alarm",
        "wake me at 7 from monday to friday",
    ],
)
def test_a_recurrence_is_noticed(said: str) -> None:
    assert is_repeated(said)


@pytest.mark.parametrize(
    "said",
    [
        "remind me on sunday to call everyone",
        "remind me tomorrow at 8 to take my daily vitamins",
        "remind me about the weekly meeting at 9",
        "remind me to water every plant this morning",
        "put everyday cream on the list",
    ],
)
def test_what_does_not_recur_is_left_alone(said: str) -> None:
    assert not is_repeated(said)
