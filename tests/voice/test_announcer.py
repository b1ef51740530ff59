"""What nobody has asked for is said when nobody speaks, and gives way to people."""

import asyncio

from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES
from ren_device.ports import TextToSpeech
from ren_device.sim import SimTextToSpeech, silence, speech
from ren_device.voice.announcer import Announcer
from tests.virtual_time import run
from tests.voice.room import Room, loaded, room

STORY = "Once upon a bear. He lived in a small house by the river. "
TOLD = "Once upon a bear.He lived in a small house by the river."
LONG = (
    "Here is what is on your list for today, and it is rather much. You wanted to call your "
    "mother, to water the flowers on the balcony, and to take the books back to the library."
)


async def ask(here: Room, question: str) -> None:
    here.microphone.hear(speech("hey jarvis") + silence(0.3) + speech(question))


def not_loaded() -> asyncio.Future[TextToSpeech]:
    return asyncio.get_running_loop().create_future()


def test_it_is_said_to_its_end_clause_by_clause() -> None:
    async def scene() -> None:
        async with room() as here:
            assert await here.announcer.say("Good morning.")
            assert here.speaker.heard() == "Good morning."
            assert await here.announcer.say(LONG)
            assert len(here.tts.spoken) > 3
            heard = here.speaker.heard().removeprefix("Good morning.")
            assert heard.replace(" ", "") == LONG.replace(" ", "")
            assert here.assistant.asked == []

    run(scene())


def test_it_waits_until_the_conversation_is_over() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("Once")
            assert await here.announcer.say("Good morning.")
            assert here.speaker.heard().endswith(TOLD + "Good morning.")

    run(scene())


def test_a_floor_that_is_free_for_a_moment_only_is_left_to_people() -> None:
    async def scene() -> None:
        async with room() as here:
            taken = True
            announcer = Announcer(here.playback, loaded(here.tts), lambda: taken)
            saying = asyncio.create_task(announcer.say("Good morning."))
            for free_s in (0.05, 0.15, 0.2):  # an answer is cut off, and then listened
                await asyncio.sleep(1)
                taken = False
                await asyncio.sleep(free_s)
                taken = True
            await asyncio.sleep(1)
            assert here.tts.spoken == []
            taken = False
            assert await saying

    run(scene())


def test_the_wake_word_silences_it_and_stop_means_no_more_than_that() -> None:
    async def scene() -> None:
        async with room() as here:
            saying = asyncio.create_task(here.announcer.say(LONG))
            await here.until_heard("Here is")
            here.microphone.hear(speech("hey jarvis"))
            await here.until(lambda: here.conversation.attending)
            await asyncio.sleep(0)
            heard = len(here.speaker.sound())
            await asyncio.sleep(0.1)
            assert len(here.speaker.sound()) <= heard + FRAME_BYTES
            assert not await saying
            here.microphone.hear(speech("Stop."))
            await here.until(lambda: here.phases[-1] == "idle")
            await asyncio.sleep(3)
            assert here.assistant.asked == []
            assert "library" not in here.speaker.heard()

    run(scene())


def test_two_are_said_one_after_the_other() -> None:
    async def scene() -> None:
        async with room() as here:
            said = await asyncio.gather(here.announcer.say("One."), here.announcer.say("Two."))
            assert all(said)
            assert here.speaker.heard() == "One.Two."

    run(scene())


def test_who_gives_it_up_silences_it() -> None:
    async def scene() -> None:
        async with room() as here:
            saying = asyncio.create_task(here.announcer.say(LONG))
            await here.until_heard("Here is")
            saying.cancel()
            await asyncio.wait({saying})
            heard = len(here.speaker.sound())
            await asyncio.sleep(2)
            assert len(here.speaker.sound()) == heard
            assert await here.announcer.say("Good morning.")

    run(scene())


def test_a_voice_that_fails_or_hangs_is_a_no() -> None:
    async def scene() -> None:
        async with room() as here:
            here.tts.broken = "no voice"
            assert not await here.announcer.say("Good morning.")
            here.tts.broken, here.tts.hangs = None, True
            assert not await here.announcer.say("Good morning.")
            here.tts.hangs = False
            assert await here.announcer.say("Good morning.")

    run(scene())


def test_it_waits_for_a_voice_that_still_loads_but_not_for_one_that_cannot() -> None:
    async def scene() -> None:
        async with room() as here:
            tts = not_loaded()
            announcer = Announcer(here.playback, tts, lambda: False)
            saying = asyncio.create_task(announcer.say("Good morning."))
            await asyncio.sleep(10)
            assert not saying.done()
            tts.set_result(SimTextToSpeech())
            assert await saying
            broken = not_loaded()
            broken.set_exception(EngineError("no voice"))
            assert not await Announcer(here.playback, broken, lambda: False).say("Good morning.")

    run(scene())
