"""From the pin to the sound, and from the sound to the light: all of it but the engines' models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from ren_device import app
from ren_device.bus import Bus
from ren_device.engines.gpio import open_panel
from ren_device.errors import EngineError
from ren_device.hardware_profile import HardwareProfile
from ren_device.model import VoicePhase, duration_s
from ren_device.panel.brightness import Brightness
from ren_device.panel.hands import Hands
from ren_device.panel.lights import Lights
from ren_device.panel.mute import Mute
from ren_device.panel.panel import Panel
from ren_device.panel.warning import RISES_S, warning_sound
from ren_device.panel.witness import Witness
from ren_device.ports import PanelOnScreen
from ren_device.sim import speech
from ren_device.voice.volume import QuietHours
from tests.virtual_time import run, until
from tests.voice.ringing import tone
from tests.voice.room import Preferences, Room, Script, room
from tests.voice.test_listener import WAKE, ask

PROFILE = HardwareProfile.model_validate(
    {
        "title": "a test",
        "wiring": "-",
        "controls": {
            "talk": {"pin": 17},
            "mute": {"pin": 4, "kind": "switch", "active": "high"},
            "volume_up": {"pin": 5},
        },
        "lights": {"kind": "rgb", "red": 12, "green": 13, "blue": 16},
        "power": {"supply_a": 2.5},
    }
)
STORY: Script = ["Once upon a time, there was a bear. " + "He went on and on. " * 9 + "The end."]
DARK = ((0.0, 0.0, 0.0),)
LIT_S = 0.05


class Machine:
    """A ports.Host."""

    def online(self) -> bool:
        return True

    def setting_up(self) -> bool:
        return False

    def await_setup(self, waits: bool) -> None:
        pass

    def updating(self) -> bool:
        return False


class RoomVoice:
    """What the witness asks the voice."""

    def __init__(self, here: Room) -> None:
        self._here = here

    @property
    def phase(self) -> VoicePhase:
        return self._here.conversation.phase

    @property
    def level(self) -> float:
        return self._here.listener.level


@dataclass
class Speaker:
    """The thing on the counter."""

    room: Room
    finger: PanelOnScreen
    lights: Lights
    hands: Hands
    mute: Mute
    kept: Preferences
    resets: list[float]

    async def shows(self, state: str, within_s: float = LIT_S) -> float:
        """Until the lights say so, and the pins too."""
        took = await until(lambda: self.lights.state == state, within_s)
        dark = self.finger.seen() == DARK
        assert dark == (state == "idle") or state in {"timer", "fault", "ringing", "thinking"}
        return took


@asynccontextmanager
async def speaker(*scripts: Script, kept: Preferences | None = None) -> AsyncIterator[Speaker]:
    controls, lamp, finger = open_panel(PROFILE, mock=True, now=asyncio.get_running_loop().time)
    assert finger is not None
    kept = kept or Preferences()
    resets: list[float] = []
    muted: list[Mute] = []

    async def new_mute(bus: Bus) -> Mute:
        muted.append(Mute(kept, bus, controls))
        await muted[0].load()
        return muted[0]

    async def reset() -> None:
        resets.append(asyncio.get_running_loop().time())

    async with room(*scripts, new_mute=new_mute) as here:
        mute = muted[0]
        hands = Hands(here.by_hand, here.kernel, mute, here.volumes, here.clock, here.bus, reset)
        panel = Panel(controls, hands, here.clock, here.bus)
        witness = Witness(
            RoomVoice(here),
            here.kernel,
            mute,
            here.volumes,
            hands,
            Machine(),
            here.clock,
            lambda: panel.trouble,
        )
        brightness = Brightness(100, 100, QuietHours(), here.clock)
        lights = Lights(lamp, witness.truth, here.clock, here.bus, brightness)
        tasks = [asyncio.create_task(each) for each in (panel.run(), lights.run())]
        await asyncio.sleep(1.6)  # until the volume that was just set is no longer shown
        try:
            yield Speaker(here, finger, lights, hands, mute, kept, resets)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await hands.close()
            await lamp.close()
            await controls.close()
            assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


async def tap(it: Speaker, lasts_s: float = 0.1) -> None:
    it.finger.press("talk")
    await asyncio.sleep(lasts_s)
    it.finger.release("talk")


def test_a_tap_lights_up_listens_and_is_answered() -> None:
    async def scene() -> None:
        async with speaker(["Noon."]) as it:
            await it.shows("idle")
            it.finger.press("talk")
            assert await it.shows("listening") < LIT_S
            await asyncio.sleep(0.1)
            it.finger.release("talk")
            it.room.microphone.hear(speech("What time is it?"))
            await it.room.until_heard("Noon.")
            await it.shows("speaking")
            await it.shows("idle", 5)

    run(scene())


def test_a_wake_word_lights_up_at_once_also_over_an_answer() -> None:
    async def scene() -> None:
        async with speaker(STORY) as it:
            await ask(it.room, "Tell me a story.")
            await it.room.until_heard("there was")
            await it.shows("speaking")
            it.room.microphone.hear(WAKE)
            await it.room.until(lambda: it.room.conversation.phase == "listening")
            await it.shows("listening")

    run(scene())


def test_holding_is_push_to_talk() -> None:
    async def scene() -> None:
        async with speaker(["Noted."]) as it:
            it.finger.press("talk")
            it.room.microphone.hear(speech("Buy milk"))
            await asyncio.sleep(5)
            assert it.lights.state == "listening"
            it.finger.release("talk")
            await it.room.until_heard("Noted.", 2)

    run(scene())


def test_a_tap_stops_what_rings_and_two_taps_repeat() -> None:
    async def scene() -> None:
        async with speaker(["It is noon."]) as it:
            await it.room.kernel.set("timer", "eggs", in_s=2)
            await it.shows("timer")
            await it.shows("ringing", 3)
            assert any(tone(frame) > 50 for _, frame in it.room.speaker.written)
            await asyncio.sleep(1)
            await tap(it)
            await it.shows("idle", 0.1)
            assert it.room.kernel.ringing() == ()
            await asyncio.sleep(2)
            await ask(it.room, "What time is it?")
            await it.room.until_heard("It is noon.")
            await it.shows("idle", 5)
            await tap(it)
            await asyncio.sleep(0.1)
            await tap(it)
            await it.room.until(lambda: it.room.speaker.heard().count("It is noon.") == 2)

    run(scene())


def test_the_switch_is_the_truth() -> None:
    async def scene() -> None:
        async with speaker() as it:
            it.finger.press("mute")
            await it.shows("muted")
            await it.room.until(lambda: not it.room.microphone.open, 0.2)
            it.finger.press("talk")
            await it.shows("refused")
            it.finger.release("talk")
            await it.shows("muted", 1.2)
            assert not it.room.microphone.open
            it.finger.release("mute")
            await it.room.until(lambda: it.room.microphone.open, 0.2)
            await it.shows("idle", 0.1)

    run(scene())


def test_who_puts_the_switch_back_is_heard_whatever_the_page_has_asked_for() -> None:
    async def scene() -> None:
        async with speaker() as it:
            await it.mute.set(True)
            await it.shows("muted", 0.1)
            it.finger.press("mute")
            await until(lambda: it.mute.by == "switch", 0.1)
            it.finger.release("mute")
            await it.shows("idle", 0.1)
            assert it.kept.kept["muted"] == "no"

    run(scene())


def test_what_was_muted_from_the_page_is_muted_after_a_restart() -> None:
    async def scene() -> None:
        kept = Preferences()
        async with speaker(kept=kept) as it:
            await it.mute.set(True)
        assert kept.kept["muted"] == "yes"

    run(scene())


def test_a_louder_voice_is_shown_and_a_ringing_one_means_the_alarm() -> None:
    async def scene() -> None:
        async with speaker() as it:
            await it.room.volume.set(50)
            await it.room.alarm_volume.set(50)
            it.finger.press("volume_up")
            await it.shows("volume")
            it.finger.release("volume_up")
            await asyncio.sleep(0.2)
            assert (it.room.volume.percent, it.room.alarm_volume.percent) == (60, 50)
            await it.room.kernel.set("alarm", in_s=1)
            await it.shows("ringing", 3)
            it.finger.press("volume_up")
            await asyncio.sleep(0.1)
            it.finger.release("volume_up")
            await asyncio.sleep(0.2)
            assert (it.room.volume.percent, it.room.alarm_volume.percent) == (60, 60)

    run(scene())


def test_the_reset_is_warned_of_by_light_and_sound_and_letting_go_cancels() -> None:
    async def scene() -> None:
        async with speaker() as it:
            it.finger.press("talk")
            await asyncio.sleep(10)
            await it.shows("reset_warning", 0.3)
            before = len(it.room.speaker.sound())
            await asyncio.sleep(3)
            assert len(it.room.speaker.sound()) > before
            it.finger.release("talk")
            await it.shows("idle", 0.2)
            await asyncio.sleep(30)
            assert it.resets == []

    run(scene())


def test_letting_go_when_the_light_is_full_resets() -> None:
    async def scene() -> None:
        async with speaker() as it:
            it.finger.press("talk")
            await asyncio.sleep(15.5)
            assert it.resets == []
            it.finger.release("talk")
            await asyncio.sleep(0.1)
            assert len(it.resets) == 1

    run(scene())


def test_a_jammed_button_resets_nothing_and_is_told_of() -> None:
    async def scene() -> None:
        async with speaker() as it:
            it.finger.press("talk")
            await asyncio.sleep(26)
            await it.shows("fault", 0.1)
            it.finger.release("talk")
            await it.shows("idle", 0.1)
            assert it.resets == []

    run(scene())


def test_who_presses_while_the_microphone_is_broken_is_refused_and_not_listened_to() -> None:
    async def scene() -> None:
        async with speaker() as it:
            it.room.microphone.unplug()
            await it.room.until(lambda: it.room.capture.trouble is not None)
            it.finger.press("talk")
            await it.shows("refused")
            await asyncio.sleep(1)
            it.finger.release("talk")
            await asyncio.sleep(3)
            assert not it.room.conversation.active
            with pytest.raises(EngineError, match="hears nothing"):
                await it.hands.talk()

    run(scene())


def test_the_warning_is_heard_also_when_a_cue_is_on_its_way() -> None:
    async def scene() -> None:
        async with speaker() as it:
            await it.hands.volume(-5)
            await asyncio.sleep(0.02)
            it.hands.warn(0.0)
            await asyncio.sleep(1)
            assert it.room.playback.busy

    run(scene())


def test_a_restored_backup_may_turn_the_microphone_off_but_never_on() -> None:
    async def scene() -> None:
        async with speaker() as it:
            await it.mute.set(True)
            await it.kept.put("muted", "no")
            await app._keep_muted(it.mute)
            assert (it.mute.by, it.kept.kept["muted"]) == ("software", "yes")
            await it.mute.set(False)
            await it.kept.put("muted", "yes")
            await app._keep_muted(it.mute)
            await until(lambda: it.mute.muted, 0.1)

    run(scene())


def test_the_warning_sounds_for_as_long_as_the_light_rises() -> None:
    assert duration_s(warning_sound()) == pytest.approx(RISES_S, abs=0.05)


def test_without_a_voice_a_press_still_silences_and_talking_says_why_not() -> None:
    async def scene() -> None:
        async with speaker() as it:
            hands = Hands(
                None,
                it.room.kernel,
                it.mute,
                it.room.volumes,
                it.room.clock,
                it.room.bus,
                it.hands.factory_reset,
            )
            await it.room.kernel.set("timer", in_s=1)
            await it.shows("ringing", 2)
            await hands.talk_down()
            assert it.room.kernel.ringing() == ()
            await hands.talk_down()  # nothing to stop, nobody to listen
            with pytest.raises(EngineError, match="REN_VOICE_ENABLED"):
                await hands.talk()

    run(scene())
