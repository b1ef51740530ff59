"""A stranger's fuzzer reads /openapi.json and goes at a real Ren with it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.messages_server import Answer, MessagesServer
from tests.ren import Ren, running

STREAMS = ("/notifications", "/home/events", "/alerts/events", "/device/events")
"""These never end by themselves, and have a test of their own."""

CONFIG = """
[[operations]]
include-path = "/ws/audio"
checks.positive_data_acceptance.enabled = false # it does not ask for a socket

[[operations]]
include-path = "/device/talk"
checks.not_a_server_error.enabled = false # this Ren has no voice: there is nobody to listen

[[operations]]
include-path = "/v1/messages"
# How the messages of a dialogue must fit together is more than a schema can say.
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path-regex = "^/(alerts|routines)"
# Which times are over, and what a routine may do, is more than a schema can say.
checks.positive_data_acceptance.enabled = false
"""


@asynccontextmanager
async def ren_with_everything(folder: Path) -> AsyncIterator[tuple[Ren, str]]:
    """A Ren whose cloud answers, and a key for its own programs."""
    key = await new_key(folder)
    async with (
        MessagesServer(lambda _: Answer("Hello.")) as cloud,
        running(folder, ANTHROPIC_API_KEY=cloud.key, ANTHROPIC_BASE_URL=cloud.url) as ren,
    ):
        await ren.until_up()
        yield ren, key
        assert "Traceback" not in ren.log()
        assert "not described" not in ren.log()
        assert await ren.stop() == 0


async def new_key(folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ren_device", "keys", "new", "fuzzer"),
        env={**os.environ, "REN_DATA_DIR": str(folder / "data")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return out.decode().strip()


@pytest.mark.peer
async def test_every_answer_is_as_described_whatever_is_asked(tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    async with ren_with_everything(tmp_path) as (ren, key):
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
            *("run", f"{ren.url}/openapi.json", "--phases", "examples,coverage,fuzzing"),
            *("--max-examples", "5", "--generation-deterministic"),
            *("--no-color", "--request-timeout", "10"),
            *("--header", f"Authorization: Bearer {key}"),
            *(word for path in STREAMS for word in ("--exclude-path", path)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, out.decode()


@pytest.mark.peer
def test_a_stream_begins_or_is_refused_whatever_is_asked(tmp_path: Path) -> None:
    async def ask(path: str, name: str, value: str) -> None:
        url = (URL(ren.url) / path.lstrip("/")).with_query({name: value})
        async with asyncio.timeout(10), client.get(url) as response:
            if response.status == 200:
                assert response.content_type == "text/event-stream"
                return
            assert response.status in (414, 422), await response.text()
            detail = (await response.json())["detail"]
            assert isinstance(detail, list if response.status == 422 else str)

    values = st.one_of(
        st.text(st.characters(codec="utf-8")),
        st.integers().map(str),
        st.floats().map(str),
        st.sampled_from(
            ["", "0", "-0", "1e999", "1e-999", "nan", "inf", "٣", "0x1", "1_0", "9" * 5000]
        ),
    )

    @settings(max_examples=90, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(STREAMS), st.just("interval") | st.text(max_size=5), values)
    def any_query(path: str, name: str, value: str) -> None:
        runner.run(ask(path, name, value))

    with asyncio.Runner() as runner:
        house = ren_with_everything(tmp_path)
        ren, _ = runner.run(house.__aenter__())
        client = runner.run(new_client())
        try:
            any_query()
        finally:
            runner.run(client.close())
        runner.run(house.__aexit__(None, None, None))


async def new_client() -> ClientSession:
    return ClientSession()
