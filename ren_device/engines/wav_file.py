"""Reads WAV files of any PCM form as Ren's PCM. The standard library's `wave` knows fewer forms."""

import struct
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import BinaryIO

from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ

_KINDS = {
    (1, 8): "u1",
    (1, 16): "<i2",
    (1, 24): "<i3",
    (1, 32): "<i4",
    (3, 32): "<f4",
    (3, 64): "<f8",
}
"""numpy's names, by the file's tag (1 is integers, 3 is floating point) and bits."""
_EXTENSIBLE = 0xFFFE  # the real tag is further behind
_UNTIL_THE_END = 0xFFFFFFFF  # written by programs that could not know the length

_BLOCK_FRAMES = 100


class NoWav(ValueError):
    """What is wrong with the file, to be read after "the file"."""


@dataclass(frozen=True, slots=True)
class WavForm:
    """What a file holds. `samples` is the number of samples of each channel."""

    begin: int
    samples: int
    rate_hz: int
    channels: int
    kind: str
    sample_bytes: int
    """Of all channels together."""

    @property
    def duration_s(self) -> float:
        """How long it plays."""
        return self.samples / self.rate_hz


def read_form(path: Path) -> WavForm:
    """Look into the header. Raises NoWav and OSError."""
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
            raise NoWav("is not a PCM WAV file")
        form = None
        while len(header := file.read(8)) == 8:
            name, size = header[:4], int.from_bytes(header[4:], "little")
            if name == b"data" and form is not None:
                return _complete(form, path, file.tell(), size)
            chunk = file.read(min(size + size % 2, 1 << 16)) if name == b"fmt " else b""
            if chunk:
                form = chunk
            file.seek(size + size % 2 - len(chunk), 1)
    raise NoWav("is not a PCM WAV file (it is too short)")


def _complete(form: bytes, path: Path, begin: int, size: int) -> WavForm:
    if len(form) < 16:
        raise NoWav("is not a PCM WAV file (its header is too short)")
    tag, channels, rate_hz, _, sample_bytes, bits = struct.unpack("<HHIIHH", form[:16])
    if tag == _EXTENSIBLE and len(form) >= 26:
        tag = int.from_bytes(form[24:26], "little")
    kind = _KINDS.get((tag, bits))
    if kind is None:
        raise NoWav(f"is not a PCM WAV file (format {tag} with {bits} bits)")
    if not channels or rate_hz < 4000 or sample_bytes != channels * bits // 8:
        raise NoWav(f"is not a PCM WAV file ({channels} channels, {rate_hz} Hz)")
    held = (path.stat().st_size - begin) // sample_bytes
    samples = held if size == _UNTIL_THE_END else size // sample_bytes
    if held < samples:
        raise NoWav(f"is cut short: it holds {held} of {samples} samples")
    return WavForm(begin, samples, rate_hz, channels, kind, sample_bytes)


def read_recording(path: Path) -> bytes:
    """The whole sound as PCM, its channels mixed. Blocks. Raises DeviceError."""
    try:
        form = read_form(path)
        with path.open("rb") as file:
            reader = WavReader(file, form, ())
            blocks = range(0, ceil(form.duration_s / FRAME_S), _BLOCK_FRAMES)
            pcm = b"".join(reader.read(block, _BLOCK_FRAMES) for block in blocks)
    except NoWav as error:
        raise DeviceError(f"{path} {error}") from None
    except OSError as error:
        raise DeviceError(f"{path} cannot be read: {error.strerror}") from None
    return pcm[: round(form.duration_s * SAMPLE_RATE_HZ) * SAMPLE_BYTES]


class WavReader:
    """Frames of PCM out of an open file; behind its end there is silence."""

    def __init__(self, file: BinaryIO, form: WavForm, chosen: tuple[int, ...]) -> None:
        """Of the `chosen` channels, counted from 1, the mean is taken; of all where none is."""
        self._file = file
        self._form = form
        self._chosen = chosen
        self._next = -1
        self._ready = bytearray()

    def read(self, frame: int, count: int) -> bytes:
        """`count` frames from this one on. Raises OSError."""
        if frame * FRAME_S > self._form.duration_s + 1:
            return bytes(count * FRAME_BYTES)
        if frame != self._next:
            self._jump(frame)
        self._next = frame + count
        while len(self._ready) < count * FRAME_BYTES:
            self._ready += self._to_pcm.convert(self._more(count))
        wanted = bytes(self._ready[: count * FRAME_BYTES])
        del self._ready[: count * FRAME_BYTES]
        return wanted

    def _jump(self, frame: int) -> None:
        # Loads numpy, which not every start needs.
        from ren_device.engines.sound_form import ToPcm

        form = self._form
        self._to_pcm = ToPcm(form.rate_hz, form.channels, self._chosen, form.kind)
        self._ready.clear()
        self._at = round(frame * FRAME_S * form.rate_hz)
        self._file.seek(form.begin + self._at * form.sample_bytes)

    def _more(self, frames: int) -> bytes:
        """Of the file, as it is; somewhat ahead of what is asked for, if it is resampled."""
        form = self._form
        wanted = round(frames * FRAME_S * form.rate_hz)
        there = min(wanted, max(0, form.samples - self._at))
        self._at += wanted
        silence = b"\x80" if form.kind == "u1" else b"\0"
        return self._file.read(there * form.sample_bytes).ljust(wanted * form.sample_bytes, silence)
