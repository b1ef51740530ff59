"""The table of phrases: nothing is set that was not meant, and nearly all is understood."""

import pytest

from ren_device.alerts.recurrence import checked
from ren_device.assistant.language import Language
from tests.assistant.phrases import Phrase, phrases, tally

LANGUAGES = {code: Language(code) for code in ("en", "de")}


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        pytest.param(code, phrase, id=f"{code}: {phrase.text}")
        for code in LANGUAGES
        for phrase in phrases(code)
    ],
)
def test_nothing_is_set_that_was_not_meant(code: str, phrase: Phrase) -> None:
    assert phrase.verdict(LANGUAGES[code]) != "wrong"


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("code", LANGUAGES)
def test_nearly_all_is_understood(code: str, *, held_out: bool) -> None:
    found = tally(LANGUAGES[code], code, held_out=held_out)
    assert found["right"] >= 0.96 * found.total(), found


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_rule_can_be_kept(code: str) -> None:
    for phrase in phrases(code):
        plain = LANGUAGES[code].hearing.plain(phrase.text)
        found = LANGUAGES[code].moments.find_when(plain, phrase.now)
        assert found is None or not found.rule or checked(found.rule)
