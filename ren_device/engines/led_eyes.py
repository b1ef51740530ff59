"""Simulated rows of pixels: what they make of the bits that reach them, by their data sheets."""

from ren_device.engines.light_levels import Light

_DARK: Light = (0.0, 0.0, 0.0)


def _light(values: bytes, order: str, scale: float) -> Light:
    by_name = dict(zip(order, values, strict=True))
    return by_name["r"] * scale, by_name["g"] * scale, by_name["b"] * scale


class Apa102Eye:
    """A row of APA102; `bit` is what the data line says whenever the clock rises."""

    def __init__(self, pixels: int, order: str) -> None:
        """All dark."""
        self.lights: list[Light] = [_DARK] * pixels
        self._order = order
        self._zeros = 0
        self._at = pixels  # which pixel takes the next word: none before 32 zeros were seen
        self._word = 0
        self._bits = 0

    def bit(self, high: bool) -> None:
        """One bit."""
        self._zeros = 0 if high else self._zeros + 1
        if self._zeros >= 32:
            self._at = self._word = self._bits = 0
        elif self._bits or high:  # a word begins with a one
            self._word = self._word << 1 | high
            self._bits += 1
            if self._bits == 32:
                self._take(self._word.to_bytes(4, "big"))
                self._word = self._bits = 0

    def _take(self, word: bytes) -> None:
        if self._at < len(self.lights) and word[0] >> 5 == 0b111:
            scale = (word[0] & 31) / 31 / 255
            self.lights[self._at] = _light(word[1:], self._order, scale)
        self._at += 1


class Ws2812Eye:
    """A row of WS2812; `bit` is the level of the line at each tick of 0.3 µs."""

    _LONG = 2
    """Ticks: a line that is high for so long, 0.6 µs, is a 1."""
    _RESET = 925
    """Ticks: a line that is low for so long, 0.28 ms, ends the frame."""

    def __init__(self, pixels: int, order: str) -> None:
        """All dark."""
        self.lights: list[Light] = [_DARK] * pixels
        self._order = order
        self._high = 0
        self._low = 0
        self._received: list[int] = []

    def bit(self, high: bool) -> None:
        """One tick."""
        if high:
            self._high += 1
            self._low = 0
            return
        if self._high:
            if len(self._received) < len(self.lights) * 24:
                self._received.append(int(self._high >= self._LONG))
            self._high = 0
        self._low += 1
        if self._low == self._RESET:
            self._latch()

    def _latch(self) -> None:
        for at in range(len(self._received) // 24):
            word = 0
            for bit in self._received[at * 24 : at * 24 + 24]:
                word = word << 1 | bit
            self.lights[at] = _light(word.to_bytes(3, "big"), self._order, 1 / 255)
        self._received.clear()
