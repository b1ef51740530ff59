import asyncio
import fcntl
import hashlib
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from ren_device.catalogue import Model, ModelFile
from ren_device.catalogue.download import session
from ren_device.catalogue.fetch import Source, fetch, remove, verify
from ren_device.errors import FetchError
from tests.catalogue.servers import (
    FileServer,
    bytes_of,
    recogniser,
    serving,
    tree,
    voice,
    zipped,
)

BODY = bytes_of(1_500_000)
AT_ONCE = Source(pauses_s=(0, 0))


async def fetched(model: Model, directory: Path, source: Source = AT_ONCE) -> list[str]:
    async with session() as http:
        return await fetch(http, model, directory, source, lambda _file, _have: None)


async def test_a_file_is_fetched_and_checked(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []

    def tell(file: ModelFile, have: int) -> None:
        told.append((file.name, have))

    async with serving(FileServer({"v.onnx": BODY})) as server, session() as http:
        model = voice(server.url, BODY)
        assert await fetch(http, model, tmp_path, AT_ONCE, tell) == []
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY
    assert tree(tmp_path).keys() == {".lock", "v/model.json", "v/v.onnx"}
    assert model.is_here(tmp_path)
    assert told[0][1] == 0
    assert told[-1] == ("v.onnx", len(BODY))
    assert [have for _, have in told] == sorted(have for _, have in told)
    assert verify(model, tmp_path) == []


async def test_it_goes_on_after_every_cut(tmp_path: Path) -> None:
    server = FileServer({"v.onnx": BODY}, cut_after=[400_000, 300_000, 0, 0, 500_000])
    async with serving(server):
        await fetched(voice(server.url, BODY), tmp_path)
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY
    starts = [
        int(wanted.removeprefix("bytes=").removesuffix("-") or 0) for _, wanted in server.asked
    ]
    assert starts == sorted(starts)
    assert len(starts) == 6
    assert starts[-1] > 900_000


async def test_a_later_call_goes_on_where_an_earlier_one_gave_up(tmp_path: Path) -> None:
    server = FileServer({"v.onnx": BODY}, cut_after=[600_000, 0, 0, 0])
    async with serving(server):
        model = voice(server.url, BODY)
        with pytest.raises(FetchError, match=r"v\.onnx cannot be fetched"):
            await fetched(model, tmp_path)
        assert not model.is_here(tmp_path)
        await fetched(model, tmp_path)
    assert server.asked[-1][1] not in ("", "bytes=0-")
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY


@pytest.mark.parametrize("etags", [True, False], ids=["named version", "no version"])
async def test_two_versions_are_never_mixed(etags: bool, tmp_path: Path) -> None:
    """With an ETag the server sends all; without one the checksum finds out."""
    newer = bytes_of(len(BODY), seed=2)
    server = FileServer({"v.onnx": BODY}, etags=etags, cut_after=[600_000, 0, 0, 0])
    async with serving(server):
        with pytest.raises(FetchError):
            await fetched(voice(server.url, BODY), tmp_path)
        server.files["v.onnx"] = newer
        await fetched(voice(server.url, newer), tmp_path)
    assert (tmp_path / "v" / "v.onnx").read_bytes() == newer


async def test_a_server_without_ranges_sends_it_all_again(tmp_path: Path) -> None:
    server = FileServer({"v.onnx": BODY}, ranges=False, cut_after=[600_000])
    async with serving(server):
        await fetched(voice(server.url, BODY), tmp_path)
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY


@pytest.mark.parametrize("wrong", ["sha256", "md5"])
async def test_a_wrong_checksum_leaves_nothing(wrong: str, tmp_path: Path) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        other = hashlib.new(wrong, b"other").hexdigest()
        with pytest.raises(FetchError, match="is not the file of the list"):
            await fetched(voice(server.url, BODY, **{wrong: other}), tmp_path)
    assert tree(tmp_path).keys() == {".lock", "v.part/v.onnx.part.version"}


@pytest.mark.parametrize("size", [len(BODY) - 1, len(BODY) + 1])
async def test_another_size_is_refused_before_it_is_fetched(size: int, tmp_path: Path) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        with pytest.raises(FetchError, match="in the list"):
            await fetched(voice(server.url, BODY, size=size), tmp_path)
    assert tree(tmp_path).keys() == {".lock"}


async def test_the_next_address_is_tried_and_what_is_missing_is_not_asked_again(
    tmp_path: Path,
) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        urls = [f"{server.url}/gone.onnx", "http://127.0.0.1:1/v.onnx", f"{server.url}/v.onnx"]
        await fetched(voice(server.url, BODY, urls=urls), tmp_path)
        assert [name for name, _ in server.asked] == ["gone.onnx", "v.onnx"]
        with pytest.raises(FetchError, match="HTTP 404"):
            await fetched(voice(server.url, BODY, urls=urls[:1]), tmp_path)


async def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    server = FileServer({"v.onnx": BODY}, answers=[503, 429])
    async with serving(server):
        await fetched(voice(server.url, BODY), tmp_path)
        assert len(server.asked) == 3
        server.answers = [503] * 3
        with pytest.raises(FetchError, match="HTTP 503"):
            await fetched(voice(server.url, BODY), tmp_path)
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY


async def test_a_mirror_is_asked_first_and_a_directory_alone(tmp_path: Path) -> None:
    stick, here = tmp_path / "stick", tmp_path / "here"
    stick.mkdir()
    model = voice("http://127.0.0.1:1", BODY)
    async with serving(FileServer({"v.onnx": BODY})) as server:
        await fetched(model, here, Source(f"{server.url}/", pauses_s=()))
    assert remove(model, here)
    with pytest.raises(FetchError, match=r"there is no file .*stick/v\.onnx"):
        await fetched(model, here, Source(str(stick)))
    (stick / "v.onnx").write_bytes(BODY[:-1])
    with pytest.raises(FetchError, match="is not the file of the list"):
        await fetched(model, here, Source(str(stick)))
    (stick / "v.onnx").write_bytes(BODY)
    await fetched(model, here, Source(str(stick)))
    assert (here / "v" / "v.onnx").read_bytes() == BODY


async def test_an_archive_is_unpacked_whole_or_not_at_all(tmp_path: Path) -> None:
    archive = zipped({"r/am/final.mdl": BODY[:9000], "r/README": b"hello"})
    hostile = zipped({"r/README": b"hello", "r/../../x": b"x"})
    async with serving(FileServer({"r.zip": archive})) as server:
        await fetched(recogniser(server.url, archive), tmp_path)
        assert (tmp_path / "r" / "am" / "final.mdl").read_bytes() == BODY[:9000]
        server.files["r.zip"] = hostile
        with pytest.raises(FetchError, match="elsewhere"):
            await fetched(recogniser(server.url, hostile), tmp_path)
    assert (tmp_path / "r" / "README").read_bytes() == b"hello"
    assert not (tmp_path / "x").exists()


async def test_without_a_checksum_the_first_one_counts(tmp_path: Path) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        model = voice(server.url, BODY, sha256=None)
        with pytest.raises(FetchError, match="--trust-first"):
            await fetched(model, tmp_path)
        assert server.asked == []
        trusted = await fetched(model, tmp_path, Source(trust_first=True, pauses_s=()))
        assert trusted == [f"{hashlib.sha256(BODY).hexdigest()}  v.onnx"]
        remove(model, tmp_path)
        await fetched(model, tmp_path)
        server.files["v.onnx"] = bytes_of(len(BODY), seed=2)
        with pytest.raises(FetchError, match="when it was first fetched"):
            await fetched(model, tmp_path)
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY


async def test_damage_is_found_and_mended(tmp_path: Path) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        model = voice(server.url, BODY)
        await fetched(model, tmp_path)
        with (tmp_path / "v" / "v.onnx").open("r+b") as file:
            file.write(b"x")
        assert verify(model, tmp_path) == ["v.onnx has changed"]
        (tmp_path / "v" / "v.onnx").unlink()
        assert verify(model, tmp_path) == ["v.onnx: No such file or directory"]
        await fetched(model, tmp_path)
    assert verify(model, tmp_path) == []
    assert remove(model, tmp_path)
    assert not remove(model, tmp_path)
    with pytest.raises(FetchError, match="cannot be read"):
        verify(model, tmp_path)


async def test_one_fetch_at_a_time(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FetchError, match="another fetch is under way"):
            await fetched(voice("http://127.0.0.1:1", BODY), tmp_path)


async def test_a_disk_that_is_too_small_is_noticed_before(tmp_path: Path) -> None:
    model = voice("http://127.0.0.1:1", BODY, size=10**15)
    with pytest.raises(FetchError, match="2000000050 MB"):
        await fetched(model, tmp_path)


# --- ends that no exception handler sees ---------------------------------------------------------

_DRIVER = """
import asyncio, resource, sys
from pathlib import Path
from ren_device.catalogue import Model
from ren_device.catalogue.download import session
from ren_device.catalogue.fetch import Source, fetch

async def main():
    async with session() as http:
        model = Model.model_validate_json(sys.stdin.read())
        await fetch(http, model, Path(sys.argv[1]), Source(pauses_s=(0,)), lambda *_: None)

if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
asyncio.run(main())
"""


async def start(model: Model, *arguments: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _DRIVER,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(model.model_dump_json(by_alias=True).encode())
    process.stdin.close()
    return process


async def test_a_full_disk_is_one_line_and_no_harm(tmp_path: Path) -> None:
    async with serving(FileServer({"v.onnx": BODY})) as server:
        model = voice(server.url, BODY)
        process = await start(model, str(tmp_path), "700000")
        _, said = await process.communicate()
        assert (
            said.decode().splitlines()[-1].endswith("FetchError: " + f"{tmp_path}: File too large")
        )
        assert not model.is_here(tmp_path)
        await fetched(model, tmp_path)
    assert server.asked[-1][1] == "bytes=700000-"
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
async def test_killed_in_the_middle_it_goes_on(end: signal.Signals, tmp_path: Path) -> None:
    sent, go_on = asyncio.Event(), asyncio.Event()
    etag = f'"{hashlib.md5(BODY).hexdigest()}"'

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"ETag": etag, "Content-Length": str(len(BODY))})
        await response.prepare(request)
        with suppress(ConnectionError):
            await response.write(BODY[:900_000])
            sent.set()
            await go_on.wait()
        return response

    app = web.Application()
    app.router.add_get("/v.onnx", slow)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    model = voice(f"http://127.0.0.1:{runner.addresses[0][1]}", BODY)
    process = await start(model, str(tmp_path))
    part = tmp_path / "v.part" / "v.onnx.part"
    await sent.wait()
    async with asyncio.timeout(20):
        while not part.exists() or part.stat().st_size < 500_000:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    process.send_signal(end)
    await process.wait()
    go_on.set()
    await runner.cleanup()
    assert tree(tmp_path).keys() == {".lock", "v.part/v.onnx.part", "v.part/v.onnx.part.version"}
    server = FileServer({"v.onnx": BODY})
    async with serving(server):
        await fetched(voice(server.url, BODY), tmp_path)
    assert int(server.asked[0][1].removeprefix("bytes=").removesuffix("-")) >= 500_000
    assert (tmp_path / "v" / "v.onnx").read_bytes() == BODY


# --- servers that others wrote -------------------------------------------------------------------


@pytest.mark.peer
async def test_from_pythons_own_server_which_knows_no_ranges(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "v.onnx").write_bytes(BODY)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"),
        cwd=tmp_path / "www",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout
        line = (await process.stdout.readline()).decode()
        url = line[line.index("(") + 1 : line.index(")")].rstrip("/")
        parts = tmp_path / "here" / "v.part"
        parts.mkdir(parents=True)
        (parts / "v.onnx.part").write_bytes(bytes_of(500_000, seed=3))
        await fetched(voice(url, BODY), tmp_path / "here")
    finally:
        process.terminate()
        await process.communicate()
    assert (tmp_path / "here" / "v" / "v.onnx").read_bytes() == BODY


@pytest.mark.peer
@pytest.mark.parametrize("changed", [False, True], ids=["the same file", "a changed file"])
async def test_from_a_file_server_with_ranges(changed: bool, tmp_path: Path) -> None:
    """aiohttp's own static files: Range, If-Range and ETag as it understands them."""
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "v.onnx").write_bytes(bytes_of(len(BODY), seed=4) if changed else BODY)
    app = web.Application()
    app.router.add_static("/", tmp_path / "www")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with session() as http, http.head(f"{url}/v.onnx") as response:
        version = response.headers["ETag"]
    if changed:
        (tmp_path / "www" / "v.onnx").write_bytes(BODY)
        os.utime(tmp_path / "www" / "v.onnx", (2e9, 2e9))
    parts = tmp_path / "here" / "v.part"
    parts.mkdir(parents=True)
    (parts / "v.onnx.part").write_bytes(BODY[:600_000])
    (parts / "v.onnx.part.version").write_text(version)
    starts: list[int] = []
    try:
        async with session() as http:
            await fetch(
                http,
                voice(url, BODY),
                tmp_path / "here",
                AT_ONCE,
                lambda _file, have: starts.append(have),
            )
    finally:
        await runner.cleanup()
    assert starts[0] == (0 if changed else 600_000)
    assert (tmp_path / "here" / "v" / "v.onnx").read_bytes() == BODY
