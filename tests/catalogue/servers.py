"""A server of files that can be told to fail, and a list of models that are on it."""

import hashlib
import io
import random
import tarfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from ren_device.catalogue import Model


@dataclass
class FileServer:
    """Serves `files`; what it was asked for is in `asked`, as (name, Range header)."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etags: bool = True
    cut_after: list[int] = field(default_factory=list)
    """For each of the next answers, after how many bytes of it the connection is cut."""
    answers: list[int] = field(default_factory=list)
    """HTTP statuses of the next answers."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked.append((name, request.headers.get("Range", "")))
        if self.answers:
            return web.Response(status=self.answers.pop(0))
        if name not in self.files:
            raise web.HTTPNotFound
        body = self.files[name]
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        response = web.StreamResponse()
        if self.etags:
            response.headers["ETag"] = etag
        wanted = request.headers.get("Range") if self.ranges else None
        if wanted and request.headers.get("If-Range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return web.Response(status=416)
            response.set_status(206)
            response.headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:]
        response.content_length = len(body)
        await response.prepare(request)
        if self.cut_after:
            await response.write(body[: self.cut_after.pop(0)])
            assert request.transport
            request.transport.close()
            return response
        await response.write(body)
        return response


@asynccontextmanager
async def serving(server: FileServer) -> AsyncIterator[FileServer]:
    app = web.Application()
    app.router.add_get("/{name}", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


def bytes_of(length: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(length)


def voice(url: str, body: bytes, **other: object) -> Model:
    """A model of one plain file."""
    file = {"name": "v.onnx", "urls": [f"{url}/v.onnx"], "size": len(body)}
    file["sha256"] = hashlib.sha256(body).hexdigest()
    return _model("v", "tts", file | other)


def recogniser(url: str, archive: bytes, name: str = "r.zip", **other: object) -> Model:
    """A model in an archive."""
    file = {"name": name, "urls": [f"{url}/{name}"], "size": len(archive)}
    file |= {"md5": hashlib.md5(archive).hexdigest(), "unpacked_at_most": 1_000_000}
    return _model("r", "stt", file | other)


def _model(name: str, kind: str, file: dict[str, object]) -> Model:
    setting = "REN_TTS_VOICE" if kind == "tts" else "REN_VOSK_MODEL"
    return Model.model_validate(
        {
            "id": name,
            "kind": kind,
            "languages": ["en"],
            "setting": setting,
            "licence": "CC0",
            "commercial": "yes",
            "file": [file],
        }
    )


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return made.getvalue()


def tarred(files: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, body in files.items():
            if isinstance(body, tarfile.TarInfo):
                archive.addfile(body)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(body)
                archive.addfile(info, io.BytesIO(body))
    return made.getvalue()


def tree(directory: Path) -> dict[str, bytes]:
    """All files below, by path."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
