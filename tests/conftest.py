"""What holds for every test."""

import ren_device.engines  # noqa: F401, I001  first: it forbids onnxruntime to tell of us
import onnxruntime
import pytest


@pytest.fixture(autouse=True)
def _same_voice_every_time() -> None:
    """Piper's breath and rhythm are drawn by onnxruntime: in the tests always the same.

    A recogniser that hears a synthetic voice then hears the same sound in every run.
    """
    onnxruntime.set_seed(7)
