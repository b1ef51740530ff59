"""Picovoice's Porcupine: wake words of one's own, with a key that its maker checks."""

import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ren_device.engines.sound_gate import GatedSound
from ren_device.errors import EngineError
from ren_device.model import Wake, duration_s
from ren_device.setting_types import Sensitivity

MOST_LOADING_S = 15.0
"""How long its maker's check of the key may take."""

DELAY_S = 0.1
"""A phrase is taken to be noticed so long after its end; it could not be measured without a key."""

_TUNED = Sensitivity()


class Porcupine:
    """Implements ports.WakeWord. Frames are collected into what the library takes at once."""

    def __init__(self, engine: Any, phrases: tuple[str, ...], failure: type[Exception]) -> None:
        """Use `load`. `engine.process` may raise `failure`."""
        self._engine = engine
        self._failure = failure
        self.phrases = phrases
        self._samples = struct.Struct(f"<{engine.frame_length}h")
        self._heard = bytearray()
        self._gate = GatedSound(1)
        self.awake = False
        """Whether there is anything to hear. It listens in any case: its memory is its own."""
        self._scores = dict.fromkeys(phrases, 0.0)

    @classmethod
    def load(
        cls, access_key: str, phrases: Sequence[str], sensitivity: Sensitivity = _TUNED
    ) -> "Porcupine":
        """`phrases`: built-in keywords, or paths of .ppn files that were made for this platform.

        Raises EngineError, which never holds the key. Blocks for MOST_LOADING_S at most.
        """
        key = access_key.strip()
        if not key:
            raise EngineError("REN_WAKE_ENGINE=porcupine needs REN_PORCUPINE_ACCESS_KEY")
        if not phrases:
            raise EngineError("REN_WAKE_WORDS names no phrase")
        try:
            import pvporcupine
        except (ImportError, OSError, RuntimeError) as error:  # RuntimeError: an unknown processor
            raise EngineError(f"REN_WAKE_ENGINE=porcupine cannot be loaded: {error}") from None
        found = [_find(phrase, pvporcupine.KEYWORD_PATHS) for phrase in phrases]
        paths = [path for _, path in found]
        levels = [
            sensitivity.of(phrase, name) for phrase, (name, _) in zip(phrases, found, strict=True)
        ]
        try:
            engine = _in_time(
                lambda: pvporcupine.create(
                    access_key=key, keyword_paths=paths, sensitivities=levels
                )
            )
        except (pvporcupine.PorcupineError, OSError, ValueError, RuntimeError) as error:
            # `from None`: the library's own message quotes the key.
            raise _explained(error, key, pvporcupine.PorcupineActivationError) from None
        return cls(engine, tuple(name for name, _ in found), pvporcupine.PorcupineError)

    def process(self, frames: bytes) -> Wake | None:
        """The phrase that ended about here. Raises EngineError when the library gives up."""
        self._gate.take(frames)
        self.awake = self._gate.awake
        self._heard += frames
        found: Wake | None = None
        while len(self._heard) >= self._samples.size:
            samples = self._samples.unpack_from(self._heard)
            del self._heard[: self._samples.size]
            try:
                number: int = self._engine.process(samples)
            except self._failure:  # nothing of its text: it may quote the key
                raise EngineError("porcupine stopped working; set REN_WAKE_ENGINE=micro") from None
            if number >= 0:
                phrase = self.phrases[number]
                self._scores[phrase] = 1.0
                found = Wake(phrase, 1.0, "sure", DELAY_S + duration_s(bytes(self._heard)))
        return found

    def scores(self) -> dict[str, float]:
        """1 for each phrase that was said since the last call: the library tells no more."""
        scores, self._scores = self._scores, dict.fromkeys(self.phrases, 0.0)
        return scores

    def reset(self) -> None:
        """Forget the frames collected so far; the library itself cannot be told to."""
        self._heard.clear()


def _find(phrase: str, keywords: Mapping[str, str]) -> tuple[str, str]:
    """The phrase as it is to be reported, and its file."""
    if phrase.endswith(".ppn"):
        path = Path(phrase).expanduser()
        if not path.is_file():
            raise EngineError(f"REN_WAKE_WORDS: there is no file {phrase}")
        return path.stem.split("_")[0].replace("-", " ").lower(), str(path)
    # "hey jarvis" is the default and the other engine's phrase; this one listens for its end.
    for name in (phrase, phrase.removeprefix("hey ")):
        if name in keywords:
            return name, keywords[name]
    raise EngineError(
        f"REN_WAKE_WORDS: porcupine does not know {phrase!r}; it knows "
        f"{', '.join(sorted(keywords))}, and .ppn files by path"
    )


def _in_time(create: Callable[[], object]) -> object:
    """Run `create` in a thread that may be left behind: a native call cannot be interrupted."""
    outcome: SimpleQueue[object] = SimpleQueue()

    def work() -> None:
        try:
            outcome.put(create())
        except BaseException as error:  # noqa: BLE001  handed over to the caller, who raises it
            outcome.put(error)

    threading.Thread(target=work, name="porcupine loads", daemon=True).start()
    try:
        made = outcome.get(timeout=MOST_LOADING_S)
    except Empty:
        raise EngineError(
            f"the check of REN_PORCUPINE_ACCESS_KEY took more than {MOST_LOADING_S:.0f} s"
        ) from None
    if isinstance(made, BaseException):
        raise made
    return made


def _explained(error: Exception, key: str, activation: type[Exception]) -> EngineError:
    text = str(error)
    if isinstance(error, activation):
        return EngineError("REN_PORCUPINE_ACCESS_KEY could not be checked; is there a network?")
    if "Activation" in type(error).__name__:
        return EngineError("REN_PORCUPINE_ACCESS_KEY: its maker refused this key on this device")
    if "AccessKey" in text:
        return EngineError("REN_PORCUPINE_ACCESS_KEY is not a valid key")
    reasons = [line.split(": ", 1)[-1] for line in text.splitlines() if "[0]" in line]
    reason = (reasons or text.splitlines() or ["no reason given"])[0].replace(key, "***")
    return EngineError(f"REN_WAKE_WORDS: porcupine cannot be started: {reason}")
