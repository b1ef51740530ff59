from datetime import datetime

from ren_device.assistant.history import CHARS_KEPT, dialogue
from ren_device.assistant.prompt import moment, system_prompt
from ren_device.model import Message, Remark, Role, Text

AT = datetime.fromisoformat("2026-06-05T07:04:30")


def remarks(*said: tuple[Role, str]) -> list[Remark]:
    return [Remark(n, role, text, 1, AT) for n, (role, text) in enumerate(said, 1)]


def shown(messages: tuple[Message, ...]) -> list[tuple[str, list[str]]]:
    return [
        (each.role, [part.text for part in each.content if isinstance(part, Text)])
        for each in messages
    ]


def test_the_system_prompt_holds_nothing_that_changes_from_turn_to_turn() -> None:
    assert system_prompt("Ren", spoken=True) == system_prompt("Ren", spoken=True)
    assert "2026" not in system_prompt("Ren", spoken=True)


def test_the_system_prompt_knows_the_name_and_the_way_of_delivery() -> None:
    spoken, typed = system_prompt("Olive", spoken=True), system_prompt("Olive", spoken=False)
    assert "Olive" in spoken
    assert "read aloud" in spoken
    assert "read aloud" not in typed


def test_the_moment_is_local_date_and_time() -> None:
    assert moment(AT, "Europe/London") == (
        "It is Friday, 5 June 2026, 07:04 local time (Europe/London)."
    )
    assert moment(AT, "") == "It is Friday, 5 June 2026, 07:04 local time."


def test_the_dialogue_ends_with_the_new_message() -> None:
    history = remarks(("user", "hello"), ("assistant", "hi"))
    assert shown(dialogue(history, "time?")) == [
        ("user", ["hello"]),
        ("assistant", ["hi"]),
        ("user", ["time?"]),
    ]


def test_the_dialogue_begins_with_the_person() -> None:
    history = remarks(("assistant", "cut off"), ("user", "hello"), ("assistant", "hi"))
    assert [role for role, _ in shown(dialogue(history, "time?"))] == ["user", "assistant", "user"]


def test_a_message_that_got_no_answer_is_shown_with_the_next() -> None:
    history = remarks(("user", "hello"), ("assistant", "hi"), ("user", "lost"))
    assert shown(dialogue(history, "again"))[-1] == ("user", ["lost", "again"])


def test_blank_remarks_are_not_shown() -> None:
    assert shown(dialogue(remarks(("user", " "), ("assistant", "")), "hello")) == [
        ("user", ["hello"])
    ]


def test_old_remarks_go_first_when_there_is_too_much_text() -> None:
    long = "x" * (CHARS_KEPT - 4)
    history = remarks(("user", "old"), ("assistant", long), ("user", "a"), ("assistant", "b"))
    assert shown(dialogue(history, "new"))[0] == ("user", ["a"])


def test_the_new_message_is_shown_however_long() -> None:
    long = "x" * (CHARS_KEPT + 1)
    assert shown(dialogue([], long)) == [("user", [long])]
