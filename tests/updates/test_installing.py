"""An update is on trial as a whole, or the system that runs is as it was; whatever happens."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ren_device.errors import UpdateError
from ren_device.updates import history, installing
from ren_device.updates.boot_state import BOOTS, FRESH, SlotState, trial
from ren_device.updates.bundle import open_bundle
from ren_device.updates.history import Update
from ren_device.updates.installing import Here, check
from ren_device.updates.pacing import Pace
from tests.updates.boot_script import boot
from tests.updates.scene import BOARD, PUBLIC_KEY_HEX, START_B, Card, content, new_card, packed

SLOT = content((1 << 20) + 4096)


class Cut(BaseException):
    """The power."""


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return new_card(tmp_path)


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return packed(tmp_path_factory.mktemp("update"), SLOT)


def here(card: Card, kept_format: int = 1) -> Here:
    return Here(card.facts, kept_format, card.history, lambda: {"chime": "heard"})


def no_pace(occupied: Callable[[], str | None] = lambda: None) -> Pace:
    return Pace(occupied, lambda _: None, bytes_per_s=float("inf"), sleep=lambda _: None)


def install(
    card: Card,
    update: bytes,
    told: installing.Told = lambda *_: None,
    *,
    again: bool = False,
    pace: Pace | None = None,
) -> Update:
    bundle = open_bundle(BytesIO(update), PUBLIC_KEY_HEX)
    check(bundle.manifest, here(card), again=again)
    return installing.install(bundle, here(card), pace or no_pace(), told)


def assert_the_old_one_comes_back(card: Card) -> None:
    state = card.state.read()
    assert boot(state, {"a"}).slot == boot(state, {"a", "b"}).slot == "a"
    assert state.a == SlotState(BOOTS, is_good=True)
    assert card.slot_a_is_as_it_was()


def test_it_is_on_trial(card: Card, update: bytes) -> None:
    steps: list[tuple[str, int, int]] = []
    done = install(card, update, lambda *step: steps.append(step))
    assert card.slot_b(len(SLOT)) == SLOT
    assert card.slot_a_is_as_it_was()
    state = card.state.read()
    assert replace(state, serial=0) == replace(trial(FRESH, "b"), serial=0)
    first = boot(state, {"a", "b"})
    assert (first.slot, first.on_trial) == ("b", True)
    assert history.read(card.history) == done
    assert (done.state, done.from_version, done.to_version) == ("installed", "1.0.0", "1.1.0")
    assert (done.slot, done.to_build, done.before) == ("b", "next", {"chime": "heard"})
    for step in ("writing", "reading back"):
        assert [each for each in steps if each[0] == step][-1] == (step, len(SLOT), len(SLOT))


def test_wherever_it_is_cut_off_there_is_a_whole_system(tmp_path: Path, update: bytes) -> None:
    """After each piece that was written or read back."""
    for cut_after in range(1, 5):
        card = new_card(tmp_path / str(cut_after))
        left = iter(range(1, cut_after))

        def told(*_: object, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Cut

        with pytest.raises(Cut):
            install(card, update, told)
        assert_the_old_one_comes_back(card)
        state = card.state.read()
        assert (state.b.boots_left, state.b.is_good) == (0, False)
        assert history.read(card.history) is None
        install(card, update)  # and then in peace
        assert boot(card.state.read(), {"a", "b"}).slot == "b"


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_flipped_byte_is_ever_put_on_trial(
    card: Card, update: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(update) - 1))
    changed = bytearray(update)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(UpdateError):
        install(card, bytes(changed))
    assert_the_old_one_comes_back(card)


def test_a_card_that_does_not_hold_what_was_written_is_found_out(card: Card, update: bytes) -> None:
    """A sector changes after it was written, before it is read back."""

    def told(step: str, done: int, whole: int) -> None:
        if (step, done) == ("writing", whole):
            spoil(card)

    with pytest.raises(UpdateError, match="worn out"):
        install(card, update, told)
    assert_the_old_one_comes_back(card)


def spoil(card: Card) -> None:
    with card.disk.open("r+b") as file:
        file.seek(START_B + len(SLOT) // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hardware": ("raspberrypi,5-model-b",)}, f"raspberrypi,5-model-b; this board is {BOARD}"),
        ({"hardware": ()}, "no board"),
        ({"boot_format": 2}, "flash the card anew"),
        ({"build": "first"}, "runs already"),
    ],
)
def test_what_cannot_work_is_refused_with_words(
    card: Card, tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    before = card.state.read()
    with pytest.raises(UpdateError, match=said):
        install(card, packed(tmp_path, SLOT, **changed))  # type: ignore[arg-type]
    assert card.state.read() == before


def test_a_downgrade_of_data_is_refused_and_one_of_ren_is_not(card: Card, tmp_path: Path) -> None:
    older = open_bundle(BytesIO(packed(tmp_path, SLOT, version="0.9.12")), PUBLIC_KEY_HEX).manifest
    assert check(older, here(card)) == ["Ren 0.9.12 is older than the 1.0.0 that runs."]
    with pytest.raises(UpdateError, match="too old for what is kept here"):
        check(older, here(card, kept_format=2))
    newer = replace(older, version="1.0.1", data_format=2)
    assert check(newer, here(card, kept_format=2)) == []


def test_the_same_build_again_only_when_asked_for(card: Card, tmp_path: Path) -> None:
    assert install(card, packed(tmp_path, SLOT, build="first"), again=True).state == "installed"


def test_one_on_trial_installs_nothing(card: Card, update: bytes) -> None:
    """The other slot is all that it could fall back on."""
    card.state.write(trial(FRESH, "b"))
    (card.root / "run/ren-image/slot").write_text("b")
    with pytest.raises(UpdateError, match="on trial itself"):
        install(card, update)
    assert card.slot_a_is_as_it_was()


def test_one_that_is_too_large_is_refused(card: Card, update: bytes) -> None:
    bundle = open_bundle(BytesIO(update), PUBLIC_KEY_HEX)
    bundle.manifest = replace(bundle.manifest, slot_bytes=1 << 30)
    before = card.state.read()
    with pytest.raises(UpdateError, match="takes 1024 MiB, and the card has 768 MiB"):
        installing.install(bundle, here(card), no_pace(), lambda *_: None)
    assert card.state.read() == before


def test_a_source_that_breaks_is_said(card: Card, update: bytes) -> None:
    class Breaks(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 10_000:
                raise OSError(5, "Input/output error")
            return super().read(min(size or 0, 8192))

    bundle = open_bundle(Breaks(update), PUBLIC_KEY_HEX)
    with pytest.raises(UpdateError, match="cannot be read: Input/output error"):
        installing.install(bundle, here(card), no_pace(), lambda *_: None)
    assert_the_old_one_comes_back(card)


def test_a_second_update_before_the_first_was_tried(card: Card, update: bytes) -> None:
    install(card, update)
    with pytest.raises(UpdateError):
        install(card, update[:-1])
    assert_the_old_one_comes_back(card)
    last = history.read(card.history)
    assert last is not None
    assert (last.state, last.why) == ("failed", "another update was begun before it was tried")


def test_nothing_is_written_while_something_rings(card: Card, update: bytes) -> None:
    waits = ["an alert rings", "an alert rings", "somebody talks with Ren"]
    states: list[int] = []

    def occupied() -> str | None:
        states.append(card.state.read().serial)
        return waits.pop() if waits else None

    before = card.state.read().serial
    install(card, update, pace=no_pace(occupied))
    assert states[:4] == [before] * 4


def test_one_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        installing.alone(lock),
        pytest.raises(UpdateError, match="another update"),
        installing.alone(lock),
    ):
        pass
    with installing.alone(lock):
        pass


def test_the_record_is_whole_or_the_one_before(tmp_path: Path) -> None:
    update = Update("kept", "1.0.0", "1.1.0", "next", "b", "it is muted", history.now(), {"a": "b"})
    history.write(update, tmp_path / "new")
    assert history.read(tmp_path / "new") == update
    file = tmp_path / "new" / history.NAME
    assert file.stat().st_mode & 0o777 == 0o644
    for text in (
        b"",
        b"[]",
        b"{",
        b'{"state": "new"}',
        file.read_bytes().replace(b'"b"', b"[]", 1),
    ):
        (tmp_path / history.NAME).write_bytes(text)
        found = history.read(tmp_path)
        assert found is None or found.to_version == "1.1.0"
    (tmp_path / "file").touch()
    with pytest.raises(UpdateError, match="cannot be written"):
        history.write(update, tmp_path / "file")
