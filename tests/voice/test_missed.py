"""What was missed is told at the next contact by voice, once."""

import asyncio
from datetime import timedelta

from ren_device.sim import silence, speech
from tests.virtual_time import run
from tests.voice.room import Room, room

MISSED = "You missed your reminder to eat at 1:02 PM."


async def was_missed(here: Room) -> None:
    """An hour ago, while the speaker was off."""
    alert = await here.kernel.set("reminder", "eat", at=here.clock.now() + timedelta(hours=1))
    here.alerts.rows[alert.id] = alert
    here.clock.step_s += 7200
    await here.kernel.reload()
    here.kernel.look()
    assert here.kernel.missed()


async def ask(here: Room, question: str) -> None:
    here.microphone.hear(speech("hey jarvis") + silence(0.3) + speech(question))


def test_after_the_answer_and_once() -> None:
    async def scene() -> None:
        async with room(["Fine."], ["Fine."]) as here:
            await was_missed(here)
            await asyncio.sleep(30)
            assert here.speaker.heard() == ""
            await ask(here, "How are you?")
            await here.until_heard("Fine.You missed")
            await here.until(lambda: here.kernel.missed() == ())
            await ask(here, "And now?")
            await here.until(lambda: here.speaker.heard().count("Fine.") == 2)
            await asyncio.sleep(10)
            assert here.speaker.heard().count("You missed") == 1

    run(scene())


def test_who_speaks_over_it_is_told_again() -> None:
    async def scene() -> None:
        async with room(["Fine."], ["Noon."]) as here:
            await was_missed(here)
            await ask(here, "How are you?")
            await here.until_heard("You mis")
            await ask(here, "What time is it?")
            await here.until_heard("Noon.")
            assert here.kernel.missed()
            await here.until_heard("Noon.You missed")
            await here.until(lambda: here.kernel.missed() == ())

    run(scene())


def test_a_question_of_rens_is_answered_first() -> None:
    async def scene() -> None:
        async with room(["Which one?"], ["Okay."]) as here:
            await was_missed(here)
            await ask(here, "Start it.")
            await here.until(lambda: here.phases[-1] == "listening")
            await asyncio.sleep(2)
            assert "You missed" not in here.speaker.heard()
            here.microphone.hear(speech("The first."))
            await here.until_heard("Okay.You missed")

    run(scene())


def test_it_is_not_told_over_what_rings_but_when_that_is_stopped() -> None:
    async def scene() -> None:
        async with room(["Fine."]) as here:
            await was_missed(here)
            await here.kernel.set("timer", in_s=0.1)
            await ask(here, "How are you?")
            await here.until(lambda: here.phases[-1] == "idle")
            await asyncio.sleep(3)
            assert here.kernel.missed()
            here.microphone.hear(speech("hey jarvis") + silence(0.3) + speech("Stop."))
            await here.until(lambda: here.kernel.ringing() == ())
            await here.until(lambda: here.kernel.missed() == ())
            assert any(text.startswith("You missed") for text in here.tts.spoken)

    run(scene())
