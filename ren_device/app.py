"""The composition root: what Ren is made of, in boot order. The only file that knows every part.

The web server comes first, so that phones see a Ren that is starting; engines load afterwards, in
threads, and their first users wait for them.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from ren_device import VERSION, choice
from ren_device.alerts.kernel import AlertKernel
from ren_device.assistant.later import MindLater
from ren_device.assistant.local_mind import LocalMind
from ren_device.assistant.turn import Assistant, TurnConfig
from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.engines.claude import ClaudeMind
from ren_device.engines.identity_key import IdentityKey
from ren_device.engines.mdns import MdnsDiscovery
from ren_device.engines.mdns_names import host_name
from ren_device.errors import EngineError
from ren_device.ports import Clock
from ren_device.settings import Settings
from ren_device.skills.alerts import AlertSkill
from ren_device.skills.clock import ClockSkill
from ren_device.skills.device import DeviceSkill
from ren_device.skills.lists import ListSkill
from ren_device.skills.tool import Toolbox
from ren_device.store import open_store
from ren_device.voice.playback import Volume
from ren_device.voice.service import Loaders, VoiceService
from ren_device.web.keys import Services
from ren_device.web.server import serving
from ren_device.web.voice_socket import VoiceSocket

_log = logging.getLogger(__name__)

Start = Callable[[str, Coroutine[object, object, None]], None]


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Be a speaker until `stop` is set. Raises RenError when the start fails."""
    clock = SystemClock(settings.timezone)
    started_at = clock.monotonic()
    bus = Bus()
    async with AsyncExitStack() as stack:
        store = await open_store(settings.data_dir, clock.now())
        stack.push_async_callback(store.close)
        identity = await asyncio.to_thread(IdentityKey.open, settings.data_dir)
        kernel = AlertKernel(store.alerts, clock, bus)
        volume = Volume(store.preferences, bus)
        await volume.load()

        skills = (
            AlertSkill(kernel, clock),
            ListSkill(store.lists),
            ClockSkill(clock),
            DeviceSkill(volume),
        )
        toolbox = Toolbox(tool for skill in skills for tool in skill.tools())
        local = MindLater()
        claude = _claude(settings)
        if claude is not None:
            stack.push_async_callback(claude.close)
        assistant = Assistant(
            cloud=claude,
            local=local,
            toolbox=toolbox,
            threads=store.threads,
            remarks=store.remarks,
            clock=clock,
            bus=bus,
            config=TurnConfig.from_settings(settings),
        )

        voice = _voice(settings, assistant, kernel, volume, clock, bus)
        voice_socket = VoiceSocket(voice.new_conversation if voice else None, clock)
        services = Services(
            name=settings.name,
            has_api_key=settings.has_api_key,
            allowed_hosts=settings.allowed_hosts,
            allowed_origins=settings.allowed_origins,
            hostnames=_hostnames(settings.name),
            assistant=assistant,
            threads=store.threads,
            remarks=store.remarks,
            identity=identity,
            clock=clock,
            started_at=started_at,
            voice_enabled=lambda: settings.voice_enabled,
            health=lambda: {"voice": voice.health() if voice else {"state": "off"}},
            extra_routes=(voice_socket.routes(),),
        )
        port = await stack.enter_async_context(serving(services, settings.host, settings.port))
        stack.push_async_callback(voice_socket.close)
        _log.info("Ren %s answers on http://%s:%d", VERSION, _shown(settings.host), port)

        start = await stack.enter_async_context(_loops())
        start("alerts", kernel.run())
        start("local mind", _load_local_mind(local, clock))
        if settings.mdns_enabled:
            mdns = MdnsDiscovery(
                name=settings.name,
                host=settings.host,
                port=port,
                version=VERSION,
                public_key_hex=identity.public_key_hex,
            )
            start("mdns", mdns.run())
        if voice is not None:
            start("voice", voice.run())
        if claude is not None:
            start("claude", claude.prewarm())
        await stop.wait()
        _log.info("stopping")


def _claude(settings: Settings) -> ClaudeMind | None:
    if not settings.has_api_key:
        return None
    return ClaudeMind(settings.anthropic_api_key.get_secret_value(), settings.anthropic_base_url)


def _voice(
    settings: Settings,
    assistant: Assistant,
    kernel: AlertKernel,
    volume: Volume,
    clock: Clock,
    bus: Bus,
) -> VoiceService | None:
    if not settings.voice_enabled:
        return None
    loaders = Loaders(
        wake_word=partial(choice.load_wake_word, settings),
        vad=choice.load_vad,
        echo=choice.load_echo_canceller,
        stt=partial(choice.load_stt, settings),
        tts=partial(choice.load_tts, settings),
    )
    microphone = choice.microphone(settings)
    speaker = choice.speaker(settings)
    return VoiceService(loaders, microphone, speaker, assistant, kernel, volume, clock, bus)


async def _load_local_mind(local: MindLater, clock: Clock) -> None:
    try:
        matcher = await asyncio.to_thread(choice.load_intents)
    except EngineError as error:
        _log.error("no offline mind: %s", error)
        local.failed(error)
    else:
        local.ready(LocalMind(matcher, clock))


def _hostnames(name: str) -> tuple[str, ...]:
    """What the speaker and its machine call themselves, without `.local`."""
    return host_name(name, 1).removesuffix(".local."), socket.gethostname().lower()


def _shown(host: str) -> str:
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104  only compared
        return "localhost"
    return f"[{host}]" if ":" in host else host


@asynccontextmanager
async def _loops() -> AsyncIterator[Start]:
    """Named tasks that end with the block; a bug in one of them ends the process."""
    tasks: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:

        def start(name: str, loop: Coroutine[object, object, None]) -> None:
            tasks.append(group.create_task(loop, name=name))

        try:
            yield start
        finally:
            for task in tasks:
                task.cancel()
