"""Commands as recognisers wrote them, and as they were said."""

import pytest

from ren_device.assistant.local_mind import LocalMind
from ren_device.assistant.misheard import put_right
from ren_device.engines.hassil_intents import HassilMatcher
from tests.assistant.corpus import ENGLISH, CorpusClock, dialogue, request, told


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Santa timer 45 minutes.", "Set a timer for 5 minutes."),
        ("Santa timer for four minutes.", "Set a timer for four minutes."),
        ("Set a timer forty-five minutes.", "Set a timer for five minutes."),
        ("Set a timer four-five minutes.", "Set a timer for five minutes."),
        ("Set a timer fourteen minutes.", "Set a timer for ten minutes."),
        ("Said a pasta timer for 2 minutes.", "Set a pasta timer for 2 minutes."),
        ("Set a timer for 45 minutes.", "Set a timer for 45 minutes."),
        ("Set a 45 minute timer.", "Set a 45 minute timer."),
        ("Set a timer 40 minutes.", "Set a timer 40 minutes."),
        ("Santa is coming.", "Santa is coming."),
    ],
)
def test_put_right(written: str, said: str) -> None:
    assert put_right(written, ENGLISH.words.misheard) == said


@pytest.mark.parametrize(("spoken", "seconds"), [(True, 300.0), (False, 2700.0)])
async def test_only_what_was_spoken_is_put_right(spoken: bool, seconds: float) -> None:
    mind = LocalMind(HassilMatcher.load(), CorpusClock())
    asked = request(dialogue("set a timer 45 minutes"), spoken=spoken)
    assert (await told(mind.step(asked))).calls[0][1]["duration_s"] == seconds
