"""The real mind against llm-katan, a server of the Messages API that nobody here wrote."""

import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path

import pytest

from ren_device.engines.claude import ClaudeMind
from ren_device.errors import CloudError, TurnTimeout
from ren_device.model import Message, MindRequest, Text, TextDelta, Tier, ToolCall, ToolRun
from tests.assistant.turn_house import read, turn_house

pytestmark = pytest.mark.peer

KEY = "a-key"


@contextmanager
def katan(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a server on any free port; returns before it is up."""
    command = [
        str(Path(sys.executable).parent / "llm-katan"),
        *("--model", "echo", "--backend", "echo", "--providers", "anthropic"),
        *("--host", "127.0.0.1", "--port", "0", "--stats-file", str(folder / "stats.json")),
        *options,
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()  # it would finish its slow answers first


def url_of(process: subprocess.Popen[str]) -> str:
    """Wait for the server to be up."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"running on (http://[\d.:]+)", line):
            return found[1]
    raise AssertionError("llm-katan did not start")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    kinds = {
        "good": [],
        "limited": ["--rate-limit-after", "1"],
        "slow": ["--ttft-ms", "60000", "--validate-keys", "--api-keys", f"anthropic={KEY}"],
    }
    with ExitStack() as stack:
        started = {
            kind: stack.enter_context(katan(tmp_path_factory.mktemp(kind), *options))
            for kind, options in kinds.items()
        }
        yield {kind: url_of(process) for kind, process in started.items()}


@pytest.fixture
async def minds(urls: dict[str, str]) -> AsyncGenerator[dict[str, ClaudeMind], None]:
    made = {kind: ClaudeMind(KEY, url) for kind, url in urls.items()}
    yield made
    for mind in made.values():
        await mind.close()


async def test_a_turn_streams_and_runs_tools(minds: dict[str, ClaudeMind]) -> None:
    """This server calls the first tool in every step, with made-up arguments, and never stops."""
    house = turn_house(mind=minds["good"])
    heard = await read(await house.assistant.begin("What is cooking?"))
    running = heard.parts.index(ToolRun("cancel_timer", "running"))
    first_step = heard.parts[:running]
    assert all(isinstance(part, TextDelta) for part in first_step)
    assert len(first_step) > 10
    assert "User: What is cooking?" in heard.reply.reply
    assert heard.parts[running + 1] == ToolRun("cancel_timer", "error")
    # The tool's result has reached the server, which says back the last thing it was told.
    assert "User: There is no timer." in heard.reply.reply
    assert (heard.reply.tier, heard.reply.model) == (Tier.FAST, "claude-haiku-4-5-20251001")


async def test_a_step_without_tools_is_text(minds: dict[str, ClaudeMind]) -> None:
    request = MindRequest("m", "You are Ren.", (Message("user", (Text("Hello, katan"),)),), ())
    parts = [part async for part in minds["good"].step(request)]
    text = "".join(part.text for part in parts if isinstance(part, TextDelta))
    assert text.endswith("User: Hello, katan")
    assert not any(isinstance(part, ToolCall) for part in parts)


async def test_its_refusal_of_a_key_is_passed_on_without_the_key(urls: dict[str, str]) -> None:
    mind = ClaudeMind("another-key", urls["slow"])
    heard = await read(await turn_house(mind=mind).assistant.begin("hello"))
    await mind.close()
    assert isinstance(heard.error, CloudError)
    assert re.search(r"401.*invalid API key", str(heard.error))
    assert "another-key" not in str(heard.error)


async def test_its_rate_limit_is_passed_on(minds: dict[str, ClaudeMind]) -> None:
    heard = await read(await turn_house(mind=minds["limited"]).assistant.begin("hello"))
    assert isinstance(heard.error, CloudError)
    assert "429" in str(heard.error)
    assert ToolRun("cancel_timer", "error") in heard.parts


async def test_its_silence_ends_in_a_timeout(minds: dict[str, ClaudeMind]) -> None:
    await minds["slow"].prewarm()
    house = turn_house(mind=minds["slow"], timeout_s=0.3)
    heard = await read(await house.assistant.begin("hello"))
    assert isinstance(heard.error, TurnTimeout)


async def test_leaving_in_the_middle_leaves_it_fit_for_the_next(
    minds: dict[str, ClaudeMind],
) -> None:
    house = turn_house(mind=minds["good"])
    async with aclosing(await house.assistant.begin("hello")) as turn:
        assert isinstance(await anext(turn), TextDelta)
    heard = await read(await house.assistant.begin("again"))
    assert "User: again" in heard.reply.reply
