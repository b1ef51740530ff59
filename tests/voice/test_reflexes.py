"""Short utterances that are acted on at once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ren_device import languages
from ren_device.voice.fillers import Fillers
from ren_device.voice.reflexes import Reflex, Reflexes

ENGLISH = {
    Reflex.STOP: (
        *("Stop.", "stop", "Okay, stop.", "Stop stop stop.", "Stop, stop!", "Please stop."),
        *("Shut up!", "Be quiet, please.", "Quiet.", "Shhhh!", "Enough.", "That's enough."),
        *("That’s enough, thank you.", "No, stop it.", "I'm sorry, stop talking."),
    ),
    Reflex.NEVER_MIND: ("Never mind.", "Nevermind", "Oh, never mind.", "Forget it.", "Cancel."),
    Reflex.LOUDER: ("Louder!", "A bit louder, please.", "Speak up.", "Turn it up.", "Volume up."),
    Reflex.QUIETER: ("Quieter.", "Turn it down, please.", "Not so loud!", "Okay, softer please."),
    Reflex.REPEAT: (
        *("Say that again.", "What did you say?", "Repeat that, please.", "Pardon?", "What?"),
        *("Sorry, what was that?", "Could you say that again?", "I'm sorry, what did you say?"),
    ),
    Reflex.BACKCHANNEL: (
        *("Mm-hmm.", "Mm-hm", "Uh-huh.", "Uh huh", "Mhm.", "Hmmmm.", "Hm", "Mmm.", "Yeah.", "O.K."),
        *(
            "Yeah, yeah.",
            "Okay.",
            "Right.",
            "Ha ha ha!",
            "Haha.",
            "Oh, I see.",
            "Ahem",
            "",
            "...",
            "!",
        ),
    ),
}
GERMAN = {
    Reflex.STOP: (
        "Stopp!",
        "Stop",
        "Sei bitte still.",
        "Halt den Mund!",
        "Hör auf.",
        "Das reicht.",
    ),
    Reflex.NEVER_MIND: ("Egal.", "Ach, vergiss es.", "Schon gut.", "Abbrechen"),
    Reflex.LOUDER: ("Lauter!", "Etwas lauter, bitte.", "Sprich lauter."),
    Reflex.QUIETER: ("Leiser.", "Bitte leiser", "Nicht so laut!"),
    Reflex.REPEAT: ("Wie bitte?", "Was hast du gesagt?", "Sag das noch mal.", "Noch einmal bitte."),
    Reflex.BACKCHANNEL: ("Mhm.", "Ja, ja.", "Ach so.", "Genau.", "Okay.", "Hm, hm."),
}
REQUESTS = (
    *("Stop the timer.", "Stop the music at nine.", "What time is it?", "What is a mule?", "Yes."),
    *("No.", "No, no.", "Please.", "Okay, set a timer for five minutes.", "Louder than a lion?"),
    *("Cancel the alarm.", "Turn it down to twenty percent.", "Right now.", "Thank you."),
    *("Repeat the alarm every day.", "You never mind your manners.", "Enough sugar for two cakes."),
    "stop " * 11,
)


def cases(table: dict[Reflex, tuple[str, ...]]) -> list[tuple[str, Reflex]]:
    return [(said, reflex) for reflex, sentences in table.items() for said in sentences]


@pytest.mark.parametrize(("said", "reflex"), cases(ENGLISH))
def test_english(said: str, reflex: Reflex) -> None:
    assert Reflexes("en").of(said) is reflex


@pytest.mark.parametrize(("said", "reflex"), cases(GERMAN))
def test_german(said: str, reflex: Reflex) -> None:
    assert Reflexes("de").of(said) is reflex


@pytest.mark.parametrize("said", REQUESTS)
def test_requests_are_for_the_mind(said: str) -> None:
    assert Reflexes("en").of(said) is None


@given(st.text(max_size=60), st.sampled_from(languages.codes()))
def test_anything_may_be_said(said: str, code: str) -> None:
    Reflexes(code).of(said)


@pytest.mark.parametrize("code", languages.codes())
def test_fillers_take_turns(code: str) -> None:
    fillers = Fillers(code)
    said = [fillers.next() for _ in range(12)]
    assert all(one != next_one for one, next_one in pairwise(said))
    assert len(set(said)) >= 3
    assert all(len(each) < 30 for each in said)


@pytest.mark.parametrize(
    ("misheard", "meant"),
    [
        ("Step.", Reflex.STOP),
        ("Stopped.", Reflex.STOP),
        ("Blouder.", Reflex.LOUDER),
        ("Loud her.", Reflex.LOUDER),
        ("Say that a gain.", Reflex.REPEAT),
        ("Mm-hm.", Reflex.BACKCHANNEL),
        ("What bear?", None),
        ("And wolves.", None),
        ("Yes.", None),
        ("Next one please.", None),
        ("Five minutes.", None),
        ("Tell me about the stopover in Rome.", None),
    ],
)
def test_what_is_misheard_over_an_answer(misheard: str, meant: Reflex | None) -> None:
    assert Reflexes("en").nearly(misheard) is meant


@pytest.mark.parametrize(
    ("code", "said", "minutes"),
    [
        ("en", "Five more minutes.", 5),
        ("en", "Snooze for ten minutes, please.", 10),
        ("en", "Another 15 minutes.", 15),
        ("en", "Give me twenty-five minutes.", 25),
        ("en", "One more minute.", 1),
        ("de", "Noch fünf Minuten!", 5),
        ("de", "Schlummern für zehn Minuten.", 10),
        ("de", "Noch fünfundzwanzig Minuten, bitte.", 25),
    ],
)
def test_snoozing_for_so_many_minutes(code: str, said: str, minutes: float) -> None:
    reflexes = Reflexes(code)
    assert reflexes.of(said) is Reflex.SNOOZE
    assert reflexes.snooze_minutes(said) == minutes


@pytest.mark.parametrize(
    ("code", "said"),
    [("en", "Snooze."), ("en", "Snooze the alarm, please."), ("de", "Schlummern!")],
)
def test_snoozing_as_usual(code: str, said: str) -> None:
    reflexes = Reflexes(code)
    assert reflexes.of(said) is Reflex.SNOOZE
    assert reflexes.snooze_minutes(said) is None


@pytest.mark.parametrize(
    "said",
    ["Set a timer for five minutes.", "Five minutes ago.", "Snooze for 90 minutes.", "Two plus 5."],
)
def test_other_numbers_put_nothing_off(said: str) -> None:
    assert Reflexes("en").of(said) is None
