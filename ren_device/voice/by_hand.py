"""What people do to the voice without a word: with the button, and from the page."""

from collections.abc import Callable
from typing import Protocol

from ren_device.voice.announcer import Announcer
from ren_device.voice.conversation import Conversation
from ren_device.voice.playback import Playback
from ren_device.voice.ringer import Ringer

NOTICED_S = 0.4
"""Who presses sooner after it began to ring was about to press anyway, and means to talk."""

SINCE_PRESS_S = 0.3
"""A press becomes a hold a little later than this, by when its first words may have been said."""


class Talking(Protocol):
    """What speaks besides answers; see skills.routine_runner.RoutineRunner."""

    @property
    def talking(self) -> bool:
        """Whether one speaks, or was just cut off."""

    def stop(self) -> object:
        """End all that run."""


class ByHand:
    """Works at any time; before the engines are loaded there is nobody to listen."""

    def __init__(
        self,
        conversation: Callable[[], Conversation | None],
        playback: Playback,
        announcer: Announcer,
        ringer: Ringer,
        routines: Talking | None = None,
        hears: Callable[[], bool] = lambda: True,
        lately: Callable[[float], bytes] = lambda _: b"",
    ) -> None:
        """`conversation` is that of the room, once there is one; whether its microphone `hears`.

        `lately`: the sound of the latest seconds.
        """
        self._hears = hears
        self._lately = lately
        self._conversation = conversation
        self._playback = playback
        self._announcer = announcer
        self._ringer = ringer
        self._routines = routines

    @property
    def can_listen(self) -> bool:
        """Whether there is somebody to listen."""
        return self._conversation() is not None and self._hears()

    async def stop(self) -> bool:
        """End whatever Ren does: ringing, speaking, thinking, listening. Whether it did any."""
        routine = self._routines is not None and self._routines.talking
        if routine and self._routines is not None:
            self._routines.stop()  # first: what rang may start one
        rang = self._ringer.heard(NOTICED_S)
        if rang:
            await self._ringer.silence()
        hushed = self._announcer.hush()
        conversation = self._conversation()
        active = conversation is not None and conversation.active
        if conversation is not None and active:
            await conversation.stop()
        return routine or rang or hushed or active

    async def listen(self) -> None:
        """As after the wake word; an answer that is being given is stopped."""
        if (conversation := self._conversation()) is not None:
            await conversation.listen()

    async def hold(self) -> None:
        """Push-to-talk: listen until `release`."""
        if (conversation := self._conversation()) is not None:
            await conversation.hold(self._lately(SINCE_PRESS_S))

    async def release(self) -> None:
        """The person has finished; nothing, when they were not listened to any more."""
        conversation = self._conversation()
        if conversation is not None and conversation.attending:
            await conversation.end_utterance()

    async def repeat(self) -> bool:
        """Say the last answer again. Whether there was one."""
        conversation = self._conversation()
        return conversation is not None and await conversation.repeat()

    async def sound(self, pcm: bytes) -> None:
        """Play a cue, when nothing else sounds any more."""
        async with self._playback.claim() as voice:
            await voice.play(pcm)
            await voice.finish()

    async def tick(self, pcm: bytes) -> None:
        """Play a cue if nothing sounds at this moment: it would only come too late."""
        if not (self._playback.busy or self._playback.rings):
            await self.sound(pcm)
