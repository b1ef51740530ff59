"""What the doctor says about the echo of a Ren that runs."""

import pytest

from ren_device.commands.checks import voice
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.model import NOT_OPENED
from ren_device.settings import Settings
from tests.commands.checks.sounds import answering


def echo_of(**barge_in: object) -> Finding:
    health = {"voice": {"state": "idle", "barge_in": barge_in}}
    found = list(voice.check(Patient(Settings(voice_enabled=True), health)))
    [finding] = [each for each in found if each.name == "echo"]
    return finding


def test_an_echo_that_is_taken_out_is_well() -> None:
    figures = {"delay_ms": 90, "attenuation_db": 11.6, "residual_db": 30.1}
    found = echo_of(mode="full", reason="Ren's voice is 4 dB quieter", **figures)
    assert (found.state, found.group) == ("ok", "voice")
    assert found.text.startswith("speech interrupts an answer: Ren's voice is 4 dB quieter")
    assert "after 90 ms, 11.6 dB quieter than played, 30.1 dB" in found.text


@pytest.mark.parametrize(
    ("mode", "how"), [("wake_word", "the wake word"), ("button", "the button")]
)
def test_one_that_drowns_people_is_noted_with_advice(mode: str, how: str) -> None:
    found = echo_of(mode=mode, reason="Ren's voice is 9 dB louder")
    assert (found.state, found.text) == (
        "note",
        f"{how} interrupts an answer: Ren's voice is 9 dB louder",
    )
    assert found.advice


def test_what_the_owner_chose_is_well() -> None:
    found = echo_of(mode="button", reason="as REN_BARGE_IN=button says")
    assert (found.state, found.advice) == ("ok", "")


def test_a_ren_that_does_not_tell_is_not_judged() -> None:
    found = voice.check(Patient(Settings(voice_enabled=True), {"voice": {"state": "idle"}}))
    assert "echo" not in {each.name for each in found}


def test_speech_models_of_another_language_are_wrong_also_in_a_ren_that_runs() -> None:
    health = {"voice": {"state": "idle"}}
    german = Settings(voice_enabled=True, language="de")
    found = [each for each in voice.check(Patient(german, health)) if each.name == "language"]
    assert [each.state for each in found] == ["wrong", "wrong"]
    assert "fetch de_DE-thorsten-low" in found[1].advice
    assert found[0].text == "REN_LANGUAGE=de: moonshine-tiny-en knows en only"
    assert found[0].advice.startswith("Run: ren-device models fetch vosk-model-small-de-0.15; then")
    english = voice.check(Patient(Settings(voice_enabled=True), health))
    assert "language" not in {each.name for each in english}


def test_one_that_is_still_starting_is_asked_again() -> None:
    health = {"voice": {"state": "starting", "microphone": NOT_OPENED, "speaker": NOT_OPENED}}
    found = list(voice.check(Patient(Settings(voice_enabled=True), health)))
    assert {each.name: each.state for each in found} == {
        "engines": "note",
        "microphone": "note",
        "speaker": "note",
    }
    assert all("in a moment" in each.advice for each in found)


@pytest.mark.parametrize("by", ["switch", "software"])
def test_muted_is_no_fault_of_the_microphone(by: str) -> None:
    board = '{"controls": ["mute"]}'
    health = {"voice": {"state": "muted", "microphone": "muted"}}
    with answering(f'{{"muted": true, "muted_by": "{by}", "hardware": {board}}}') as port:
        patient = Patient(Settings(voice_enabled=True, port=port), health)
        [found] = [each for each in voice.check(patient) if each.name == "microphone"]
    assert found.state == "note"
    assert ("switch" in found.text, "mute button" in found.advice) == (
        by == "switch",
        by != "switch",
    )


@pytest.mark.parametrize(
    ("line", "text", "advice"),
    [
        ("it knows en only; run: x; then set Y=z", "it knows en only", "Run: x; then set Y=z."),
        (
            "X: not here; run: y; using the default instead",
            "X: not here; using the default instead",
            "Run: y.",
        ),
        (
            "some voices: broken; sorry",
            "some voices: broken; sorry",
            "Put the setting right, or unset it.",
        ),
    ],
)
def test_a_line_of_the_log_has_one_advice(line: str, text: str, advice: str) -> None:
    assert voice._advised(line) == (text, advice)
