"""The device's own ears: microphone -> wake word, and through the echo canceller -> conversation.

The wake word listens to the microphone itself: the canceller takes so much of a person's voice away
while Ren speaks that the wake word over an answer was found 10 times of 20 behind it (four voices,
five strengths of echo), and 18 times before it.

The microphone is opened once and never reopened on a wake; a ring of the latest sound means that
the words spoken in one breath with the wake word are not lost.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace

from ren_device.bus import Bus
from ren_device.errors import RenError
from ren_device.model import (
    FRAME_BYTES,
    FRAME_S,
    MuteChanged,
    ReplyPart,
    VoicePhaseChanged,
    Wake,
    duration_s,
)
from ren_device.ports import EchoCanceller
from ren_device.voice.calibration import Calibrator
from ren_device.voice.capture import Capture
from ren_device.voice.conversation import Conversation
from ren_device.voice.cues import closed_cue, listening_cue, not_understood_cue
from ren_device.voice.mixing import loudness
from ren_device.voice.playback import Playback
from ren_device.voice.roles import Voice
from ren_device.voice.wake_cut import OPENING_S
from ren_device.voice.waking import Waking

_RING_BYTES = round(2.5 / FRAME_S) * FRAME_BYTES  # the wake phrase, a second look, and what follows
_PHRASE_S = 0.6  # of the wake phrase tell how loud the person is
_PHRASE_BYTES = round(_PHRASE_S / FRAME_S) * FRAME_BYTES
_AT_REST_FRAMES = 8  # in a quiet room the processor is woken every 80 ms
_AT_WORK_FRAMES = 2
_ECHO_S = 1.0  # the canceller works on for so long after the loudspeaker's last sound
_WHOLE_PHRASE_S = 0.9
_BREATH_BYTES = round(0.5 / FRAME_S) * FRAME_BYTES  # after the wake word was found: "stop" is said
_UNTIL_SILENT_S = 1.0
_CUE_AFTER_S = 0.16  # who speaks on in one breath needs no sign, and must not be spoken over


class RoomClient:
    """The person in the room; implements roles.Client over the loudspeaker."""

    def __init__(self, playback: Playback) -> None:
        """Sound goes to `playback`; what happens is on the bus already."""
        self._playback = playback

    @property
    def latency_s(self) -> float:
        """The loudspeaker's."""
        return self._playback.latency_s

    def voice(self) -> AbstractAsyncContextManager[Voice]:
        """The loudspeaker, for one answer."""
        return self._playback.claim()

    async def listening(self) -> None:
        """Nothing to do: the listener gives the cue."""

    async def transcript(self, text: str) -> None:
        """Say so if nothing was understood."""
        if not text:
            await self.sound(not_understood_cue())

    async def part(self, part: ReplyPart) -> None:
        """Nothing to do."""

    async def barge_in(self) -> None:
        """Nothing to do: the loudspeaker is silent already."""

    async def trouble(self, error: RenError) -> None:
        """Nothing to do: an apology is spoken."""

    async def sound(self, pcm: bytes, still: Callable[[], bool] = lambda: True) -> None:
        """Play a cue, when nothing else sounds any more, if it is `still` of interest then."""
        async with self._playback.claim() as voice:
            if not still():
                return
            await voice.play(pcm)
            await voice.finish()


class Listener:
    """Runs for as long as the speaker is on, whatever happens to the microphone."""

    def __init__(
        self,
        capture: Capture,
        echo: EchoCanceller,
        waking: Waking,
        conversation: Conversation,
        playback: Playback,
        client: RoomClient,
        calibrator: Calibrator,
    ) -> None:
        """The conversation must have been entered, be `client`'s, and not be hands-free."""
        self._calibrator = calibrator
        self._client = client
        self._capture = capture
        self._echo = echo
        self._waking = waking
        self._conversation = conversation
        self._playback = playback
        self._ring = bytearray()
        self._looking: asyncio.Task[Wake | None] | None = None
        self._since_look_s = 0.0
        self._deaf = False
        self._echo_s = 0.0
        self._waited_s = 0.0
        self._over_tone = False
        self._breath = bytearray()
        self._breath_until = 0
        self._level = 0.0

    async def run(self) -> None:
        """Listen until cancelled."""
        await self._playback.start()
        async with asyncio.TaskGroup() as group, aclosing(self._capture.blocks()) as blocks:
            if self._capture.hardware:
                group.create_task(self._calibrate(), name="calibration")
            async for heard in blocks:
                await self._hear(heard, group)

    async def _calibrate(self) -> None:
        """When it can be: it may ring for a quarter of an hour, and be muted for a year."""
        measured = False
        while not measured:
            while self._playback.rings or self._capture.muted:  # noqa: ASYNC110
                await asyncio.sleep(_UNTIL_SILENT_S)
            await self._calibrator.run(self._client.sound)
            measured = not self._capture.muted

    async def let_go(self, bus: Bus) -> None:
        """Whenever nothing more is heard, forget what was being said. Until cancelled."""
        with bus.subscribe() as events:
            async for event in events:
                muted = isinstance(event, MuteChanged) and event.muted
                lost = isinstance(event, VoicePhaseChanged) and event.phase == "fault"
                if muted or (lost and self._capture.trouble is not None):
                    self._forget()
                    await self._conversation.hear_no_more()

    def _forget(self) -> None:
        """The microphone is off: what was heard just before is nobody's business."""
        if self._looking is not None:
            self._looking.cancel()  # else it would wake Ren when the microphone is on again
            self._looking = None
        self._waking.reset()
        self._ring.clear()
        self._breath.clear()
        self._breath_until = 0
        self._level = 0.0
        self._deaf = True

    @property
    def level(self) -> float:
        """How loud the latest sound was, 0 to 1, as the ear has it."""
        return self._level

    def lately(self, seconds: float) -> bytes:
        """The latest sound, without Ren's own voice; 2.5 s at most."""
        return self._since(seconds)

    async def _hear(self, heard: bytes, group: asyncio.TaskGroup) -> None:
        if self._deaf and self._capture.trouble is None:
            self._waking.reset()  # what was heard before the gap is no part of what follows
        self._deaf = self._capture.trouble is not None
        self._level = loudness(heard)
        played = self._playback.take_played()
        sound = self._cleaned(heard, played)
        self._calibrator.hear(heard, played, sound, rings=self._playback.rings)
        only_rings = self._only_rings()
        for_words = heard if only_rings else sound
        self._ring += for_words
        del self._ring[:-_RING_BYTES]
        self._since_look_s += duration_s(heard)
        cleaned = sound if self._echo_s > 0 else b""
        wake = self._looked_at(self._waking.hear(heard, played, cleaned), group)
        if wake is not None and not self._drowned:
            if self._echo_s <= 0:
                self._calibrator.person(self._since(wake.ended_s + _PHRASE_S)[:_PHRASE_BYTES])
            if only_rings:
                self._breath = bytearray(self._since(wake.ended_s + _WHOLE_PHRASE_S))
                self._breath_until = len(self._breath) + _BREATH_BYTES
            await self._conversation.listen(self._since(wake.ended_s + OPENING_S))
            self._ring.clear()
        elif self._conversation.listening:
            await self._conversation.feed(for_words)
        self._catch_breath(for_words, group)
        self._give_cue(duration_s(heard), group)
        busy = self._conversation.active or self._waking.awake or self._echo_s > 0
        self._capture.block_frames = _AT_WORK_FRAMES if busy else _AT_REST_FRAMES

    def _cleaned(self, heard: bytes, played: bytes) -> bytes:
        """Without Ren's own voice. While there is none, the canceller rests."""
        if played:
            self._echo_s = _ECHO_S
        if self._echo_s <= 0 and not self._conversation.active:
            return heard
        self._echo_s -= duration_s(heard)
        return self._echo.process(heard, played)

    @property
    def _drowned(self) -> bool:
        """Whether only the button is believed: Ren speaks, and drowns everybody."""
        return self._conversation.sounding and self._calibrator.mode == "button"

    def _since(self, ago_s: float) -> bytes:
        """The sound of the last `ago_s` seconds."""
        frames = round(ago_s / FRAME_S)
        return bytes(self._ring[-frames * FRAME_BYTES :]) if frames > 0 else b""

    def _only_rings(self) -> bool:
        """Whether a tone is all that people speak over, now and since they began.

        The canceller takes out nearly all of a tone, and much of what is said over it: "stop" was
        understood 18 times of 36 behind it, and 28 times before it.
        """
        if self._conversation.answering:
            self._over_tone = False
        elif not self._conversation.active:
            self._over_tone = self._playback.rings
        return self._over_tone

    def _catch_breath(self, sound: bytes, group: asyncio.TaskGroup) -> None:
        """What is said in one breath with the wake word over what rings is listened to twice."""
        if self._breath_until:
            self._breath += sound
            if len(self._breath) >= self._breath_until:
                self._breath_until = 0
                overheard = self._conversation.overheard(bytes(self._breath))
                group.create_task(overheard, name="one breath")

    def _looked_at(self, wake: Wake | None, group: asyncio.TaskGroup) -> Wake | None:
        """The wake if it is sure, or an earlier one on which a second look has agreed."""
        if wake is not None and wake.certainty == "sure":
            return wake
        if self._looking is None:
            if wake is not None and wake.certainty == "doubtful":
                self._since_look_s = 0.0
                self._looking = group.create_task(self._look_again(wake), name="second look")
        elif self._looking.done():
            found = self._looking.result()
            self._looking = None
            return found and replace(found, ended_s=found.ended_s + self._since_look_s)
        return None

    async def _look_again(self, wake: Wake) -> Wake | None:
        return wake if await self._waking.confirm(wake, bytes(self._ring)) else None

    def _give_cue(self, passed_s: float, group: asyncio.TaskGroup) -> None:
        """Tell the person, who waits for it, that they may speak, and when they no longer may."""
        before = self._waited_s
        if self._conversation.waiting:
            self._waited_s += passed_s
            if before < _CUE_AFTER_S <= self._waited_s:
                cue = self._client.sound(listening_cue(), lambda: self._conversation.waiting)
                group.create_task(cue, name="cue")
            return
        self._waited_s = 0.0
        if before >= _CUE_AFTER_S and not self._conversation.active:
            group.create_task(self._client.sound(closed_cue()), name="cue")
