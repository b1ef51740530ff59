"""Whether a system has proved itself: asked of the Ren that runs in it.

The test tone is the chime that Ren plays at each start to measure its echo (voice/calibration.py),
so that a trial is no louder than any other start.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ren_device.model import NOT_OPENED
from ren_device.updates.household import Ask

PATIENCE_S = 600.0
_SURE_S = 60.0
"""What is wrong for so long will not come right."""
_LOOKS_S = 2.0
_RUNS_S = 30.0
"""Who crashes, does it sooner than this, mostly."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`untried` is why some of it could not be tried, in words."""

    state: Literal["proved", "waiting", "wrong"]
    why: str = ""
    untried: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """Where it stands: what can be expected to be heard, and the network."""

    has_microphone: bool
    """Whether the board's profile names one."""
    loud: Callable[[], bool]
    """Whether Ren's volume is such that its microphone should hear it. Blocks."""
    linked: Callable[[], bool]
    """Whether there is a network: a cable that is alive, or a radio that has joined. Blocks."""


def remembered(ask: Ask, linked: bool) -> dict[str, str]:
    """How the system is that runs, for `judged` to compare the next one with; {} if it is not.

    `linked` is whether there is a network, see Room.
    """
    health = ask("/hub/health")
    if health is None:
        return {}
    voice = _part(health, "voice")
    return {
        "identity": _text(ask("/identity") or {}, "public_key"),
        "voice": _text(voice, "state"),
        "microphone": _text(voice, "microphone"),
        "speaker": _text(voice, "speaker"),
        "chime": _text(_part(voice, "barge_in"), "chime"),
        "network": "linked" if linked else "none",
    }


def judged(ask: Ask, before: Mapping[str, str], room: Room) -> Verdict:
    """How it is at this moment. Blocks."""
    health = ask("/hub/health") if ask("/health") is not None else None
    if health is None:
        return Verdict("waiting", "its server does not answer")
    if trouble := _text(_part(health, "store"), "trouble"):
        return Verdict("wrong", f"what it keeps is not in order: {trouble}")
    known, now = before.get("identity", ""), _text(ask("/identity") or {}, "public_key")
    if not now:
        return Verdict("waiting", "it does not say who it is")
    if known and now != known:
        return Verdict("wrong", "it does not know who it is: its identity is another one")
    if before.get("network") == "linked" and not room.linked():
        # Not wrong at once: a radio takes its time, and a router that restarts comes back.
        return Verdict("waiting", "it has no network, and the one before had")
    heard = _heard(_part(health, "voice"), before, room)
    ran_s = health.get("uptime_s")
    if heard.state == "proved" and not (isinstance(ran_s, int | float) and ran_s >= _RUNS_S):
        return Verdict("waiting", "it has not run for long enough")
    return heard


def prove(
    look: Callable[[], Verdict],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    patience_s: float = PATIENCE_S,
) -> Verdict:
    """Look until it has proved itself, or is sure to be wrong. Blocks; never says `waiting`."""
    began = monotonic()
    wrong_since: float | None = None
    while True:
        verdict, now = look(), monotonic()
        if verdict.state == "proved":
            return verdict
        if verdict.state == "waiting":
            wrong_since = None
        elif wrong_since is None:
            wrong_since = now
        sure = wrong_since is not None and now - wrong_since >= _SURE_S
        if sure or now - began >= patience_s:
            return Verdict("wrong", verdict.why)
        sleep(_LOOKS_S)


def _heard(voice: Mapping[str, object], before: Mapping[str, str], room: Room) -> Verdict:
    state = _text(voice, "state")
    microphone, speaker = _text(voice, "microphone"), _text(voice, "speaker")
    if state == "off":
        if before.get("voice", "off") != "off":
            return Verdict("wrong", "its voice is off")
        return Verdict("proved", untried="the voice is off, as the settings say")
    if state in ("", "starting"):
        return Verdict("waiting", "its speech engines are not loaded")
    if state == "fault" and microphone in ("ok", "muted", NOT_OPENED):
        return Verdict("wrong", "its speech engines do not work")
    if NOT_OPENED in (microphone, speaker):
        return Verdict("waiting", "its microphone or its loudspeaker is not open")
    if speaker != "ok" and before.get("speaker") == "ok":
        return Verdict("wrong", f"its loudspeaker does not work: {speaker}")
    if microphone == "muted":
        return Verdict("proved", untried="the microphone was not tried: it is muted")
    if microphone != "ok":
        was = before.get("microphone", NOT_OPENED)
        if was in ("ok", "muted") or (was == NOT_OPENED and room.has_microphone):
            return Verdict("wrong", f"its microphone does not work: {microphone}")
        return Verdict("proved", untried=f"the microphone was not tried: {microphone}")
    return _chime(_text(_part(voice, "barge_in"), "chime"), before, room)


def _chime(chime: str, before: Mapping[str, str], room: Room) -> Verdict:
    if chime == "heard":
        return Verdict("proved")
    if chime in ("", "pending"):
        return Verdict("waiting", "its microphone has not heard its loudspeaker yet")
    if chime == "none":
        return Verdict("proved", untried="there is no sound card to be tried")
    if chime == "unclear":
        return Verdict("proved", untried="somebody spoke while the test tone was played")
    if before.get("chime") == "heard" and room.loud():
        return Verdict("wrong", "its microphone does not hear its loudspeaker any more")
    why = "it did not before either" if before.get("chime") != "heard" else "it is turned low"
    return Verdict("proved", untried=f"the microphone does not hear the loudspeaker, but {why}")


def _part(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = fields.get(name)
    return part if isinstance(part, dict) else {}


def _text(fields: Mapping[str, object], name: str) -> str:
    return str(fields.get(name) or "")
