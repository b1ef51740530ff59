"""Taking turns: head starts, going on, speaking over an answer; in virtual time."""

import asyncio

from ren_device.model import ToolRun
from ren_device.sim import silence, speech
from tests.virtual_time import run
from tests.voice.room import Room, Script, room
from tests.voice.test_listener import WAKE, ask

STORY = "Once upon a time, there was a bear. " + "He went on and on. " * 20


async def over_the_story(here: Room, said: str) -> None:
    await ask(here, "Tell me a story.")
    await here.until_heard("there was")
    here.microphone.hear(speech(said) + silence(3))


def test_a_head_start_saves_the_time_of_the_silence() -> None:
    async def scene() -> None:
        async with room([0.3, "Okay."]) as here:
            await ask(here, "What time is it?")
            await here.until(lambda: bool(here.timings))
            # 0.2 s of silence, 0.1 s to understand it, 0.3 s to the first word, 0.1 s to its sound:
            # the silence that makes the turn certain has passed by then.
            assert here.timings[0].total_ms <= 780, here.timings
            assert here.assistant.dropped == 0

    run(scene())


def test_who_goes_on_after_a_pause_is_not_cut_off_and_nobody_notices_the_head_start() -> None:
    async def scene() -> None:
        script: Script = [ToolRun("set_timer", "running"), ToolRun("set_timer", "done"), "Done."]
        async with room(script) as here:
            here.microphone.hear(
                WAKE
                + silence(0.6)
                + speech("Set a timer for 5 minutes.")
                + silence(0.32)  # a full stop: the model is asked, and dropped
                + speech(" No, for 6.")
            )
            await here.until_heard("Done.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.dropped == 1
            assert here.assistant.asked == ["Set a timer for 5 minutes. No, for 6."]
            assert here.assistant.tools_run == ["set_timer"]

    run(scene())


def test_who_goes_on_before_the_first_sound_is_understood_as_a_whole() -> None:
    async def scene() -> None:
        async with room([3.0, "I see."]) as here:
            here.microphone.hear(
                WAKE + silence(0.6) + speech("Tell me about bears.") + silence(1.2)
            )
            await here.until(lambda: here.phases[-1] == "thinking")
            here.microphone.hear(speech(" And wolves."))
            await here.until_heard("I see.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me about bears. And wolves."]
            assert here.speaker.heard() == "I see."

    run(scene())


def test_who_goes_on_when_a_tool_has_run_is_not_asked_to_undo_it() -> None:
    async def scene() -> None:
        script: Script = [
            ToolRun("set_timer", "running"),
            2.0,
            ToolRun("set_timer", "done"),
            "Done.",
        ]
        async with room(script) as here:
            await ask(here, "Set a timer.")
            await here.until(lambda: here.assistant.tools_run == ["set_timer"])
            here.microphone.hear(speech("And thank you."))
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Set a timer.", "And thank you."]

    run(scene())


def test_speech_over_an_answer_pauses_it_within_150_ms() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.microphone.hear(speech("Wait, what is a bear doing there"))
            sounded = [len(here.speaker.sound())]

            def silent() -> bool:
                sounded.append(len(here.speaker.sound()))
                return sounded[-1] == sounded[-2]

            assert await here.until(silent) <= 0.15 + 0.02

    run(scene())


def test_speech_over_an_answer_becomes_the_next_turn_and_history_keeps_what_was_heard() -> None:
    async def scene() -> None:
        async with room([STORY], ["A big one."]) as here:
            await over_the_story(here, "What bear?")
            await here.until_heard("A big one.")
            await here.until(lambda: here.phases[-1] == "idle")
            told, asked = here.assistant.turns
            assert asked.message == "What bear?"
            assert told.kept is not None
            assert told.kept.startswith("Once upon a time, there was")
            heard = here.speaker.heard().removesuffix("A big one.")
            assert len(told.kept) <= len(heard) + 1
            assert len(told.kept) > len(heard) - 12  # at most a word and a half more was heard

    run(scene())


def test_a_cough_over_an_answer_changes_nothing() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.microphone.hear(speech("~")[:3200] * 2 + silence(5))  # sound without a word
            await here.until(lambda: here.phases[-1] == "idle", 120)
            assert here.speaker.heard().replace(" ", "") == STORY.replace(" ", "")
            assert here.assistant.asked == ["Tell me a story."]

    run(scene())


def test_a_murmur_of_assent_lets_it_go_on_where_it_was() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await over_the_story(here, "Mm-hm.")
            await here.until(lambda: here.phases[-1] == "idle", 120)
            assert here.speaker.heard().replace(" ", "") == STORY.replace(" ", "")
            assert here.assistant.asked == ["Tell me a story."]
            assert (here.assistant.turns[0].kept or "").strip() == STORY.strip()

    run(scene())


def test_stop_over_an_answer_is_silence_and_no_turn() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await over_the_story(here, "Stop.")
            await here.until(lambda: here.phases[-1] == "idle")
            so_far = here.speaker.heard()
            await here.until(lambda: not here.microphone._heard)
            assert here.speaker.heard() == so_far
            assert here.assistant.asked == ["Tell me a story."]

    run(scene())


def test_louder_over_an_answer_acts_at_once_and_the_answer_goes_on() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await here.volume.set(50)
            await ask(here, "Tell me a story.")
            await here.until(lambda: len(here.speaker.sound()) > 2 * 32_000)
            here.microphone.hear(speech("Louder.") + silence(3))
            await here.until(lambda: here.volume.percent == 60)
            await here.until(lambda: here.phases[-1] == "idle", 120)
            assert here.assistant.asked == ["Tell me a story."]

    run(scene())


def test_say_that_again_repeats_the_answer() -> None:
    async def scene() -> None:
        async with room(["It is two."]) as here:
            await ask(here, "What time is it?")
            await here.until_heard("It is two.")
            await here.until(lambda: here.phases[-1] == "idle")
            await ask(here, "Say that again.")
            await here.until(lambda: here.speaker.heard() == "It is two." * 2)
            assert here.assistant.asked == ["What time is it?"]

    run(scene())


def test_where_ren_hears_itself_only_the_wake_word_interrupts() -> None:
    async def scene() -> None:
        async with room([STORY], may_interrupt=False) as here:
            await over_the_story(here, "What bear?")
            await here.until(lambda: not here.microphone._heard)
            assert here.phases[-1] == "speaking"
            here.microphone.hear(WAKE + speech(" What bear?"))
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me a story.", "What bear?"]

    run(scene())


def test_a_question_may_be_answered_without_the_wake_word() -> None:
    async def scene() -> None:
        async with room(["For how long?"], ["Done."]) as here:
            await ask(here, "Set a timer.")
            await here.until_heard("For how long?")
            await here.until(lambda: here.phases[-1] == "listening")
            here.microphone.hear(silence(1) + speech("5 minutes."))
            await here.until_heard("Done.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Set a timer.", "5 minutes."]

    run(scene())


def test_a_question_that_nobody_answers_is_let_go() -> None:
    async def scene() -> None:
        async with room(["For how long?"]) as here:
            await ask(here, "Set a timer.")
            await here.until_heard("For how long?")
            await here.until(lambda: here.phases[-1] == "listening")
            assert 4.5 < await here.until(lambda: here.phases[-1] == "idle") < 5.5
            here.microphone.hear(speech("Nobody talks to you.") + silence(1))
            await here.until(lambda: not here.microphone._heard)
            assert here.assistant.asked == ["Set a timer."]

    run(scene())


def test_a_slow_tool_is_bridged_with_a_few_words() -> None:
    async def scene() -> None:
        script: Script = [ToolRun("look", "running"), 2.5, ToolRun("look", "done"), "Found it."]
        async with room(script) as here:
            await ask(here, "Where is it?")
            await here.until_heard("Found it.")
            assert len(here.speaker.heard()) > len("Found it.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.turns[0].kept == "Found it."

    run(scene())


def test_the_button_over_an_answer_stops_it_and_listens() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            await here.by_hand.listen()
            await here.until(lambda: here.phases[-1] == "listening")
            here.microphone.hear(speech("What time is it?"))
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me a story.", "What time is it?"]

    run(scene())


def test_the_wake_word_and_stop_is_silence() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.microphone.hear(WAKE + speech(" stop."))
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me a story."]
            assert "Okay" not in here.speaker.heard()

    run(scene())


def test_who_goes_on_as_the_answer_begins_had_not_finished() -> None:
    async def scene() -> None:
        async with room([STORY], ["I see."]) as here:
            here.microphone.hear(
                WAKE + silence(0.6) + speech("Tell me about bears.") + silence(0.9)
            )
            await here.until(lambda: here.phases[-1] == "speaking")
            here.microphone._heard.clear()
            here.assistant.scripts[:] = [["I see."]]
            here.microphone.hear(speech(" And wolves."))
            await here.until_heard("I see.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me about bears. And wolves."]

    run(scene())


def test_whoever_speaks_without_end_is_cut_off_for_good() -> None:
    async def scene() -> None:
        async with room([0.1, "I see."]) as here:
            here.microphone.hear(WAKE + silence(0.6) + speech("a very long film, " * 60))
            await here.until(lambda: "thinking" in here.phases, 60)
            await here.until(lambda: len(here.assistant.turns) == 1, 60)
            assert len(here.assistant.asked[0]) < 30 / 0.06

    run(scene())


def test_a_microphone_that_vanishes_in_mid_speech_does_not_hold_up_the_answer() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.microphone.hear(speech("Wai"))
            await here.until(lambda: not here.microphone._heard)
            here.microphone.unplug()
            await here.until(lambda: "fault" in here.phases)
            await here.conversation.hear_no_more()
            await here.until(lambda: not here.conversation.active, 120)
            assert here.speaker.heard().replace(" ", "") == STORY.replace(" ", "")

    run(scene())


def test_the_wake_phrase_that_only_the_recogniser_hears_stops_the_answer() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.microphone.hear(speech("Hey Jarvis.") + silence(1))  # too late for the engine
            here.microphone.hear(speech("What bear?"))
            await here.until_heard("Okay.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me a story.", "What bear?"]

    run(scene())


def test_a_cough_over_a_question_is_no_answer_to_it() -> None:
    async def scene() -> None:
        async with room(["For how long should the timer run, and what shall I call it?"]) as here:
            await ask(here, "Set a timer.")
            await here.until_heard("For how long")
            here.microphone.hear(silence(0.5) + speech("~")[:3200] * 2)
            await here.until_heard("call it?")
            await here.until(lambda: here.phases[-1] == "listening")
            assert here.assistant.asked == ["Set a timer."]

    run(scene())


def test_the_first_word_of_an_answer_to_a_question_is_not_lost() -> None:
    async def scene() -> None:
        async with room(["For how long?"], ["Done."]) as here:
            await ask(here, "Set a timer.")
            await here.until(lambda: here.phases[-1] == "speaking")
            sounds_s = len(speech("For how long?")) / 32_000
            here.microphone.hear(silence(sounds_s - 0.04) + speech("5 minutes."))
            await here.until_heard("Done.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Set a timer.", "5 minutes."]

    run(scene())


async def alarm_rings(here: Room) -> None:
    await here.kernel.set("alarm", in_s=0.1)
    await here.until(here.ringer.heard)


def test_the_wake_word_and_stop_silences_what_rings_without_a_turn() -> None:
    async def scene() -> None:
        async with room() as here:
            await alarm_rings(here)
            await ask(here, "Stop.")
            await here.until(lambda: here.kernel.ringing() == ())
            await here.until(lambda: here.phases[-1] == "idle")
            heard = len(here.speaker.sound())
            await asyncio.sleep(5)
            assert len(here.speaker.sound()) == heard
            assert here.assistant.asked == []

    run(scene())


def test_stop_over_an_answer_while_something_rings_is_meant_for_both() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("Once")
            await alarm_rings(here)
            await ask(here, "Stop.")
            await here.until(lambda: here.kernel.ringing() == ())
            await asyncio.sleep(0.2)
            assert not here.conversation.active
            heard = len(here.speaker.sound())
            await asyncio.sleep(5)
            assert len(here.speaker.sound()) == heard

    run(scene())


def test_snooze_puts_off_what_rings_and_says_so_without_a_turn() -> None:
    async def scene(said: str, answer: str, after_s: float) -> None:
        async with room() as here:
            await alarm_rings(here)
            await ask(here, said)
            await here.until_heard(answer)
            assert here.kernel.ringing() == ()
            assert here.assistant.asked == []
            (snoozed,) = here.kernel.pending()
            assert abs(here.kernel.remaining_s(snoozed) - after_s) < 15

    run(scene("Snooze.", "Okay, again in 9 minutes.", 540))
    run(scene("Five more minutes, please.", "Okay, again in 5 minutes.", 300))


def test_snooze_is_an_ordinary_turn_where_nothing_rings() -> None:
    async def scene() -> None:
        async with room(["Nothing rings."]) as here:
            await ask(here, "Five more minutes.")
            await here.until_heard("Nothing rings.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Five more minutes."]

    run(scene())


def test_stop_in_one_breath_with_the_wake_word_is_listened_to_once_more_over_what_rings() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.conversation.overheard(speech("hey jarvis stop."))
            assert not here.kernel.ringing()
            await alarm_rings(here)
            await here.conversation.overheard(speech("hey jarvis"))
            assert here.kernel.ringing()
            await here.conversation.overheard(speech("hey jarvis the step."))
            assert not here.kernel.ringing()
            await alarm_rings(here)
            await here.conversation.overheard(speech("hey jarvis snooze."))
            await here.until_heard("Okay, again in 9 minutes.")
            assert not here.kernel.ringing()
            here.stt.broken = "no ears"
            await here.conversation.overheard(speech("hey jarvis stop."))
            here.stt.broken = None
            assert here.assistant.asked == []

    run(scene())


def test_while_it_rings_only_a_reflex_or_the_wake_word_ends_an_answer() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("Once")
            await alarm_rings(here)
            here.microphone.hear(speech("Bullseck bullseck bullseck."))
            await here.until(lambda: not here.conversation.attending)
            await here.until(lambda: here.conversation.attending)
            await here.until(lambda: not here.conversation.attending)
            assert here.conversation.sounding
            here.microphone.hear(speech("Stop."))
            await here.until(lambda: here.kernel.ringing() == ())
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked == ["Tell me a story."]

    run(scene())
