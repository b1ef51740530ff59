"""What is due is heard until somebody reacts, whatever else goes on or fails."""

import asyncio
import math
from itertools import pairwise

import pytest

from ren_device.bus import Bus
from ren_device.model import FRAME_BYTES, FRAME_S, Alert, AlertKind, RingingHeard
from ren_device.sim import silence, speech
from ren_device.voice.ringer import announcement
from ren_device.voice.tones import ALARM, TIMER, ringing
from ren_device.voice.volume import QuietHours
from tests.alerts.virtual_clock import START
from tests.virtual_time import run, stand_still, until
from tests.voice.ringing import frames, spoken, tone
from tests.voice.room import Room, room

STORY = "Once upon a bear. He lived in a small house by the river. "
TOLD = "Once upon a bear.He lived in a small house by the river."
DONE = "Your pasta timer is done."


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def comes_due(here: Room, kind: AlertKind = "timer", text: str = "pasta") -> Alert:
    """An alert that is due at once."""
    alert = await here.kernel.set(kind, text, in_s=0.5)
    await until(lambda: alert.id in {each.id for each in here.kernel.ringing()}, 1)
    return alert


async def ask(here: Room, question: str) -> None:
    here.microphone.hear(speech("hey jarvis") + silence(0.3) + speech(question))


def last(here: Room, last_s: float) -> bytes:
    """What was heard last."""
    return here.speaker.sound()[-round(last_s / FRAME_S) * FRAME_BYTES :]


def loudness(here: Room, last_s: float) -> float:
    """Of the tone in that."""
    return tone(last(here, last_s))


async def said_at_s(here: Room, within_s: float) -> list[float]:
    """When the sentences began that are synthesised in that time, from now."""
    began_s, times = now_s(), []
    known = len(here.tts.spoken)
    while now_s() < began_s + within_s:
        await asyncio.sleep(0.05)
        times += [now_s() - began_s] * (len(here.tts.spoken) - known)
        known = len(here.tts.spoken)
    return times


def test_a_timer_rings_and_says_what_for_until_it_is_acknowledged() -> None:
    async def scene() -> None:
        async with room() as here:
            alert = await comes_due(here)
            times = await said_at_s(here, 100)
            assert 1.5 < times[0] < 2.6
            assert len(times) == 4
            assert all(30 <= later - sooner < 34 for sooner, later in pairwise(times))
            assert set(here.tts.spoken) == {DONE}
            await here.kernel.acknowledge(alert.id)
            await asyncio.sleep(0.05)
            heard = len(here.speaker.sound())
            await asyncio.sleep(40)
            assert len(here.speaker.sound()) == heard

    run(scene())


def test_it_never_pauses_for_long_and_gets_louder() -> None:
    async def scene(kind: AlertKind, rises_s: float) -> None:
        async with room() as here:
            await comes_due(here, kind, "")
            await asyncio.sleep(1.5)
            softly = loudness(here, 1.4)
            await asyncio.sleep(rises_s)
            here.announcer.hush()
            await asyncio.sleep(3)
            assert loudness(here, 1.2) > 2.5 * softly
            silent_s = longest_s = 0.0
            for frame in frames(here.speaker.sound()):
                silent_s = 0.0 if tone(frame) > 10 else silent_s + FRAME_S
                longest_s = max(longest_s, silent_s)
            assert longest_s < 0.9
            starts = [at for at, _ in here.speaker.written]
            assert all(later - sooner < 0.05 for sooner, later in pairwise(starts))

    run(scene("alarm", 30))
    run(scene("timer", 10))


def test_an_alarm_begins_at_once_over_an_answer_which_goes_on() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("Once upon")
            await here.kernel.set("alarm", in_s=0.313)
            due_s = now_s() + 0.313
            await here.until(lambda: here.phases[-1] == "idle")
            began_s = next(
                at for at, frame in here.speaker.written if at >= due_s and tone(frame) > 5
            )
            assert began_s - due_s < 0.05
            assert TOLD in spoken(here.speaker.sound())
            assert here.assistant.turns[0].kept == STORY.strip()

    run(scene())


def test_it_is_quieter_over_an_answer_and_much_quieter_while_somebody_is_listened_to() -> None:
    async def scene() -> None:
        async with room([STORY * 2]) as here:
            await comes_due(here)
            await asyncio.sleep(12)
            alone = loudness(here, 2.4)
            here.microphone.hear(speech("hey jarvis"))
            await here.until(lambda: here.conversation.attending)
            await asyncio.sleep(2.2)
            listening = loudness(here, 2.0)
            here.microphone.hear(speech("Tell me a story."))
            await here.until(lambda: here.conversation.sounding)
            await asyncio.sleep(2.6)
            answering = loudness(here, 2.4)
            assert -22 < 20 * math.log10(listening / alone) < -18
            assert -12 < 20 * math.log10(answering / alone) < -8

    run(scene())


def test_alarms_have_a_volume_of_their_own_also_in_quiet_hours() -> None:
    async def heard(percent: int) -> bytes:
        always = QuietHours.parse("00:00-23:59", 10)
        async with room(quiet=always) as here:
            await here.alarm_volume.set(percent)
            await comes_due(here)
            await here.until(lambda: here.tts.spoken == [DONE])
            await asyncio.sleep(2)
            return here.speaker.sound()

    loud, soft = run(heard(100)), run(heard(50))
    assert DONE in spoken(loud)
    expected = [loudness for _, (_, loudness) in zip(range(150), ringing(TIMER), strict=False)]
    assert tone(loud[: 150 * FRAME_BYTES]) > 1000 * expected[0]
    quarter = [sample >> 2 for sample in memoryview(loud[:32_000]).cast("h")]
    assert all(
        abs(one - other) <= 1
        for one, other in zip(quarter, memoryview(soft[:32_000]).cast("h"), strict=True)
    )


def test_several_at_once_have_the_most_urgent_tone_and_all_sentences() -> None:
    async def scene() -> None:
        async with room() as here:
            timer = await comes_due(here)
            await asyncio.sleep(1)
            alarm = await comes_due(here, "alarm", "school")
            await comes_due(here, "reminder", "take your medicine")
            await asyncio.sleep(15)
            assert set(here.tts.spoken) == {
                DONE,
                "It's time: school.",
                "A reminder: take your medicine.",
            }
            await here.kernel.acknowledge(alarm.id)
            await here.kernel.acknowledge(timer.id)
            await asyncio.sleep(1)
            heard = len(here.speaker.sound())
            await asyncio.sleep(5)
            assert len(here.speaker.sound()) == heard  # a reminder has no tone

    run(scene())


def test_a_reminder_chimes_and_is_spoken_ever_more_rarely() -> None:
    async def scene() -> None:
        async with room() as here:
            due_s = now_s() + 0.5
            await comes_due(here, "reminder", "take your medicine")
            times = await said_at_s(here, 420)
            assert here.speaker.written[0][0] - due_s < 0.05
            assert tone(here.speaker.written[10][1]) > 500
            assert times[0] < 1.0
            gaps = [later - sooner for sooner, later in pairwise(times)]
            assert all(30 < gap < 36 for gap in gaps[:4])
            assert all(120 < gap < 126 for gap in gaps[4:])
            assert len(gaps) == 6

    run(scene())


def test_a_reminder_waits_for_its_words_until_the_floor_is_free() -> None:
    async def scene() -> None:
        async with room([STORY]) as here:
            await ask(here, "Tell me a story.")
            await here.until_heard("Once")
            await comes_due(here, "reminder", "eat")
            await here.until(lambda: here.phases[-1] == "idle")
            before = spoken(here.speaker.sound())
            assert TOLD in before
            assert "eat" not in before
            await here.until(lambda: "A reminder: eat." in spoken(here.speaker.sound()), 5)

    run(scene())


def test_what_is_silenced_elsewhere_is_silent_in_mid_sentence() -> None:
    async def scene() -> None:
        async with room() as here:
            alert = await comes_due(here)
            await asyncio.sleep(2.8)
            assert "Your" in spoken(here.speaker.sound())
            await here.kernel.acknowledge(alert.id)
            await asyncio.sleep(0.02)
            heard = len(here.speaker.sound())
            await asyncio.sleep(5)
            assert len(here.speaker.sound()) == heard

    run(scene())


def test_of_several_only_the_one_that_is_silenced_is_cut_off() -> None:
    async def scene() -> None:
        async with room() as here:
            pasta = await comes_due(here)
            await comes_due(here, "timer", "egg")
            await asyncio.sleep(2.4)
            assert here.tts.spoken == [DONE]
            await here.kernel.acknowledge(pasta.id)
            await asyncio.sleep(3)
            assert here.tts.spoken == [DONE, "Your egg timer is done."]
            assert DONE not in spoken(here.speaker.sound())

    run(scene())


@pytest.mark.parametrize("hangs", [False, True])
def test_a_voice_that_fails_or_hangs_does_not_stop_the_tone(hangs: bool) -> None:
    async def scene() -> None:
        async with room() as here:
            here.tts.hangs, here.tts.broken = hangs, None if hangs else "no voice"
            await comes_due(here, "alarm", "")
            await asyncio.sleep(40)
            starts = [at for at, _ in here.speaker.written]
            assert all(later - sooner < 0.05 for sooner, later in pairwise(starts))
            assert loudness(here, 1.2) > 1000
            here.tts.hangs, here.tts.broken = False, None
            await here.until(lambda: here.tts.spoken == ["This is your alarm."], 45)
            await asyncio.sleep(2)
            assert "This is your alarm." in spoken(last(here, 3))

    run(scene())


def test_a_loop_that_stood_still_rings_on_without_a_burst() -> None:
    async def scene() -> None:
        async with room() as here:
            await comes_due(here, "alarm", "")
            await asyncio.sleep(5)
            stand_still(70)
            before, said = len(here.speaker.written), len(here.tts.spoken)
            await asyncio.sleep(1)
            assert 90 < len(here.speaker.written) - before < 115
            await asyncio.sleep(20)
            assert len(here.tts.spoken) == said + 1

    run(scene())


def test_a_loudspeaker_that_is_gone_is_told_once_and_when_it_is_back() -> None:
    async def scene() -> None:
        async with room() as here:
            told: list[RingingHeard] = []
            following = asyncio.create_task(_follow(here.bus, told))
            here.speaker.broken = "REN_SPEAKER=sim: unplugged"
            await comes_due(here, "alarm", "")
            await asyncio.sleep(20)
            assert told == [RingingHeard("REN_SPEAKER=sim: unplugged")]
            assert "unplugged" in (here.ringer.trouble or "")
            here.speaker.broken = None
            await until(lambda: told[1:] == [RingingHeard(None)], 7)
            await asyncio.sleep(1)
            assert loudness(here, 1.2) > 100
            assert not here.ringer.trouble
            following.cancel()

    run(scene())


def test_a_loudspeaker_that_hangs_is_told_too() -> None:
    async def scene() -> None:
        async with room() as here:
            told: list[RingingHeard] = []
            following = asyncio.create_task(_follow(here.bus, told))
            await comes_due(here, "alarm", "")
            await asyncio.sleep(2)
            here.speaker.hangs = True
            await until(lambda: [each.trouble is None for each in told] == [False], 8)
            here.speaker.hangs = False
            await until(lambda: [each.trouble is None for each in told] == [False, True], 1)
            following.cancel()

    run(scene())


async def _follow(bus: Bus, told: list[RingingHeard]) -> None:
    with bus.subscribe(1000) as events:
        async for event in events:
            if isinstance(event, RingingHeard):
                told.append(event)  # noqa: PERF401  as they come


def test_it_rings_with_a_full_disk_and_a_dead_microphone() -> None:
    async def scene() -> None:
        async with room() as here:
            here.microphone.unplug()
            await here.kernel.set("alarm", in_s=1)
            here.alerts.broken = True
            await asyncio.sleep(6)
            assert loudness(here, 1.2) > 100
            assert "This is your alarm." in spoken(here.speaker.sound())
            await here.ringer.silence()
            await asyncio.sleep(0.05)
            heard = len(here.speaker.sound())
            await asyncio.sleep(5)
            assert len(here.speaker.sound()) == heard

    run(scene())


def test_what_nobody_stops_falls_silent_after_the_kernels_cap() -> None:
    async def scene() -> None:
        async with room() as here:
            await comes_due(here, "reminder", "eat")
            await asyncio.sleep(890)
            assert len(here.tts.spoken) == 11
            await asyncio.sleep(300)
            assert len(here.tts.spoken) == 11
            assert [each.text for each in here.kernel.missed()] == ["eat"]

    run(scene())


def test_what_begins_to_ring_is_not_what_stop_was_said_to() -> None:
    async def scene() -> None:
        async with room() as here:
            await comes_due(here)
            assert not here.ringer.heard()
            await asyncio.sleep(1.1)
            assert here.ringer.heard()
            await here.ringer.silence()
            assert not here.ringer.heard()

    run(scene())


def test_snoozed_it_rings_again_and_it_is_said_when() -> None:
    async def scene() -> None:
        async with room() as here:
            assert await here.ringer.snooze(5) is None
            await comes_due(here, "alarm", "")
            await comes_due(here)
            assert await here.ringer.snooze(5) == "Okay, again in 5 minutes."
            assert here.kernel.ringing() == ()
            await asyncio.sleep(299)
            assert here.kernel.ringing() == ()
            await asyncio.sleep(2)
            assert len(here.kernel.ringing()) == 2
            assert loudness(here, 1) > 50
            assert await here.ringer.snooze(None) == "Okay, again in 9 minutes."

    run(scene())


def test_the_tones_are_clearly_different_and_do_not_clip() -> None:
    def first_s(of: str) -> bytes:
        sounds = ringing(ALARM if of == "alarm" else TIMER, 60.0)
        return b"".join(frame for _, (frame, _) in zip(range(100), sounds, strict=False))

    assert first_s("alarm") != first_s("timer")
    for each in ("alarm", "timer"):
        samples = memoryview(first_s(each)).cast("h")
        assert 15_000 < max(samples) <= 20_000
        assert abs(samples[0]) < 100
        assert all(abs(later - sooner) < 17_000 for sooner, later in pairwise(samples))


def test_announcements() -> None:
    def said(kind: AlertKind, text: str, language: str = "en") -> str:
        return announcement(Alert(1, kind, text, START, START), language)

    assert said("timer", "") == "Your timer is done."
    assert said("timer", "egg") == "Your egg timer is done."
    assert said("alarm", "") == "This is your alarm."
    assert said("alarm", "school") == "It's time: school."
    assert said("reminder", "call mom") == "A reminder: call mom."
    assert said("reminder", "about the dentist") == "A reminder: the dentist."
    assert said("reminder", "that dad's train comes") == "A reminder: dad's train comes."
    assert said("reminder", "dass Papas Zug kommt", "de") == (
        "Eine Erinnerung: dass Papas Zug kommt."
    )
    assert said("timer", "Ei", "de") == "Dein Timer Ei ist abgelaufen."
