"""microWakeWord: wake words without a key, four of them in the `pymicro-wakeword` wheel.

The figures behind the constants are in the README of this folder.
"""

import ctypes
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import EngineError
from ren_device.model import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from pymicro_wakeword import MicroWakeWord as Model

QUIET_S = 1.5
"""After a phrase, none is reported for so long: one phrase stays likely for many frames."""

WINDOW = 3
"""Over how many 30 ms steps a built-in model's likelihood is averaged; packaged are 5."""

FASTER = 1.14
"""A second ear hears everything so much faster and higher: the models miss deep voices."""

SECOND_EAR_CUTOFF = 0.97
"""How sure that ear has to be at least; the first one takes what comes with the model."""

FLOOR_RMS = 15
"""Noise added to what is heard, -67 dBFS: in the silence of a file the models are deaf."""


class _Ear:
    """All models over one stream of features, which may be heard faster."""

    def __init__(self, models: "Sequence[tuple[str, Model]]", speed: float) -> None:
        import soxr
        from pymicro_wakeword import MicroWakeWordFeatures

        self._models = models
        self._features = MicroWakeWordFeatures()
        self._faster = (
            None
            if speed == 1.0
            else soxr.ResampleStream(SAMPLE_RATE_HZ * speed, SAMPLE_RATE_HZ, 1, "int16", "MQ")
        )

    def process(self, samples: "np.ndarray") -> str | None:
        if self._faster is not None:
            samples = self._faster.resample_chunk(samples)
        found = None
        for features in self._features.process_streaming(samples.tobytes()):
            for phrase, model in self._models:
                if model.process_streaming(features):
                    found = phrase
        return found

    def reset(self) -> None:
        # The features keep their estimate of the room's noise, which does not depend on words.
        for _, model in self._models:
            model.reset()


class _Floor:
    """A second of noise, added over and over: a real microphone is never silent."""

    def __init__(self) -> None:
        import numpy as np

        self._np = np
        noise = np.random.default_rng(0).normal(0, FLOOR_RMS, SAMPLE_RATE_HZ)
        self._frames = noise.astype(np.int16).reshape(-1, FRAME_SAMPLES)
        self._next = 0

    def under(self, frame: bytes) -> "np.ndarray":
        samples = self._np.frombuffer(frame, "<i2").astype(self._np.int32)
        samples += self._frames[self._next]
        self._next = (self._next + 1) % len(self._frames)
        return samples.clip(-32768, 32767).astype(self._np.int16)


class MicroWakeWord:
    """Implements ports.WakeWord."""

    def __init__(self, phrases: tuple[str, ...], ears: Sequence[_Ear]) -> None:
        """Use `load`."""
        self.phrases = phrases
        self._ears = ears
        self._floor = _Floor()
        self._quiet_frames = 0

    @classmethod
    def load(cls, phrases: Sequence[str]) -> "MicroWakeWord":
        """`phrases`: built-in ones, or paths of microWakeWord's .json files. Raises EngineError."""
        if not phrases:
            raise EngineError("REN_WAKE_WORDS names no phrase")
        wheel = _wheel()
        configs = [_find(phrase, wheel / "models") for phrase in phrases]
        first = [_load(config, wheel, 0.0) for config in configs]
        second = [_load(config, wheel, SECOND_EAR_CUTOFF) for config in configs]
        ears = (_Ear(first, 1.0), _Ear(second, FASTER))
        return cls(tuple(phrase for phrase, _ in first), ears)

    def process(self, frame: bytes) -> str | None:
        """The phrase that ended within the last 0.2 s or so, once; else None."""
        samples = self._floor.under(frame)
        heard = [ear.process(samples) for ear in self._ears]
        if self._quiet_frames > 0:
            self._quiet_frames -= 1
            return None
        phrase = next((phrase for phrase in heard if phrase is not None), None)
        if phrase is not None:
            self._quiet_frames = round(QUIET_S / FRAME_S)
        return phrase

    def reset(self) -> None:
        """Forget what was heard so far: 0.4 ms a model, which is loaded anew."""
        self._quiet_frames = 0
        for ear in self._ears:
            ear.reset()


def built_in() -> tuple[str, ...]:
    """The phrases in the wheel. Raises EngineError without it."""
    models = (_wheel() / "models").glob("*.json")
    return tuple(sorted(each.stem.replace("_", " ") for each in models))


def _wheel() -> Path:
    try:
        import pymicro_wakeword
    except (ImportError, OSError) as error:
        raise EngineError(f"REN_WAKE_ENGINE=micro cannot be loaded: {error}") from error
    return Path(pymicro_wakeword.__file__).parent


def _find(phrase: str, models: Path) -> Path:
    if phrase.endswith(".json"):
        path = Path(phrase).expanduser()
        if not path.is_file():
            raise EngineError(f"REN_WAKE_WORDS: there is no file {phrase}")
        return path
    path = models / f"{phrase.strip().lower().replace(' ', '_')}.json"
    if not path.is_file():
        raise EngineError(
            f"REN_WAKE_WORDS: there is no wake word {phrase!r}; there are "
            f"{', '.join(built_in())}, and microWakeWord's .json files by path"
        )
    return path


def _load(config: Path, wheel: Path, least_cutoff: float) -> "tuple[str, Model]":
    """The phrase and a model of its own."""
    from pymicro_wakeword import MicroWakeWord as Model

    try:
        library = next((wheel / "lib").glob("*tensorflowlite_c.*"))
        told = json.loads(config.read_text(encoding="utf-8"))
        phrase = str(told["wake_word"]).lower()
        model = config.parent / told["model"]
        _check(model, library)
        return phrase, Model(
            id=config.stem,
            wake_word=phrase,
            tflite_model=model,
            probability_cutoff=max(float(told["micro"]["probability_cutoff"]), least_cutoff),
            sliding_window_size=(
                WINDOW
                if config.is_relative_to(wheel)
                else int(told["micro"]["sliding_window_size"])
            ),
            trained_languages=[],
            libtensorflowlite_c_path=library,
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, StopIteration) as error:
        raise EngineError(
            f"REN_WAKE_WORDS: {config} cannot be loaded: {type(error).__name__} {error}"
        ) from error


def _check(model: Path, library: Path) -> None:
    """Raise ValueError for what is not a model: the vendor's code would end the process."""
    lite = ctypes.CDLL(str(library))
    lite.TfLiteModelCreateFromFile.restype = ctypes.c_void_p
    lite.TfLiteModelDelete.argtypes = [ctypes.c_void_p]
    handle = lite.TfLiteModelCreateFromFile(str(model).encode())
    if not handle:
        raise ValueError(f"{model.name} is not a TensorFlow Lite model")
    lite.TfLiteModelDelete(handle)
