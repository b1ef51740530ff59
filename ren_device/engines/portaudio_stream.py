"""One PortAudio stream, opened as Ren works if the device agrees, else as the device likes it.

Everything here blocks or is called from PortAudio's own thread; `portaudio.py` is the way to it.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from ren_device.engines.microphone_channels import check_channels, form_words
from ren_device.engines.portaudio_library import (
    INVALID_CHANNELS,
    INVALID_RATE,
    UNAVAILABLE,
    DeviceMissing,
    Kind,
    channel_counts,
    find,
    load_pyaudio,
    most_channels,
    rates,
)
from ren_device.engines.realtime import hurry
from ren_device.errors import DeviceError
from ren_device.model import FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ

STALLED_S = 2.0
"""A device that has not moved for so long is gone."""

FIRST_SOUND_S = 5.0
"""How long a device may take to begin, also after it has filled its buffer."""

FIRST_RESCAN_S, LONGEST_RESCAN_S = 5.0, 60.0
"""How long the other devices are left alone after they were closed for nothing; doubled, up to."""

_CONTINUE, _COMPLETE = 0, 1  # PortAudio's answers of a callback

# PortAudio is one for the whole process: it may open and close only one thing at a time, and looks
# for devices only when nothing is open.
_LIBRARY = threading.Lock()
_OPEN: "set[Stream]" = set()


def open_briefly(
    kind: Kind,
    device: str,
    channels: tuple[int, ...] = (),
    load: Callable[[], Any] = load_pyaudio,
) -> str:
    """Open the device for a moment; tells in which form. Blocks. Raises DeviceError."""
    stream = Stream(kind, device, load, lambda _heard, size, _flags: bytes(size), channels)
    try:
        stream.open()
        return stream.form
    finally:
        stream.close()


class Rescans:
    """When other devices may be closed to look for one that is missing: less often each time."""

    def __init__(self) -> None:
        """At once, the first time."""
        self.found()

    def found(self) -> None:
        """The device is there; the next time it is missing begins anew."""
        self._pause_s, self._not_before_s = FIRST_RESCAN_S, 0.0

    def due(self) -> bool:
        """Whether to look now; whoever asks does."""
        now_s = time.monotonic()
        if now_s < self._not_before_s:
            return False
        self._not_before_s = now_s + self._pause_s
        self._pause_s = min(LONGEST_RESCAN_S, 2 * self._pause_s)
        return True


class Stream:
    """One open device. `open` and `close` block; `close` may overtake `open`."""

    def __init__(
        self,
        kind: Kind,
        device: str,
        load: Callable[[], Any],
        callback: Callable[[bytes | None, int, int], bytes | None],
        chosen: tuple[int, ...] = (),
        idle: Callable[[], bool] = lambda: True,
        rescans: Rescans | None = None,
    ) -> None:
        """`callback` gets what was heard, or how many bytes to return, and PortAudio's flags.

        A loudspeaker's that returns nothing stops the stream for good.
        The device must have the `chosen` channels. While it is `idle` it may be closed for a moment
        so that PortAudio can look for other devices; `callback` pauses then. `rescans` outlives
        the streams of one device.
        """
        self._kind: Kind = kind
        self._device = device
        self._load = load
        self._callback = callback
        self._chosen = chosen
        self._idle = idle
        self._rescans = rescans or Rescans()
        self._setting = f"REN_{'MICROPHONE' if kind == 'input' else 'SPEAKER'}={device}"
        self._audio: Any = None
        self._stream: Any = None
        self._closed = False
        self._lost: DeviceError | None = None
        self._moved_s = 0.0
        self._hurries = False
        self.name = device
        self.rate_hz = SAMPLE_RATE_HZ
        self.channels = 1
        self.latency_s = 0.0

    @property
    def form(self) -> str:
        """Which device in which form, for people."""
        return f"{self.name!r}, {form_words(self.rate_hz, self.channels, self._chosen)}"

    def open(self) -> None:
        """Find it and open it. Raises DeviceError."""
        with _LIBRARY:
            if self._closed:
                return
            try:
                self._open()
            except DeviceMissing:
                # It may have been plugged in after PortAudio last looked.
                others = set(_OPEN)
                if not others or not all(each.may_pause() for each in others):
                    raise
                if not self._rescans.due():
                    raise
                for each in others:
                    each.pause()
                try:
                    self._open()
                finally:
                    for each in others:
                        each.resume()
            self._rescans.found()

    # These three are called by the stream that opens, and holds the lock.

    def may_pause(self) -> bool:
        """Whether nobody would notice."""
        return self._idle()

    def pause(self) -> None:
        """Close for a moment."""
        self._release()

    def resume(self) -> None:
        """Open again; where that fails, `look` raises why."""
        before = self.form
        try:
            self._open()
            if self.form != before:
                raise self._trouble("came back in another form")
        except DeviceError as error:
            self._release()
            self._lost = error

    def look(self) -> None:
        """Raise DeviceError if the device is gone."""
        if not _LIBRARY.acquire(blocking=False):
            return  # something is just being opened or closed, perhaps this
        try:
            if self._lost is not None:
                raise self._lost
            if not self._stream.is_active():
                raise self._trouble("went away")
            if time.monotonic() - self._moved_s > STALLED_S:
                raise self._trouble(f"stands still for {STALLED_S:.0f} s")
        finally:
            _LIBRARY.release()

    def close(self) -> None:
        """Release everything, also what an `open` under way still gets."""
        self._closed = True
        with _LIBRARY:
            self._release()

    def _open(self) -> None:
        try:
            module = self._load()
        except (ImportError, OSError) as error:
            raise DeviceError(
                f"{self._setting} needs the package pyaudio and PortAudio's library: {error}"
            ) from None
        self._hurries = False
        try:
            self._audio = module.PyAudio()
            info = find(self._audio, self._kind, self._device, self._setting)
            self.name = str(info["name"])
            check_channels(self._chosen, most_channels(info, self._kind), repr(self.name))
            self._open_form(module.paInt16, info)
        except OSError as error:
            self._release()
            is_there = error.errno in (UNAVAILABLE, INVALID_RATE, INVALID_CHANNELS, None)
            kind = DeviceError if is_there else DeviceMissing
            raise self._trouble(f"cannot be opened: {_words(error)}", kind) from None
        except DeviceError:
            self._release()
            raise
        _OPEN.add(self)

    def _open_form(self, sample_format: int, info: dict[str, Any]) -> None:
        # 16 bits always will do: PortAudio converts from what the hardware has.
        refusal = OSError("it takes no form of sound")
        refused = set()
        for rate_hz in rates(info):
            self.rate_hz = rate_hz
            for channels in channel_counts(info, self._kind, self._chosen):
                if channels in refused:
                    continue
                self.channels = channels
                try:
                    self._stream = self._audio.open(
                        rate=rate_hz,
                        channels=channels,
                        format=sample_format,
                        frames_per_buffer=round(rate_hz * FRAME_S),
                        stream_callback=self._called,
                        **{self._kind: True, f"{self._kind}_device_index": info["index"]},
                    )
                except (OSError, ValueError) as error:
                    refusal = error if isinstance(error, OSError) else OSError(str(error))
                else:
                    self.latency_s = getattr(self._stream, f"get_{self._kind}_latency")()
                    self._moved_s = time.monotonic() + FIRST_SOUND_S - STALLED_S
                    return
                if refusal.errno == UNAVAILABLE:
                    raise refusal
                if refusal.errno == INVALID_RATE:
                    break
                if refusal.errno == INVALID_CHANNELS:
                    refused.add(channels)
        raise refusal

    def _release(self) -> None:
        _OPEN.discard(self)
        if self._stream is not None:
            with contextlib.suppress(OSError):  # a device that is gone
                self._stream.close()
        if self._audio is not None:
            self._audio.terminate()
        self._stream = self._audio = None

    def _called(
        self, heard: bytes | None, samples: int, _times: object, flags: int
    ) -> tuple[bytes | None, int]:
        self._moved_s = max(self._moved_s, time.monotonic())
        if not self._hurries:  # PortAudio has a thread for each time that it was opened
            self._hurries = True
            hurry(f"the audio {self._kind}")
        size = samples * self.channels * SAMPLE_BYTES
        sound = self._callback(heard, size, flags)
        if self._kind == "output" and not sound:
            return bytes(size), _COMPLETE
        return sound, _CONTINUE

    def _trouble(self, what: str, kind: type[DeviceError] = DeviceError) -> DeviceError:
        return kind(f"the audio {self._kind} device {self.name!r} {what} ({self._setting})")


def _words(error: OSError) -> str:
    said = str(error.strerror or error)
    return f"{said}: does another program hold it?" if error.errno == UNAVAILABLE else said
