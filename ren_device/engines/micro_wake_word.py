"""microWakeWord: wake words without a key, four of them in the `pymicro-wakeword` wheel.

The figures behind the constants are in the README of this folder.
"""

import ctypes
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.engines.wake_verdict import Verdicts, likeness, louder, threshold
from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, SAMPLE_RATE_HZ, Wake, duration_s
from ren_device.setting_types import Sensitivity

if TYPE_CHECKING:
    import numpy as np
    from pymicro_wakeword import MicroWakeWord as Model

DELAY_S = 0.1
"""A phrase is noticed about so long after its end."""

PRE_ROLL_CHUNKS = 20
"""So many chunks of 80 ms from before a sound are heard as well, or the features know no room."""

STEPS_A_FRAME = 6
"""So many steps of 30 ms are made for each frame at most: after a silence there is much to hear."""

WINDOW = 3
"""Over how many 30 ms steps a built-in model's likelihood is averaged; packaged are 5."""

FASTER = 1.14
"""A second ear hears everything so much faster and higher: the models miss deep voices."""

SECOND_EAR_CUTOFF = 0.97
"""How sure that ear has to be at least; the first one takes what comes with the model."""

FLOOR_RMS = 15
"""Noise added to what is heard, -67 dBFS: in the silence of a file the models are deaf."""

_STEP_BYTES = 3 * FRAME_BYTES  # what the models look at in one step
_TUNED = Sensitivity()


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
        self._likeness = [0.0] * len(models)

    def process(self, samples: "np.ndarray") -> list[float]:
        """For each model, how alike what was heard by now is."""
        if self._faster is not None:
            samples = self._faster.resample_chunk(samples)
        for features in self._features.process_streaming(samples.tobytes()):
            for at, (_, model) in enumerate(self._models):
                probability = model.process_streaming_prob(features)
                if probability:  # 0 stands for "not yet"
                    self._likeness[at] = likeness(probability, model.probability_cutoff)
        return self._likeness

    def reset(self) -> None:
        # The features keep their estimate of the room's noise, which does not depend on words.
        self._likeness = [0.0] * len(self._models)
        for _, model in self._models:
            model.reset()


class _Floor:
    """A second of noise, added over and over: a real microphone is never silent."""

    def __init__(self) -> None:
        import numpy as np

        self._np = np
        noise = np.random.default_rng(0).normal(0, FLOOR_RMS, SAMPLE_RATE_HZ)
        self._noise = np.tile(noise.astype(np.int16), 2)
        self._next = 0

    def under(self, frames: bytes) -> "np.ndarray":
        """`frames` last a second at most."""
        samples = self._np.frombuffer(frames, "<i2").astype(self._np.int32)
        samples += self._noise[self._next : self._next + len(samples)]
        self._next = (self._next + len(samples)) % SAMPLE_RATE_HZ
        return samples.clip(-32768, 32767).astype(self._np.int16)


class MicroWakeWord:
    """Implements ports.WakeWord."""

    def __init__(
        self, phrases: tuple[str, ...], ears: Sequence[_Ear], thresholds: Mapping[str, float]
    ) -> None:
        """Use `load`."""
        from ren_device.engines.sound_gate import GatedSound

        self.phrases = phrases
        self._ears = ears
        self._floor = _Floor()
        self._sound = GatedSound(PRE_ROLL_CHUNKS)
        self.awake = False
        """Whether there is anything to hear; without it, hardly anything is computed."""
        self._waiting = bytearray()
        self._verdicts = Verdicts(thresholds)
        self._heard_s = 0.0

    @classmethod
    def load(cls, phrases: Sequence[str], sensitivity: Sensitivity = _TUNED) -> "MicroWakeWord":
        """`phrases`: built-in ones, or paths of microWakeWord's .json files. Raises EngineError."""
        if not phrases:
            raise EngineError("REN_WAKE_WORDS names no phrase")
        wheel = _wheel()
        configs = [_find(phrase, wheel / "models") for phrase in phrases]
        first = [_load(config, wheel, 0.0) for config in configs]
        second = [_load(config, wheel, SECOND_EAR_CUTOFF) for config in configs]
        ears = (_Ear(first, 1.0), _Ear(second, FASTER))
        names = tuple(phrase for phrase, _ in first)
        least = {
            name: threshold(sensitivity.of(name, phrase))
            for name, phrase in zip(names, phrases, strict=True)
        }
        return cls(names, ears, least)

    def process(self, frames: bytes) -> Wake | None:
        """The phrase that ended within the last 0.2 s or so, once; else None."""
        self._waiting += self._sound.take(frames)
        self.awake = self._sound.awake
        found: Wake | None = None
        most = len(frames) // FRAME_BYTES * STEPS_A_FRAME * _STEP_BYTES
        sound = bytes(self._waiting[:most])
        del self._waiting[:most]
        for at in range(0, len(sound), _STEP_BYTES):
            step = sound[at : at + _STEP_BYTES]
            self._heard_s += duration_s(step)
            behind_s = duration_s(sound[at + _STEP_BYTES :]) + duration_s(bytes(self._waiting))
            found = louder(found, self._step(self._floor.under(step), DELAY_S + behind_s))
        return found

    def scores(self) -> dict[str, float]:
        """For each phrase, the highest likeness since the last call: 0.5 wakes, as tuned."""
        return self._verdicts.take_highest()

    def reset(self) -> None:
        """Forget what was heard so far: 0.4 ms a model, which is loaded anew."""
        self._sound.forget()
        self._waiting.clear()
        self._verdicts.reset()
        for ear in self._ears:
            ear.reset()

    def _step(self, samples: "np.ndarray", ended_s: float) -> Wake | None:
        found = None
        by_ear = [ear.process(samples) for ear in self._ears]
        for phrase, *scores in zip(self.phrases, *by_ear, strict=True):
            heard = self._verdicts.hear(phrase, max(scores), self._heard_s, ended_s)
            found = louder(found, heard)
        return found


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
