"""What a log line holds, and above all what it does not."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from ren_device.logs import JsonLines, Lines, TextLines, under_journal
from tests.messages_server import Answer, Fail, Hangup, MessagesServer, Script, Use
from tests.ren import Ren, running

CANARY = "canary"  # in every sentence and key that must not be logged
KEY = "sk-canary-0123456789"
OWN, THEIRS = "ren_device.web.chat", "aiohttp.server"


def record(
    message: str,
    *arguments: object,
    name: str = OWN,
    level: int = logging.WARNING,
    error: BaseException | None = None,
) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord(name, level, __file__, 1, message, arguments, info)


def raised() -> BaseException:
    """An error out of an error, in a group, with a sentence in each."""

    def fail() -> None:
        raise ValueError("the canary said hello")

    try:
        try:
            fail()
        except ValueError as first:
            raise OSError(28, "canary", "/home/canary") from first
    except OSError as second:
        group = ExceptionGroup("canary", [second, KeyError("canary")])
    group.add_note("canary")
    return group


def test_a_line_has_time_level_logger_and_message() -> None:
    line = TextLines(words=False).format(record("%d of %s", 3, "four"))
    time, level, logger, message = line.split(" ", 3)
    assert datetime.fromisoformat(time).tzinfo is not None
    assert (level, logger, message) == ("WARNING", f"{OWN}:", "3 of four")


def test_json_has_them_as_fields() -> None:
    line = JsonLines(words=False).format(record("it is %s", "so", error=raised()))
    fields = json.loads(line)
    assert "\n" not in line
    assert set(fields) == {"time", "level", "logger", "message", "exception"}
    assert (fields["level"], fields["logger"], fields["message"]) == ("warning", OWN, "it is so")
    assert "OSError: No space left on device" in fields["exception"]


@pytest.mark.parametrize("form", [TextLines, JsonLines])
def test_a_traceback_says_where_and_of_which_type_but_not_what(form: type[Lines]) -> None:
    text = form(words=False).format(record("a bug", error=raised()))
    for expected in ("test_logs.py", "in raised", "ValueError", "ExceptionGroup", "KeyError"):
        assert expected in text
    # Its source lines are ours: what they quote is in the source for all to read.
    shown = [line for line in text.replace("\\n", "\n").splitlines() if "raise " not in line]
    assert CANARY not in "\n".join(shown)


def test_at_debug_everything_is_said_but_keys() -> None:
    error = ValueError(f"the canary said {KEY}")
    text = TextLines(words=True, secrets=[KEY]).format(record("a bug", error=error))
    assert "the canary said ***" in text
    assert KEY not in text


@pytest.mark.parametrize("form", [TextLines, JsonLines])
def test_a_key_is_in_no_line(form: type[Lines]) -> None:
    assert KEY not in form(words=False, secrets=[KEY]).format(record("the key is %s", KEY))


def test_what_libraries_fill_in_is_left_out() -> None:
    lines = TextLines(words=False)
    line = lines.format(record("Cannot load %-20s of %d, 100%%", "canary", 3, name=THEIRS))
    assert line.endswith("Cannot load … of …, 100%")
    line = lines.format(record("never retrieved\nfuture: canary", name="asyncio"))
    assert line.endswith("asyncio: never retrieved")


def test_a_mapping_to_fill_in_is_left_out_too() -> None:
    line = TextLines(words=False).format(record("%(who)s sang", {"who": "canary"}, name=THEIRS))
    assert CANARY not in line
    assert line.endswith("sang")


@pytest.mark.parametrize("form", [TextLines, JsonLines])
def test_nobody_writes_a_second_line(form: type[Lines]) -> None:
    line = form(words=False).format(record("%s", "one\n2026 ERROR two\x1b[2J\u2028"))
    assert line.isprintable()


def test_the_journal_gets_priorities_instead_of_times() -> None:
    lines = TextLines(words=False, journal=True).format(record("a bug", error=raised()))
    assert lines.startswith(f"<4>WARNING {OWN}: a bug\n<4>  ")
    assert all(line.startswith("<4>") for line in lines.splitlines())


def test_the_journal_is_known_by_its_socket_not_by_a_variable_that_was_inherited(
    tmp_path: Path,
) -> None:
    with (tmp_path / "log").open("wb") as file:
        about = os.fstat(file.fileno())
        here = {"JOURNAL_STREAM": f"{about.st_dev}:{about.st_ino}"}
        assert under_journal(here, file.fileno())
        assert not under_journal({"JOURNAL_STREAM": "8:12345"}, file.fileno())
        assert not under_journal({}, file.fileno())
    assert not under_journal(here, file.fileno() if not file.closed else -1)


_BUGS = """
import asyncio, logging, sys, threading, warnings
from ren_device import logs

CANARY = bytes.fromhex("63616e617279").decode()  # not to be found in a source line

async def fail(): raise ValueError(CANARY)
class Broken:
    def __del__(self): raise ValueError(CANARY)

async def main():
    loop = asyncio.get_running_loop()
    logs.watch(loop)
    task = loop.create_task(fail(), name="a task")
    await asyncio.sleep(0.01)
    del task
    loop.call_soon(int, CANARY)
    loop.call_exception_handler({"message": f"Exception in callback f('{CANARY}')"})
    thread = threading.Thread(target=int, args=(CANARY,), name="a thread")
    thread.start(); thread.join()
    Broken()
    warnings.warn(CANARY)
    logging.getLogger("anthropic").error("Retrying %s", CANARY)
    logging.getLogger("httpx2").info("HTTP Request: %s", CANARY)
    logging.getLogger("ren_device.x").error("%d", CANARY)
    logging.getLogger("ren_device.x").info("the last")
    await asyncio.sleep(0.01)
    await fail()

logs.set_up("info", sys.argv[1], ["sk-canary-1234"])
asyncio.run(main())
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_nobody_catches_is_logged_without_a_word_of_it(form: str) -> None:
    made = subprocess.run(
        [sys.executable, "-c", _BUGS, form],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    log = made.stderr
    assert made.returncode == 1
    assert made.stdout == ""
    assert CANARY not in log
    for expected in (
        "an error that nobody waited for in the task a task",
        "a bug ended the thread a thread",
        "a bug while something was put away",
        "UserWarning at ",
        "Retrying …",
        "the last",
        "a bug ends Ren",
        "ValueError",
    ):
        assert expected in log
    assert "HTTP Request" not in log
    if form == "json":
        assert {"time", "level", "logger", "message"} <= set(lines_of(log)[0])


def lines_of(log: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.splitlines()]


def script() -> Iterator[Answer | Fail | Hangup]:
    """A cloud that says things that must not be logged, and fails in all its ways."""
    yield Answer("The canary says hello.")
    yield Answer("", (Use("set_reminder", {"text": "feed the canary", "when": "canary o'clock"}),))
    yield Answer("Done, says the canary.")
    yield Answer("", (Use("canary_tool", {"canary": "canary"}),))
    yield Answer("", (Use("set_timer", {}, raw='{"canary": canary'),))
    yield Fail(500, "the canary is ill")
    yield Fail(400, "no canary", body='<html>{"canary')
    yield Answer("The canary", then="error", error="the canary is overloaded")
    yield Answer("The canary", then="garbage", garbage='{"type": "canary')
    yield Answer("The canary", then="drop")
    yield Hangup()


async def provoke(ren: Ren) -> None:
    """Everything that people, programs and the cloud can send, with a canary in it."""
    odd = {"X-Canary": "canary", "Cookie": "canary=canary", "User-Agent": "canary"}
    async with ren.http.post("/threads", json={"name": "canary thread"}) as made:
        thread = (await made.json())["id"]
    for _ in range(14):
        body = {"message": "tell the canary", "tier": "fast", "thread_id": thread}
        async with ren.http.post("/chat", json=body, headers=odd) as answer:
            await answer.read()
        async with ren.http.post("/chat/stream", json=body, headers=odd) as answer:
            await answer.read()
    for text in ("set a canary timer for 5 minutes", "remember that my canary is yellow", "canary"):
        await ren.chat(text)
    for method, path, data in (
        ("GET", "/canary/%0Acanary?canary=canary", None),
        ("GET", "/threads/canary", None),
        ("GET", "/memory?limit=canary", None),
        ("PROPFIND", "/canary", None),
        ("POST", "/chat", b'{"message": "canary'),
        ("POST", "/chat", b'{"message": "canary", "tier": "canary"}'),
        ("POST", "/v1/messages", b'{"model": "canary"}'),
    ):
        headers = {**odd, "Content-Type": "application/json", "Authorization": "Bearer canary"}
        async with ren.http.request(method, path, data=data, headers=headers) as answer:
            await answer.read()
    for headers in ({"Host": "canary.example"}, {"Origin": "http://canary.example"}):
        async with ren.http.get("/health", headers=headers) as answer:
            assert answer.status == 403
    async with ren.http.ws_connect("/ws/audio") as socket:
        await socket.send_str('{"type": "canary"')
        while (await socket.receive(5)).type is WSMsgType.TEXT:
            pass
    port = int(ren.url.rpartition(":")[2])
    for raw in (
        b"CANARY /canary\r\n\r\n",
        b"GET / HTTP/1.1\r\nCanary\xff: a\nb\r\n\r\n",
        b"\x16\x03canary",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 15)
        writer.close()


async def test_nothing_that_was_said_or_sent_is_logged(tmp_path: Path) -> None:
    answers: Script = script()
    async with (
        MessagesServer(answers, key=KEY) as cloud,
        running(
            tmp_path,
            ANTHROPIC_API_KEY=KEY,
            ANTHROPIC_BASE_URL=cloud.url,
            REN_LOG_FORMAT="json",
            REN_CANARY="canary",
        ) as ren,
    ):
        await ren.until_up()
        await provoke(ren)
        assert await ren.stop() == 0
        log = ren.log()
    assert "stopping" in log
    unknown = "REN_CANARY is not a setting"  # the variable's name, which is no secret
    assert unknown in log
    lines = [line for line in log.splitlines() if unknown not in line]
    assert not [line for line in lines if CANARY in line.lower()]
    assert [line for line in lines if "WARNING" in line.upper()]  # failures did leave a trace
    assert all({"time", "level", "logger", "message"} <= set(each) for each in lines_of(log))
