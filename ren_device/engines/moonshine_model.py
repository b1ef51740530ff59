"""Runs Moonshine's tiny model: an encoder for the sound, a decoder for one token after the other.

The files come out of the `moonshine-voice` wheel; its own library is not used. That one brings a
second onnxruntime, keeps every weight twice and spins on all cores: for the same transcripts it
takes 70 MB and twice the CPU more. The figures are in README.md beside this file.
"""

import math
import os
from array import array
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import EngineError
from ren_device.model import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray

_SETTING = "REN_STT_ENGINE=moonshine"
_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
_START, _END = 1, 2  # tokens
_TOKENS_A_SECOND = 6.5  # nobody speaks faster; more is the model turning in circles
_SPACE = "▁"


class MoonshineModel:
    """Blocking, for one thread at a time; implements moonshine.Transcribe."""

    def __init__(
        self,
        encoder: "onnxruntime.InferenceSession",
        decoder: "onnxruntime.InferenceSession",
        run: "onnxruntime.RunOptions",
        vocabulary: bytes,
    ) -> None:
        """Use `load`."""
        self._encoder = encoder
        self._decoder = decoder
        self._run = run
        self._vocabulary = vocabulary
        self._places = array("I", _places(vocabulary))
        past = [each for each in decoder.get_inputs() if each.name.startswith("past_key_values.")]
        self._heads = {each.name: (1, each.shape[1], 1, each.shape[3]) for each in past}
        self._present = [each.name for each in decoder.get_outputs()][1:]

    @classmethod
    def load(cls, *, lean: bool = False) -> "MoonshineModel":
        """Blocks for half a second. Raises EngineError.

        `lean` reads the weights where they are in the file and rearranges none: 10 MB less, and
        most of the rest can be dropped by the kernel at any time; half as slow again.
        """
        folder = _folder()
        try:
            vocabulary = (folder / _FILES[2]).read_bytes()
            threads = min(2, os.cpu_count() or 1)
            return cls(
                _session(folder / _FILES[0], threads, lean=lean),
                _session(folder / _FILES[1], 1, lean=lean),  # a token is too little to share out
                _run_options(),
                vocabulary,
            )
        except (ImportError, OSError, IndexError) as error:
            raise EngineError(f"{_SETTING}: the model cannot be loaded: {error}") from error

    def __call__(self, samples: "NDArray[np.float32]") -> str:
        """The transcript of samples from -1 to 1 at 16 kHz. Raises EngineError."""
        from onnxruntime.capi import onnxruntime_pybind11_state as onnx

        try:
            return self._text(self._decode(samples))
        except (onnx.Fail, onnx.InvalidArgument, onnx.RuntimeException) as error:
            raise EngineError(f"{_SETTING}: the model failed: {error}") from error

    def _decode(self, samples: "NDArray[np.float32]") -> list[int]:
        """The likeliest token after the other, until the model says that this is the end."""
        import numpy as np

        everything = np.ones((1, len(samples)), np.int64)  # nothing is padding
        sound = {"input_values": samples[None], "attention_mask": everything}
        feed = {
            "encoder_hidden_states": self._encoder.run(None, sound, self._run)[0],
            "encoder_attention_mask": everything,  # it is the decoder that thins it out
            "input_ids": np.array([[_START]], np.int64),
            "use_cache_branch": np.array([False]),
            **{name: np.zeros(shape, np.float32) for name, shape in self._heads.items()},
        }
        tokens: list[int] = []
        for _ in range(math.ceil(len(samples) / SAMPLE_RATE_HZ * _TOKENS_A_SECOND)):
            logits, *present = self._decoder.run(None, feed, self._run)
            token = int(logits[0, -1].argmax())
            if token == _END:
                break
            tokens.append(token)
            for name, values in zip(self._present, present, strict=True):
                # What was made of the sound comes out of the first step only.
                if not tokens[1:] or ".encoder." not in name:
                    feed[name.replace("present.", "past_key_values.")] = values
            feed["input_ids"] = np.array([[token]], np.int64)
            feed["use_cache_branch"] = np.array([True])
        return tokens

    def _text(self, tokens: list[int]) -> str:
        pieces = (_piece(self._vocabulary, self._places[token]) for token in tokens)
        words = b"".join(piece for piece in pieces if not _is_mark(piece))
        return words.decode("utf-8", "replace").replace(_SPACE, " ").strip()


def _is_mark(piece: bytes) -> bool:
    """<s>, <<ST_7>>: for the model, not for people."""
    return len(piece) > 2 and piece.startswith(b"<") and piece.endswith(b">")


def _places(vocabulary: bytes) -> Iterator[int]:
    """Where each token is in the file: its length is before it."""
    at = 0
    while at < len(vocabulary):
        yield at
        begin, length = _extent(vocabulary, at)
        at = begin + length


def _piece(vocabulary: bytes, at: int) -> bytes:
    begin, length = _extent(vocabulary, at)
    return vocabulary[begin : begin + length]


def _extent(vocabulary: bytes, at: int) -> tuple[int, int]:
    """Where the token at this place begins, and its length: in one byte or, from 128 on, two."""
    length = vocabulary[at]
    if length < 128:
        return at + 1, length
    return at + 2, length + (vocabulary[at + 1] - 1) * 128


def _folder() -> Path:
    package = find_spec("moonshine_voice")
    if package is None or package.origin is None:
        raise EngineError(f"{_SETTING}: the package moonshine-voice is not installed")
    folder = Path(package.origin).parent / "assets/tiny-en"
    if not all((folder / name).is_file() for name in _FILES):
        raise EngineError(
            f"{_SETTING}: this release of moonshine-voice has no English model "
            "in it; install moonshine-voice==0.1.0"
        )
    return folder


def _session(path: Path, threads: int, *, lean: bool) -> "onnxruntime.InferenceSession":
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as onnx

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if lean:
        options.add_session_config_entry("session.use_memory_mapped_ort_model", "1")
        options.add_session_config_entry("session.use_ort_model_bytes_for_initializers", "1")
        options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except (onnx.Fail, onnx.InvalidArgument, onnx.InvalidProtobuf, onnx.RuntimeException) as error:
        raise EngineError(f"{_SETTING}: {path.name} cannot be loaded: {error}") from error


def _run_options() -> "onnxruntime.RunOptions":
    import onnxruntime

    run = onnxruntime.RunOptions()
    # Else the arena keeps what the longest utterance ever heard has needed.
    run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return run
