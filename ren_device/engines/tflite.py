"""TensorFlow Lite models, run by its C library on one thread with XNNPACK.

The wake words' wheels carry that library, but call it without XNNPACK, which makes a convolution
network three to four times faster.
"""

import ctypes
import sys
import weakref
from functools import cache
from pathlib import Path

import numpy as np

_FLOAT32 = 1
_POINTER = ctypes.c_void_p
_INT = ctypes.c_int32

_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "TfLiteModelCreateFromFile": (_POINTER, [ctypes.c_char_p]),
    "TfLiteModelDelete": (None, [_POINTER]),
    "TfLiteInterpreterOptionsCreate": (_POINTER, []),
    "TfLiteInterpreterOptionsSetNumThreads": (None, [_POINTER, _INT]),
    "TfLiteInterpreterOptionsAddDelegate": (None, [_POINTER, _POINTER]),
    "TfLiteInterpreterOptionsDelete": (None, [_POINTER]),
    "TfLiteXNNPackDelegateCreate": (_POINTER, [_POINTER]),
    "TfLiteXNNPackDelegateDelete": (None, [_POINTER]),
    "TfLiteInterpreterCreate": (_POINTER, [_POINTER, _POINTER]),
    "TfLiteInterpreterDelete": (None, [_POINTER]),
    "TfLiteInterpreterResizeInputTensor": (_INT, [_POINTER, _INT, ctypes.POINTER(_INT), _INT]),
    "TfLiteInterpreterAllocateTensors": (_INT, [_POINTER]),
    "TfLiteInterpreterInvoke": (_INT, [_POINTER]),
    "TfLiteInterpreterGetInputTensor": (_POINTER, [_POINTER, _INT]),
    "TfLiteInterpreterGetOutputTensor": (_POINTER, [_POINTER, _INT]),
    "TfLiteTensorType": (_INT, [_POINTER]),
    "TfLiteTensorNumDims": (_INT, [_POINTER]),
    "TfLiteTensorDim": (_INT, [_POINTER, _INT]),
    "TfLiteTensorByteSize": (ctypes.c_size_t, [_POINTER]),
    "TfLiteTensorCopyFromBuffer": (_INT, [_POINTER, _POINTER, ctypes.c_size_t]),
    "TfLiteTensorCopyToBuffer": (_INT, [_POINTER, _POINTER, ctypes.c_size_t]),
}


class Network:
    """One model with one input and one output, both of 32-bit floats. Not for several threads."""

    def __init__(
        self, library: Path, model: Path, input_shape: tuple[int, ...] | None = None
    ) -> None:
        """`input_shape` replaces the model's own.

        Raises OSError without the library, AttributeError when it is another one, and ValueError
        for a file that is not such a model.
        """
        self._lite = lite = _open(library)
        loaded = lite.TfLiteModelCreateFromFile(str(model).encode())
        if not loaded:
            raise ValueError(f"{model.name} is not a TensorFlow Lite model")
        options = lite.TfLiteInterpreterOptionsCreate()
        lite.TfLiteInterpreterOptionsSetNumThreads(options, 1)
        faster = lite.TfLiteXNNPackDelegateCreate(None)
        lite.TfLiteInterpreterOptionsAddDelegate(options, faster)
        self._interpreter = interpreter = lite.TfLiteInterpreterCreate(loaded, options)
        lite.TfLiteInterpreterOptionsDelete(options)
        weakref.finalize(self, _free, lite, interpreter, faster, loaded)
        if not interpreter:
            raise ValueError(f"{model.name} uses what this TensorFlow Lite does not know")
        if input_shape is not None:
            shape = (_INT * len(input_shape))(*input_shape)
            lite.TfLiteInterpreterResizeInputTensor(interpreter, 0, shape, len(input_shape))
        if lite.TfLiteInterpreterAllocateTensors(interpreter) != 0:
            raise ValueError(f"{model.name} cannot be prepared")
        self._input = lite.TfLiteInterpreterGetInputTensor(interpreter, 0)
        output = lite.TfLiteInterpreterGetOutputTensor(interpreter, 0)
        for tensor in (self._input, output):
            if not tensor or lite.TfLiteTensorType(tensor) != _FLOAT32:
                raise ValueError(f"{model.name} does not take and give 32-bit floats")
        self.input_shape = _shape(lite, self._input)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """`values`: as many floats as `input_shape` says, else ValueError. Returns the output."""
        lite, interpreter = self._lite, self._interpreter
        given = np.ascontiguousarray(values, np.float32)
        if lite.TfLiteTensorCopyFromBuffer(self._input, given.ctypes.data, given.nbytes) != 0:
            raise ValueError(f"{given.size} floats were given instead of {self.input_shape}")
        if lite.TfLiteInterpreterInvoke(interpreter) != 0:
            raise ValueError("TensorFlow Lite could not compute")
        output = lite.TfLiteInterpreterGetOutputTensor(interpreter, 0)
        made = np.empty(_shape(lite, output), np.float32)
        lite.TfLiteTensorCopyToBuffer(output, made.ctypes.data, made.nbytes)
        return made


@cache
def _open(library: Path) -> ctypes.CDLL:
    # A second copy of the library, by another wheel, must not answer this one's calls.
    deep = 0x8 if sys.platform == "linux" else 0
    lite = ctypes.CDLL(str(library), mode=ctypes.DEFAULT_MODE | deep)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(lite, name)
        function.restype = result
        function.argtypes = arguments
    return lite


def _shape(lite: ctypes.CDLL, tensor: int) -> tuple[int, ...]:
    return tuple(lite.TfLiteTensorDim(tensor, at) for at in range(lite.TfLiteTensorNumDims(tensor)))


def _free(lite: ctypes.CDLL, interpreter: int | None, faster: int, loaded: int) -> None:
    if interpreter:
        lite.TfLiteInterpreterDelete(interpreter)
    lite.TfLiteXNNPackDelegateDelete(faster)
    lite.TfLiteModelDelete(loaded)
