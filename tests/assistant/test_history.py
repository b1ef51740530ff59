from hypothesis import given
from hypothesis import strategies as st

from ren_device.assistant.history import (
    EARLIER,
    LEFT_OUT,
    REMARKS_SHOWN,
    UNANSWERED,
    budget,
    dialogue,
)
from ren_device.assistant.summaries import REMARKS_ABOVE, SUMMARISE_ABOVE
from ren_device.assistant.tokens import MARK, tokens_in
from ren_device.model import Message, Remark, Role, Summary, Text, Tier
from tests.fakes import NOON

PLENTY = 10_000


def remarks(*said: tuple[Role, str]) -> list[Remark]:
    return [Remark(n, role, text, 1, NOON) for n, (role, text) in enumerate(said, 1)]


def shown(messages: tuple[Message, ...]) -> list[tuple[str, list[str]]]:
    return [
        (each.role, [part.text for part in each.content if isinstance(part, Text)])
        for each in messages
    ]


def sized(tokens: int, word: str = "tea") -> str:
    """A text of about so many tokens."""
    text = f"{word} " * tokens
    while tokens_in(text) > tokens:
        text = text[: -len(word) - 1]
    return text.strip()


def test_the_dialogue_ends_with_the_new_message() -> None:
    history = remarks(("user", "hello"), ("assistant", "hi"))
    assert shown(dialogue(history, "time?", PLENTY)) == [
        ("user", ["hello"]),
        ("assistant", ["hi"]),
        ("user", ["time?"]),
    ]


def test_the_dialogue_begins_with_the_person() -> None:
    history = remarks(("assistant", "cut off"), ("user", "hello"), ("assistant", "hi"))
    roles = [role for role, _ in shown(dialogue(history, "time?", PLENTY))]
    assert roles == ["user", "assistant", "user"]


def test_a_message_that_got_no_answer_is_shown_as_one_that_got_none() -> None:
    history = remarks(("user", "hello"), ("assistant", "hi"), ("user", "lost"))
    assert shown(dialogue(history, "again", PLENTY))[2:] == [
        ("user", ["lost"]),
        ("assistant", [UNANSWERED]),
        ("user", ["again"]),
    ]


def test_blank_remarks_are_not_shown() -> None:
    assert shown(dialogue(remarks(("user", " "), ("assistant", "")), "hello", PLENTY)) == [
        ("user", ["hello"])
    ]


def test_old_remarks_go_whole_when_there_is_too_much_and_that_is_said() -> None:
    history = remarks(("user", "old"), ("assistant", sized(90)), ("user", "a"), ("assistant", "b"))
    assert shown(dialogue(history, "new", 90)) == [
        ("user", [LEFT_OUT, "a"]),
        ("assistant", ["b"]),
        ("user", ["new"]),
    ]


def test_a_window_that_begins_with_ren_keeps_its_words_too() -> None:
    history = remarks(("user", sized(95)), ("assistant", "half past nine"))
    assert shown(dialogue(history, "thanks", 96)) == [
        ("user", [LEFT_OUT]),
        ("assistant", ["half past nine"]),
        ("user", ["thanks"]),
    ]


def test_only_a_remark_that_is_too_large_alone_is_cut_and_only_in_its_middle() -> None:
    story = "Once upon a time " + "there was a kettle " * 1000 + "and all was well."
    history = remarks(("user", "tell me a story"), ("assistant", story), ("user", "a"))
    told = [said for _, said in shown(dialogue(history, "b", 500))]
    ((lead,), (cut,), _, _, (question,)) = told
    assert lead == LEFT_OUT
    assert cut.startswith("Once upon a time")
    assert MARK in cut
    assert cut.endswith("and all was well.")
    assert tokens_in(cut) <= 500
    assert question == "b"


def test_the_new_message_is_shown_however_long_the_rest() -> None:
    long = sized(3000)
    assert shown(dialogue(remarks(("user", "old")), long, 1000))[-1][1][-1] == long


def test_a_new_message_that_no_model_could_read_is_cut_in_the_middle() -> None:
    (message,) = dialogue([], "begin " + "\u6c34" * 150_000 + " end", PLENTY)
    (text,) = message.content
    assert isinstance(text, Text)
    assert text.text.startswith("begin")
    assert text.text.endswith("end")
    assert tokens_in(text.text) <= 100_000


def test_the_summary_stands_for_what_is_not_shown() -> None:
    history = remarks(("user", sized(90)), ("assistant", sized(90)), ("user", "a"))
    told = Summary(1, 2, "They spoke of tea.")
    assert shown(dialogue(history, "b", 50, told)) == [
        ("user", [f"{EARLIER}\nThey spoke of tea.", "a"]),
        ("assistant", [UNANSWERED]),
        ("user", ["b"]),
    ]
    behind = Summary(1, 1, "They spoke of tea.")
    ((_, (lead, *_)), *_) = shown(dialogue(history, "b", 50, behind))
    assert lead.endswith(LEFT_OUT)


def test_a_thread_that_is_shown_whole_needs_no_summary() -> None:
    history = remarks(("user", "hello"), ("assistant", "hi"))
    assert shown(dialogue(history, "a", PLENTY, Summary(1, 2, "Greetings."))) == [
        ("user", ["hello"]),
        ("assistant", ["hi"]),
        ("user", ["a"]),
    ]


def test_of_very_many_short_remarks_the_newest_are_shown() -> None:
    many = remarks(*[("assistant", f"r{n}") for n in range(REMARKS_SHOWN + 1)])
    texts = [text for _, said in shown(dialogue(many, "now", PLENTY)) for text in said]
    assert texts == [LEFT_OUT, *[f"r{n}" for n in range(1, REMARKS_SHOWN + 1)], "now"]


def test_every_cloud_turn_shows_what_is_not_yet_summarised() -> None:
    clouds = (Tier.FAST, Tier.DEFAULT, Tier.HARD)
    smallest = min(budget(tier, spoken=spoken) for tier in clouds for spoken in (True, False))
    assert smallest >= SUMMARISE_ABOVE + 1000
    assert REMARKS_SHOWN > REMARKS_ABOVE
    assert budget(Tier.FAST, spoken=True) <= budget(Tier.FAST, spoken=False)


@given(
    sizes=st.lists(st.integers(1, 40), max_size=30),
    tokens=st.integers(5, 400),
    covered=st.none() | st.integers(0, 30),
)
def test_nothing_is_missing_without_a_word(
    sizes: list[int], tokens: int, covered: int | None
) -> None:
    history = remarks(
        *[
            ("assistant" if number % 2 else "user", f"r{number} " + "x " * size)
            for number, size in enumerate(sizes)
        ]
    )
    summary = None if covered is None else Summary(1, covered, "in short")
    messages = shown(dialogue(history, "now", tokens, summary))
    texts = [text for _, said in messages for text in said]
    missing = [each for each in history if each.content not in texts]
    assert [role for role, _ in messages] == [
        "assistant" if number % 2 else "user" for number in range(len(messages))
    ]
    assert texts[-1] == "now"
    assert missing == history[: len(missing)]
    if missing:
        told = summary is not None and summary.up_to >= missing[-1].id
        assert (EARLIER in texts[0]) == (summary is not None)
        assert (LEFT_OUT in texts[0]) == (not told)
    assert sum(tokens_in(each.content) for each in history[len(missing) :]) <= tokens


def test_what_was_given_up_on_is_marked_so_that_nobody_does_it_later() -> None:
    history = remarks(("user", "unlock the door"), ("user", "hello?"))
    assert shown(dialogue(history, "good morning", PLENTY)) == [
        ("user", ["unlock the door"]),
        ("assistant", [UNANSWERED]),
        ("user", ["hello?"]),
        ("assistant", [UNANSWERED]),
        ("user", ["good morning"]),
    ]
