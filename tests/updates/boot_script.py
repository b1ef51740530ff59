"""What image/boot/boot.cmd does, in Python; image/test/test_boot_script.py compares them."""

from collections.abc import Set
from dataclasses import dataclass, replace

from ren_device.updates.boot_state import BOOTS, BootState, SlotState
from ren_device.updates.facts import SlotName


@dataclass(frozen=True)
class Boot:
    """What came of one start."""

    slot: SlotName | None
    """None: none could be loaded; the machine starts again in ten seconds."""
    on_trial: bool
    state: BootState
    """What counts on the card afterwards."""


def boot(state: BootState, loadable: Set[SlotName]) -> Boot:
    """One start with this state, when these slots have their files."""
    for round_ in ("left", "good", "any"):
        for name in state.order:
            slot = state.slot(name)
            if slot.boots_left == 0:
                continue
            state = _saved(state, name, slot.boots_left - 1)
            if name in loadable:
                return Boot(name, not slot.is_good, state)
            state = _saved(state, name, 0)
        for name in state.order:
            slot = state.slot(name)
            if round_ == "good" or slot.is_good:
                state = _set(state, name, replace(slot, boots_left=BOOTS))
    for name in state.order:
        state = _set(state, name, replace(state.slot(name), boots_left=0))  # as it was saved last
    return Boot(None, on_trial=False, state=state)


def _saved(state: BootState, name: SlotName, boots_left: int) -> BootState:
    state = replace(state, serial=state.serial + 1)
    return _set(state, name, replace(state.slot(name), boots_left=boots_left))


def _set(state: BootState, name: SlotName, slot: SlotState) -> BootState:
    return replace(state, a=slot) if name == "a" else replace(state, b=slot)
