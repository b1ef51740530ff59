"""Whether a new system is kept: what it says of itself, compared with how the one before was."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ren_device.model import NOT_OPENED
from ren_device.updates.facts import is_linked
from ren_device.updates.household import BEFORE_REBOOT_S, BEFORE_WRITING_S, occupied
from ren_device.updates.pacing import Pace, wait_until_free
from ren_device.updates.trial import PATIENCE_S, Room, Verdict, judged, prove, remembered

WELL: dict[str, Any] = {
    "uptime_s": 60.0,
    "store": {"trouble": ""},
    "voice": {
        "state": "idle",
        "microphone": "ok",
        "speaker": "ok",
        "barge_in": {"mode": "full", "chime": "heard"},
    },
}
BEFORE = {
    "identity": "ab" * 32,
    "voice": "idle",
    "microphone": "ok",
    "speaker": "ok",
    "chime": "heard",
    "network": "linked",
}
UNSEEN = {"microphone": NOT_OPENED, "speaker": NOT_OPENED}
DEAF = {"microphone": "there is no such device"}
ROOM = Room(has_microphone=True, loud=lambda: True, linked=lambda: True)
LOW = replace(ROOM, loud=lambda: False)
BARE = replace(ROOM, has_microphone=False)
LONELY = replace(ROOM, linked=lambda: False)


def asks(
    health: Mapping[str, Any] | None, /, **other: Any
) -> Callable[[str], Mapping[str, object] | None]:
    answers: dict[str, Any] = {
        "/health": {"status": "ok"},
        "/hub/health": health,
        "/identity": {"public_key": "ab" * 32},
    }
    answers |= {f"/{name}": answer for name, answer in other.items()}
    return lambda path: answers[path]


def with_voice(chime: str = "heard", **changed: str) -> dict[str, Any]:
    voice = {**WELL["voice"], "barge_in": {"chime": chime}, **changed}
    return {**WELL, "voice": voice}


def test_how_it_was_is_remembered() -> None:
    assert remembered(asks(WELL), True) == BEFORE
    assert remembered(asks(WELL), False) == {**BEFORE, "network": "none"}
    assert remembered(asks(None), True) == {}
    assert remembered(asks({"voice": "strange"}), True)["chime"] == ""


def test_a_network_is_there_when_a_card_has_its_carrier(tmp_path: Path) -> None:
    assert not is_linked(tmp_path)
    for name, carrier in (("lo", "1"), ("eth0", "0"), ("wlan0", "")):
        (tmp_path / f"sys/class/net/{name}").mkdir(parents=True)
        (tmp_path / f"sys/class/net/{name}/carrier").write_text(f"{carrier}\n")
    assert not is_linked(tmp_path)
    (tmp_path / "sys/class/net/wlan0/carrier").write_text("1\n")
    assert is_linked(tmp_path)


@pytest.mark.parametrize(
    ("health", "before", "room", "state", "said"),
    [
        (WELL, BEFORE, ROOM, "proved", ""),
        (WELL, {}, ROOM, "proved", ""),
        (WELL, BEFORE, LONELY, "waiting", "it has no network"),
        (WELL, {**BEFORE, "network": "none"}, LONELY, "proved", ""),
        (None, BEFORE, ROOM, "waiting", "does not answer"),
        ({**WELL, "uptime_s": 3.0}, BEFORE, ROOM, "waiting", "not run for long"),
        ({**WELL, "store": {"trouble": "the disk is full"}}, BEFORE, ROOM, "wrong", "disk is full"),
        (WELL, {**BEFORE, "identity": "cd" * 32}, ROOM, "wrong", "identity"),
        (with_voice(state="starting"), BEFORE, ROOM, "waiting", "engines are not loaded"),
        (with_voice(state="fault"), BEFORE, ROOM, "wrong", "engines do not work"),
        (
            with_voice(state="fault", microphone=NOT_OPENED),
            {"microphone": "gone"},
            ROOM,
            "wrong",
            "engines do not work",
        ),
        (with_voice(microphone=NOT_OPENED), BEFORE, ROOM, "waiting", "not open"),
        (with_voice(speaker=NOT_OPENED), BEFORE, ROOM, "waiting", "not open"),
        (with_voice(state="off"), BEFORE, ROOM, "wrong", "voice is off"),
        (
            with_voice(state="off"),
            {**BEFORE, "voice": "off"},
            ROOM,
            "proved",
            "as the settings say",
        ),
        (with_voice(speaker="gone"), BEFORE, ROOM, "wrong", "loudspeaker does not work: gone"),
        (with_voice(speaker="gone"), {**BEFORE, "speaker": "gone"}, ROOM, "proved", ""),
        (with_voice(microphone="muted"), BEFORE, ROOM, "proved", "it is muted"),
        (with_voice(state="fault", **DEAF), BEFORE, ROOM, "wrong", "no such device"),
        (with_voice(state="fault", **DEAF), {}, ROOM, "wrong", "no such device"),
        (with_voice(state="fault", **DEAF), {}, BARE, "proved", "no such device"),
        (with_voice(state="fault", **DEAF), {"microphone": "gone"}, ROOM, "proved", "no such"),
        (with_voice(state="fault", **DEAF), UNSEEN, ROOM, "wrong", "no such device"),
        (with_voice(state="fault", **DEAF), UNSEEN, BARE, "proved", "no such device"),
        (with_voice(speaker="gone"), UNSEEN, ROOM, "proved", ""),
        (with_voice("pending"), BEFORE, ROOM, "waiting", "not heard its loudspeaker yet"),
        (with_voice("none"), BEFORE, ROOM, "proved", "no sound card"),
        (with_voice("unclear"), BEFORE, ROOM, "proved", "somebody spoke"),
        (with_voice("not heard"), BEFORE, ROOM, "wrong", "does not hear its loudspeaker any more"),
        (with_voice("not played"), BEFORE, LOW, "proved", "it is turned low"),
        (
            with_voice("not heard"),
            {**BEFORE, "chime": "not heard"},
            ROOM,
            "proved",
            "before either",
        ),
    ],
)
def test_what_is_made_of_it(
    health: Mapping[str, Any] | None,
    before: Mapping[str, str],
    room: Room,
    state: str,
    said: str,
) -> None:
    found = judged(asks(health), before, room)
    assert found.state == state
    assert said in (found.why or found.untried)
    assert bool(found.why) == (state != "proved")


def test_who_says_nothing_of_itself_has_not_proved_itself() -> None:
    assert judged(asks(WELL, identity=None), BEFORE, ROOM).state == "waiting"
    assert judged(asks(WELL, health=None), BEFORE, ROOM).state == "waiting"
    assert judged(asks({}), {}, ROOM).state == "waiting"


class Time:
    """Goes on while somebody sleeps."""

    now_s = 100.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def monotonic(self) -> float:
        return self.now_s


def proved(looks: Iterable[str]) -> tuple[Verdict, float]:
    """What came of it, and after how long; the last look holds for ever."""
    time, left, last = Time(), iter(looks), ["waiting"]

    def look() -> Verdict:
        last[0] = next(left, last[0])
        return Verdict(last[0], last[0])  # type: ignore[arg-type]

    return prove(look, time.sleep, time.monotonic), time.now_s - 100


def test_a_trial_ends_when_it_is_clear_and_not_before() -> None:
    assert proved(["waiting"] * 9 + ["proved"]) == (Verdict("proved", "proved"), 18)
    verdict, took_s = proved(["waiting"])
    assert (verdict.state, took_s) == ("wrong", PATIENCE_S)
    verdict, took_s = proved(["wrong"])
    assert (verdict.state, took_s) == ("wrong", 60)
    # What comes right in time was not wrong.
    verdict, took_s = proved((["wrong"] * 20 + ["waiting"]) * 3 + ["proved"])
    assert (verdict.state, took_s) == ("proved", 126)


# --- the household ------------------------------------------------------------------------------


def alert(state: str, left_s: float | None) -> dict[str, Any]:
    return {"alerts": [{"state": state, "remaining_s": left_s}]}


@pytest.mark.parametrize(
    ("alerts", "voice", "within_s", "said"),
    [
        ({"alerts": []}, "idle", BEFORE_REBOOT_S, None),
        (alert("due", None), "idle", BEFORE_WRITING_S, "an alert rings"),
        (alert("pending", 119.6), "idle", BEFORE_WRITING_S, "an alert is due in 120 s"),
        (alert("pending", -3.0), "idle", BEFORE_WRITING_S, "an alert is due in 0 s"),
        (alert("pending", 500), "idle", BEFORE_WRITING_S, None),
        (alert("pending", 500), "idle", BEFORE_REBOOT_S, "an alert is due in 500 s"),
        (alert("paused", 10), "idle", BEFORE_REBOOT_S, None),
        (alert("missed", None), "idle", BEFORE_REBOOT_S, None),
        ({"alerts": []}, "listening", BEFORE_WRITING_S, "somebody talks with Ren"),
        ({"alerts": []}, "speaking", BEFORE_WRITING_S, "somebody talks with Ren"),
        ({"alerts": []}, "fault", BEFORE_WRITING_S, None),
        (None, "idle", BEFORE_REBOOT_S, None),
    ],
)
def test_what_is_waited_for(
    alerts: dict[str, Any] | None, voice: str, within_s: float, said: str | None
) -> None:
    ask = asks({"voice": {"state": voice}}, alerts=alerts)
    assert occupied(ask, within_s) == said


def test_without_a_ren_there_is_nothing_to_wait_for() -> None:
    assert occupied(lambda _path: None, BEFORE_REBOOT_S) is None


def test_it_writes_as_fast_as_it_may_and_no_faster() -> None:
    time = Time()
    pace = Pace(
        lambda: None, lambda _: None, bytes_per_s=1e6, sleep=time.sleep, monotonic=time.monotonic
    )
    for _ in range(100):
        time.now_s += 0.1  # the card is slow, too
        pace.after(1_000_000)
    assert time.now_s == pytest.approx(200, abs=1)
    time.now_s += 1000
    pace.after(1_000_000)
    pace.after(1_000_000)
    pace.after(1_000_000)
    assert time.now_s == pytest.approx(1202, abs=1)  # nothing is made up for


def test_it_looks_at_the_household_every_few_seconds() -> None:
    time, looks, said = Time(), list[float](), list[str]()
    talks = [f"an alert is due in {left} s" for left in (1, 2, 3)] + ["an alert rings"] * 3

    def occupied() -> str | None:
        looks.append(time.now_s)
        return talks.pop() if talks and len(looks) > 1 else None

    pace = Pace(occupied, said.append, bytes_per_s=1e6, sleep=time.sleep, monotonic=time.monotonic)
    for _ in range(20):
        pace.after(1_000_000)
    assert said == ["Waiting: an alert rings.", "Waiting: an alert is due in 3 s."]
    gaps = [later - sooner for sooner, later in pairwise(looks)]
    assert min(gaps) >= 5
    assert time.now_s == pytest.approx(100 + 20 + 6 * 5, abs=2)


def test_patience_can_end() -> None:
    time = Time()
    wait_until_free(lambda: "an alert rings", lambda _: None, time.sleep, patience_s=300)
    assert time.now_s == 400
