"""One PortAudio stream, opened as Ren works if the device agrees, else as the device likes it.

Everything here blocks or is called from PortAudio's own thread; `portaudio.py` is the way to it.
"""

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from ren_device.errors import DeviceError
from ren_device.model import FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ

STALLED_S = 2.0
"""A device that has not moved for so long is gone."""

FIRST_SOUND_S = 5.0
"""How long a device may take to begin."""

_CONTINUE = 0  # PortAudio's paContinue
_LIBRARY = threading.Lock()  # PortAudio may open and close only one thing at a time


def load_pyaudio() -> Any:
    """The `pyaudio` module, with the chatter of the libraries under it turned off."""
    import pyaudio

    # ALSA and JACK report every device that is not there on standard error. They take handlers for
    # that; pointing standard error elsewhere would lose other threads' lines. The handler is a C
    # function that ignores its arguments, so that no Python runs in their threads.
    nothing = ctypes.cast(ctypes.CDLL(None).getppid, ctypes.c_void_p)
    for library, setters in (
        ("libasound.so.2", ["snd_lib_error_set_handler"]),
        ("libjack.so.0", ["jack_set_error_function", "jack_set_info_function"]),
    ):
        with contextlib.suppress(OSError, AttributeError):
            for setter in setters:
                getattr(ctypes.CDLL(library), setter)(nothing)
    return pyaudio


def find_device(
    kind: Literal["input", "output"], device: str, load: Callable[[], Any] = load_pyaudio
) -> str:
    """The whole name of the device that would be opened; opens none. Blocks. Raises DeviceError."""
    return Stream(kind, device, load, lambda _heard, _size: None).find()


class Stream:
    """One open device. `open` and `close` block; `close` may overtake `open`."""

    def __init__(
        self,
        kind: Literal["input", "output"],
        device: str,
        load: Callable[[], Any],
        callback: Callable[[bytes | None, int], bytes | None],
    ) -> None:
        """`callback` gets what was heard, or how many bytes to return to be played."""
        self._kind = kind
        self._device = device
        self._load = load
        self._callback = callback
        self._setting = f"REN_{'MICROPHONE' if kind == 'input' else 'SPEAKER'}={device}"
        self._audio: Any = None
        self._stream: Any = None
        self._closed = False
        self._moved_s = 0.0
        self.name = device
        self.rate_hz = SAMPLE_RATE_HZ
        self.channels = 1
        self.latency_s = 0.0

    def open(self) -> None:
        """Raises DeviceError."""
        with _LIBRARY:
            if self._closed:
                return
            module = self._start_library()
            try:
                info = self._find()
                self.name = str(info["name"])
                self._open(module.paInt16, info)
            except OSError as error:
                raise self._trouble(f"cannot be opened: {error.strerror or error}") from None

    def _start_library(self) -> Any:
        try:
            module = self._load()
        except (ImportError, OSError) as error:
            raise DeviceError(
                f"{self._setting} needs the package pyaudio and PortAudio's library: {error}"
            ) from None
        try:
            self._audio = module.PyAudio()
        except OSError as error:
            raise self._trouble(f"cannot be opened: {error.strerror or error}") from None
        return module

    def find(self) -> str:
        """The name of the device that `open` would open. Raises DeviceError."""
        with _LIBRARY:
            self._start_library()
            try:
                return str(self._find()["name"])
            except OSError as error:
                raise self._trouble(f"cannot be found: {error.strerror or error}") from None
            finally:
                self._audio.terminate()

    def _find(self) -> dict[str, Any]:
        audio, channels = self._audio, f"max{self._kind.capitalize()}Channels"
        if self._device == "auto":
            try:
                default = getattr(audio, f"get_default_{self._kind}_device_info")
                return dict(default())
            except OSError:
                raise DeviceError(
                    f"no audio {self._kind} device was found ({self._setting})"
                ) from None
        every = [audio.get_device_info_by_index(n) for n in range(audio.get_device_count())]
        able = [info for info in every if info[channels] > 0]
        for info in able:
            if self._device.lower() in str(info["name"]).lower():
                return dict(info)
        there = ", ".join(repr(info["name"]) for info in able) or "none at all"
        raise DeviceError(
            f"no audio {self._kind} device has such a name ({self._setting}); there are: {there}"
        )

    def _open(self, form: int, info: dict[str, Any]) -> None:
        """As Ren works if the device agrees, else as the device likes it."""
        rates = dict.fromkeys((SAMPLE_RATE_HZ, int(info["defaultSampleRate"])))
        refusal = OSError("it takes no form of sound")
        for self.rate_hz in rates:
            for self.channels in (1, 2):
                try:
                    self._stream = self._audio.open(
                        rate=self.rate_hz,
                        channels=self.channels,
                        format=form,
                        frames_per_buffer=round(self.rate_hz * FRAME_S),
                        stream_callback=self._called,
                        **{self._kind: True, f"{self._kind}_device_index": info["index"]},
                    )
                except (OSError, ValueError) as error:
                    refusal = OSError(str(error))
                else:
                    self.latency_s = getattr(self._stream, f"get_{self._kind}_latency")()
                    self._moved_s = time.monotonic() + FIRST_SOUND_S - STALLED_S
                    return
        raise refusal

    def _called(
        self, heard: bytes | None, samples: int, _times: object, _flags: int
    ) -> tuple[bytes | None, int]:
        self._moved_s = time.monotonic()
        return self._callback(heard, samples * self.channels * SAMPLE_BYTES), _CONTINUE

    def look(self) -> None:
        """Raise DeviceError if the device is gone."""
        if not self._stream.is_active():
            raise self._trouble("went away")
        if time.monotonic() - self._moved_s > STALLED_S:
            raise self._trouble(f"stands still for {STALLED_S:.0f} s")

    def close(self) -> None:
        """Release everything, also what an `open` under way still gets."""
        self._closed = True
        with _LIBRARY:
            if self._stream is not None:
                with contextlib.suppress(OSError):  # a device that is gone
                    self._stream.close()
            if self._audio is not None:
                self._audio.terminate()
            self._stream = self._audio = None

    def _trouble(self, what: str) -> DeviceError:
        return DeviceError(f"the audio {self._kind} device {self.name!r} {what} ({self._setting})")
