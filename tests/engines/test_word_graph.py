"""Templates as a graph of words."""

import pytest
from hassil.parse_expression import parse_sentence

from ren_device.engines.word_graph import START, WordGraph


def walks(*templates: str, rules: dict[str, str] | None = None) -> set[str]:
    """All sentences of a small graph; slots as {name}."""
    graph = WordGraph()
    known = {name: parse_sentence(text) for name, text in (rules or {}).items()}
    for template in templates:
        graph.add(parse_sentence(template), known)
    graph.finish()
    found: set[str] = set()
    waiting = [(START, "")]
    while waiting:
        state, said = waiting.pop()
        if state in graph.ends:
            found.add(said.strip())
        waiting += [(to, f"{said} {word}") for word, to in graph.words[state]]
        waiting += [(to, f"{said} {{{slot}}}") for slot, to in graph.slots[state]]
    return found


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("turn it up", {"turn it up"}),
        ("turn (it|that) up", {"turn it up", "turn that up"}),
        ("turn [it] up", {"turn it up", "turn up"}),
        ("timer[s] off", {"timer off", "timers off"}),
        ("[the] timer[s]", {"timer", "timers", "the timer", "the timers"}),
        ("timer for {duration} now", {"timer for {duration} now"}),
        ("(up;down)", {"up down", "down up"}),
        ("{hours}( |-)hour", {"{hours} hour", "{hours} -hour"}),
    ],
)
def test_every_way_through_a_template_is_there(template: str, expected: set[str]) -> None:
    assert walks(template) == expected


def test_rules_are_followed_and_templates_share_the_start() -> None:
    rules = {"set": "(set|start)"}
    found = walks("<set> a timer", "stop", rules=rules)
    assert found == {"set a timer", "start a timer", "stop"}


def test_templates_that_begin_alike_share_their_states() -> None:
    apart, together = WordGraph(), WordGraph()
    for graph, templates in (
        (apart, ["turn it up"]),
        (together, ["turn it up", "turn it [all the way] up", "[now] turn it up {level}"]),
    ):
        for template in templates:
            graph.add(parse_sentence(template), {})
        graph.finish()
    for state, edges in together.words.items():
        words = [word for word, _ in edges]
        assert len(words) == len(set(words)), state  # one way on for each word
    assert len(apart.words) == 4
