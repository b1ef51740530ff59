"""openWakeWord: wake words without a key, five of them in the `pyopen-wakeword` wheel.

It hears more voices than microWakeWord and costs more, so it sleeps while nothing is audible. The
figures behind the constants, and the models' licence, are in the README of this folder.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import EngineError
from ren_device.model import FRAME_S

if TYPE_CHECKING:
    import numpy as np

    from ren_device.engines.tflite import Network

QUIET_S = 1.5
"""After a phrase, none is reported for so long: one phrase stays likely for many steps."""

THRESHOLD = 0.5
"""How likely a phrase has to be in one step of 80 ms."""

PRE_ROLL_CHUNKS = 4
"""So many chunks of 80 ms from before the first sound are heard as well: an "h" is quiet."""

_CHUNK_SAMPLES = 1280  # as in sound_gate, which needs numpy
_CHUNK_BYTES = 2 * _CHUNK_SAMPLES
_BEFORE_SAMPLES = 480  # the windows of a chunk's first features begin in the one before
_MELS = (76, 32)  # 0.8 s in steps of 10 ms, frequency bands
_EMBEDDING = 96
_FLOOR_RMS = 10.0  # a quiet room, in which the models wake up
_WAKING_CHUNKS = 30


class _Features:
    """Sound in, a description of its last 0.8 s out, every 80 ms."""

    def __init__(self, library: Path, models: Path) -> None:
        import numpy as np

        from ren_device.engines.tflite import Network

        self._np = np
        samples = (1, _BEFORE_SAMPLES + _CHUNK_SAMPLES)
        self._to_mels = Network(library, models / "melspectrogram.tflite", samples)
        self._to_embedding = Network(library, models / "embedding_model.tflite", (1, *_MELS, 1))
        self.mels = np.zeros(_MELS, np.float32)

    def next(self, samples: "np.ndarray") -> "np.ndarray":
        """`samples`: int16, a chunk and the 480 before it."""
        new = self._to_mels(samples).reshape(-1, _MELS[1]) / 10 + 2
        self.mels = self._np.concatenate((self.mels[len(new) :], new))
        return self._to_embedding(self.mels).reshape(1, _EMBEDDING)


class OpenWakeWord:
    """Implements ports.WakeWord."""

    def __init__(self, features: _Features, models: "Sequence[tuple[str, Network]]") -> None:
        """Use `load`. Blocks for about 0.1 s: the models have to have heard a quiet room."""
        import numpy as np

        from ren_device.engines.sound_gate import SoundGate

        self.phrases = tuple(phrase for phrase, _ in models)
        self._np = np
        self._models = models
        self._features = features
        self._gate = SoundGate()
        self._heard = bytearray()
        self._before: deque[np.ndarray] = deque(maxlen=PRE_ROLL_CHUNKS)
        self._waiting: deque[np.ndarray] = deque()
        self._quiet_frames = 0
        windows = max(model.input_shape[1] for _, model in models)
        self._embeddings = np.zeros((windows, _EMBEDDING), np.float32)
        shape = (_WAKING_CHUNKS, _BEFORE_SAMPLES + _CHUNK_SAMPLES)
        noise = np.random.default_rng(0).normal(0, _FLOOR_RMS, shape)
        for chunk in noise.astype(np.int16):
            self._step(chunk)
        self._quiet_room = (features.mels, self._embeddings)
        self.reset()

    @classmethod
    def load(cls, phrases: Sequence[str]) -> "OpenWakeWord":
        """`phrases`: built-in ones, or paths of openWakeWord's .tflite files.

        Raises EngineError.
        """
        if not phrases:
            raise EngineError("REN_WAKE_WORDS names no phrase")
        wheel = _wheel()
        try:
            library = next((wheel / "lib").glob("*tensorflowlite_c.*"))
            features = _Features(library, wheel / "models")
        except (OSError, AttributeError, ValueError, StopIteration) as error:
            raise EngineError(f"REN_WAKE_ENGINE=open cannot be loaded: {error}") from error
        return cls(features, [_load(phrase, library, wheel / "models") for phrase in phrases])

    def process(self, frame: bytes) -> str | None:
        """The phrase that ended within the last 0.4 s or so, once; else None.

        No frame takes longer than one step of the models, about 2 ms, also after a silence.
        """
        self._collect(frame)
        if self._quiet_frames > 0:
            self._quiet_frames -= 1
        if not self._waiting:
            return None
        likely = self._step(self._waiting.popleft())
        if self._quiet_frames > 0:
            return None
        chance, phrase = max(zip(likely, self.phrases, strict=True))
        if chance < THRESHOLD:
            return None
        self._quiet_frames = round(QUIET_S / FRAME_S)
        return phrase

    def reset(self) -> None:
        """Forget what was heard so far, but not how loud the room is. About 1 µs."""
        self._heard[:] = bytes(2 * _BEFORE_SAMPLES)
        self._before.clear()
        self._waiting.clear()
        self._quiet_frames = 0
        self._features.mels, self._embeddings = self._quiet_room

    def _collect(self, frame: bytes) -> None:
        """Once a chunk is full, put it where it belongs."""
        self._heard += frame
        if len(self._heard) < _CHUNK_BYTES + 2 * _BEFORE_SAMPLES:
            return
        chunk = self._np.frombuffer(bytes(self._heard), "<i2")
        del self._heard[:_CHUNK_BYTES]
        if self._gate.is_open(chunk[_BEFORE_SAMPLES:]):
            # What the models remember is from the last quiet moment, which may be long ago.
            self._waiting.extend((*self._before, chunk))
            self._before.clear()
        else:
            self._before.append(chunk)

    def _step(self, samples: "np.ndarray") -> list[float]:
        """How likely each phrase is, now that this chunk was heard."""
        embedding = self._features.next(samples)
        self._embeddings = self._np.concatenate((self._embeddings[1:], embedding))
        return [
            float(model(self._embeddings[-model.input_shape[1] :]).max())
            for _, model in self._models
        ]


def as_named(phrase: str) -> str:
    """The phrase as the models spell it: "ok nabu" is "okay nabu"."""
    return "okay " + phrase[3:] if phrase.startswith("ok ") else phrase


def built_in() -> tuple[str, ...]:
    """The phrases in the wheel. Raises EngineError without it."""
    models = (_wheel() / "models").glob("*.tflite")
    shared = ("melspectrogram", "embedding_model")
    return tuple(sorted(each.stem.replace("_", " ") for each in models if each.stem not in shared))


def _wheel() -> Path:
    try:
        import pyopen_wakeword
    except (ImportError, OSError) as error:
        raise EngineError(f"REN_WAKE_ENGINE=open cannot be loaded: {error}") from error
    return Path(pyopen_wakeword.__file__).parent


def _load(phrase: str, library: Path, models: Path) -> "tuple[str, Network]":
    from ren_device.engines.tflite import Network

    phrase = as_named(phrase)
    if phrase.endswith(".tflite"):
        path = Path(phrase).expanduser()
        phrase = path.stem.replace("_", " ").lower()
        if not path.is_file():
            raise EngineError(f"REN_WAKE_WORDS: there is no file {path}")
    elif phrase in built_in():
        path = models / f"{phrase.replace(' ', '_')}.tflite"
    else:
        raise EngineError(
            f"REN_WAKE_WORDS: there is no wake word {phrase!r}; there are "
            f"{', '.join(built_in())}, and openWakeWord's .tflite files by path"
        )
    try:
        model = Network(library, path)
    except ValueError as error:
        raise EngineError(f"REN_WAKE_WORDS: {path} cannot be loaded: {error}") from error
    if len(model.input_shape) != 3 or model.input_shape[2] != _EMBEDDING:
        raise EngineError(f"REN_WAKE_WORDS: {path} is not openWakeWord's, it takes other features")
    return phrase, model
