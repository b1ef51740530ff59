"""Routines by voice, offline: what sentences lead to, and what is asked instead of kept."""

import asyncio
from functools import cache

import pytest

from ren_device.assistant.local_mind import LocalMind
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.model import Message, MindRequest, Text, TextDelta, ToolCall, ToolSpec
from tests.assistant.routine_flat import RoutineFlat
from tests.fakes import NOON, FixedClock
from tests.virtual_time import run

pytestmark = pytest.mark.engine

TOOLS = """
run_routine schedule_routine unschedule_routine delete_routine list_routines stop_routine
save_routine set_power set_brightness set_timer set_alarm set_reminder add_to_list show_list
list_reminders get_time get_date set_volume stop_ringing remember_fact
""".split()
LIGHTS_OFF: dict[str, object] = {
    "tool": "set_power",
    "arguments": {"device": "lights", "on": False},
}


@cache
def matcher(language: str) -> HassilMatcher:
    return HassilMatcher.load(language)


def understood(language: str, *turns: str) -> list[tuple[str, dict[str, object]]] | str:
    """The calls of the last turn, or what is said; NOON is a Thursday."""
    mind = LocalMind(matcher(language), FixedClock(NOON), language)
    specs = tuple(ToolSpec(name, "", {}) for name in TOOLS)

    async def scene() -> list[tuple[str, dict[str, object]]] | str:
        said: list[Message] = []
        calls: list[tuple[str, dict[str, object]]] = []
        answer = ""
        for text in turns:
            said.append(Message("user", (Text(text),)))
            calls, answer = [], ""
            async for part in mind.step(MindRequest("local", "", tuple(said), specs)):
                if isinstance(part, ToolCall):
                    calls.append((part.name, dict(part.arguments)))
                elif isinstance(part, TextDelta):
                    answer += part.text
            said.append(Message("assistant", (Text(answer),)))
        return calls or answer

    return run(scene())


@pytest.mark.parametrize(
    ("language", "said", "name", "device", "words"),
    [
        (
            "en",
            "When I say goodnight, turn off all the lights and say sleep well",
            "goodnight",
            "lights",
            "sleep well",
        ),
        (
            "en",
            "when I say good night turn off all the lights and say sleep well",
            "good night",
            "lights",
            "sleep well",
        ),
        (
            "de",
            "Wenn ich gute Nacht sage, mach alle Lichter aus und sag schlaf gut",
            "gute Nacht",
            "lichter",
            "schlaf gut",
        ),
        (
            "de",
            "wenn ich gute Nacht sage schalte das Licht aus und sag schlaf gut",
            "gute Nacht",
            "licht",
            "schlaf gut",
        ),
    ],
)
def test_what_is_to_happen_at_a_word_makes_a_routine(
    language: str, said: str, name: str, device: str, words: str
) -> None:
    off = {"tool": "set_power", "arguments": {"device": device, "on": False}}
    steps = [off, {"say": words}]
    assert understood(language, said) == [("save_routine", {"name": name, "steps": steps})]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "When I say stop, I mean it."),
        ("en", "when I say goodnight, turn off the lights and dance"),
        ("de", "Wenn ich Stopp sage, meine ich das auch."),
    ],
)
def test_what_is_not_understood_makes_none(language: str, said: str) -> None:
    assert isinstance(understood(language, said), str)


RUN = "run_routine"
WHEN = "schedule_routine"
DAILY = {"repeat": "FREQ=DAILY"}
WEEKDAYS = {"repeat": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"}


@pytest.mark.parametrize(
    ("language", "said", "tool", "arguments"),
    [
        ("en", "run good morning", RUN, {"name": "good morning"}),
        ("en", "Run the good morning routine, please.", RUN, {"name": "good morning"}),
        ("en", "start my bedtime routine", RUN, {"name": "bedtime"}),
        ("en", "execute movie night", RUN, {"name": "movie night"}),
        ("en", "start the routine called movie night", RUN, {"name": "movie night"}),
        ("en", "what routines do I have?", "list_routines", {}),
        ("en", "What does my bedtime routine do?", "list_routines", {"name": "bedtime"}),
        ("en", "delete the bedtime routine", "delete_routine", {"name": "bedtime"}),
        ("en", "stop the routine", "stop_routine", {}),
        ("en", "stop my bedtime routine", "stop_routine", {}),
        ("en", "don't run the bedtime routine any more", "unschedule_routine", {"name": "bedtime"}),
        (
            "en",
            "run the bedtime routine every day at 10 pm",
            WHEN,
            {"name": "bedtime", "at": "2026-06-25T22:00:00", **DAILY},
        ),
        (
            "en",
            "every weekday at 8 am run good morning",
            WHEN,
            {"name": "good morning", "at": "2026-06-26T08:00:00", **WEEKDAYS},
        ),
        (
            "en",
            "run good morning tomorrow at seven",
            WHEN,
            {"name": "good morning", "at": "2026-06-26T07:00:00"},
        ),
        (
            "en",
            "run the bedtime routine in ten minutes",
            WHEN,
            {"name": "bedtime", "at": "2026-06-25T12:10:00"},
        ),
        (
            "en",
            "wake me up at seven and start my good morning routine",
            "set_alarm",
            {"at": "2026-06-26T07:00:00", "name": "", "routine": "good morning"},
        ),
        ("de", "Starte die Schlafenszeit-Routine", RUN, {"name": "schlafenszeit"}),
        ("de", "Starte die Routine Guten Morgen", RUN, {"name": "guten morgen"}),
        ("de", "Führ bitte die Abendroutine aus", RUN, {"name": "abend"}),
        ("de", "Welche Routinen habe ich?", "list_routines", {}),
        ("de", "Was macht die Abendroutine?", "list_routines", {"name": "abend"}),
        ("de", "Lösche die Abendroutine", "delete_routine", {"name": "abend"}),
        ("de", "Stoppe die Routine", "stop_routine", {}),
        ("de", "Starte die Abendroutine nicht mehr", "unschedule_routine", {"name": "abend"}),
        (
            "de",
            "Starte die Abendroutine jeden Tag um 22 Uhr",
            WHEN,
            {"name": "abend", "at": "2026-06-25T22:00:00", **DAILY},
        ),
        (
            "de",
            "Jeden Werktag um sieben starte die Routine Guten Morgen",
            WHEN,
            {"name": "guten morgen", "at": "2026-06-26T07:00:00", **WEEKDAYS},
        ),
        (
            "de",
            "Weck mich um sieben und starte die Frühroutine",
            "set_alarm",
            {"at": "2026-06-26T07:00:00", "name": "", "routine": "früh"},
        ),
    ],
)
def test_what_a_sentence_leads_to(
    language: str, said: str, tool: str, arguments: dict[str, object]
) -> None:
    assert understood(language, said) == [(tool, arguments)]


@pytest.mark.parametrize(
    ("said", "tool"),
    [
        ("start the coffee machine", "set_power"),
        ("start a timer for five minutes", "set_timer"),
        ("add routine to the shopping list", "add_to_list"),
        ("stop", "stop_ringing"),
    ],
)
def test_other_things_stay_what_they_are(said: str, tool: str) -> None:
    calls = understood("en", said)
    assert isinstance(calls, list)
    assert [name for name, _ in calls] == [tool]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("good morning", "Good morning."),
        ("run", "Sorry, I can't do that without the cloud."),
        ("what is a routine", "Sorry, I can't do that without the cloud."),
        ("don't create a routine called x: say hello", "Sorry, I can't do that without the cloud."),
        ("run the bedtime routine every morning", "At what time?"),
    ],
)
def test_nothing_is_run_by_a_guess(said: str, answer: str) -> None:
    assert understood("en", said) == answer


def test_the_time_is_asked_for() -> None:
    assert understood("en", "run the bedtime routine every evening", "at nine") == [
        (WHEN, {"name": "bedtime", "at": "2026-06-25T21:00:00", **DAILY})
    ]
    assert understood("de", "Plane die Abendroutine ein", "jeden Tag um 22 Uhr") == [
        (WHEN, {"name": "abend", "at": "2026-06-25T22:00:00", **DAILY})
    ]


# --- a new one ----------------------------------------------------------------------------------

GOOD_NIGHT: dict[str, object] = {"say": "good night"}
ROUTINES: list[tuple[str, str, str, list[dict[str, object]]]] = [
    (
        "en",
        "create a routine called bedtime: turn off the lights and say good night",
        "bedtime",
        [LIGHTS_OFF, GOOD_NIGHT],
    ),
    (  # as a recogniser writes it
        "en",
        "create a routine called bedtime turn off the lights and say good night",
        "bedtime",
        [LIGHTS_OFF, GOOD_NIGHT],
    ),
    (
        "en",
        "please make a new routine called movie night that dim the lights to twenty percent",
        "movie night",
        [{"tool": "set_brightness", "arguments": {"device": "lights", "percent": 20}}],
    ),
    (
        "en",
        'Make me a Movie Night routine: say "Enjoy the film, Anna and Tom", then wait half a minute'
        " and turn off the lamp and the fan.",
        "Movie Night",
        [
            {"say": "Enjoy the film, Anna and Tom"},
            {"pause_s": 30},
            {"tool": "set_power", "arguments": {"device": "lamp and the fan", "on": False}},
        ],
    ),
    (
        "en",
        "create a routine called shopping: add milk and bread to the shopping list, wait an hour"
        " and a half and tell me what is on the shopping list",
        "shopping",
        [
            {
                "tool": "add_to_list",
                "arguments": {"items": ["milk", "bread"], "list_name": "shopping"},
            },
            {"pause_s": 5400},
            {"tool": "show_list", "arguments": {"list_name": "shopping"}},
        ],
    ),
    (
        "en",
        "create a routine called morning: what time is it, tell me my reminders for today, set an"
        " alarm for 9 am tomorrow and run the light routine",
        "morning",
        [
            {"tool": "get_time", "arguments": {}},
            {"tool": "list_reminders", "arguments": {"day": "{today}"}},
            {"tool": "set_alarm", "arguments": {"at": "09:00", "name": ""}},
            {"tool": "run_routine", "arguments": {"name": "light"}},
        ],
    ),
    (
        "de",
        "Erstelle eine Routine namens Schlafenszeit: Mach das Licht aus und sag gute Nacht",
        "Schlafenszeit",
        [
            {"tool": "set_power", "arguments": {"device": "licht", "on": False}},
            {"say": "gute Nacht"},
        ],
    ),
    (
        "de",
        "erstelle eine routine namens schlafenszeit mach das licht aus und sag gute nacht",
        "schlafenszeit",
        [
            {"tool": "set_power", "arguments": {"device": "licht", "on": False}},
            {"say": "gute nacht"},
        ],
    ),
    (
        "de",
        "Leg eine Routine Filmabend an: warte zehn Sekunden, dann sag „Viel Spaß, Anna“",
        "Filmabend",
        [{"pause_s": 10}, {"say": "Viel Spaß, Anna"}],
    ),
]


@pytest.mark.parametrize(("language", "said", "name", "steps"), ROUTINES)
def test_a_routine_is_made_of_commands(
    language: str, said: str, name: str, steps: list[dict[str, object]]
) -> None:
    assert understood(language, said) == [("save_routine", {"name": name, "steps": steps})]


@pytest.mark.parametrize(
    "step",
    [
        "frobnicate",
        "turn off the lights and frobnicate",
        "frobnicate, then turn off the lights",
        "set an alarm for the 30th of june at nine",
        "good morning",
    ],
)
def test_what_is_not_understood_is_asked_and_not_kept(step: str) -> None:
    asked = understood("en", f"create a routine called bedtime: {step}")
    assert isinstance(asked, str)
    assert asked.startswith("I did not understand this: ")
    assert asked.endswith("What should the routine do, step by step?")


def test_a_routine_is_made_bit_by_bit() -> None:
    made = [("save_routine", {"name": "bedtime", "steps": [LIGHTS_OFF, GOOD_NIGHT]})]
    steps = "turn off the lights and say good night"
    assert understood("en", "create a routine", "bedtime", steps) == made
    assert understood("en", "create a routine called bedtime", steps) == made
    wrong = "create a routine called bedtime: frobnicate"
    assert understood("en", wrong, "dance", steps) == made
    assert understood("en", "create a routine called bedtime", "never mind") == "Okay."
    assert understood("en", "create a routine called bedtime", "no") == "Okay."
    assert understood("en", "create a routine", "bedtime") == (
        "What should the routine bedtime do, step by step?"
    )
    assert understood("de", "Erstelle eine Routine", "Bett", "sag gute Nacht") == [
        ("save_routine", {"name": "Bett", "steps": [{"say": "gute Nacht"}]})
    ]


def test_from_making_one_to_deleting_it() -> None:
    async def scene() -> None:
        async with RoutineFlat(matcher("en")) as flat:
            assert await flat.say("What routines do I have?") == "You have no routines."
            made = "Create a routine called Bedtime: turn off the lights, wait a minute, say bye"
            assert await flat.say(made) == (
                "Okay, I saved your Bedtime routine: turn off the lights, wait 1 minute and say"
                ' "bye".'
            )
            assert await flat.say("run bed time") == "Okay, the lights is off."
            assert await flat.say("run the bedtime routine") == (
                "Your Bedtime routine is running already."
            )
            await asyncio.sleep(70)
            assert flat.room.said == ["Bye."]
            assert await flat.say("run the bedtime routine every day at 10 pm") == (
                "Okay, I will run your Bedtime routine every day at 10:00 PM, starting today."
            )
            assert await flat.say("create a routine called slow bedtime: say good night") == (
                'Okay, I saved your slow bedtime routine: say "good night".'
            )
            assert await flat.say("create a routine called quick bedtime: say bye bye") != ""
            assert await flat.say("delete the slow bedtime routine") == (
                "Okay, I deleted your slow bedtime routine."
            )
            assert await flat.say("delete the bedtime routine") == (
                "Okay, I deleted your Bedtime routine. It will not run by itself any more."
            )
            await flat.say("create a routine called slow bedtime: say good night")
            asked = "There are quick bedtime and slow bedtime. Which one should I run?"
            assert await flat.say("run the bedtime routine") == asked
            assert await flat.say("the slow one") == "Good night."

    run(scene())
