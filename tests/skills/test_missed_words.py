from datetime import datetime, timedelta

import pytest

from ren_device.model import Alert, AlertKind
from ren_device.skills.missed_words import MissedWords

NOW = datetime.fromisoformat("2026-06-25T18:00:00")  # a Thursday


def missed(
    kind: AlertKind, text: str = "", hours_ago: float = 1, number: int = 1, routine: str = ""
) -> Alert:
    due_at = NOW - timedelta(hours=hours_ago)
    duration_s = 300 if kind == "timer" else None
    return Alert(
        number, kind, text, due_at, due_at, duration_s=duration_s, state="missed", routine=routine
    )


@pytest.mark.parametrize(
    ("alerts", "english", "german"),
    [
        ([], "", ""),
        (
            [missed("alarm")],
            "You missed your alarm at 5:00 PM.",
            "Das hast du verpasst: dein Wecker um 17 Uhr.",
        ),
        (
            [missed("reminder", "call mom"), missed("alarm", "work", 34), missed("timer")],
            "You missed your work alarm yesterday at 8:00 AM, your 5 minute timer at 5:00 PM and "
            "your reminder to call mom at 5:00 PM.",
            "Das hast du verpasst: dein Work-Wecker gestern um 8 Uhr, dein Timer über 5 Minuten "
            "um 17 Uhr und deine Erinnerung an call mom um 17 Uhr.",
        ),
        (
            [missed("reminder", "about the dentist")],
            "You missed your reminder about the dentist at 5:00 PM.",
            "Das hast du verpasst: deine Erinnerung an about the dentist um 17 Uhr.",
        ),
        (
            [missed("reminder", "dass Papas Zug kommt")],
            "You missed your reminder to dass Papas Zug kommt at 5:00 PM.",
            "Das hast du verpasst: deine Erinnerung daran, dass Papas Zug kommt um 17 Uhr.",
        ),
        (
            [missed("alarm", "", 24 * 10, routine="morning")],
            "You missed your alarm on June 15th at 6:00 PM.",
            "Das hast du verpasst: dein Wecker am 15. Juni um 18 Uhr.",
        ),
        (
            [missed("routine", routine="morning")],
            "Your morning routine at 5:00 PM did not run.",
            "Deine Routine morning um 17 Uhr ist nicht gelaufen.",
        ),
        (
            [missed("routine", routine="morning"), missed("timer", "egg", 2)],
            "You missed your egg timer at 4:00 PM. Your morning routine at 5:00 PM did not run.",
            "Das hast du verpasst: dein Egg-Timer um 16 Uhr. "
            "Deine Routine morning um 17 Uhr ist nicht gelaufen.",
        ),
    ],
)
def test_what_was_missed_is_said(alerts: list[Alert], english: str, german: str) -> None:
    assert MissedWords("en").said(alerts, NOW) == english
    assert MissedWords("de").said(alerts, NOW) == german


def test_many_are_counted_but_the_latest_reminders_keep_their_words() -> None:
    alarms = [missed("alarm", "", hours, number) for number, hours in enumerate(range(4, 12))]
    reminders = [missed("reminder", f"do thing {number}", 10 - number) for number in range(8)]
    pills = [missed("reminder", "take my pills", hours) for hours in (1, 25, 49)]
    routines = [missed("routine", "", number, routine=f"routine {number}") for number in range(4)]
    said = MissedWords("en").said([*reminders, *alarms, *pills, *routines], NOW)
    assert said == (
        "You missed 8 alarms, your reminder to do thing 4 at 12:00 PM, your reminder to do thing 5 "
        "at 1:00 PM, your reminder to do thing 6 at 2:00 PM, your reminder to do thing 7 at "
        "3:00 PM, your reminder to take your pills 3 times and 4 other reminders. "
        "4 routines did not run."
    )


def test_one_reminder_more_than_can_be_told() -> None:
    reminders = [missed("reminder", f"do thing {number}", 10 - number) for number in range(6)]
    assert MissedWords("en").said(reminders, NOW).endswith("and 1 other reminder.")
