import asyncio
import json
import socket
import subprocess
import sys

import pytest

from ren_device.errors import SettingError
from ren_device.settings import Settings, load
from ren_device.web.server import serving
from tests.web.web_house import house


def test_the_start_path_loads_no_engine() -> None:
    code = "import sys, json, ren_device.web.server; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "aiohttp" in loaded
    assert loaded.isdisjoint({"anthropic", "onnxruntime", "numpy", "nacl", "hassil", "zeroconf"})


async def test_an_address_that_is_taken_is_told_with_the_settings_names() -> None:
    services, _ = house()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"REN_HOST=127.0.0.1, REN_PORT={port}"):
            async with serving(services, "127.0.0.1", port):
                pass


async def test_requests_without_a_host_are_from_programs_and_are_answered() -> None:
    services, _ = house()
    async with serving(services, "127.0.0.1", 0) as port, asyncio.timeout(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.0\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.0 200 OK")
        writer.close()
        await writer.wait_closed()


async def test_a_second_host_header_does_not_slip_through() -> None:
    services, _ = house()
    async with serving(services, "127.0.0.1", 0) as port, asyncio.timeout(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert b" 400 " in (await reader.read()).partition(b"\r\n")[0]
        writer.close()
        await writer.wait_closed()


def test_allowed_hosts_and_origins_are_comma_lists() -> None:
    settings = Settings(
        allowed_hosts="Ren.example, kitchen",
        allowed_origins="https://App.example,http://10.0.0.2:3000",
    )
    assert settings.allowed_hosts == ("ren.example", "kitchen")
    assert settings.allowed_origins == ("https://app.example", "http://10.0.0.2:3000")
    assert Settings().allowed_hosts == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REN_ALLOWED_HOSTS", "http://ren.example"),
        ("REN_ALLOWED_HOSTS", "ren.example:8000"),
        ("REN_ALLOWED_HOSTS", "*"),
        ("REN_ALLOWED_ORIGINS", "*"),
        ("REN_ALLOWED_ORIGINS", "app.example"),
        ("REN_ALLOWED_ORIGINS", "https://app.example/page"),
    ],
)
def test_a_wrong_host_or_origin_is_told(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=name):
        load(None)
