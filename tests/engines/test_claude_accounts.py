"""What a step costs, how long it may get, and whose service it is."""

import logging
from dataclasses import replace

import pytest

from ren_device.engines.claude import ClaudeMind
from ren_device.engines.claude_body import MAX_TOKENS_TYPED, MOST_TOKENS
from ren_device.engines.claude_client import ASTRA, CLAUDE
from ren_device.errors import CloudKeyMissing, SettingError
from ren_device.model import Spent, TextDelta, ToolCall
from tests.engines.claude_house import REQUEST, claude, read
from tests.messages_server import Answer, MessagesServer, Use

ACCOUNTED = replace(REQUEST, accounts=True)


async def test_a_step_ends_with_what_it_cost_if_asked() -> None:
    async with claude([Answer("Five."), Answer("Five.")]) as (mind, _):
        assert await read(mind) == [TextDelta("Five.")]
        assert await read(mind, ACCOUNTED) == [TextDelta("Five."), Spent(1, 5)]


async def test_a_server_that_counts_nothing_is_believed() -> None:
    async with claude([Answer("Five.", counts=False)]) as (mind, _):
        assert await read(mind, ACCOUNTED) == [TextDelta("Five.")]


async def test_later_counts_replace_earlier_ones_and_the_cache_counts_too() -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 900, "output_tokens": 7}
    async with claude([Answer("Five.", usage=usage)]) as (mind, _):
        assert await read(mind, ACCOUNTED) == [TextDelta("Five."), Spent(910, 7)]


async def test_a_limit_is_passed_on_and_no_more_than_models_take() -> None:
    async with claude([Answer("Yes.")] * 3) as (mind, server):
        for limit in (None, 5, 10**6):
            await read(mind, replace(REQUEST, max_tokens=limit))
    assert [body["max_tokens"] for body in server.requests] == [MAX_TOKENS_TYPED, 5, MOST_TOKENS]


async def test_a_cut_step_says_so_and_is_no_surprise(caplog: pytest.LogCaptureFixture) -> None:
    scripted = Answer("I w", (Use("set_timer", raw='{"min'),), stop_reason="max_tokens")
    async with claude([scripted] * 2) as (mind, _):
        with caplog.at_level(logging.WARNING):
            *text, call, spent = await read(mind, replace(ACCOUNTED, max_tokens=3))
            assert not caplog.records
            await read(mind)
    assert text == [TextDelta("I"), TextDelta(" w")]
    assert isinstance(call, ToolCall)
    assert spent == Spent(1, 3, cut=True)
    assert "stopped early" in caplog.text


async def test_astra_gets_its_key_as_a_bearer_only() -> None:
    async with MessagesServer([Answer("Yes.")] * 2) as server:
        for service in (ASTRA, CLAUDE):
            mind = ClaudeMind(server.key, server.url, service)
            assert await read(mind) == [TextDelta("Yes.")]
            await mind.close()
    astra, named = server.headers
    assert astra["Authorization"] == named["Authorization"] == f"Bearer {server.key}"
    assert "X-Api-Key" not in astra
    assert named["X-Api-Key"] == server.key


async def test_errors_name_the_variables_of_the_service() -> None:
    with pytest.raises(SettingError, match=r"^REN_API_URL=ftp://x"):
        ClaudeMind("key", "ftp://x", ASTRA)
    with pytest.raises(SettingError, match=r"^REN_API_KEY=\*\*\*"):
        ClaudeMind("kéy", "", ASTRA)
    with pytest.raises(CloudKeyMissing, match="REN_API_KEY"):
        await read(ClaudeMind("", "", ASTRA))
