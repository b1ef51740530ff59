"""What /alerts refuses, with which sentence, and whom."""

from typing import Any

import pytest

from tests.web.alert_porch import alert_porch

NO_SUCH_TIME = "Input should be “HH:MM”, or a date and time such as “2026-06-25T18:00”"
NO_ZONE = "Times are the speaker's wall clock: send it without a time zone"
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "egg", "in_s": 60}, 422, "'timer', 'alarm', 'reminder' or 'routine'"),
    ({"in_s": 60}, 422, "Field required"),
    ({"kind": "timer"}, 422, "Give either `at` or `in_s`"),
    ({"kind": "timer", "in_s": 60, "at": "07:30"}, 422, "Give either `at` or `in_s`"),
    ({"kind": "timer", "at": "07:30"}, 422, "A timer takes `in_s`"),
    ({"kind": "timer", "in_s": 0.5}, 422, "greater than or equal to 1"),
    ({"kind": "timer", "in_s": -5}, 422, "greater than or equal to 1"),
    ({"kind": "timer", "in_s": True}, 422, "valid"),
    ({"kind": "timer", "in_s": 604_801}, 422, "A timer runs for at most 7 days"),
    ({"kind": "alarm", "in_s": 367 * 86_400}, 422, "less than or equal to"),
    ({"kind": "timer", "in_s": 60, "text": "x" * 101}, 422, "at most 100 characters"),
    ({"kind": "reminder", "in_s": 60, "text": "x" * 501}, 422, "at most 500 characters"),
    ({"kind": "reminder", "in_s": 60, "text": "  "}, 422, "A reminder needs a `text`"),
    ({"kind": "alarm", "in_s": 60, "repeat": "FREQ=DAILY"}, 422, "What repeats takes `at`"),
    ({"kind": "routine", "at": "07:30"}, 422, "Say which `routine` is to run"),
    ({"kind": "alarm", "at": "07:30", "repeats": "FREQ=DAILY"}, 422, "Extra inputs"),
    ({"kind": "alarm", "at": "25:00"}, 422, NO_SUCH_TIME),
    ({"kind": "alarm", "at": "7"}, 422, NO_SUCH_TIME),
    ({"kind": "alarm", "at": ""}, 422, NO_SUCH_TIME),
    ({"kind": "alarm", "at": "tomorrow"}, 422, NO_SUCH_TIME),
    ({"kind": "alarm", "at": "2026-02-30T07:30"}, 422, NO_SUCH_TIME),
    ({"kind": "alarm", "at": "2026-07-01 07:30"}, 422, NO_SUCH_TIME),
    ({"kind": "alarm", "at": 730}, 422, "valid string"),
    ({"kind": "alarm", "at": "2026-07-01T07:30Z"}, 422, NO_ZONE),
    ({"kind": "alarm", "at": "2026-07-01T07:30:00+02:00"}, 422, NO_ZONE),
    ({"kind": "alarm", "at": "07:30-0500"}, 422, NO_ZONE),
    ({"kind": "alarm", "at": "2026-06-25T14:02"}, 400, "That time is over: it is 2026-06-25 14:02"),
    ({"kind": "alarm", "at": "2020-01-01T07:30", "repeat": "FREQ=DAILY"}, 400, "is over"),
    ({"kind": "alarm", "at": "9999-12-31T23:59"}, 400, "within ten years"),
    ({"kind": "alarm", "at": "07:30", "repeat": "every day"}, 400, "RRULE"),
    ({"kind": "alarm", "at": "07:30", "repeat": "FREQ=SECONDLY"}, 400, "every second"),
    ({"kind": "alarm", "at": "07:30", "repeat": "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31"}, 400, "nev"),
    ({"kind": "alarm", "at": "07:30", "repeat": " "}, 422, "`repeat` is blank"),
    ({"kind": "alarm", "at": "07:30", "repeat": "FREQ=\x00"}, 422, "control characters"),
    ({"kind": "timer", "in_s": 60, "text": "a\x00b"}, 422, "control characters"),
    ({"kind": "timer", "in_s": 60, "text": "a\x85b"}, 422, "control characters"),
    ({"kind": "reminder", "in_s": 60, "text": "a\nb"}, 422, "control characters"),
    ({"kind": "reminder", "in_s": 60, "text": "a\u202eb"}, 422, "change its direction"),
    ({"kind": "reminder", "in_s": 60, "text": "\u2066b\u2069"}, 422, "change its direction"),
    ({"kind": "alarm", "at": "07:30", "routine": "bed\u202atime"}, 422, "change its direction"),
    ({"kind": "alarm", "at": "07:30", "routine": "bedtime"}, 404, "There is no routine"),
]  # fmt: skip


async def test_what_cannot_be_set_is_refused_with_a_sentence() -> None:
    async with alert_porch() as it:
        for body, status, sentence in REFUSED:
            said = await it.refused("POST", "/alerts", body, status)
            assert sentence in said, body
        assert it.store.rows == {}


PATCHES: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "Say what to change"),
    ({"repeat": "  "}, 422, "`repeat` is blank"),
    ({"text": "a\x07b"}, 422, "control characters"),
    ({"routine": "a\u2067b"}, 422, "change its direction"),
    ({"by_s": 604_800}, 400, "A timer runs for at most 7 days"),
    ({"by_s": 60, "text": "tea"}, 422, "`by_s` comes alone"),
    ({"at": "07:30", "in_s": 60}, 422, "Give either `at` or `in_s`"),
    ({"in_s": 60, "repeat": "FREQ=DAILY"}, 422, "What repeats takes `at`"),
    ({"kind": "alarm"}, 422, "Extra inputs"),
    ({"by_s": -601}, 400, "The timer does not have that much time left."),
    ({"at": "07:30"}, 400, "A timer has no time of day"),
    ({"in_s": 604_801}, 400, "A timer runs for at most 7 days."),
    ({"text": "x" * 101}, 400, "A name has at most 100 characters."),
]


async def test_what_cannot_be_changed_is_refused_and_nothing_is_changed() -> None:
    async with alert_porch() as it:
        await it.set("timer", in_s=600)
        before = dict(it.store.rows)
        for body, status, sentence in PATCHES:
            assert sentence in await it.refused("PATCH", "/alerts/1", body, status), body
        await it.set("alarm", at="07:30")
        assert "Only a timer" in await it.refused("PATCH", "/alerts/2", {"by_s": 60}, 400)
        assert "Only a timer" in await it.refused("POST", "/alerts/2/pause", None, 400)
        assert "Only a paused" in await it.refused("POST", "/alerts/1/resume", None, 400)
        assert "only once" in await it.refused("POST", "/alerts/2/skip", None, 400)
        assert it.store.rows[1] == before[1]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/acknowledge"), ("POST", "/snooze"),
        ("POST", "/pause"), ("POST", "/resume"), ("POST", "/skip"),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_404(method: str, path: str) -> None:
    async with alert_porch() as it:
        for number in ("77", "9" * 30):
            body = {"text": "tea"} if method == "PATCH" else None
            said = await it.refused(method, f"/alerts/{number}{path}", body, 404)
            assert said == "There is no such alert (any more)."
        await it.ask(method, f"/alerts/{'9' * 5000}{path}", expect=414)
        await it.ask(method, f"/alerts/x{path}", expect=404)


async def test_a_full_disk_is_told_with_what_to_do_and_nothing_is_changed() -> None:
    async with alert_porch() as it:
        await it.set("timer", in_s=600)
        before = await it.listed()
        it.store.broken = True
        for method, path, body in (
            ("POST", "/alerts", {"kind": "timer", "in_s": 60}),
            ("PATCH", "/alerts/1", {"text": "tea"}),
            ("PATCH", "/alerts/1", {"by_s": 60}),
            ("POST", "/alerts/1/pause", None),
            ("DELETE", "/alerts/1", None),
        ):
            said = await it.refused(method, path, body, 500)
            assert "free some space" in said
            assert "no space left on device" in said
        (left,) = await it.listed()
        assert left | {"remaining_s": 0} == before[0] | {"remaining_s": 0}


# --- who may --------------------------------------------------------------------------------

FOREIGN = ("https://evil.example", "null", "http://127.0.0.1:1")


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_can_neither_see_nor_set_nor_stop(origin: str) -> None:
    async with alert_porch() as it:
        await it.rings()
        await it.set("alarm", at="07:30")
        await it.ask("PUT", "/routines/bedtime", {"steps": [{"say": "Good night."}]})
        before = [each["state"] for each in await it.listed()]
        for method, path, body in (
            ("GET", "/alerts", None),
            ("GET", "/alerts/events", None),
            ("POST", "/alerts", {"kind": "timer", "in_s": 60}),
            ("POST", "/alerts/acknowledge", None),
            ("POST", "/alerts/1/acknowledge", None),
            ("POST", "/alerts/1/snooze", None),
            ("DELETE", "/alerts/2", None),
            ("PATCH", "/alerts/2", {"at": "12:00"}),
            ("PUT", "/routines/evil", {"steps": [{"say": "Boo."}]}),
            ("POST", "/routines/bedtime/run", None),
            ("DELETE", "/routines/bedtime", None),
            ("GET", "/", None),
        ):
            await it.ask(method, path, body, expect=403, headers={"Origin": origin})
        for name in ("alerts/acknowledge", "alerts/2/skip"):  # as a form sends it
            form = {"Content-Type": "text/plain", "Origin": origin}
            await it.ask("POST", f"/{name}", expect=403, data="x", headers=form)
        assert [each["state"] for each in await it.listed()] == before
        assert it.runner.began == []
        assert list(it.routines.kept) == ["bedtime"]


async def test_a_rebound_name_is_refused_and_our_own_page_is_not() -> None:
    async with alert_porch() as it:
        await it.rings()
        there = f"127.0.0.1:{it.port}"
        evil = {"Host": "evil.example", "Origin": "http://evil.example"}
        await it.ask("POST", "/alerts/acknowledge", expect=403, headers=evil)
        assert it.kernel.ringing()
        await it.ask("POST", "/alerts/acknowledge", headers={"Origin": f"http://{there}"})
        assert not it.kernel.ringing()


async def test_what_takes_no_body_refuses_what_it_does_not_know() -> None:
    async with alert_porch() as it:
        await it.rings()
        for path in ("/alerts", "/alerts/1"):
            said = await it.refused("POST", f"{path}/acknowledge", {"x": 1}, 422)
            assert "Extra inputs" in said
        for what in ("pause", "resume", "skip", "snooze"):
            await it.refused("POST", f"/alerts/1/{what}", {"x": 1}, 422)
        assert it.kernel.ringing()
        await it.ask("POST", "/alerts/acknowledge", {})
        assert not it.kernel.ringing()


async def test_a_timer_is_given_time_up_to_a_week() -> None:
    async with alert_porch() as it:
        await it.set("timer", in_s=600)
        await it.ask("POST", "/alerts/1/pause")
        await it.refused("PATCH", "/alerts/1", {"by_s": 604_800}, 400)
        more = await it.ask("PATCH", "/alerts/1", {"by_s": 604_200})
        assert 604_799 < more["remaining_s"] <= 604_800
        await it.rings()
        again = await it.ask("PATCH", "/alerts/2", {"by_s": 604_800})
        assert again["remaining_s"] > 604_790
