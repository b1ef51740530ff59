"""Whatever happens in the room, in whatever order: Ren comes to rest, and hears the next one."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.errors import CloudError
from ren_device.model import ToolRun
from ren_device.sim import silence, speech
from tests.virtual_time import run
from tests.voice.room import Room, Script, room
from tests.voice.test_listener import WAKE, ask

COUGH = speech("~")[:6400]
SCRIPTS: list[Script] = [
    ["Okay."],
    [0.4, "Well, ", "it is a long story. " * 10],
    [ToolRun("set_timer", "running"), 0.2, ToolRun("set_timer", "done"), "Done."],
    [ToolRun("look", "running"), 2.0, ToolRun("look", "done"), "Found it."],
    ["For how long?"],
    [CloudError("overloaded")],
    [3.0, "At last."],
    [""],
]


def events() -> st.SearchStrategy[tuple[str, object]]:
    said = st.sampled_from(
        [
            "What time is it?",
            "Set a timer for",
            " 5 minutes.",
            "Stop.",
            "Mm-hm.",
            "Louder.",
            "Say that again.",
            "Never mind.",
            "Hello there, how are you today, my friend?",
        ]
    )
    return st.one_of(
        st.just(("wake", None)),
        said.map(lambda text: ("say", text)),
        st.just(("cough", None)),
        st.sampled_from([0.1, 0.3, 0.5, 0.8, 1.5, 3.0]).map(lambda s: ("silence", s)),
        st.sampled_from([0.05, 0.4, 2.0]).map(lambda s: ("wait", s)),
        st.just(("heard", None)),
        st.sampled_from(["listen", "hold", "release", "repeat", "stop"]).map(
            lambda what: ("button", what)
        ),
        st.booleans().map(lambda muted: ("mute", muted)),
        st.sampled_from(["microphone", "speaker", "stt", "tts"]).map(lambda what: ("break", what)),
        st.just(("mend", None)),
    )


async def happen(here: Room, what: str, argument: object) -> None:
    match what:
        case "wake":
            here.microphone.hear(WAKE)
        case "say":
            here.microphone.hear(speech(str(argument)))
        case "cough":
            here.microphone.hear(COUGH)
        case "silence":
            assert isinstance(argument, float)
            here.microphone.hear(silence(argument))
        case "wait":
            assert isinstance(argument, float)
            await asyncio.sleep(argument)
        case "heard":
            here.microphone.plug_in()
            here.mute.set(False)
            await here.until(lambda: not here.microphone._heard, 200)
        case "button":
            await getattr(here.by_hand, str(argument))()
        case "mute":
            here.mute.set(bool(argument))
        case "break":
            if argument == "microphone":
                here.microphone.unplug()
            else:
                getattr(here, str(argument)).broken = "broken"
        case _:
            mend(here)


def mend(here: Room) -> None:
    here.microphone.plug_in()
    here.mute.set(False)
    here.speaker.broken = here.stt.broken = here.tts.broken = None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(SCRIPTS), max_size=5),
    st.lists(events(), max_size=14),
)
def test_ren_comes_to_rest_and_hears_the_next_question(
    scripts: list[Script], happened: list[tuple[str, object]]
) -> None:
    async def scene() -> None:
        async with room(*scripts) as here:
            for what, argument in happened:
                await happen(here, what, argument)
            mend(here)
            await here.until(lambda: here.capture.trouble is None, 100)
            await here.until(lambda: not here.microphone._heard, 200)
            await here.by_hand.release()
            await here.until(lambda: here.phases[-1] == "idle", 200)
            await asyncio.sleep(8)
            assert here.phases[-1] == "idle"
            assert not here.conversation.active
            assert all(turn.kept is not None for turn in here.assistant.turns)
            here.assistant.scripts[:] = [["The answer."]]
            await ask(here, "What is the answer?")
            await here.until_heard("The answer.")
            await here.until(lambda: here.phases[-1] == "idle")
            assert here.assistant.asked[-1] == "What is the answer?"

    run(scene())
