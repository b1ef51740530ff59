"""What each boot means: kept, given up, or nothing new; and what power cuts make of it."""

from collections.abc import Callable, Set
from dataclasses import replace
from pathlib import Path

import pytest

from ren_device.updates import history
from ren_device.updates.boot_state import BOOTS, FRESH, BootState, SlotState, give_up, trial
from ren_device.updates.facts import SlotName
from ren_device.updates.history import Update
from ren_device.updates.settling import Deeds, settle
from ren_device.updates.trial import Verdict
from tests.updates.boot_script import boot
from tests.updates.scene import Card, new_card

BOTH: Set[SlotName] = {"a", "b"}
INSTALLED = Update(
    "installed", "1.0.0", "1.1.0", "next", "b", "", history.now(), {"chime": "heard"}
)


class House:
    """Boots a card as the boot loader does, and settles what came of it."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.reboots = 0
        self.answers = True
        self.verdict = Verdict("proved")
        self.asked: Update | None = None

    def put_on_trial(self) -> None:
        history.write(INSTALLED, self.card.history)
        self.card.state.write(trial(self.card.state.read(), "b"))

    def boot(self, loadable: Set[SlotName] = BOTH) -> SlotName:
        """As far as the boot loader goes."""
        came = boot(self.card.state.read(), loadable)
        assert came.slot is not None
        self.card.state.write(came.state)
        build = {"a": "first", "b": "next"}[came.slot]
        (self.card.root / "run/ren-image/slot").write_text(came.slot)
        image = self.card.root / "usr/lib/ren/image.json"
        image.write_text(image.read_text().replace("first", build).replace("next", build))
        return came.slot

    def settle(self) -> bool:
        deeds = Deeds(lambda: self.answers, self._prove, self._reboot)
        return settle(self.card.facts, self.card.history, deeds)

    def _prove(self, update: Update | None) -> Verdict:
        self.asked = update
        return self.verdict

    def _reboot(self) -> None:
        self.reboots += 1

    @property
    def state(self) -> BootState:
        return replace(self.card.state.read(), serial=0)

    @property
    def last(self) -> tuple[str, str]:
        update = history.read(self.card.history)
        assert update is not None
        return update.state, update.why


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(new_card(tmp_path))


def test_a_boot_like_any_other(house: House) -> None:
    for _ in range(2 * BOOTS):
        assert house.boot() == "a"
        assert house.state.a.boots_left == BOOTS - 1
        assert house.settle()
        assert house.state == FRESH
    before = house.card.state.read().serial
    assert house.settle()
    assert house.card.state.read().serial == before  # nothing to write
    assert not house.card.history.exists()


def test_a_boot_in_which_ren_does_not_answer_counts(house: House) -> None:
    house.answers = False
    house.boot()
    house.settle()
    assert house.state.a.boots_left == BOOTS - 1
    assert house.reboots == 0


def test_what_proves_itself_is_kept(house: House) -> None:
    house.put_on_trial()
    assert house.boot() == "b"
    house.verdict = Verdict("proved", untried="it is muted")
    assert house.settle()
    assert house.asked == INSTALLED
    assert house.last == ("kept", "it is muted")
    assert (house.state.order, house.state.b) == (("b", "a"), SlotState(BOOTS, is_good=True))
    assert house.boot() == "b"
    assert house.settle()
    assert house.last == ("kept", "it is muted")
    assert house.reboots == 0


def test_what_does_not_is_given_up_at_once(house: House) -> None:
    house.put_on_trial()
    house.boot()
    house.verdict = Verdict("wrong", "its microphone does not work")
    assert not house.settle()
    assert house.reboots == 1
    assert house.last == ("failed", "its microphone does not work")
    assert house.boot() == "a"
    assert house.settle()
    assert house.last == ("failed", "its microphone does not work")
    assert house.state == replace(FRESH, b=SlotState(0, is_good=False))


def test_what_never_comes_up_is_noticed_by_the_one_before(house: House) -> None:
    house.put_on_trial()
    assert [house.boot(), house.boot(), house.boot()] == ["b", "b", "a"]
    assert house.settle()
    assert house.last == ("failed", "it did not start")
    assert house.state.order == ("a", "b")
    assert house.state.a.boots_left == BOOTS


def test_one_that_cannot_even_be_loaded(house: House) -> None:
    house.put_on_trial()
    assert house.boot({"a"}) == "a"
    house.settle()
    assert house.last == ("failed", "it did not start")


def test_one_that_was_kept_and_stops_to_start(house: House) -> None:
    house.put_on_trial()
    house.boot()
    house.settle()
    for _ in range(BOOTS):
        assert house.boot() == "b"
    assert house.boot() == "a"
    house.settle()
    assert house.last == ("failed", "it does not start any more")
    assert house.state == replace(FRESH, b=SlotState(0, is_good=True))


def test_what_keeps_both_from_answering_changes_no_order(house: House) -> None:
    """Else a wrong setting would cost the newer system, which is well."""
    house.put_on_trial()
    house.boot()
    house.settle()
    house.answers = False
    came = []
    for _ in range(3 * BOOTS):
        came.append(house.boot())
        house.settle()
    assert came == ["b"] * BOOTS + ["a"] * BOOTS + ["b"] * BOOTS
    assert house.last == ("kept", "")
    house.answers = True
    house.boot({"b"})
    house.settle()
    assert house.state.order == ("b", "a")
    assert house.state.b == SlotState(BOOTS, is_good=True)


class Cut(BaseException):
    """The power."""


def cut_at(house: House, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The power goes before the `number`th thing that is written."""
    left = [number]

    def dying(write: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Cut
            return write(*arguments)

        return wrapped

    file = type(house.card.state)
    with monkeypatch.context() as patch:
        patch.setattr(file, "write", dying(file.write))
        patch.setattr(history, "write", dying(history.write))
        with pytest.raises(Cut):
            house.settle()


@pytest.mark.parametrize("number", [0, 1])
def test_the_power_goes_while_it_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    house.put_on_trial()
    house.boot()
    cut_at(house, monkeypatch, number)
    assert house.boot() == "b"
    house.settle()
    assert house.last == ("kept", "")
    assert house.state.b == SlotState(BOOTS, is_good=True)


@pytest.mark.parametrize("number", [0, 1])
def test_the_power_goes_while_it_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    house.put_on_trial()
    house.boot()
    house.verdict = Verdict("wrong", "it is deaf")
    cut_at(house, monkeypatch, number)
    assert house.boot() == "b"  # its second and last try
    house.settle()
    assert house.boot() == "a"
    house.settle()
    assert house.last == ("failed", "it is deaf")


def test_the_power_goes_just_before_it_is_put_on_trial(house: House) -> None:
    house.card.state.write(give_up(house.card.state.read(), "b"))
    history.write(INSTALLED, house.card.history)
    assert house.boot() == "a"
    house.settle()
    assert house.last == ("failed", "the power went before it could be tried")


def test_a_system_without_a_record_proves_itself_all_the_same(house: House) -> None:
    """As after a reset, which takes the record away."""
    house.card.state.write(trial(house.card.state.read(), "b"))
    house.boot()
    assert house.settle()
    assert house.asked is None
    assert house.last == ("kept", "")


def test_a_record_that_cannot_be_written_changes_nothing_else(house: House) -> None:
    house.card.state.write(trial(house.card.state.read(), "b"))
    house.card.history.touch()  # a file where its folder belongs
    house.boot()
    assert house.settle()
    assert house.state.b.is_good
