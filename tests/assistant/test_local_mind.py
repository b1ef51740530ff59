"""The offline mind on the real matcher: single sentences, dialogues, and honesty."""

import asyncio
import json

import pytest

from ren_device.assistant.local_mind import LocalMind
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.model import Intent, Message, Text, ToolCall, ToolResult
from tests.assistant.corpus import (
    ENGLISH,
    UNKNOWN,
    CorpusClock,
    Sentence,
    Understood,
    dialogue,
    request,
    sentences,
    told,
    understand,
)

pytestmark = pytest.mark.engine

MOM_AT_SIX = [["set_reminder", {"text": "call mom", "at": "2026-06-25T18:00:00"}]]
FIVE_MINUTES = [["set_timer", {"duration_s": 300.0, "name": ""}]]


TAKING = (
    "cancel_",
    "clear_",
    "remove_",
    "skip_",
    "pause_",
    "change_alarm",
    "change_timer",
    "move_",
)
"""How the names of tools begin that take something away or move it."""
AGAIN = ENGLISH.say("asks.again", question="")
GIVEN_UP = ENGLISH.say("answers.given_up")
NO_TOOL = ENGLISH.say("answers.no_tool")


@pytest.fixture(scope="module")
def matcher() -> HassilMatcher:
    return HassilMatcher.load()


class NothingMatches:
    vocabulary: frozenset[str] = frozenset()

    def match(self, text: str) -> Intent | None:
        return None


# --- the corpus -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corpus(matcher: HassilMatcher) -> list[tuple[Sentence, Understood]]:
    """What comes of every sentence; some hundred of them, so once for all tests."""

    async def all_of_them() -> list[tuple[Sentence, Understood]]:
        return [
            (each, await understand(matcher, each.text, facts=each.facts)) for each in sentences()
        ]

    return asyncio.run(all_of_them())


def share(verdict: str, found: list[tuple[Sentence, Understood]]) -> float:
    return sum(what.verdict(sentence) == verdict for sentence, what in found) / len(found)


def test_what_people_say_is_understood(corpus: list[tuple[Sentence, Understood]]) -> None:
    said = [each for each in corpus if each[0].meant_for_ren and not each[0].misheard]
    assert len(said) >= 250
    assert share("right", said) >= 0.98
    assert share("wrong tool", said) == 0


def test_what_was_misheard_is_mostly_understood(corpus: list[tuple[Sentence, Understood]]) -> None:
    misheard = [each for each in corpus if each[0].meant_for_ren and each[0].misheard]
    assert len(misheard) >= 100
    assert share("right", misheard) >= 0.6
    assert share("wrong tool", misheard) <= 0.02


def test_other_talk_does_nothing(corpus: list[tuple[Sentence, Understood]]) -> None:
    chatter = [each for each in corpus if not each[0].meant_for_ren and not each[0].misheard]
    garbled = [each for each in corpus if not each[0].meant_for_ren and each[0].misheard]
    assert min(len(chatter), len(garbled)) >= 60
    assert share("false accept", chatter) == 0
    assert share("false accept", garbled) <= 0.02


def test_nothing_is_taken_away_because_of_a_near_miss(
    corpus: list[tuple[Sentence, Understood]], matcher: HassilMatcher
) -> None:
    for sentence, what in corpus:
        if any(name.startswith(TAKING) for name, _ in what.calls):
            intent = matcher.match(ENGLISH.hearing.plain(sentence.text))
            assert intent is not None, sentence.text
            assert intent.score == 100, sentence.text


def test_every_call_can_be_written_as_json(corpus: list[tuple[Sentence, Understood]]) -> None:
    assert json.dumps([what.calls for _, what in corpus])


# --- questions back -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", ["five minutes", "For five minutes, please.", "5 min", "um five minutes"]
)
async def test_a_duration_answers_for_how_long(matcher: HassilMatcher, answer: str) -> None:
    assert (await understand(matcher, "set a timer")).words == "For how long?"
    found = await understand(matcher, "set a timer", "For how long?", answer)
    assert found.calls == FIVE_MINUTES


async def test_the_name_is_kept_over_the_question(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "set a pasta timer", "For how long?", "ten minutes")
    assert found.calls == [["set_timer", {"duration_s": 600.0, "name": "pasta"}]]


@pytest.mark.parametrize(
    "answer", ["six pm", "at six", "at six o'clock", "this evening at six", "6 p.m."]
)
async def test_a_moment_answers_for_when(matcher: HassilMatcher, answer: str) -> None:
    found = await understand(matcher, "remind me to call mom", "For when?", answer)
    assert found.calls == MOM_AT_SIX


async def test_a_duration_also_answers_for_when(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "remind me to call mom", "For when?", "ten minutes")
    assert found.calls == [["set_reminder", {"text": "call mom", "in_s": 600.0}]]


async def test_an_alarm_is_completed(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "wake me up", "For when?", "half past seven")
    assert found.calls == [["set_alarm", {"at": "2026-06-26T07:30:00", "name": ""}]]
    found = await understand(matcher, "wake me up on saturday", "At what time?", "at nine")
    assert found.calls == [["set_alarm", {"at": "2026-06-27T09:00:00", "name": ""}]]


async def test_a_day_that_was_said_is_kept(matcher: HassilMatcher) -> None:
    found = await understand(
        matcher, "remind me tomorrow to call the dentist", "At what time?", "nine am"
    )
    assert found.calls == [
        ["set_reminder", {"text": "call the dentist", "at": "2026-06-26T09:00:00"}]
    ]


async def test_two_questions_in_a_row(matcher: HassilMatcher) -> None:
    said = ["remind me", "What should I remind you of?", "call mom"]
    assert (await understand(matcher, *said)).words == "For when?"
    assert (await understand(matcher, *said, "For when?", "six pm")).calls == MOM_AT_SIX


async def test_a_time_that_has_passed_is_asked_again(matcher: HassilMatcher) -> None:
    first = "remind me today at nine am to call mom"
    question = (await understand(matcher, first)).words
    assert question == "That time has passed. For when?"
    assert (await understand(matcher, first, question, "six pm")).calls == MOM_AT_SIX


async def test_an_answer_that_is_none_is_asked_again(matcher: HassilMatcher) -> None:
    said = ["set a timer", "For how long?", "purple elephants"]
    again = (await understand(matcher, *said)).words
    assert again == AGAIN + "For how long?"
    assert (await understand(matcher, *said, again, "five minutes")).calls == FIVE_MINUTES


async def test_ren_gives_up_after_two_answers_that_are_none(matcher: HassilMatcher) -> None:
    said = ["set a timer", "For how long?", "blah blah", AGAIN + "For how long?", "foo bar"]
    assert (await understand(matcher, *said)).words == GIVEN_UP
    assert (await understand(matcher, *said, GIVEN_UP, "mumble")).words == UNKNOWN


async def test_what_was_left_out_of_a_list_is_asked_for(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "add to my packing list", "What should I add?", "two lemons")
    assert found.calls == [["add_to_list", {"items": ["two lemons"], "list_name": "packing"}]]
    found = await understand(matcher, "add to my list", "What should I add?", "never mind")
    assert found.words == "Okay."


async def test_a_near_miss_makes_no_new_list(matcher: HassilMatcher) -> None:
    heard = "add milk to the packing least"
    asked = await understand(matcher, heard)
    assert (asked.calls, asked.words) == ([], "Do you want me to add milk to the packing list?")
    done = await understand(matcher, heard, asked.words, "yes")
    assert done.calls == [["add_to_list", {"items": ["milk"], "list_name": "packing"}]]


async def test_another_request_is_no_answer(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "set a timer", "For how long?", "what time is it")
    assert found.calls == [["get_time", {}]]
    assert (
        await understand(matcher, "set a timer", "For how long?", "never mind")
    ).words == "Okay."


async def test_a_duration_out_of_the_blue_is_not_understood(matcher: HassilMatcher) -> None:
    assert (await understand(matcher, "five minutes")).words == UNKNOWN
    found = await understand(matcher, "set a timer", "I said something else.", "five minutes")
    assert found.words == UNKNOWN


async def test_a_tool_that_asks_which_one_is_answered(matcher: HassilMatcher) -> None:
    asked = "You have two timers: pasta and eggs. Which one should I cancel?"
    found = await understand(matcher, "cancel the timer", asked, "the pasta one")
    assert found.calls == [["cancel_timer", {"which": "pasta"}]]
    found = await understand(matcher, "cancel the timer", asked, "all of them")
    assert found.calls == [["cancel_timer", {"which": "all of them"}]]
    assert (await understand(matcher, "cancel the timer", asked, "never mind")).words == "Okay."
    found = await understand(matcher, "cancel the timer", asked, "The second one.")
    assert found.calls == [["cancel_timer", {"which": "second"}]]
    found = await understand(matcher, "cancel the egg timer", asked, "the first")
    assert found.calls == [["cancel_timer", {"which": "first egg"}]]


# --- nothing destructive by guessing --------------------------------------------------------


async def test_a_near_miss_of_taking_away_is_confirmed_first(matcher: HassilMatcher) -> None:
    heard = "cancel the pasta tamer"
    asked = await understand(matcher, heard)
    assert (asked.calls, asked.words) == ([], "Do you want me to cancel the pasta timer?")
    done = await understand(matcher, heard, asked.words, "Yes, please.")
    assert done.calls == [["cancel_timer", {"which": "pasta"}]]
    assert (await understand(matcher, heard, asked.words, "no")).words == "Okay."
    assert (await understand(matcher, heard, asked.words, "maybe the moon")).words == UNKNOWN


async def test_yes_alone_does_nothing(matcher: HassilMatcher) -> None:
    assert (await understand(matcher, "yes")).calls == []
    said = "what is the capital of france", "Do you want me to cancel the pasta timer?", "yes"
    assert (await understand(matcher, *said)).calls == []


# --- the rest -------------------------------------------------------------------------------


async def test_results_of_tools_are_said_as_they_are() -> None:
    call = ToolCall("1", "get_time", {})
    messages = (
        Message("user", (Text("what time is it and what day is it"),)),
        Message("assistant", (call,)),
        Message(
            "user",
            (
                ToolResult("1", "get_time", "It is two o'clock."),
                ToolResult("2", "get_date", "It is Thursday.", is_error=False),
            ),
        ),
    )
    found = await told(LocalMind(NothingMatches(), CorpusClock()).step(request(messages)))
    assert (found.calls, found.words) == ([], "It is two o'clock. It is Thursday.")


async def test_a_tool_that_is_not_there_is_not_called(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "what time is it", tools=["get_date"])
    assert (found.calls, found.words) == ([], NO_TOOL)


async def test_stop_is_answered_even_if_nothing_can_ring(matcher: HassilMatcher) -> None:
    found = await understand(matcher, "stop", tools=["get_date"])
    assert (found.calls, found.words) == ([], "Okay.")


async def test_call_ids_differ_within_a_step(matcher: HassilMatcher) -> None:
    mind = LocalMind(matcher, CorpusClock())
    said = dialogue("what time is it and how much time is left on my timer")
    ids = [part.id async for part in mind.step(request(said)) if isinstance(part, ToolCall)]
    assert len(ids) == len(set(ids)) == 2


async def test_fillers_alone_are_answered(matcher: HassilMatcher) -> None:
    assert (await understand(matcher, "um, please")).words == "Yes?"
    assert (await understand(matcher, "hey jarvis")).words == "Yes?"


async def test_a_remembered_failure_does_not_hide_what_was_said_last(
    matcher: HassilMatcher,
) -> None:
    messages = (Message("user", (Text("tell me a story"), Text("what time is it"))),)
    found = await told(LocalMind(matcher, CorpusClock()).step(request(messages)))
    assert found.calls == [["get_time", {}]]


@pytest.mark.parametrize("piece", ["set a timer for ", "call mom at six and ", "a"])
async def test_an_essay_is_turned_down(matcher: HassilMatcher, piece: str) -> None:
    found = await understand(matcher, "remind me to " + piece * 500)
    assert (found.calls, found.words) == ([], UNKNOWN)
