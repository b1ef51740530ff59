"""openWakeWord: wake words without a key, five of them in the `pyopen-wakeword` wheel.

It hears more voices than microWakeWord and costs more, so it sleeps while nothing is audible. The
figures behind the constants, and the models' licence, are in the README of this folder.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.engines.wake_verdict import Verdicts, likeness, louder, threshold
from ren_device.errors import EngineError, EngineMissing
from ren_device.model import FRAME_BYTES, Wake, duration_s
from ren_device.setting_types import Sensitivity

if TYPE_CHECKING:
    import numpy as np

    from ren_device.engines.tflite import Network

DELAY_S = 0.06
"""A phrase is noticed about so long after its end."""

THRESHOLD = 0.5
"""How likely a phrase has to be in one step of 80 ms."""

PRE_ROLL_CHUNKS = 4
"""So many chunks of 80 ms from before the first sound are heard as well: an "h" is quiet."""

_CHUNK_SAMPLES = 1280  # as in sound_gate, which needs numpy
_CHUNK_BYTES = 2 * _CHUNK_SAMPLES
_CHUNK_S = duration_s(bytes(_CHUNK_BYTES))
_BEFORE_SAMPLES = 480  # the windows of a chunk's first features begin in the one before
_BEFORE_BYTES = 2 * _BEFORE_SAMPLES
_MELS = (76, 32)  # 0.8 s in steps of 10 ms, frequency bands
_EMBEDDING = 96
_FLOOR_RMS = 10.0  # a quiet room, in which the models wake up
_WAKING_CHUNKS = 30
_TUNED = Sensitivity()


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

    def __init__(
        self,
        features: _Features,
        models: "Sequence[tuple[str, Network]]",
        thresholds: Mapping[str, float],
    ) -> None:
        """Use `load`. Blocks for about 0.1 s: the models have to have heard a quiet room."""
        import numpy as np

        from ren_device.engines.sound_gate import GatedSound

        self.phrases = tuple(phrase for phrase, _ in models)
        self._np = np
        self._models = models
        self._features = features
        self._sound = GatedSound(PRE_ROLL_CHUNKS)
        self.awake = False
        """Whether there is anything to hear; without it, hardly anything is computed."""
        self._verdicts = Verdicts(thresholds)
        self._heard = bytearray()
        self._heard_s = 0.0
        windows = max(model.input_shape[1] for _, model in models)
        self._embeddings = np.zeros((windows, _EMBEDDING), np.float32)
        shape = (_WAKING_CHUNKS, _BEFORE_SAMPLES + _CHUNK_SAMPLES)
        noise = np.random.default_rng(0).normal(0, _FLOOR_RMS, shape)
        for chunk in noise.astype(np.int16):
            self._step(chunk)
        self._quiet_room = (features.mels, self._embeddings)
        self.reset()

    @classmethod
    def load(cls, phrases: Sequence[str], sensitivity: Sensitivity = _TUNED) -> "OpenWakeWord":
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
        models = [_load(phrase, library, wheel / "models") for phrase in phrases]
        least = {
            name: threshold(sensitivity.of(name, phrase))
            for (name, _), phrase in zip(models, phrases, strict=True)
        }
        return cls(features, models, least)

    def process(self, frames: bytes) -> Wake | None:
        """The phrase that ended within the last 0.4 s or so, once; else None.

        At most one step of the models, about 2 ms, is made for each frame, also after a silence.
        """
        self._heard += self._sound.take(frames)
        self.awake = self._sound.awake or len(self._heard) > 2 * _CHUNK_BYTES
        found: Wake | None = None
        for _ in range(0, len(frames), FRAME_BYTES):
            if len(self._heard) < _CHUNK_BYTES + _BEFORE_BYTES:
                break
            chunk = self._np.frombuffer(bytes(self._heard[: _CHUNK_BYTES + _BEFORE_BYTES]), "<i2")
            del self._heard[:_CHUNK_BYTES]
            self._heard_s += _CHUNK_S
            ended_s = DELAY_S + duration_s(bytes(self._heard[_BEFORE_BYTES:]))
            for phrase, score in zip(self.phrases, self._step(chunk), strict=True):
                heard = self._verdicts.hear(phrase, score, self._heard_s, ended_s)
                found = louder(found, heard)
        return found

    def scores(self) -> dict[str, float]:
        """For each phrase, the highest likeness since the last call: 0.5 wakes, as tuned."""
        return self._verdicts.take_highest()

    def reset(self) -> None:
        """Forget what was heard so far, but not how loud the room is. About 1 µs."""
        self._sound.forget()
        self._verdicts.reset()
        self._heard[:] = bytes(_BEFORE_BYTES)
        self._features.mels, self._embeddings = self._quiet_room

    def _step(self, samples: "np.ndarray") -> list[float]:
        """How likely each phrase is, now that this chunk was heard."""
        embedding = self._features.next(samples)
        self._embeddings = self._np.concatenate((self._embeddings[1:], embedding))
        return [
            likeness(float(model(self._embeddings[-model.input_shape[1] :]).max()), THRESHOLD)
            for _, model in self._models
        ]


def as_named(phrase: str) -> str:
    """The phrase as the models spell it: "ok nabu" is "okay nabu"."""
    return "okay " + phrase[3:] if phrase.startswith("ok ") else phrase


def built_in() -> tuple[str, ...]:
    """The phrases in the wheel. Raises EngineMissing without it."""
    models = (_wheel() / "models").glob("*.tflite")
    shared = ("melspectrogram", "embedding_model")
    return tuple(sorted(each.stem.replace("_", " ") for each in models if each.stem not in shared))


def _wheel() -> Path:
    try:
        import pyopen_wakeword
    except ModuleNotFoundError as error:
        raise EngineMissing(f"REN_WAKE_ENGINE=open is not installed: {error}") from error
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
