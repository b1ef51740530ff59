"""The languages: each complete, and a new one made of data alone."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest
import yaml

from ren_device import languages
from ren_device.assistant.language import Language
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.home.names import Names
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.home_words import HomeSpeech
from ren_device.skills.recurrence_words import RecurrenceWords
from ren_device.skills.speakable import Speech
from tests.assistant.german_flat import Flat
from tests.virtual_time import run

FILES = ("mind", "replies", "skills", "home", "recurrence", "image")
OTHERS = [code for code in languages.codes() if code != "en"]


def keys(table: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Every key by its path, with its value."""
    for key, value in table.items():
        yield f"{above}{key}", value
        if isinstance(value, Mapping):
            yield from keys(value, f"{above}{key}.")


def places(value: object) -> set[str]:
    """The names in braces of a reply, of any of its forms."""
    forms = value if isinstance(value, list) else [value]
    texts = [form for form in forms if isinstance(form, str)]
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("name", FILES)
def test_every_language_has_the_keys_of_english(code: str, name: str) -> None:
    english, other = dict(keys(languages.read("en", name))), dict(keys(languages.read(code, name)))
    assert other.keys() == english.keys()


@pytest.mark.parametrize("code", OTHERS)
def test_every_reply_has_the_places_of_english(code: str) -> None:
    """Nothing is left out that English says; the plural may say the number in a word of its own."""
    english = dict(keys(languages.read("en", "replies")))
    for key, value in keys(languages.read(code, "replies")):
        if not key.startswith(("speech", "clock")):
            assert places(value) - {"number"} == places(english[key]) - {"number"}, key
        assert not (isinstance(value, list) and key.split(".")[0] != "speech") or len(value) == 2


@pytest.mark.parametrize("code", OTHERS)
def test_every_notice_has_the_places_of_english(code: str) -> None:
    english, other = dict(keys(languages.read("en", "image"))), languages.read(code, "image")
    assert {key: places(text) for key, text in keys(other)} == {
        key: places(text) for key, text in english.items()
    }


@pytest.mark.parametrize("code", OTHERS)
def test_every_recurrence_has_the_places_of_english(code: str) -> None:
    english = languages.read("en", "recurrence")
    for key, value in languages.read(code, "recurrence").items():
        forms, of_english = (
            each if isinstance(each, list) else [each] for each in (value, english[key])
        )
        said, expected = (
            [places(form) - {"number"} for form in them] for them in (forms, of_english)
        )
        assert said == expected, key


@pytest.mark.parametrize("code", OTHERS)
def test_every_request_has_the_places_of_english(code: str) -> None:
    """What Ren asks back is put together with the answer by these."""
    english = languages.read("en", "mind")["requests"]
    for key, value in languages.read(code, "mind")["requests"].items():
        if places(english[key]) <= {"label", "when", "what", "name", "said", "request"}:
            assert places(value) == places(english[key]), key


@pytest.mark.engine
@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_sentences_for_every_intent(code: str) -> None:
    def intents(of: str) -> set[str]:
        files = languages.folder(of).glob("sentences*.yaml")
        return {
            name
            for path in files
            for name in yaml.safe_load(path.read_text(encoding="utf-8"))["intents"]
        }

    assert intents(code) == intents("en")


@pytest.mark.parametrize("code", languages.codes())
def test_every_file_is_complete(code: str) -> None:
    language = Language(code)
    AlertWords(language.speech)
    HomeSpeech(code)
    RecurrenceWords(language.speech)
    Names(code)
    assert len(language.speech.say("answers.can")) > 20
    questions = dict(keys(languages.read(code, "replies")["asks"]))
    asked = [text for key, text in questions.items() if isinstance(text, str) and key != "joint"]
    # a question is known by its question mark when it is answered
    assert all(text.endswith(("?", "{question}")) for text in asked)
    assert language.words.dialogue.which_one.search(
        language.speech.say("home.which_one", devices="")
    )
    for kind in ("timer", "alarm", "reminder"):
        asked_which = language.speech.say(f"{kind}.which_one")
        assert language.words.dialogue.which_one.search(asked_which)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    shutil.copytree(languages.folder("en"), tmp_path / "xx")
    replies = tmp_path / "xx" / "replies.toml"
    replies.write_text(replies.read_text().replace("weekdays = ", "week_days = "))
    with pytest.raises(ValueError, match=r"replies\.toml: speech\.weekdays"):
        Speech(str(tmp_path / "xx"))


@pytest.mark.engine
def test_a_new_language_is_data_and_no_code(tmp_path: Path) -> None:
    """A dialect in a folder of its own: other words for the timer, other replies."""
    folder = tmp_path / "dialect"
    shutil.copytree(languages.folder("de"), folder)
    sentences, replies = folder / "sentences_alerts.yaml", folder / "replies.toml"
    sentences.write_text(sentences.read_text(encoding="utf-8").replace(" timer", " zeitmesser"))
    told = replies.read_text(encoding="utf-8")
    replies.write_text(told.replace('"Timer auf {duration} gestellt."', '"Passt, {duration}."'))

    async def scene() -> None:
        matcher = HassilMatcher.load(str(folder))
        async with Flat(matcher, str(folder)) as flat:
            calls, said = await flat.say("Stell einen Zeitmesser auf eine Viertelstunde")
            assert calls == [("set_timer", {"duration_s": 900, "name": ""})]
            assert said == "Passt, 15 Minuten."
            assert (await flat.say("Stell einen Timer auf zehn Minuten"))[0] == []

    run(scene())
