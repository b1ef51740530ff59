"""The whole way from the microphone to the loudspeaker, with simulated parts in virtual time."""

import pytest

from ren_device.errors import CloudError
from ren_device.sim import silence, speech
from tests.virtual_time import run
from tests.voice.room import Room, room

WAKE = speech("hey jarvis")


async def ask(here: Room, question: str, pause_s: float = 0.6) -> None:
    here.microphone.hear(WAKE + silence(pause_s) + speech(question))


def test_a_question_is_answered() -> None:
    async def scene() -> None:
        async with room(["It is ", "two o'clock."]) as here:
            await ask(here, "What time is it?")
            await here.until_heard("It is two o'clock.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["What time is it?"]
            assert here.phases == ["idle", "listening", "thinking", "speaking", "idle"]

    run(scene())


def test_in_one_breath_with_the_wake_word() -> None:
    async def scene() -> None:
        async with room() as here:
            await ask(here, " what time is it?", pause_s=0)
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["what time is it?"]

    run(scene())


def test_a_pause_after_the_wake_word_is_no_question() -> None:
    async def scene() -> None:
        async with room() as here:
            await ask(here, "What time is it?", pause_s=4.0)
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["What time is it?"]

    run(scene())


def test_nothing_said_after_the_wake_word() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.hear(WAKE)
            await here.until(lambda: "listening" in here.phases)
            took_s = await here.until(lambda: here.phases[-1] == "idle")
            assert 5 < took_s < 8
            assert here.assistant.asked == []
            assert here.speaker.heard() == ""

    run(scene())


def test_without_the_wake_word_nobody_is_listened_to() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.hear(speech("What time is it?") + silence(2))
            await here.until(lambda: not here.microphone._heard)
            assert here.assistant.asked == []

    run(scene())


def test_the_first_clause_is_heard_while_the_rest_is_being_written() -> None:
    async def scene() -> None:
        async with room(["Well, ", "let me see. ", 5.0, "Here it is."]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("let me see.")
            assert "Here" not in here.speaker.heard()
            await here.until_heard("Here it is.")

    run(scene())


def test_the_answer_begins_soon_after_the_last_word() -> None:
    async def scene() -> None:
        async with room([0.3, "Okay."]) as here:
            await ask(here, "What time is it?")
            await here.until(lambda: bool(here.timings))
            timed = here.timings[0]
            # 0.2 s of silence and 0.1 s to understand it, 0.3 s to the first word, and 0.05 s to
            # sound: by then it is certain that this was all.
            assert 600 <= timed.total_ms <= 750, timed
            assert sum(timed.stages_ms.values()) == timed.total_ms

    run(scene())


def test_an_unfinished_sentence_gets_time() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.hear(
                WAKE
                + silence(0.6)
                + speech("Set a timer for")
                + silence(0.9)
                + speech(" 5 minutes.")
            )
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Set a timer for 5 minutes."]

    run(scene())


def test_the_wake_word_over_an_answer_stops_it_and_listens() -> None:
    async def scene() -> None:
        async with room(["A very long story, ", "which goes on and on and on. " * 20]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("goes on")
            here.microphone.hear(WAKE + speech(" and then?"))
            await here.until(lambda: here.phases[-1] == "listening")
            so_far = here.speaker.heard()
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me a story.", "and then?"]
            assert here.speaker.heard() == so_far + "Okay."

    run(scene())


def test_the_wake_word_while_the_model_thinks_abandons_the_turn() -> None:
    async def scene() -> None:
        async with room([60.0, "Too late."]) as here:
            await ask(here, "Think hard.")
            await here.until(lambda: here.phases[-1] == "thinking")
            here.microphone.hear(silence(2))
            await ask(here, "What time is it?")
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.abandoned == 1
            assert "late" not in here.speaker.heard()

    run(scene())


def test_a_turn_that_fails_is_apologised_for_and_the_next_one_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scene() -> None:
        async with room([CloudError("no answer to 'my secret'")]) as here:
            await ask(here, "What time is it?")
            await here.until_heard("Sorry, something went wrong with that.")
            await here.until(lambda: here.phases[-1] == "idle")
            await ask(here, "What time is it?")
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")

    run(scene())
    assert "CloudError" in caplog.text
    assert "my secret" not in caplog.text


def test_a_recogniser_that_fails_leaves_the_speaker_listening() -> None:
    async def scene() -> None:
        async with room() as here:
            here.stt.broken = "the model is gone"
            await ask(here, "What time is it?")
            await here.until_heard("Sorry")
            here.stt.broken = None
            await ask(here, "What time is it?")
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")

    run(scene())


def test_a_voice_that_fails_does_not_fail_the_turn() -> None:
    async def scene() -> None:
        async with room() as here:
            here.tts.broken = "no voice"
            await ask(here, "What time is it?")
            await here.until(lambda: here.phases[-1] == "idle" and bool(here.assistant.asked))
            here.tts.broken = None
            await ask(here, "And now?")
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")

    run(scene())


def test_a_microphone_that_vanishes_is_opened_again() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.until(lambda: here.phases == ["idle"])
            here.microphone.unplug()
            await here.until(lambda: here.phases[-1] == "fault")
            assert "unplugged" in (here.capture.trouble or "")
            here.microphone.plug_in()
            await here.until(lambda: here.phases[-1] == "idle")
            assert not here.capture.trouble
            await ask(here, "What time is it?")
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.microphone.opened == 2

    run(scene())


def test_a_loudspeaker_that_vanishes_does_not_stop_the_turn() -> None:
    async def scene() -> None:
        async with room() as here:
            here.speaker.broken = "REN_SPEAKER=sim: unplugged"
            await ask(here, "What time is it?")
            await here.until(lambda: "speaking" in here.phases and here.phases[-1] == "idle")
            assert "unplugged" in (here.playback.trouble or "")
            here.speaker.broken = None
            await ask(here, "Again?", pause_s=6.0 - 0.5)
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert not here.playback.trouble

    run(scene())


def test_the_microphone_is_opened_once() -> None:
    async def scene() -> None:
        async with room() as here:
            for _ in range(3):
                await ask(here, "What time is it?")
                await here.until(lambda: here.phases[-1] == "speaking")
                await here.until(lambda: here.phases[-1] == "idle")
            assert here.microphone.opened == 1
            assert here.assistant.asked == ["What time is it?"] * 3

    run(scene())
