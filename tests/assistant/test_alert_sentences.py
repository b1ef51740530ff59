"""Whole sentences about alerts and lists, on the real matcher: what is called for each."""

import asyncio

import pytest

from ren_device.engines.hassil_intents import HassilMatcher
from tests.assistant.alert_sentences import (
    AlertSentence,
    alert_sentences,
    understand_alert,
    verdict,
)
from tests.assistant.corpus import Understood

pytestmark = pytest.mark.engine

Found = list[tuple[AlertSentence, Understood]]


@pytest.fixture(scope="module", params=["en", "de"])
def found(request: pytest.FixtureRequest) -> Found:
    """What comes of every sentence of a language."""
    matcher = HassilMatcher.load(request.param)

    async def all_of_them() -> Found:
        return [
            (each, await understand_alert(matcher, each.language, each.text))
            for each in alert_sentences(request.param)
        ]

    return asyncio.run(all_of_them())


def those(found: Found, of: str) -> list[tuple[str, Understood]]:
    return [(each.text, what) for each, what in found if verdict(each, what) == of]


def test_sentences_are_understood(found: Found) -> None:
    assert len(found) >= 150
    not_right = those(found, "asked") + those(found, "missed")
    assert len(not_right) <= 0.02 * len(found), not_right


def test_nothing_else_is_done_than_what_was_said(found: Found) -> None:
    wrong = those(found, "wrong")
    assert len(wrong) <= 0.005 * len(found), wrong


def test_nothing_that_recurs_is_set_once(found: Found) -> None:
    for sentence, what in found:
        wanted = {name: arguments.get("repeat") for name, arguments in sentence.calls}
        for name, arguments in what.calls:
            assert bool(arguments.get("repeat")) == bool(wanted.get(name)), sentence.text
