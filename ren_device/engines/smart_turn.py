"""Whether a person has finished, by the sound of it: smart-turn v3, one ONNX file, any language.

The set-up takes the file out of the wheel that ships it (see scripts/locks/models.txt); nothing
else of that package is used. The figures are in README.md beside this file.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.engines.log_mel import WINDOW_S, log_mel
from ren_device.errors import EngineError
from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE_NAME = "smart-turn-v3.2-cpu.onnx"
_SETTING = "REN_TURN_DETECTOR=smart_turn"
_WINDOW_BYTES = WINDOW_S * SAMPLE_RATE_HZ * SAMPLE_BYTES

Judge = Callable[["NDArray[np.float32]"], float]
"""Blocking: a log-mel spectrogram in, a probability out. Raises EngineError."""


class SmartTurn:
    """Implements ports.TurnDetector. One thread answers one question after the other."""

    def __init__(self, judge: Judge) -> None:
        """Use `load`."""
        self._judge = judge
        self._worker = ThreadPoolExecutor(1, "smart-turn")

    @classmethod
    def load(cls, path: Path) -> "SmartTurn":
        """Load and warm the model file; blocks for about 0.2 s. Raises EngineError."""
        detector = cls(_load(path))
        detector._ask(bytes(_WINDOW_BYTES))
        return detector

    async def probability(self, pcm: bytes) -> float:
        """See ports.TurnDetector. About 30 ms of one core."""
        whole = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
        latest = pcm[max(0, whole - _WINDOW_BYTES) : whole]
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._ask, latest)

    async def close(self) -> None:
        """Wait for the question under way, drop the others and end the thread."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)

    def _ask(self, pcm: bytes) -> float:
        import numpy as np

        samples = np.frombuffer(pcm, "<i2").astype(np.float32)
        samples /= 32768
        return self._judge(log_mel(samples)[None])


def find(models_dir: Path) -> Path:
    """The model file: among the person's own models, or where the set-up put it.

    Raises EngineError where it is in neither place.
    """
    places = (models_dir, Path(sys.prefix) / "share/ren-device/models")
    for place in places:
        if (place / FILE_NAME).is_file():
            return place / FILE_NAME
    raise EngineError(
        f"{_SETTING}: there is no {FILE_NAME} in {places[0]} or {places[1]}; "
        "scripts/run --setup-only fetches it"
    )


def _load(path: Path) -> Judge:
    try:
        import numpy as np
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as onnx
    except (ImportError, OSError) as error:
        raise EngineError(
            f"{_SETTING}: the package onnxruntime cannot be loaded: {error}"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # A second thread would take the core on which the transcript is made at the same moment.
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Every question is of the same size, so the arena, which keeps the largest, is bounded: 47 MB
    # stay resident with it, up to 82 MB of fragments without.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
        wanted = [each.name for each in session.get_inputs()]
    except (
        onnx.Fail,
        onnx.InvalidArgument,
        onnx.InvalidGraph,
        onnx.InvalidProtobuf,
        onnx.NoModel,
        onnx.NoSuchFile,
        onnx.NotImplemented,
        onnx.RuntimeException,
    ) as error:
        raise EngineError(f"{_SETTING}: {path} cannot be loaded: {error}") from error
    if wanted != ["input_features"]:
        raise EngineError(f"{_SETTING}: {path} is not smart-turn, it takes {wanted}")

    def judge(features: "NDArray[np.float32]") -> float:
        try:
            (found,) = session.run(None, {"input_features": features})
        except (onnx.Fail, onnx.InvalidArgument, onnx.RuntimeException) as error:
            raise EngineError(f"{_SETTING}: {error}") from error
        return float(np.clip(np.asarray(found).reshape(-1)[0], 0, 1))

    return judge
