from pathlib import Path

import numpy as np
import pyopen_wakeword
import pytest

from ren_device.engines.tflite import Network

pytestmark = pytest.mark.engine

WHEEL = Path(pyopen_wakeword.__file__).parent
LIBRARY = next((WHEEL / "lib").glob("*tensorflowlite_c.*"))
MODELS = WHEEL / "models"


def test_a_network_gives_what_its_vendor_gets_from_it() -> None:
    sound = np.random.default_rng(0).integers(-3000, 3000, 1280 * 12).astype(np.int16)
    vendors = pyopen_wakeword.OpenWakeWordFeatures.from_builtin()
    vendors.new_audio_samples = 0  # no silence in front
    [theirs, *_] = vendors.process_streaming(sound.tobytes())
    mels = Network(LIBRARY, MODELS / "melspectrogram.tflite", (1, 1760))
    steps = [mels(sound[at : at + 1760]).reshape(-1, 32) for at in range(0, 1280 * 10, 1280)]
    embed = Network(LIBRARY, MODELS / "embedding_model.tflite", (1, 76, 32, 1))
    ours = embed(np.concatenate(steps)[:76] / 10 + 2).ravel()
    np.testing.assert_allclose(ours, theirs.ravel(), atol=1e-3)


def test_it_tells_its_shape() -> None:
    assert Network(LIBRARY, MODELS / "hey_jarvis.tflite").input_shape == (1, 16, 96)


def test_what_is_no_model_is_an_error_and_not_the_end_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "mine.tflite").write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match=r"mine\.tflite is not a TensorFlow Lite model"):
        Network(LIBRARY, tmp_path / "mine.tflite")
    with pytest.raises(ValueError, match=r"gone\.tflite is not a TensorFlow Lite model"):
        Network(LIBRARY, tmp_path / "gone.tflite")
    with pytest.raises(OSError, match="gone"):
        Network(tmp_path / "gone.so", MODELS / "hey_jarvis.tflite")


def test_an_input_of_another_size_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"5 floats .* \(1, 16, 96\)"):
        Network(LIBRARY, MODELS / "hey_jarvis.tflite")(np.zeros(5))
