"""When a rule comes next: what is refused, known dates, and plain dateutil as the judge."""

import time
from calendar import monthrange
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from operator import add
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from ren_device.alerts.recurrence import checked, next_after, without_count
from ren_device.errors import AlertError

START = datetime.fromisoformat("2026-06-25T07:30:00")  # a Thursday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("rule", "normal"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=weekly;byday=th,MO;interval=1;wkst=mo;", "FREQ=WEEKLY;BYDAY=MO,TH"),
        (" RRULE:BYDAY=+1MO;FREQ=MONTHLY ", "FREQ=MONTHLY;BYDAY=1MO"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,1,15,-1", "FREQ=MONTHLY;BYMONTHDAY=-1,1,15"),
        ("FREQ=WEEKLY;WKST=SU;INTERVAL=02", "FREQ=WEEKLY;INTERVAL=2;WKST=SU"),
        ("FREQ=DAILY;UNTIL=20260701", "FREQ=DAILY;UNTIL=20260701T235959"),
        ("FREQ=DAILY;COUNT=3;BYHOUR=20,8", "FREQ=DAILY;COUNT=3;BYHOUR=8,20"),
        ("FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYDAY=20MO"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        ("FREQ=MINUTELY;INTERVAL=15;BYHOUR=9", "FREQ=MINUTELY;INTERVAL=15;BYHOUR=9"),
        ("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU"),
        ("FREQ=DAILY;BYHOUR=7;BYMINUTE=30;BYSECOND=0",) * 2,
    ],
)
def test_a_rule_has_one_normal_form(rule: str, normal: str) -> None:
    assert checked(rule) == normal
    assert checked(normal) == normal


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("", "one RRULE"),
        ("every day", "one RRULE"),
        ("FREQ=DAILY\nFREQ=WEEKLY", "one RRULE"),
        ("DTSTART:20260625T073000\nRRULE:FREQ=DAILY", "one RRULE"),
        ("EXRULE:FREQ=DAILY", "one RRULE"),
        ("INTERVAL=2", "needs FREQ"),
        ("FREQ=SECONDLY", "every second"),
        ("FREQ=MINUTELY", "too often"),
        ("FREQ=MINUTELY;COUNT=5", "too often"),
        ("FREQ=SOMETIMES", "FREQ=SOMETIMES cannot"),
        ("FREQ=DAILY;BYEASTER=1", "BYEASTER is no part"),
        ("FREQ=DAILY;EXDATE=20260701T073000", "EXDATE is no part"),
        ("FREQ=DAILY;DAILY", "DAILY is no part"),
        ("FREQ=DAILY;INTERVAL=2;INTERVAL=3", "INTERVAL is given twice"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 cannot"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1 cannot"),
        ("FREQ=DAILY;INTERVAL=1,2", "INTERVAL=1,2 cannot"),
        ("FREQ=DAILY;INTERVAL=1e3", "INTERVAL=1E3 cannot"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL=٣ cannot"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0 cannot"),
        ("FREQ=DAILY;COUNT=100000", "COUNT=100000 cannot"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260701", "exclude each other"),
        ("FREQ=DAILY;UNTIL=20260701T235959Z", "without the Z"),
        ("FREQ=DAILY;UNTIL=20260231", "UNTIL=20260231 cannot"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL=TOMORROW cannot"),
        ("FREQ=WEEKLY;BYDAY=", "BYDAY= cannot"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX cannot"),
        ("FREQ=WEEKLY;BYDAY=1MO", "needs FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYDAY=6MO", "5 at most"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO cannot"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "not both"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY=0 cannot"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY=32 cannot"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY needs"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO needs"),
        ("FREQ=MONTHLY;BYSETPOS=1", "another part"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "BYSETPOS needs"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24 cannot"),
        ("FREQ=DAILY;BYSECOND=0,30", "one value"),
        ("FREQ=WEEKLY;WKST=XX", "WKST=XX cannot"),
        ("FREQ=HOURLY;BYMINUTE=" + ",".join(f"{n:03}" for n in range(60)), "200 characters"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never comes"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never comes"),
        ("FREQ=HOURLY;BYMONTH=4;BYMONTHDAY=31", "never comes"),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO", "never comes"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "never comes"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1", "never comes"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(rule: str, sentence: str) -> None:
    with pytest.raises(AlertError, match=sentence) as refused:
        checked(rule)
    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 120


@pytest.mark.parametrize(
    ("rule", "after", "then"),
    [
        ("FREQ=DAILY", "2026-06-25T07:29:59", "2026-06-25T07:30:00"),
        ("FREQ=DAILY", "2026-06-25T07:30:00", "2026-06-26T07:30:00"),
        ("FREQ=DAILY", "2020-01-01T00:00:00", "2026-06-25T07:30:00"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-06-26T07:30:00", "2026-06-29T07:30:00"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-06-01T00:00:00", "2026-06-29T07:30:00"),  # not the start
        ("FREQ=WEEKLY;INTERVAL=2", "2026-06-25T08:00:00", "2026-07-09T07:30:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "2026-08-31T07:30:00", "2026-10-31T07:30:00"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2028-02-01T00:00:00", "2028-02-29T07:30:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-07-01T00:00:00", "2026-07-31T07:30:00"),
        ("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1", "2026-10-01T00:00:00", "2026-10-31T07:30:00"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2096-03-01T00:00:00", "2104-02-29T07:30:00"),
        ("FREQ=YEARLY;BYDAY=1MO;BYMONTH=9", "2026-10-01T00:00:00", "2027-09-06T07:30:00"),
        ("FREQ=HOURLY;INTERVAL=5", "2026-06-26T04:00:00", "2026-06-26T08:30:00"),
        ("FREQ=MINUTELY;INTERVAL=45;BYHOUR=9", "2026-06-25T07:30:00", "2026-06-25T09:00:00"),
        ("FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0", "2026-06-25T08:00:00", "2026-06-25T20:00:00"),
        ("FREQ=DAILY;UNTIL=20260626", "2026-06-25T08:00:00", "2026-06-26T07:30:00"),
        ("FREQ=DAILY;UNTIL=20260626", "2026-06-26T08:00:00", None),
        ("FREQ=DAILY;UNTIL=20260626T073000", "2026-06-25T08:00:00", "2026-06-26T07:30:00"),
        ("FREQ=DAILY;UNTIL=20260626T072959", "2026-06-25T08:00:00", None),
        ("FREQ=DAILY;UNTIL=20260101", "2026-06-25T00:00:00", None),
        ("FREQ=DAILY;COUNT=2", "2026-06-25T07:30:00", "2026-06-26T07:30:00"),
        ("FREQ=DAILY;COUNT=2", "2026-06-26T07:30:00", None),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=FR", "2026-06-25T00:00:00", None),
        ("FREQ=HOURLY;INTERVAL=2;BYHOUR=8", "2026-06-25T00:00:00", None),
        ("FREQ=MINUTELY;INTERVAL=1440;BYHOUR=8", "2026-06-25T00:00:00", None),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "2026-06-25T00:00:00", None),
        ("FREQ=YEARLY;INTERVAL=100000", "2026-06-25T08:00:00", None),
    ],
)
def test_what_comes_next(rule: str, after: str, then: str | None) -> None:
    assert next_after(rule, START, at(after)) == (at(then) if then else None)


def test_the_first_day_of_the_week_decides_which_weeks_are_left_out() -> None:
    """The example of RFC 5545, 3.8.5.3."""
    start = at("1997-08-05T09:00:00")

    def days(rule: str) -> list[int]:
        found = [start]
        while len(found) < 4:
            following = next_after(rule, start, found[-1])
            assert following is not None
            found.append(following)
        return [each.day for each in found]

    assert days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO") == [5, 10, 19, 24]
    assert days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU") == [5, 17, 19, 31]


def test_the_end_of_the_calendar_is_an_end() -> None:
    for rule in ("FREQ=DAILY", "FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=HOURLY"):
        assert next_after(rule, at("9999-12-31T23:00:00"), at("9999-12-31T23:00:00")) is None


def test_a_count_becomes_an_end() -> None:
    assert without_count("FREQ=DAILY", START) == "FREQ=DAILY"
    assert without_count("FREQ=DAILY;COUNT=10", START) == "FREQ=DAILY;UNTIL=20260704T073000"
    leap = without_count("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=20", START)
    assert leap == "FREQ=YEARLY;UNTIL=21080229T073000;BYMONTH=2;BYMONTHDAY=29"
    with pytest.raises(AlertError, match="never comes"):
        without_count("FREQ=DAILY;INTERVAL=7;BYDAY=FR;COUNT=3", START)


def test_an_old_series_costs_no_more_than_a_new_one() -> None:
    old = at("1026-06-25T07:30:00")
    began = time.perf_counter()
    for rule in ("FREQ=MINUTELY;INTERVAL=7", "FREQ=HOURLY", "FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=3"):
        assert next_after(rule, old, START) is not None
    assert time.perf_counter() - began < 0.5  # a thousand years of minutes take minutes


# --- plain dateutil as the judge ------------------------------------------------------------------


def some(values: st.SearchStrategy[int], most: int = 3) -> st.SearchStrategy[list[int]]:
    return st.lists(values, max_size=most, unique=True)


def signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(-most, most).filter(bool)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that plain dateutil can judge: it takes minutes to see that one never comes."""
    frequency = draw(
        st.sampled_from(["MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    )
    monthly, yearly = frequency == "MONTHLY", frequency == "YEARLY"
    interval = draw(st.integers(1, 6) | st.sampled_from([10, 12, 15, 45, 48, 100]))
    parts: dict[str, list[Any]] = {"FREQ": [frequency], "INTERVAL": [interval]}

    def maybe(name: str, values: st.SearchStrategy[list[Any]]) -> None:
        if draw(st.booleans()) and (found := draw(values)):
            parts[name] = found

    maybe("BYMONTH", some(st.integers(1, 12)))
    days: st.SearchStrategy[str] = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
    if (monthly or yearly) and draw(st.booleans()):
        nth = st.integers(-5, 5).filter(bool).map(str)
        days = st.builds(add, nth, days)
    maybe("BYDAY", st.lists(days, max_size=3, unique=True))
    if frequency != "WEEKLY":
        maybe("BYMONTHDAY", some(signed(31)))
    if yearly and "BYDAY" not in parts:
        maybe("BYYEARDAY", some(signed(366)))
        maybe("BYWEEKNO", some(signed(53)))
    maybe("BYHOUR", some(st.integers(0, 23)))
    maybe("BYMINUTE", some(st.integers(0, 59)))
    if monthly or yearly:
        maybe("BYSETPOS", some(signed(5)))
    if draw(st.booleans()):
        parts["WKST"] = [draw(st.sampled_from(["MO", "SU", "SA"]))]
    return ";".join(f"{name}={','.join(map(str, value))}" for name, value in parts.items())


def known(rule: str) -> str:
    try:
        return checked(rule)
    except AlertError:
        reject()


ERA = timedelta(146_097)  # 400 years: after these, weekdays and leap years repeat
ERAS = 19
REACH = {"MINUTELY": 20, "HOURLY": 400}  # days that the judge counts through in reasonable time
starts = st.datetimes(at("1999-01-01T00:00:00"), at("2033-12-31T23:59:59"))


def judged(rule: str, start: datetime) -> Iterator[datetime]:
    """Plain dateutil from the start on, moved to the last centuries: it counts to the year 9999."""
    moved = ERA * ERAS
    with suppress(ValueError):  # "Invalid rrule": INTERVAL never meets BYHOUR
        for moment in rrulestr(rule, dtstart=start + moved):
            yield moment - moved


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    rule = known(draw(rules()))
    start = draw(starts).replace(microsecond=0)
    if draw(st.booleans()):  # month ends, and 29 February
        last = monthrange(start.year, start.month)[1]
        start = start.replace(day=last)
    reach = REACH.get(rule.split(";")[0].removeprefix("FREQ="), 6000)
    after = start + timedelta(seconds=draw(st.integers(-86_400, reach * 86_400)))
    return rule, start, after


@settings(max_examples=600, deadline=None)
@given(cases(), st.booleans())
def test_it_is_what_dateutil_finds(case: tuple[str, datetime, datetime], exactly: bool) -> None:
    rule, start, after = case
    found = next_after(rule, start, after)
    if exactly and found is not None:  # from one occurrence to the next
        after, found = found, next_after(rule, start, found)
    expected = next((each for each in judged(rule, start) if each > after), None)
    if found is None and expected is not None:
        assert expected > after + timedelta(41 * 365)
    elif expected is None and found is not None:
        assert found > at("9999-12-31T23:59:59") - ERA * ERAS  # where the judge stops
    else:
        assert found == expected


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(1, 12))
def test_a_count_is_what_dateutil_counts(case: tuple[str, datetime, datetime], count: int) -> None:
    rule, start, after = case
    assume(next_after(rule, start, start - timedelta(1)) is not None)
    counted = list(islice(judged(rule, start), count))
    assume(len(counted) == count)  # else the judge stopped
    gaps = zip([start, *counted], counted, strict=False)
    assume(all(later - earlier < timedelta(41 * 365) for earlier, later in gaps))
    expected = next((each for each in counted if each > after), None)
    assert next_after(f"{rule};COUNT={count}", start, after) == expected
    assert next_after(without_count(f"{rule};COUNT={count}", start), start, after) == expected


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(0, 3_000_000))
def test_nothing_comes_after_its_end(case: tuple[str, datetime, datetime], seconds: int) -> None:
    rule, start, after = case
    until = after + timedelta(seconds=seconds)
    unlimited = next_after(rule, start, after)
    expected = unlimited if unlimited is not None and unlimited <= until else None
    assert next_after(f"{rule};UNTIL={until:%Y%m%dT%H%M%S}", start, after) == expected
