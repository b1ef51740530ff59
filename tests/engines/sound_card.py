"""A sound card that refuses things, without a sound card: in place of the module pyaudio."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np


class Card:
    """Speaks pyaudio's language. Strict: what is closed is not used, and everything is closed.

    Like PortAudio, it looks for devices only when nobody uses it yet.
    """

    paInt16 = 8  # noqa: N815  pyaudio's name

    def __init__(self, rates: tuple[int, ...] = (16000,), channels: tuple[int, ...] = (1,)) -> None:
        self.rates, self.channels = rates, channels
        self.devices = [("USB Speakerphone: Audio (hw:1,0)", 2, 2), ("HDMI", 0, 8)]
        self.seen = self.devices
        self.busy = False
        self.default: int | None = 0
        self.users = 0
        self.streams: list[CardStream] = []
        self.opens = 0
        self._loop = asyncio.get_running_loop()
        self._opened = asyncio.Event()

    async def opened(self, count: int = 1) -> "CardStream":
        """The latest stream, once there are so many."""
        while len(self.streams) < count:
            self._opened.clear()
            await self._opened.wait()
        return self.stream

    @property
    def stream(self) -> "CardStream":
        """The one that was opened last."""
        return self.streams[-1]

    def released(self) -> bool:
        return not self.streams and self.users == 0

    def load(self) -> "Card":
        return self

    def PyAudio(self) -> "Card":  # noqa: N802  pyaudio's name
        if not self.users:
            self.seen = list(self.devices)
        self.users += 1
        return self

    def terminate(self) -> None:
        self.users -= 1
        assert self.users >= len(self.streams)

    def get_device_count(self) -> int:
        return len(self.seen)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        name, inputs, outputs = self.seen[index]
        return {
            "index": index,
            "name": name,
            "maxInputChannels": inputs,
            "maxOutputChannels": outputs,
            "defaultSampleRate": float(self.rates[0]),
        }

    def get_default_input_device_info(self) -> dict[str, Any]:
        if self.default is None:
            raise OSError("No Default Input Device Available")
        return self.get_device_info_by_index(self.default)

    get_default_output_device_info = get_default_input_device_info

    def open(self, *, rate: int, channels: int, **options: Any) -> "CardStream":
        index = options["input_device_index" if options.get("input") else "output_device_index"]
        if self.seen[index] not in self.devices:
            raise OSError(-9993, "Illegal combination of I/O devices")  # as PortAudio has it
        if self.busy:
            raise OSError(-9985, "Device unavailable")
        if rate not in self.rates:
            raise OSError(-9997, "Invalid sample rate")
        if channels not in self.channels:
            raise OSError(-9998, "Invalid number of channels")
        self.opens += 1
        self.streams.append(CardStream(self, rate, channels, **options))
        self._loop.call_soon_threadsafe(self._opened.set)
        return self.stream


class CardStream:
    def __init__(
        self,
        card: Card,
        rate: int,
        channels: int,
        *,
        format: int,  # noqa: A002  pyaudio's name
        frames_per_buffer: int,
        stream_callback: Callable[..., tuple[bytes | None, int]],
        input: bool = False,  # noqa: A002  pyaudio's name
        output: bool = False,
        input_device_index: int | None = None,
        output_device_index: int | None = None,
    ) -> None:
        assert format == Card.paInt16
        assert input != output
        self.card, self.rate, self.channels = card, rate, channels
        self.index = input_device_index if input else output_device_index
        assert self.index is not None
        self.name = card.seen[self.index][0]
        self.samples = frames_per_buffer
        self.callback = stream_callback
        self.active = True

    def get_input_latency(self) -> float:
        return 0.02

    get_output_latency = get_input_latency

    def is_active(self) -> bool:
        return self.active

    def close(self) -> None:
        self.active = False
        self.card.streams.remove(self)

    def hear(self, samples: "np.ndarray[Any, np.dtype[np.int16]]") -> None:
        assert self.callback(samples.tobytes(), len(samples) // self.channels, {}, 0)[1] == 0

    def play(self, flags: int = 0) -> "np.ndarray[Any, np.dtype[np.int16]]":
        sound, go_on = self.callback(None, self.samples, {}, flags)
        assert sound is not None
        assert len(sound) == 2 * self.samples * self.channels
        if go_on == 1:
            self.active = False
        else:
            assert go_on == 0
        return np.frombuffer(sound, np.int16)
