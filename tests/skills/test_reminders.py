import pytest

from ren_device.errors import StoreError, ToolError
from tests.skills.alert_house import AlertHouse
from tests.virtual_time import run

# In virtual time it is Thursday, 2026-06-25, 14:02:11.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("call mom", "to call mom today"),
        ("to call my mom.", "to call your mom today"),
        ("about the dentist", "about the dentist today"),
        ("That Bob wants to see me", "that Bob wants to see you today"),
    ],
)
def test_reminders_are_said_back(text: str, said: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            answer = await house.ask("set_reminder", text=text, at="18:00")
            assert answer == f"Okay. I'll remind you {said} at 6:00 PM."

    run(scene())


@pytest.mark.parametrize(
    ("language", "text", "said", "listed"),
    [
        ("en", "that dad's train arrives", "that dad's train arrives today at", "that dad's train"),
        ("en", "the dentist", "about the dentist today at", "about the dentist today"),
        ("de", "dass Papas Zug ankommt", "daran, dass Papas Zug ankommt", "daran, dass Papas Zug"),
        ("de", "den Müll", "an den Müll", "an den Müll"),
    ],
)
def test_what_a_reminder_is_about_is_said_and_listed(
    language: str, text: str, said: str, listed: str
) -> None:
    async def scene() -> None:
        async with AlertHouse(language) as house:
            assert said in await house.ask("set_reminder", text=text, at="18:00")
            assert listed in await house.ask("list_reminders")

    run(scene())


def test_reminders_are_told_and_cancelled() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("list_reminders") == "You have no reminders."
            await ask("set_reminder", text="call mom", at="18:00")
            await ask("set_reminder", text="water my plants", at="2026-06-28T09:00")
            assert await ask("list_reminders") == (
                "You have 2 reminders: to call mom today at 6:00 PM and "
                "to water your plants on Sunday at 9:00 AM."
            )
            assert await ask("cancel_reminder", which="mom") == (
                "Okay, I cancelled your reminder to call mom."
            )
            assert await ask("cancel_reminder", which="Sunday") == (
                "Okay, I cancelled your reminder to water your plants."
            )
            with pytest.raises(ToolError, match="What should I remind you of"):
                await ask("set_reminder", text=" . ", at="18:00")

    run(scene())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"in_s": 1200}, "Okay. I'll remind you to stretch in 20 minutes, at 2:22 PM."),
        ({"in_s": 43_200}, "Okay. I'll remind you to stretch in 12 hours, tomorrow at 2:02 AM."),
        ({"in_s": 172_800}, "Okay. I'll remind you to stretch on Saturday at 2:02 PM."),
        (
            {"at": "08:00", "repeat": "FREQ=DAILY"},
            "Okay. I'll remind you to stretch every day at 8:00 AM, starting tomorrow.",
        ),
        (
            {"at": "2026-06-29T08:00", "repeat": "FREQ=WEEKLY;BYDAY=MO"},
            "Okay. I'll remind you to stretch every Monday at 8:00 AM, starting Monday.",
        ),
    ],
)
def test_a_reminder_comes_after_a_while_or_recurs(arguments: dict[str, object], said: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            assert await house.ask("set_reminder", text="stretch", **arguments) == said
            (reminder,) = house.kernel.pending("reminder")
            assert (reminder.deadline is not None) == ("in_s" in arguments)

    run(scene())


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"at": " "},
        {"at": "18:00", "in_s": 60},
        {"in_s": 60, "repeat": "FREQ=DAILY"},
        {"in_s": -1},
        {"in_s": 367 * 86_400},
        {"in_s": float("nan")},
        {"in_s": float("inf")},
    ],
)
def test_times_that_are_none_are_refused(arguments: dict[str, object]) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            with pytest.raises(ToolError, match="in_s"):
                await house.ask("set_reminder", text="stretch", **arguments)
            assert house.kernel.pending() == ()

    run(scene())


def test_the_reminders_of_a_day_are_told() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            await ask("set_reminder", text="take my pills", at="08:00", repeat="FREQ=DAILY")
            await ask("set_reminder", text="call mom", at="2026-06-26T07:00")
            assert await ask("list_reminders", day="2026-06-26") == (
                "You have 2 reminders tomorrow: to call mom at 7:00 AM and "
                "to take your pills at 8:00 AM."
            )
            assert await ask("list_reminders", day="2026-06-25") == "You have no reminders today."
            assert await ask("list_reminders") == (
                "You have 2 reminders: to call mom tomorrow at 7:00 AM and "
                "to take your pills every day at 8:00 AM."
            )

    run(scene())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"at": "10:00"}, "I'll remind you to call mom on Saturday at 10:00 AM."),
        ({"by_s": 3600}, "I'll remind you to call mom on Saturday at 10:00 AM."),
        ({"in_s": 600}, "I'll remind you to call mom in 10 minutes, at 2:12 PM."),
        ({"text": "to call my dad"}, "I'll remind you to call your dad on Saturday at 9:00 AM."),
        (
            {"repeat": "FREQ=WEEKLY;BYDAY=SA"},
            "I'll remind you to call mom every Saturday at 9:00 AM, starting Saturday.",
        ),
        (
            {"text": "about the dentist", "at": "08:00"},
            "I'll remind you about the dentist on Saturday at 8:00 AM.",
        ),
    ],
)
def test_a_reminder_is_changed(change: dict[str, object], said: str) -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_reminder", text="call mom", at="2026-06-27T09:00")
            assert await house.ask("change_reminder", **change) == f"Okay, changed. {said}"
            assert len(house.kernel.pending()) == 1

    run(scene())


def test_a_relative_reminder_keeps_to_its_clock() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_reminder", text="stretch", in_s=1200)
            assert await house.ask("change_reminder", by_s=-600) == (
                "Okay, changed. I'll remind you to stretch today at 2:12 PM."
            )
            (reminder,) = house.kernel.pending()
            assert reminder.deadline is not None
            with pytest.raises(ToolError, match="has already passed"):
                await house.ask("change_reminder", by_s=-600)

    run(scene())


def test_a_series_of_reminders_is_changed_as_a_whole() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            await ask("set_reminder", text="take my pills", at="08:00", repeat="FREQ=DAILY")
            with pytest.raises(ToolError, match="Tell me a time of day"):
                await ask("change_reminder", in_s=600)
            assert await ask("change_reminder", which="tomorrow", at="09:00") == (
                "Your reminder to take your pills repeats, also on other days than tomorrow. "
                "I can change all of it. What should I do?"
            )
            assert await ask("cancel_reminder", which="saturday") == (
                "Your reminder to take your pills repeats, also on other days than on Saturday. "
                "I can cancel the recurring reminder. What should I do?"
            )
            assert await ask("change_reminder", repeat="once", in_s=600) == (
                "Okay, changed. I'll remind you to take your pills in 10 minutes, at 2:12 PM."
            )

    run(scene())


def test_changes_that_cannot_be_are_refused() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            ask = house.ask
            assert await ask("change_reminder", at="18:00") == "You have no reminders."
            await ask("set_reminder", text="call mom", at="18:00")
            for nothing in ({}, {"text": " . "}, {"at": "19:00", "in_s": 60}):
                with pytest.raises(ToolError, match="What should I change"):
                    await ask("change_reminder", **nothing)
            await ask("set_reminder", text="call dad", at="18:00")
            assert "Which one should I change?" in await ask("change_reminder", at="19:00")
            assert "Which one should I change?" in await ask(
                "change_reminder", which="call", at="19:00"
            )

    run(scene())


def test_a_full_disk_is_told_and_nothing_is_claimed() -> None:
    async def scene() -> None:
        async with AlertHouse() as house:
            await house.ask("set_reminder", text="call mom", at="18:00")
            house.store.broken = True
            for name, arguments in (
                ("set_reminder", {"text": "call dad", "in_s": 60}),
                ("change_reminder", {"text": "call dad"}),
                ("cancel_reminder", {}),
            ):
                with pytest.raises(StoreError, match="no space left"):
                    await house.ask(name, **arguments)
            assert await house.ask("list_reminders") == (
                "You have 1 reminder: to call mom today at 6:00 PM."
            )

    run(scene())
