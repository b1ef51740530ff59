"""What a transcript says about itself."""

import pytest

from ren_device.voice.words import Unfinished, sounds_complete, without_wake_phrase

ENGLISH = Unfinished.of("en")
GERMAN = Unfinished.of("de")


@pytest.mark.parametrize(
    "text",
    [
        "Set a timer for five minutes.",
        "What time is it?",
        "What can you do?",
        "Stop.",
        "Turn the lights on.",
        "Set an alarm for 7:30.",
        "what time is it",  # some recognisers write no full stops
        "turn the lights on",
    ],
)
def test_complete(text: str) -> None:
    assert sounds_complete(text, ENGLISH)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Set a timer for.",
        "Set a timer for 5.",
        "Remind me to.",
        "Add milk and.",
        "so the",
        "Um.",
        "Tell me what you can.",
        "Add milk,",
        "Well...",
        "Set a timer for five.",
        "set a timer for five",
        "remind me to",
    ],
)
def test_not_complete(text: str) -> None:
    assert not sounds_complete(text, ENGLISH)


def test_another_language_needs_only_its_words() -> None:
    assert sounds_complete("Stell einen Timer auf fünf Minuten.", GERMAN)
    assert sounds_complete("Mach bitte das Licht aus.", GERMAN)
    assert not sounds_complete("Stell einen Timer auf fünf.", GERMAN)
    assert not sounds_complete("Erinnere mich an die.", GERMAN)
    assert sounds_complete("Set a timer for.", Unfinished())


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Hey Jarvis, set a timer.", "Set a timer."),
        ("Hey, Jarvis. What time is it?", "What time is it?"),
        ("Hey Jervis set a timer", "Set a timer"),
        ("Hey Travis, stop.", "Stop."),
        ("A Jarvis, stop.", "Stop."),
        ("Hey, jar this, set a timer.", "Set a timer."),
        ("Ajarvis, what time is it?", "What time is it?"),
        ("Heyjarvis. Play music.", "Play music."),
        ("There is a spider here.", "There is a spider here."),
        ("Hey Jarvis.", ""),
        ("Hey there, what's up?", "Hey there, what's up?"),
        ("Set a timer.", "Set a timer."),
        ("Hey", "Hey"),
        ("", ""),
        ("The harvest is in.", "The harvest is in."),
        ("They serve us well.", "They serve us well."),
    ],
)
def test_the_wake_phrase_is_no_part_of_the_question(heard: str, meant: str) -> None:
    assert without_wake_phrase(heard, ("hey jarvis",)) == meant
