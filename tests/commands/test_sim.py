"""`ren-device sim` as people meet it: a real process on a real terminal, its pins gpiozero's."""

import json
import os
import re
import signal
import termios
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.commands.command_line import ren_device
from tests.commands.screen import BACK, OWN_SCREEN, Screen, sim
from tests.ren import free_port, running


def device(screen: Screen, what: str = "", **body: object) -> Any:
    """Ask the page's way."""
    data = json.dumps(body).encode() if what else None
    request = Request(
        f"http://127.0.0.1:{screen.port}/device{what}",
        data,
        {"Content-Type": "application/json"} if what else {},
    )
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_keys_press_the_pins_and_the_page_sees_the_same(tmp_path: Path) -> None:
    with sim(tmp_path, "--hardware", "respeaker-2mic", REN_NIGHT_HOURS="00:00-00:00") as screen:
        screen.until_shown("light       idle")
        told = device(screen)
        assert (told["simulated"], told["hardware"]["name"]) == (True, "respeaker-2mic")
        assert told["lights"]["pixels"] == ["#000000"] * 3
        assert screen.shown().count("○") == 3

        screen.type("h")
        screen.until_shown("pressed     talk")
        screen.type("h")
        screen.until_shown("pressed     -")
        device(screen, "/press", control="talk", down=True)
        screen.until_shown("pressed     talk")
        device(screen, "/press", control="talk", down=False)
        screen.until_shown("pressed     -")

        screen.type("m")
        screen.until_shown("microphone  off, by software")  # this board has no switch
        screen.until_shown("light       muted")
        screen.until_shown("●")
        told = device(screen)
        assert (told["muted_by"], told["lights"]["state"]) == ("software", "muted")
        device(screen, "/mute", muted=False)
        screen.until_shown("microphone  on")

        before = told["volume"]["percent"]
        screen.type("-")
        screen.until_shown(f"volume      {before - 10:3} %")
        assert device(screen)["volume"]["percent"] == before - 10


def test_a_switch_stays_where_it_is_put_and_the_log_leaves_the_lights_alone(tmp_path: Path) -> None:
    with sim(tmp_path) as screen:
        screen.until_shown("light       idle")
        screen.type("\x1b[Am")  # an arrow is no key of ours
        screen.until_shown("microphone  off, by switch")
        screen.until_shown("pressed     mute")
        screen.type("m")
        screen.until_shown("microphone  on")
        with pytest.raises(HTTPError, match="503"):
            device(screen, "/talk", held=False)  # there is no voice, which is worth a line
        screen.until_shown("WARNING ren_device.web.errors: POST /device/talk")
        screen.type("q")
        assert screen.ends() == 0
        assert termios.tcgetattr(screen.terminal) == screen.before
        drawn = screen.out.partition(OWN_SCREEN)[2].partition(BACK)[0]
        frames = drawn.split("\x1b[H")
        assert frames[0] == ""
        assert len(frames) > 3
        for each in frames[1:]:
            assert each.startswith("Bare build")
            assert each.endswith("\x1b[J")
            assert each.count("light       ") == 1
        assert "POST /device/talk" in (tmp_path / "data" / "sim.log").read_text()
        assert f"The log is in {tmp_path / 'data' / 'sim.log'}" in screen.out.partition(BACK)[2]


@pytest.mark.parametrize("end", ["\x03", "SIGTERM", "SIGHUP"])
def test_however_it_ends_the_terminal_is_as_before(tmp_path: Path, end: str) -> None:
    with sim(tmp_path) as screen:
        screen.until_shown("light       idle")
        assert termios.tcgetattr(screen.terminal) != screen.before
        screen.type("h")
        screen.until_shown("pressed     talk")
        if end in signal.Signals.__members__:
            os.kill(screen.process, signal.Signals[end])
        else:
            screen.type(end)
        assert screen.ends() == 0
        assert termios.tcgetattr(screen.terminal) == screen.before
        assert screen.out.count(OWN_SCREEN) == screen.out.count(BACK) == 1


def test_it_ends_in_order_when_its_terminal_has_gone(tmp_path: Path) -> None:
    with sim(tmp_path) as screen:
        screen.until_shown("light       idle")
        assert screen.hang_up() == 0
        assert "Traceback" not in (tmp_path / "data" / "sim.log").read_text()


def test_in_a_narrow_terminal_nothing_is_cut_off(tmp_path: Path) -> None:
    with sim(tmp_path, columns=80) as screen:
        screen.until_shown("light       idle")
        screen.until_shown("q quit")
        with pytest.raises(HTTPError, match="503"):
            device(screen, "/talk", held=False)
        screen.until_shown("WARNING ren_device.web.errors: POST /device/talk")
        logged = (tmp_path / "data" / "sim.log").read_text().split()
        screen.until(lambda: screen.shown().split()[-5:] == logged[-5:])  # to its last word
        screen.type("x")
        screen.until_shown("x holds the button. After 10 s")
        screen.type("h")
        screen.until_shown("The button is held; x lets go.")
        assert max(map(len, screen.shown().splitlines())) <= 80


def test_a_start_that_fails_is_told_on_the_terminal(tmp_path: Path) -> None:
    with sim(tmp_path, REN_DATA_DIR="/proc/nowhere") as screen:
        assert screen.ends() == 1
        assert "CRITICAL" in screen.out
        assert OWN_SCREEN not in screen.out


def test_an_unknown_board_is_one_line(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "sim", "--hardware", "toaster")
    assert made.returncode == 1
    said = made.stderr.decode()
    assert re.fullmatch(r"ren-device: .*toaster.*bare-i2s.*\n", said), said


async def test_without_a_terminal_it_just_serves(tmp_path: Path) -> None:
    async with running(tmp_path, command=("sim",), REN_PORT=str(free_port())) as ren:
        await ren.until_up()
        told = await ren.get("/device")
        assert (told["simulated"], told["hardware"]["name"]) == (True, "bare-i2s")
        press = {"control": "mute", "down": True}
        async with ren.http.post("/device/press", json=press) as response:
            assert response.status == 200
        async with ren.http.get("/device/events") as stream:
            async for line in stream.content:
                if b'"muted": true' in line:
                    break
        assert "\x1b" not in ren.log()
        assert await ren.stop() == 0
