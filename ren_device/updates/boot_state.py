"""Which slot is booted next: what the boot loader and Ren tell each other, twice on the card.

Each copy is an environment of U-Boot: a checksum, then `name=value` and NUL again and again, 4 KiB
in all. Numbers are hexadecimal, as U-Boot counts. image/boot/boot.cmd reads and writes it too.
"""

import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from ren_device.updates.facts import SlotName

BOOTS = 10
"""How often a slot is booted without being well before the other one has its turn."""
TRIAL_BOOTS = 2
COPY_BYTES = 4096
COPIES_AT = (4096 * 512, 4224 * 512)
"""Bytes from the beginning of the card; image/layout says the same in sectors."""

_CHECKSUM_BYTES = 4


@dataclass(frozen=True, slots=True)
class SlotState:
    """What the boot loader knows of one slot."""

    boots_left: int
    is_good: bool
    """Whether this system has proved itself."""


@dataclass(frozen=True, slots=True)
class BootState:
    """The first slot of `order` that has boots left is the next."""

    serial: int
    """Of two copies, the one with the higher number counts; 1 or more on a card."""
    order: tuple[SlotName, SlotName]
    a: SlotState
    b: SlotState

    def slot(self, name: SlotName) -> SlotState:
        """One of the two."""
        return self.a if name == "a" else self.b


FRESH = BootState(0, ("a", "b"), SlotState(BOOTS, is_good=True), SlotState(BOOTS, is_good=False))
"""On a new card; and what the boot loader takes for granted when neither copy is whole."""


def healthy(state: BootState, name: SlotName) -> BootState:
    """The system in this slot, which is on no trial, runs well: it has all its boots again."""
    return _with(state, name, replace(state.slot(name), boots_left=BOOTS))


def trial(state: BootState, name: SlotName) -> BootState:
    """Boot the system in this slot next, a few times at most; the other one, which runs, is well.

    Raises ValueError when the other one has not proved itself: there would be no way back.
    """
    if not state.slot(_other(name)).is_good:
        raise ValueError(f"slot {_other(name)} is on trial itself")
    state = healthy(state, _other(name))
    state = _with(state, name, SlotState(TRIAL_BOOTS, is_good=False))
    return replace(state, order=(name, _other(name)))


def commit(state: BootState, name: SlotName) -> BootState:
    """The system in this slot has proved itself and is the one that is booted from now on."""
    state = _with(state, name, SlotState(BOOTS, is_good=True))
    return replace(state, order=(name, _other(name)))


def give_up(state: BootState, name: SlotName) -> BootState:
    """Boot the other slot: this one has failed its trial, or is about to be written over."""
    state = _with(state, name, SlotState(0, is_good=False))
    return replace(state, order=(_other(name), name))


def step_back(state: BootState, name: SlotName) -> BootState:
    """Boot the other slot: this one has used up its boots. Whether it is good stays."""
    state = _with(state, name, replace(state.slot(name), boots_left=0))
    return replace(state, order=(_other(name), name))


def encode(state: BootState) -> bytes:
    """One copy, 4096 bytes, the same to the byte as U-Boot writes it. Raises ValueError."""
    if state.serial < 1 or state.a.boots_left < 0 or state.b.boots_left < 0:
        raise ValueError("a boot state counts from 1, and boots from 0")
    if set(state.order) != {"a", "b"}:
        raise ValueError("both slots have a place in the order")
    values = {
        "good_a": f"{state.a.is_good:x}",
        "good_b": f"{state.b.is_good:x}",
        "left_a": f"{state.a.boots_left:x}",
        "left_b": f"{state.b.boots_left:x}",
        "order": " ".join(state.order),
        "serial": f"{state.serial:x}",
    }
    text = b"".join(f"{name}={value}\0".encode() for name, value in values.items())
    body = text.ljust(COPY_BYTES - _CHECKSUM_BYTES, b"\0")
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little") + body


def decode(copy: bytes) -> BootState | None:
    """What one copy says; None when it is not whole."""
    body = copy[_CHECKSUM_BYTES:]
    if len(copy) != COPY_BYTES or zlib.crc32(body) != int.from_bytes(copy[:4], "little"):
        return None
    lines = body.split(b"\0\0")[0].decode("latin-1").split("\0")
    values = {name: value for name, _, value in (line.partition("=") for line in lines)}
    order = values.get("order")
    try:
        left_a, left_b, serial = (int(values[name], 16) for name in ("left_a", "left_b", "serial"))
        good_a, good_b = (bool(int(values[name], 16)) for name in ("good_a", "good_b"))
    except (KeyError, ValueError):
        return None
    if order not in ("a b", "b a") or serial < 1 or left_a < 0 or left_b < 0:
        return None
    return BootState(
        serial,
        ("a", "b") if order == "a b" else ("b", "a"),
        SlotState(left_a, is_good=good_a),
        SlotState(left_b, is_good=good_b),
    )


class BootStateFile:
    """Both copies, on a card or in a file that is one. One writer at a time; all calls block."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk

    def read(self) -> BootState:
        """What counts; FRESH when neither copy is whole. Raises OSError: there is no such card."""
        descriptor = os.open(self._disk, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return _newest(_copies(descriptor))
        finally:
            os.close(descriptor)

    def write(self, state: BootState) -> BootState:
        """Put this into the copy that does not count, where it then does; on the card on return.

        Whatever `state.serial` is, the next number is taken; that state is returned. When the power
        goes meanwhile, what counted before counts still. Raises OSError.
        """
        descriptor = os.open(self._disk, os.O_RDWR | os.O_SYNC | os.O_CLOEXEC)
        try:
            copies = _copies(descriptor)
            newest = _newest(copies)
            state = replace(state, serial=newest.serial + 1)
            at = COPIES_AT[1] if copies[0] == newest else COPIES_AT[0]
            if os.pwrite(descriptor, encode(state), at) != COPY_BYTES:
                raise OSError(f"the boot state was not written whole to {self._disk}")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return state


def _copies(descriptor: int) -> list[BootState | None]:
    return [_read(descriptor, at) for at in COPIES_AT]


def _read(descriptor: int, at: int) -> BootState | None:
    try:
        return decode(os.pread(descriptor, COPY_BYTES, at))
    except OSError:  # sectors that cannot be read any more; the other copy may be well
        return None


def _newest(copies: list[BootState | None]) -> BootState:
    return max((copy for copy in copies if copy), key=lambda copy: copy.serial, default=FRESH)


def _other(name: SlotName) -> SlotName:
    return "b" if name == "a" else "a"


def _with(state: BootState, name: SlotName, slot: SlotState) -> BootState:
    return replace(state, a=slot) if name == "a" else replace(state, b=slot)
