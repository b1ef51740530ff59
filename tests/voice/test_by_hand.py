"""The button: talk, hold, stop, repeat; and the microphone that is off."""

import asyncio
from collections.abc import AsyncGenerator

from ren_device.bus import Bus
from ren_device.model import MuteChanged
from ren_device.sim import SimMicrophone, silence, speech
from ren_device.voice.capture import Capture
from tests.virtual_time import run
from tests.voice.ringing import tone
from tests.voice.room import LoopClock, Room, Script, Switch, room
from tests.voice.test_listener import WAKE, ask

STORY: Script = ["Once upon a time, there was a bear. " + "He went on and on. " * 9 + "The end."]


def rests(here: Room) -> bool:
    return here.phases[-1] == "idle" and not here.conversation.active


def looks_again(here: Room) -> bool:
    return here.listener._looking is not None


def test_a_press_listens_and_an_answer_follows() -> None:
    async def scene() -> None:
        async with room(["Noon."]) as here:
            await here.by_hand.listen()
            assert here.conversation.phase == "listening"
            here.microphone.hear(speech("What time is it?"))
            await here.until_heard("Noon.")
            await here.until(lambda: rests(here))
            assert here.assistant.asked == ["What time is it?"]

    run(scene())


def test_who_holds_the_button_may_be_silent_for_as_long_as_they_like() -> None:
    async def scene() -> None:
        async with room(["Noted."]) as here:
            await here.by_hand.listen()
            await here.by_hand.hold()
            said = speech("Buy milk") + silence(4) + speech(" and bread")
            here.microphone.hear(said)
            await asyncio.sleep(9)
            assert here.conversation.phase == "listening"
            assert here.assistant.asked == []
            await here.by_hand.release()
            await here.until_heard("Noted.", 3)
            await here.until(lambda: rests(here))
            assert here.assistant.asked == ["Buy milk and bread"]

    run(scene())


def test_letting_go_ends_the_utterance_at_once() -> None:
    async def scene() -> None:
        async with room(["Noon."]) as here:
            await here.by_hand.listen()
            await here.by_hand.hold()
            here.microphone.hear(speech("Time and"))  # words that would be waited for
            await here.until(lambda: not here.microphone._heard)
            await here.by_hand.release()
            assert await here.until(lambda: "speaking" in here.phases) < 0.5
            await here.until(lambda: here.assistant.asked == ["Time and"])

    run(scene())


def test_who_holds_and_says_nothing_gets_no_turn() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.by_hand.listen()
            await here.by_hand.hold()
            await asyncio.sleep(9)
            await here.by_hand.release()
            await here.until(lambda: rests(here), 1)
            assert here.assistant.turns == []

    run(scene())


def test_holding_over_an_answer_that_was_stopped_listens() -> None:
    async def scene() -> None:
        async with room(STORY, ["Fine."]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            assert await here.by_hand.stop()
            here.assistant.scripts[:] = [["Fine."]]
            await here.by_hand.hold()
            here.microphone.hear(speech("Another one"))
            await here.until(lambda: not here.microphone._heard)
            await here.by_hand.release()
            await here.until_heard("Fine.")

    run(scene())


def test_a_press_stops_an_answer_and_does_not_listen() -> None:
    async def scene() -> None:
        async with room(STORY) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            assert await here.by_hand.stop()
            await here.until(lambda: rests(here), 0.1)
            assert not await here.by_hand.stop()

    run(scene())


def test_a_press_stops_listening() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.hear(WAKE)
            await here.until(lambda: here.conversation.phase == "listening")
            assert await here.by_hand.stop()
            await here.until(lambda: rests(here), 0.1)

    run(scene())


def test_a_press_silences_what_rings_for_good() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.kernel.set("timer", "eggs", in_s=1)
            await here.until(lambda: any(tone(frame) > 50 for _, frame in here.speaker.written))
            await asyncio.sleep(1)
            assert await here.by_hand.stop()
            assert here.kernel.ringing() == ()
            assert not await here.by_hand.stop()

    run(scene())


def test_who_presses_just_as_it_begins_to_ring_meant_to_talk() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.kernel.set("timer", "eggs", in_s=1)
            await here.until(lambda: bool(here.kernel.ringing()))
            assert not await here.by_hand.stop()
            assert here.kernel.ringing()

    run(scene())


def test_two_taps_say_the_answer_again() -> None:
    async def scene() -> None:
        async with room(["It is noon."]) as here:
            assert not await here.by_hand.repeat()
            await ask(here, "What time is it?")
            await here.until_heard("It is noon.")
            await here.until(lambda: rests(here))
            await here.by_hand.listen()
            assert await here.by_hand.repeat()
            await here.until(lambda: here.speaker.heard().count("It is noon.") == 2)
            assert here.assistant.asked == ["What time is it?"]

    run(scene())


def test_the_light_is_told_before_an_answer_has_ended() -> None:
    async def scene() -> None:
        async with room(STORY) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            listening = asyncio.create_task(here.by_hand.listen())
            await asyncio.sleep(0)
            assert here.conversation.phase == "listening"
            await listening

    run(scene())


# --- muted ----------------------------------------------------------------------------------------


def test_muted_means_that_the_microphone_is_closed() -> None:
    async def scene() -> None:
        async with room() as here:
            here.mute.set(True)
            assert await here.until(lambda: not here.microphone.open) < 0.2
            here.microphone.hear(WAKE + speech("What time is it?"))
            await asyncio.sleep(20)
            assert not here.microphone.open
            assert here.phases == ["idle"]
            assert here.capture.trouble is None
            assert not here.capture.hangs()

    run(scene())


def test_what_was_being_said_is_forgotten() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.hear(WAKE + speech("Order a thousand pizzas"))
            await here.until(lambda: here.conversation.phase == "listening")
            await asyncio.sleep(0.5)
            here.mute.set(True)
            await here.until(lambda: rests(here), 1)
            await asyncio.sleep(10)
            assert here.assistant.turns == []
            assert here.listener.level == 0.0
            assert not here.listener._ring

    run(scene())


def test_an_answer_goes_on_while_the_microphone_is_off() -> None:
    async def scene() -> None:
        async with room(STORY) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.mute.set(True)
            await here.until_heard("The end.")

    run(scene())


def test_where_closing_the_microphone_silences_the_card_the_loudspeaker_is_opened_anew() -> None:
    async def scene() -> None:
        async with room(STORY, capture_stops_playback=True) as here:
            await here.kernel.set("alarm", in_s=30)
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            opened = here.speaker.opened
            here.mute.set(True)
            await here.until(lambda: here.speaker.opened == opened + 1, 0.3)
            await here.until_heard("The end.")
            await here.until(lambda: bool(here.kernel.ringing()), 40)
            here.mute.set(False)
            await asyncio.sleep(1)
            here.mute.set(True)
            await here.until(lambda: here.speaker.opened == opened + 2, 0.3)
            written = len(here.speaker.written)
            await asyncio.sleep(1)
            rung = [frame for _, frame in here.speaker.written[written:] if tone(frame) > 50]
            assert rung

    run(scene())


def test_it_hears_again_at_once_when_it_may() -> None:
    async def scene() -> None:
        async with room(["Noon."]) as here:
            here.mute.set(True)
            await asyncio.sleep(60)
            here.microphone._heard.clear()
            here.mute.set(False)
            assert await here.until(lambda: here.microphone.open) < 0.1
            await ask(here, "What time is it?")
            await here.until_heard("Noon.")

    run(scene())


def test_a_broken_microphone_that_is_muted_is_no_trouble_until_it_is_to_hear() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.unplug()
            await here.until(lambda: here.capture.trouble is not None)
            here.mute.set(True)
            await here.until(lambda: here.capture.trouble is None, 0.1)
            here.mute.set(False)
            await here.until(lambda: here.capture.trouble is not None, 1)

    run(scene())


def test_a_doubtful_wake_word_before_it_was_muted_wakes_nobody_afterwards() -> None:
    async def scene() -> None:
        async with room() as here:
            here.wake_word.certainty = "doubtful"
            here.microphone.hear(WAKE)
            await here.until(lambda: looks_again(here))
            here.mute.set(True)
            await asyncio.sleep(3600)
            assert not looks_again(here)
            here.mute.set(False)
            await asyncio.sleep(5)
            assert here.phases == ["idle"]
            assert here.microphone.opened == 2

    run(scene())


def test_a_doubtful_wake_word_before_the_microphone_failed_wakes_nobody_afterwards() -> None:
    async def scene() -> None:
        async with room() as here:
            here.wake_word.certainty = "doubtful"
            here.microphone.hear(WAKE)
            await here.until(lambda: looks_again(here))
            here.microphone.unplug()
            await here.until(lambda: here.capture.trouble is not None)
            here.microphone.plug_in()
            await here.until(lambda: here.microphone.opened == 2)
            await asyncio.sleep(5)
            assert "listening" not in here.phases

    run(scene())


def test_who_is_muted_is_not_waited_for_when_ren_has_asked_something() -> None:
    async def scene() -> None:
        async with room(["For how long shall it be?"]) as here:
            await ask(here, "Set a timer.")
            await here.until_heard("For how")
            here.mute.set(True)
            await here.until_heard("shall it be?")
            await here.until(lambda: rests(here), 2)
            await here.kernel.set("reminder", "eat", in_s=1)
            await here.until_heard("A reminder: eat.")

    run(scene())


def test_nobody_can_listen_while_nothing_is_heard() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.until(lambda: here.by_hand.can_listen, 0.1)
            here.microphone.unplug()
            await here.until(lambda: here.capture.trouble is not None)
            await here.until(lambda: not here.by_hand.can_listen, 0.1)
            here.microphone.plug_in()
            await here.until(lambda: here.by_hand.can_listen)
            here.mute.set(True)
            await here.until(lambda: not here.by_hand.can_listen, 0.1)

    run(scene())


def test_letting_go_when_nobody_listens_any_more_means_nothing() -> None:
    async def scene() -> None:
        async with room() as here:
            await here.by_hand.listen()
            await here.by_hand.hold()
            await asyncio.sleep(1)
            here.mute.set(True)
            await here.until(lambda: rests(here), 1)
            await asyncio.sleep(1)
            sounded = len(here.speaker.written)
            await here.by_hand.release()
            await asyncio.sleep(1)
            assert len(here.speaker.written) == sounded

    run(scene())


def test_holding_while_ren_thinks_takes_the_floor_also_when_somebody_may_speak() -> None:
    async def scene() -> None:
        async with room() as here:
            here.stt._takes_s = 5.0
            await here.by_hand.listen()
            here.microphone.hear(speech("What time is it?"))
            await here.until(lambda: not here.microphone._heard)
            await here.by_hand.release()
            await asyncio.sleep(0.5)  # an utterance that nobody has asked for waits for a voice
            await here.until(lambda: here.conversation.phase == "thinking", 0.1)
            assert here.conversation._utterance is not None
            await here.by_hand.hold()
            await here.until(lambda: here.conversation.phase == "listening", 0.1)
            assert not here.conversation.answering

    run(scene())


def test_who_cuts_off_ren_and_speaks_at_once_is_understood_from_the_first_word() -> None:
    async def scene() -> None:
        async with room(STORY, ["Fine."]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            assert await here.by_hand.stop()
            here.assistant.scripts[:] = [["Fine."]]
            here.microphone.hear(silence(0.15) + speech("Buy milk and bread"))
            await asyncio.sleep(0.35)
            await here.by_hand.hold()
            await here.until(lambda: not here.microphone._heard)
            await here.by_hand.release()
            await here.until_heard("Fine.")
            await here.until(lambda: here.assistant.asked[-1] == "Buy milk and bread", 2)

    run(scene())


class SlowToFail(SimMicrophone):
    """Takes a second to say that it cannot be opened."""

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(1)
        self.unplug()
        async for block in super().blocks():
            yield block


async def first_block(capture: Capture) -> bytes:
    return await anext(capture.blocks())


def test_who_is_muted_is_not_told_that_the_microphone_cannot_be_opened() -> None:
    async def scene() -> None:
        bus = Bus()
        switch = Switch(bus)
        capture = Capture(SlowToFail(), LoopClock(), bus, switch)
        with bus.subscribe() as events:
            hearing = asyncio.create_task(first_block(capture))
            await asyncio.sleep(0.5)
            switch.set(True)
            await asyncio.sleep(60)
            hearing.cancel()
            assert capture.trouble is None
            bus.publish(MuteChanged(False))
            told = [await anext(aiter(events)) for _ in range(2)]
            assert told == [MuteChanged(True), MuteChanged(False)]

    run(scene())


# --- what hangs -----------------------------------------------------------------------------------


def test_a_microphone_that_says_nothing_any_more_hangs() -> None:
    async def scene() -> None:
        async with room() as here:
            await asyncio.sleep(5)
            assert not here.capture.hangs()
            here.microphone.hangs = True
            await asyncio.sleep(14)
            assert not here.capture.hangs()
            await asyncio.sleep(2)
            assert here.capture.hangs()

    run(scene())


def test_a_loudspeaker_that_takes_nothing_any_more_hangs() -> None:
    async def scene() -> None:
        async with room(STORY) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("there was")
            here.speaker.hangs = True
            await asyncio.sleep(14)
            assert not here.playback.hangs()
            await asyncio.sleep(2)
            assert here.playback.hangs()

    run(scene())
