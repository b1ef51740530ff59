"""German on the real matcher with the real tools: what is called, and what is answered.

It is Thursday, 25 June 2026, two minutes past two in the afternoon.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ren_device.assistant.language import Language
from ren_device.engines.hassil_intents import HassilMatcher
from tests.assistant.german_flat import Flat
from tests.virtual_time import run

pytestmark = pytest.mark.engine

GERMAN = Language("de")
UNKNOWN = GERMAN.say("answers.unknown")


@pytest.fixture(scope="module")
def matcher() -> HassilMatcher:
    return HassilMatcher.load("de")


@pytest.fixture
def flat(matcher: HassilMatcher) -> Callable[[Callable[[Flat], Coroutine[Any, Any, None]]], None]:
    """Runs a scene in a flat of its own, in virtual time."""

    def runs(scene: Callable[[Flat], Coroutine[Any, Any, None]]) -> None:
        async def inside() -> None:
            async with Flat(matcher) as there:
                await scene(there)

        run(inside())

    return runs


Runs = Callable[[Callable[[Flat], Coroutine[Any, Any, None]]], None]


def timer(seconds: float, name: str = "") -> tuple[str, dict[str, object]]:
    return "set_timer", {"duration_s": seconds, "name": name}


def alarm(at: str) -> tuple[str, dict[str, object]]:
    return "set_alarm", {"at": f"2026-{at}:00", "name": ""}


def reminder(at: str, text: str) -> tuple[str, dict[str, object]]:
    return "set_reminder", {"text": text, "at": f"2026-{at}"}


def soon(seconds: float, text: str) -> tuple[str, dict[str, object]]:
    return "set_reminder", {"text": text, "in_s": float(seconds)}


def added(*items: str, to: str = "shopping") -> tuple[str, dict[str, object]]:
    return "add_to_list", {"items": list(items), "list_name": to}


def power(device: str, *, on: bool) -> tuple[str, dict[str, object]]:
    return "set_power", {"device": device, "on": on}


ALERTS = [
    ("Stell einen Timer auf fünf Minuten", timer(300), "Timer auf 5 Minuten gestellt."),
    ("Timer auf 10 Minuten", timer(600), "Timer auf 10 Minuten gestellt."),
    (
        "Starte einen Timer für anderthalb Stunden",
        timer(5400),
        "Timer auf 1 Stunde und 30 Minuten gestellt.",
    ),
    (
        "Stell einen Nudeltimer auf acht Minuten",
        timer(480, "nudel"),
        "Nudel-Timer auf 8 Minuten gestellt.",
    ),
    (
        "Stell bitte einen Timer für die Pizza auf 12 Minuten",
        timer(720, "pizza"),
        "Pizza-Timer auf 12 Minuten gestellt.",
    ),
    (
        "Kannst du mal einen Timer für eine halbe Stunde stellen?",
        timer(1800),
        "Timer auf 30 Minuten gestellt.",
    ),
    ("Einen Timer über eine Viertelstunde", timer(900), "Timer auf 15 Minuten gestellt."),
    ("Timer fünfundvierzig Sekunden", timer(45), "Timer auf 45 Sekunden gestellt."),
    ("Timer für 1,5 Minuten", timer(90), "Timer auf 1 Minute und 30 Sekunden gestellt."),
    (
        "Hey Jarvis, mach einen Timer auf zwei Stunden und dreißig Minuten",
        timer(9000),
        "Timer auf 2 Stunden und 30 Minuten gestellt.",
    ),
    ("Stell einen Timer auf hundertzwanzig Sekunden", timer(120), "Timer auf 2 Minuten gestellt."),
    ("Sag mir in zehn Minuten Bescheid", timer(600), "Timer auf 10 Minuten gestellt."),
    ("Ähm, zähle dreißig Sekunden runter", timer(30), "Timer auf 30 Sekunden gestellt."),
    ("Stell einen Teimer auf fünf Minuten", timer(300), "Timer auf 5 Minuten gestellt."),
    ("Weck mich um halb acht", alarm("06-26T07:30"), "Wecker gestellt: morgen um 7 Uhr 30."),
    (
        "Wecke mich morgen früh um Viertel nach sechs",
        alarm("06-26T06:15"),
        "Wecker gestellt: morgen um 6 Uhr 15.",
    ),
    (
        "Weck mich übermorgen um dreiviertel acht",
        alarm("06-27T07:45"),
        "Wecker gestellt: Samstag um 7 Uhr 45.",
    ),
    (
        "Stell den Wecker auf morgen sieben Uhr dreißig",
        alarm("06-26T07:30"),
        "Wecker gestellt: morgen um 7 Uhr 30.",
    ),
    (
        "Stell einen Wecker für nächsten Freitag um acht",
        alarm("07-03T08:00"),
        "Wecker gestellt: 3. Juli um 8 Uhr.",
    ),
    (
        "Wecker auf Samstag um neun Uhr",
        alarm("06-27T09:00"),
        "Wecker gestellt: Samstag um 9 Uhr.",
    ),
    (
        "Ich muss morgen um fünf aufstehen",
        alarm("06-26T05:00"),
        "Wecker gestellt: morgen um 5 Uhr.",
    ),
    (
        "Kannst du mich morgen um sieben wecken?",
        alarm("06-26T07:00"),
        "Wecker gestellt: morgen um 7 Uhr.",
    ),
    ("Weck mich um 18:30 Uhr", alarm("06-25T18:30"), "Wecker gestellt: heute um 18 Uhr 30."),
    (
        "Weck mich um fünf vor halb sieben",
        alarm("06-26T06:25"),
        "Wecker gestellt: morgen um 6 Uhr 25.",
    ),
    (
        "Erinnere mich in zehn Minuten an die Pizza",
        soon(600, "die Pizza"),
        "Okay, ich erinnere dich in 10 Minuten, um 14 Uhr 12, an die Pizza.",
    ),
    (
        "Erinnere mich morgen um neun an den Zahnarzt",
        reminder("06-26T09:00:00", "den Zahnarzt"),
        "Okay, ich erinnere dich morgen um 9 Uhr an den Zahnarzt.",
    ),
    (
        "Erinnere mich um 18 Uhr daran, meine Mutter anzurufen",
        reminder("06-25T18:00:00", "meine Mutter anzurufen"),
        "Okay, ich erinnere dich heute um 18 Uhr daran, deine Mutter anzurufen.",
    ),
    (
        "Erinnere mich am Sonntag um halb vier daran, die Blumen zu gießen",
        reminder("06-28T15:30:00", "die Blumen zu gießen"),
        "Okay, ich erinnere dich am Sonntag um 15 Uhr 30 daran, die Blumen zu gießen.",
    ),
    (
        "Erinnere mich heute Abend um acht an den Müll",
        reminder("06-25T20:00:00", "den Müll"),
        "Okay, ich erinnere dich heute um 20 Uhr an den Müll.",
    ),
    (
        "Erinner mich am 3. Juli um 9 an den Geburtstag von Anna",
        reminder("07-03T09:00:00", "den Geburtstag von Anna"),
        "Okay, ich erinnere dich am 3. Juli um 9 Uhr an den Geburtstag von Anna.",
    ),
    (
        "In einer Stunde erinnere mich an die Wäsche",
        soon(3600, "die Wäsche"),
        "Okay, ich erinnere dich in 1 Stunde, um 15 Uhr 2, an die Wäsche.",
    ),
    (
        "Kannst du mich um fünf an den Kuchen erinnern?",
        reminder("06-25T17:00:00", "den Kuchen"),
        "Okay, ich erinnere dich heute um 17 Uhr an den Kuchen.",
    ),
    (
        "Erinnere mich um acht Uhr daran, zwei Tabletten zu nehmen",
        reminder("06-25T20:00:00", "zwei Tabletten zu nehmen"),
        "Okay, ich erinnere dich heute um 20 Uhr daran, zwei Tabletten zu nehmen.",
    ),
    ("Wie lange läuft der Timer noch?", ("list_timers", {}), "Du hast keinen Timer."),
    ("Welche Timer laufen?", ("list_timers", {}), "Du hast keinen Timer."),
    ("Brich den Timer ab", ("cancel_timer", {"which": ""}), "Du hast keinen Timer."),
    ("Lösche alle Timer", ("cancel_timer", {"which": "all"}), "Du hast keinen Timer."),
    ("Lösche den Nudeltimer", ("cancel_timer", {"which": "nudel"}), "Du hast keinen Timer."),
    ("Wann klingelt mein Wecker?", ("list_alarms", {}), "Du hast keinen Wecker gestellt."),
    ("Lösche den Wecker", ("cancel_alarm", {"which": ""}), "Du hast keinen Wecker gestellt."),
    ("Welche Erinnerungen habe ich?", ("list_reminders", {}), "Du hast keine Erinnerungen."),
    ("Stopp!", ("stop_ringing", {}), "Es klingelt nichts."),
    ("Mach den Wecker aus", ("stop_ringing", {}), "Es klingelt nichts."),
]
LISTS = [
    (
        "Setz Milch auf die Einkaufsliste",
        added("Milch"),
        "Okay, Milch steht jetzt auf der Einkaufsliste.",
    ),
    (
        "Füge Eier, Butter und Brot zur Einkaufsliste hinzu",
        added("Eier", "Butter", "Brot"),
        "Okay, Eier, Butter und Brot stehen jetzt auf der Einkaufsliste.",
    ),
    (
        "Schreib Käse auf die Liste",
        added("Käse"),
        "Okay, Käse steht jetzt auf der Einkaufsliste.",
    ),
    (
        "Setze Sonnencreme auf die Packliste",
        added("Sonnencreme", to="pack"),
        "Okay, Sonnencreme steht jetzt auf der Pack-Liste.",
    ),
    (
        "Kannst du Salz auf den Einkaufszettel setzen?",
        added("Salz"),
        "Okay, Salz steht jetzt auf der Einkaufsliste.",
    ),
    (
        "Was steht auf der Einkaufsliste?",
        ("show_list", {"list_name": "shopping"}),
        "Die Einkaufsliste ist leer.",
    ),
    (
        "Was müssen wir noch einkaufen?",
        ("show_list", {"list_name": "shopping"}),
        "Die Einkaufsliste ist leer.",
    ),
    ("Welche Listen habe ich?", ("show_lists", {}), "Auf deinen Listen steht nichts."),
    (
        "Streich Milch von der Einkaufsliste",
        ("remove_from_list", {"items": ["milch"], "list_name": "shopping"}),
        "Milch steht nicht auf der Einkaufsliste.",
    ),
    (
        "Leere die Einkaufsliste",
        ("clear_list", {"list_name": "shopping"}),
        "Die Einkaufsliste ist schon leer.",
    ),
]
SPEAKER = [
    ("Lauter", ("change_volume", {"by": 10}), "Okay, Lautstärke 50 Prozent."),
    ("Etwas leiser", ("change_volume", {"by": -5}), "Okay, Lautstärke 35 Prozent."),
    ("Viel lauter bitte", ("change_volume", {"by": 30}), "Okay, Lautstärke 70 Prozent."),
    (
        "Stell die Lautstärke auf 30 Prozent",
        ("set_volume", {"percent": 30}),
        "Okay, Lautstärke 30 Prozent.",
    ),
    ("Lautstärke sieben", ("set_volume", {"percent": 70}), "Okay, Lautstärke 70 Prozent."),
    ("Volle Lautstärke", ("set_volume", {"percent": 100}), "Okay, Lautstärke 100 Prozent."),
    ("Wie laut bist du?", ("get_volume", {}), "Die Lautstärke ist bei 40 Prozent."),
    ("Ton an", ("unmute", {}), "Okay, Lautstärke 40 Prozent."),
    ("Wie spät ist es?", ("get_time", {}), "Es ist 14 Uhr 2."),
    ("Wie viel Uhr haben wir?", ("get_time", {}), "Es ist 14 Uhr 2."),
    ("Welcher Tag ist heute?", ("get_date", {}), "Heute ist Donnerstag, der 25. Juni 2026."),
    (
        "Den Wievielten haben wir heute?",
        ("get_date", {}),
        "Heute ist Donnerstag, der 25. Juni 2026.",
    ),
]
HOME = [
    (
        "Mach das Licht in der Küche an",
        power("küche licht", on=True),
        "Okay, Deckenlicht ist an.",
    ),
    ("Schalte das Küchenlicht aus", power("küchenlicht", on=False), "Okay, Deckenlicht ist aus."),
    ("Schalte die Stehlampe ein", power("stehlampe", on=True), "Okay, Stehlampe ist an."),
    ("Kaffeemaschine an", power("kaffeemaschine", on=True), "Okay, Kaffeemaschine ist an."),
    (
        "Mach alle Lichter aus",
        power("lichter", on=False),
        "Okay, Deckenlicht, Stehlampe und Nachttischlampe sind aus.",
    ),
    ("Schalte alles aus", power("alles", on=False), "Okay, 4 Geräte sind aus."),
    (
        "Dimm die Nachttischlampe auf 20 Prozent",
        ("set_brightness", {"device": "nachttischlampe", "percent": 20}),
        "Okay, Nachttischlampe ist auf 20 Prozent.",
    ),
    (
        "Stell das Licht im Wohnzimmer auf dreißig Prozent",
        ("set_brightness", {"device": "wohnzimmer licht", "percent": 30}),
        "Okay, Stehlampe ist auf 30 Prozent.",
    ),
    (
        "Mach die Stehlampe etwas heller",
        ("change_brightness", {"device": "stehlampe", "by": 10}),
        "Okay, Stehlampe ist auf 10 Prozent.",
    ),
    (
        "Mach die Stehlampe blau",
        ("set_color", {"device": "stehlampe", "color": "blau"}),
        "Okay, Stehlampe ist blau.",
    ),
    (
        "Stell die Heizung auf 22,5 Grad",
        ("set_temperature", {"degrees_c": 22.5, "device": ""}),
        "Okay, Heizung ist auf 22,5 Grad gestellt.",
    ),
    (
        "Dreh die Heizung um zwei Grad höher",
        ("change_temperature", {"by": 2.0, "device": ""}),
        "Okay, Heizung ist auf 23 Grad gestellt.",
    ),
    (
        "Mir ist kalt",
        ("change_temperature", {"by": 1.0, "device": ""}),
        "Okay, Heizung ist auf 22 Grad gestellt.",
    ),
    (
        "Wie warm ist es im Wohnzimmer?",
        ("get_device", {"device": "wohnzimmer temperatur"}),
        "Heizung ist auf 21 Grad gestellt, und dort sind es 20,5 Grad.",
    ),
    (
        "Mach die Rollos runter",
        ("set_position", {"device": "rollos", "percent": 0}),
        "Okay, Rollos bewegen sich.",
    ),
    (
        "Öffne die Rollos",
        ("set_position", {"device": "rollos", "percent": 100}),
        "Okay, Rollos sind offen.",
    ),
    (
        "Schließ die Haustür auf",
        ("set_lock", {"device": "haustür", "locked": False}),
        "Okay, Haustür wird aufgeschlossen.",
    ),
    (
        "Ist die Haustür abgeschlossen?",
        ("get_device", {"device": "haustür"}),
        "Haustür ist abgeschlossen.",
    ),
    (
        "Schalte die Sauna an",
        power("sauna", on=True),
        "Ein Gerät mit diesem Namen kenne ich nicht: sauna. Es gibt Deckenlicht, Stehlampe, "
        "Nachttischlampe, Kaffeemaschine, Rollos, Heizung und Haustür.",
    ),
]


@pytest.mark.parametrize(("said", "call", "answer"), [*ALERTS, *LISTS, *SPEAKER, *HOME])
def test_what_is_said_is_done_and_answered(
    flat: Runs, said: str, call: tuple[str, dict[str, object]], answer: str
) -> None:
    async def scene(there: Flat) -> None:
        assert await there.say(said) == ([call], answer)

    flat(scene)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Egal", "Okay."),
        ("Guten Morgen", "Guten Morgen."),
        ("Gute Nacht", "Gute Nacht."),
        ("Vielen Dank", "Gern geschehen."),
        ("Hörst du mich?", "Ich bin da."),
        ("Jarvis?", "Ja?"),
        ("Stell alle fünf Minuten einen Timer", GERMAN.say("answers.no_repeat")),
        ("Weck mich täglich um sieben und um neun", GERMAN.say("answers.no_rule")),
        ("Mach das Licht um sieben an", GERMAN.say("home.later")),
        ("Stell die Stehlampe auf 300 Prozent", GERMAN.say("home.no_percent")),
        ("Stell einen Timer auf zehn Tage", GERMAN.say("answers.timer_too_long")),
        ("Was ist die Hauptstadt von Frankreich?", UNKNOWN),
        ("Bestell ein Taxi", UNKNOWN),
        ("Mach das Licht nicht an", UNKNOWN),
        ("Der Timer im Film war toll", UNKNOWN),
        ("Wir waren um sieben im Kino", UNKNOWN),
        ("Dreh dich mal um", UNKNOWN),
        ("Pack deine Sachen", UNKNOWN),
        ("Setz dich auf den Stuhl", UNKNOWN),
        ("Er hat mich gestern daran erinnert", UNKNOWN),
        ("Der Wecker hat heute nicht geklingelt", UNKNOWN),
        ("Es ist viel zu laut hier drinnen", UNKNOWN),
        ("Wie lange warst du im Urlaub?", UNKNOWN),
        ("Die Nachrichten um zwanzig Uhr", UNKNOWN),
    ],
)
def test_what_leads_to_no_tool_is_answered(flat: Runs, said: str, answer: str) -> None:
    async def scene(there: Flat) -> None:
        assert await there.say(said) == ([], answer)

    flat(scene)


def test_what_is_missing_is_asked_for_and_completed(flat: Runs) -> None:
    async def scene(there: Flat) -> None:
        assert await there.say("Stell einen Timer") == ([], "Wie lange?")
        assert (await there.say("ungefähr acht Minuten"))[0] == [timer(480)]
        assert await there.say("Weck mich") == ([], "Für wann?")
        assert (await there.say("Morgen um halb sieben"))[0] == [alarm("06-26T06:30")]
        assert await there.say("Erinnere mich an die Tabletten") == ([], "Für wann?")
        assert (await there.say("um neun"))[0] == [reminder("06-25T21:00:00", "die tabletten")]
        assert await there.say("Erinnere mich um sechs") == ([], "Woran soll ich dich erinnern?")
        assert (await there.say("an den Müll"))[0] == [reminder("06-25T18:00:00", "den Müll")]
        assert await there.say("Erinnere mich morgen an Oma") == ([], "Um wie viel Uhr?")
        assert (await there.say("um zehn"))[0] == [reminder("06-26T10:00:00", "oma")]
        assert await there.say("Setz was auf die Einkaufsliste") == ([], "Was soll ich hinzufügen?")
        assert (await there.say("Milch und Eier"))[0] == [added("Milch", "Eier")]

    flat(scene)


def test_what_recurs_is_set_with_its_rule(flat: Runs) -> None:
    async def scene(there: Flat) -> None:
        daily, weekly = {"repeat": "FREQ=DAILY"}, {"repeat": "FREQ=WEEKLY;BYDAY=MO"}
        tool, arguments = alarm("06-26T07:00")
        said = await there.say("Weck mich jeden Tag um sieben")
        assert said[0] == [(tool, {**arguments, **daily})]
        assert await there.say("Erinnere mich jeden Montag an den Müll") == (
            [],
            "Um wie viel Uhr?",
        )
        tool, arguments = reminder("06-29T20:00:00", "den müll")
        assert (await there.say("Um acht Uhr abends"))[0] == [(tool, {**arguments, **weekly})]

    flat(scene)


def test_alerts_are_told_apart_by_their_names_and_times(flat: Runs) -> None:
    async def scene(there: Flat) -> None:
        await there.say("Stell einen Nudeltimer auf acht Minuten")
        await there.say("Timer auf zehn Minuten")
        assert (await there.say("Welche Timer laufen?"))[1] == (
            "Du hast 2 Timer. Dein Nudel-Timer läuft noch 8 Minuten. "
            "Dein Timer über 10 Minuten läuft noch 10 Minuten."
        )
        assert (await there.say("Brich den Timer ab"))[1].endswith("Welchen soll ich abbrechen?")
        assert (await there.say("den Nudeltimer"))[1] == "Okay, abgebrochen: dein Nudel-Timer."
        assert (await there.say("Lösche den Timer über zehn Minuten"))[1] == (
            "Okay, abgebrochen: dein Timer über 10 Minuten."
        )
        await there.say("Weck mich um halb acht")
        await there.say("Weck mich um neun")
        said = "Okay, gelöscht: dein Wecker, morgen um 7 Uhr 30."
        assert (await there.say("Lösche den Wecker um halb acht"))[1] == said
        await there.say("Erinnere mich um sechs an den Müll")
        await there.say("Erinnere mich um acht an die Wäsche")
        assert (await there.say("Lösche die Erinnerung an den Müll"))[1] == (
            "Okay, gelöscht: deine Erinnerung an den Müll."
        )

    flat(scene)


def test_which_of_several_devices_is_asked(flat: Runs) -> None:
    async def scene(there: Flat) -> None:
        assert (await there.say("Mach das Licht an"))[1] == (
            "Es gibt Deckenlicht, Stehlampe und Nachttischlampe. Welches meinst du?"
        )
        assert (await there.say("Das im Wohnzimmer"))[1] == "Okay, Stehlampe ist an."

    flat(scene)


def test_two_commands_in_one_breath(flat: Runs) -> None:
    async def scene(there: Flat) -> None:
        said = "Mach die Stehlampe aus und stell einen Timer auf fünf Minuten"
        assert (await there.say(said))[0] == [power("stehlampe", on=False), timer(300)]

    flat(scene)


def test_a_life_of_a_fact(flat: Runs) -> None:
    async def scene(there: Flat) -> None:
        assert (await there.say("Merk dir, dass mein Auto in der Tiefgarage steht"))[1] == (
            "Okay, das merke ich mir: dein Auto steht in der Tiefgarage."
        )
        assert there.facts.texts == ["mein Auto steht in der Tiefgarage"]
        assert await there.say("Wo steht mein Auto?") == (
            [],
            "Dein Auto steht in der Tiefgarage.",
        )
        await there.say("Merk dir: der Geburtstag meiner Schwester ist am dritten Mai")
        assert (await there.say("Wann ist der Geburtstag meiner Schwester?"))[1] == (
            "Der Geburtstag deiner Schwester ist am dritten Mai."
        )
        assert (await there.say("Was hast du dir gemerkt?"))[1] == (
            "Ich habe mir 2 Dinge gemerkt. Dein Auto steht in der Tiefgarage. "
            "Der Geburtstag deiner Schwester ist am dritten Mai."
        )
        assert (await there.say("Vergiss alles"))[0] == []
        assert (await there.say("Ja"))[1].startswith("Okay, ich habe alles vergessen")
        assert there.facts.texts == []

    flat(scene)
