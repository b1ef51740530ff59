"""The composition root: what Ren is made of, in boot order. The only file that knows every part.

The web server comes first, so that phones see a Ren that is starting; engines load afterwards, in
threads, and their first users wait for them.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from ren_device import VERSION, choice
from ren_device.alerts.kernel import AlertKernel
from ren_device.alerts.notices import Notices
from ren_device.assistant.guest import Guest
from ren_device.assistant.later import MindLater
from ren_device.assistant.local_mind import LocalMind
from ren_device.assistant.summaries import Summariser
from ren_device.assistant.turn import Assistant, TurnConfig
from ren_device.boards.sound import card_of, with_card
from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.counter import Counter
from ren_device.engines.claude import ClaudeMind
from ren_device.engines.claude_client import ASTRA
from ren_device.engines.identity_key import IdentityKey
from ren_device.engines.mdns import MdnsDiscovery
from ren_device.engines.mdns_names import host_name
from ren_device.engines.virtual_home import VirtualHome
from ren_device.errors import EngineError
from ren_device.hardware_profile import Sound
from ren_device.home.house import House
from ren_device.model import Tier
from ren_device.panel.mute import Mute
from ren_device.ports import Clock
from ren_device.settings import Settings
from ren_device.skills.alerts import AlertSkill
from ren_device.skills.clock import ClockSkill
from ren_device.skills.device import DeviceSkill
from ren_device.skills.home import HomeSkill
from ren_device.skills.lists import ListSkill
from ren_device.skills.memory import MemorySkill
from ren_device.skills.missed_words import MissedWords
from ren_device.skills.routine_runner import NobodyHears, RoutineRunner
from ren_device.skills.routines import RoutineSkill
from ren_device.skills.tool import Toolbox
from ren_device.store import Store, factory_reset, open_store
from ren_device.store.backups import Backups
from ren_device.supervision import Vitals, fault, image, supervise
from ren_device.supervision.image_notices import ImageNotices
from ren_device.supervision.told import Told
from ren_device.voice.service import Loaders, VoiceConfig, VoiceService
from ren_device.voice.trace import Traces
from ren_device.voice.volume import QuietHours, Volume
from ren_device.web.alerts import NO_VOICE, AlertRoutes
from ren_device.web.control import BackupRoutes, control_socket
from ren_device.web.control_keys import KeyRoutes
from ren_device.web.control_reset import ResetRoutes
from ren_device.web.control_trace import TraceRoutes
from ren_device.web.doorkeeper import Doorkeeper
from ren_device.web.home import HomeRoutes
from ren_device.web.keyring import Keyring
from ren_device.web.keys import Services
from ren_device.web.limits import Limits
from ren_device.web.messages import MessagesApi
from ren_device.web.metrics import Metrics
from ren_device.web.notifications import Notifications
from ren_device.web.pages import PageRoutes
from ren_device.web.routine_gate import RoutineGate
from ren_device.web.routines import RoutineRoutes
from ren_device.web.server import serving
from ren_device.web.voice_socket import VoiceSocket

_log = logging.getLogger(__name__)

Start = Callable[[str, Coroutine[object, object, None]], None]
Vocabulary = Future[frozenset[str]]
"""The words of the offline mind, once they are loaded."""
View = Callable[[Counter, int], Coroutine[object, object, None]]
"""Shows the speaker, which answers on this port, until cancelled."""


async def serve(settings: Settings, stop: asyncio.Event, view: View | None = None) -> bool:
    """Be a speaker until `stop` is set; whether to call this again, after a factory reset.

    `view` shows the speaker to whoever started it. Raises RenError when the start fails.
    """
    clock = SystemClock(settings.timezone)
    started_at = clock.monotonic()
    bus = Bus()
    supervisor = choice.supervisor()
    reset_wanted = asyncio.Event()

    on_image = await asyncio.to_thread(image.look) is not None

    async def reset() -> None:
        await asyncio.to_thread(factory_reset.ask, settings.data_dir)
        if not on_image:  # there the system resets all of itself, and restarts: systemd/reset
            reset_wanted.set()
            stop.set()

    async with AsyncExitStack() as stack:
        # --- the board ---
        parts = await asyncio.to_thread(choice.panel, settings)
        stack.push_async_callback(parts.lamp.close)
        stack.push_async_callback(parts.controls.close)
        for trouble in {parts.controls.trouble, parts.lamp.trouble} - {None}:
            _log.error("%s", trouble)
        card = card_of(settings, parts.profile)
        settings = with_card(settings, card)

        # --- what is kept, and what is due ---
        if not on_image:
            await asyncio.to_thread(factory_reset.carry_out, settings.data_dir)
        store = await open_store(settings.data_dir, clock.now())
        stack.push_async_callback(store.close)
        backups = Backups(
            settings.data_dir,
            store.database,
            name=settings.name,
            now=clock.now,
            identity_file=choice.identity_file(settings),
        )
        await backups.begin()  # a restore that waits for this start
        identity = await asyncio.to_thread(IdentityKey.open, settings.data_dir)
        kernel = AlertKernel(store.alerts, clock, bus)
        notices = Notices(store.alerts, bus)
        quiet = QuietHours.parse(settings.quiet_hours, settings.quiet_volume)
        volume = Volume(store.preferences, bus, clock, quiet, card.loudest)
        await volume.load()
        mute = Mute(store.preferences, bus, parts.controls)
        await mute.load()
        if mute.muted:
            _log.info(
                "the microphone is off, by %s", "its switch" if mute.by == "switch" else "choice"
            )
        virtual_home = await _virtual_home(settings, store)
        house = House((virtual_home,) if virtual_home else (), bus)

        # --- the minds, and what they can do ---
        routines = RoutineRunner(
            store.routines,
            lambda: toolbox,
            kernel,
            lambda: voice.announcer if voice else NobodyHears(),
            clock,
            bus,
            settings.language,
        )
        skills = (
            AlertSkill(
                kernel,
                clock,
                settings.language,
                stop_also=routines.stop,
                routine_is_dangerous=routines.is_dangerous,
            ),
            RoutineSkill(store.routines, routines, kernel, clock, settings.language),
            ListSkill(store.lists, settings.language),
            MemorySkill(store.facts, clock, settings.language),
            ClockSkill(clock, settings.language),
            DeviceSkill(volume, settings.language),
            HomeSkill(house, settings.language),
        )
        toolbox = Toolbox(tool for skill in skills for tool in skill.tools())
        local = MindLater()
        cloud = _cloud(settings)
        if cloud is not None:
            stack.push_async_callback(cloud.close)
        config = TurnConfig.from_settings(settings)
        assistant = Assistant(
            cloud=cloud,
            local=local,
            toolbox=toolbox,
            threads=store.threads,
            remarks=store.remarks,
            summaries=store.summaries,
            facts=store.facts,
            clock=clock,
            bus=bus,
            config=config,
        )
        guest = Guest(
            cloud=cloud,
            local=local,
            toolbox=toolbox,
            clock=clock,
            config=config,
            facts=store.facts,
        )

        # --- the surface ---
        vocabulary: Vocabulary = Future()
        stack.callback(_settle, vocabulary)
        voice = _voice(
            settings, card, assistant, kernel, routines, volume, mute, clock, bus, vocabulary
        )
        counter = Counter(
            settings,
            parts,
            voice,
            kernel,
            mute,
            volume,
            clock,
            bus,
            lambda: store.database.figures().trouble or None,
            reset,
        )
        stack.push_async_callback(counter.hands.close)
        night = QuietHours.parse(settings.night_hours, 0)
        image_notices = ImageNotices(
            partial(asyncio.to_thread, image.look),
            Told(settings.data_dir),
            voice.announcer if voice else NobodyHears(),
            counter.host,
            bus,
            lambda: any(hours.holds(clock.now().time()) for hours in (quiet, night)),
            clock.boot_id,
            settings.language,
        )
        voice_socket = VoiceSocket(voice.new_conversation if voice else None, clock)
        gate = RoutineGate(store.routines, routines.rules, allow_dangerous=settings.allow_dangerous)
        keyring = Keyring(store.api_keys, clock)
        metrics = Metrics(
            bus,
            alerts=lambda: (kernel.pending(), kernel.ringing()),
            store=store.database.figures,
            glitches=voice.glitches if voice else lambda: (0, 0),
        )
        services = Services(
            name=settings.name,
            has_api_key=settings.has_api_key,
            allowed_hosts=(*settings.allowed_hosts, settings.host.lower()),
            allowed_origins=settings.allowed_origins,
            hostnames=_hostnames(settings.name),
            limits=Limits(connections=settings.max_connections, turns=settings.max_turns),
            assistant=assistant,
            threads=store.threads,
            remarks=store.remarks,
            identity=identity,
            clock=clock,
            started_at=started_at,
            voice_enabled=lambda: settings.voice_enabled,
            health=lambda: {
                "voice": voice.health() if voice else {"state": "off"},
                "home": house.health(),
                "clock": {"synchronised": clock.synchronised()},
                "store": {"trouble": store.database.figures().trouble},
                **image_notices.health(),
            },
            extra_routes=(
                voice_socket.routes(),
                Notifications(notices, settings.notifications_interval_s).routes(),
                AlertRoutes(
                    kernel, clock, bus, gate, lambda: voice.ringing_trouble if voice else NO_VOICE
                ).routes(),
                RoutineRoutes(store.routines, routines, routines.rules, gate).routes(),
                PageRoutes(settings.name, settings.language).routes(),
                HomeRoutes(house).routes(),
                counter.routes.routes(),
                MessagesApi(guest, Doorkeeper(keyring, clock)).routes(),
                metrics.routes(),
            ),
            extensions=(metrics.extend,),
        )
        port = await stack.enter_async_context(serving(services, settings.host, settings.port))
        # Notices first: what a restored kernel rings is told once.
        backups.reload += [notices.reload, kernel.reload, volume.load, partial(_keep_muted, mute)]
        if virtual_home is not None:
            backups.reload.append(virtual_home.reload)
        traces = Traces(bus)
        control = (
            BackupRoutes(backups).routes(),
            KeyRoutes(keyring).routes(),
            TraceRoutes(traces).routes(),
            ResetRoutes(reset).routes(),
        )
        await stack.enter_async_context(control_socket(settings.data_dir, control))
        _log.info("Ren %s answers on http://%s:%d", VERSION, _shown(settings.host), port)

        # --- what goes on by itself ---
        start = await stack.enter_async_context(_loops())
        stack.push_async_callback(voice_socket.close)  # before the engines that it uses
        start("lights", counter.lights.run())
        start("panel", counter.panel.run())
        start("device", counter.routes.run())
        start("metrics", metrics.run())
        start("traces", traces.run())
        start("notices", notices.run())
        start("alerts", kernel.run())
        start("routines", routines.run())
        start("home", house.run())
        start("image", image_notices.run())
        start("local mind", _load_local_mind(local, clock, settings.language, vocabulary))
        if settings.mdns_enabled:
            mdns = MdnsDiscovery(
                name=settings.name,
                host=settings.host,
                port=port,
                version=VERSION,
                public_key_hex=identity.public_key_hex,
            )
            start("mdns", mdns.run())
        start("mixer", _set_mixer(card))
        if voice is not None:
            start("voice", voice.run())
        if cloud is not None:
            fast = config.brain.model_of(Tier.FAST)
            summariser = Summariser(cloud, fast, store.remarks, store.summaries, clock, bus)
            start("summaries", summariser.run())
            start("cloud", cloud.prewarm())
        if voice is not None and supervisor.watchdog_s is not None:
            start("fault words", _record_fault_words(voice, settings))
        if view is not None:
            start("view", view(counter, port))
        await kernel.load()
        vitals: Vitals = {"voice": voice.frozen} if voice is not None else {}
        loading = (lambda: voice.loading) if voice is not None else (lambda: False)
        status = lambda: counter.trouble() or f"voice: {counter.phase()}"  # noqa: E731
        start("supervision", supervise(supervisor, vitals, clock, loading, status))
        supervisor.ready()
        await stop.wait()
        supervisor.stopping()
        _log.info("stopping")
    return reset_wanted.is_set() and supervisor.watchdog_s is None  # else that one starts it again


def _cloud(settings: Settings) -> ClaudeMind | None:
    if not settings.has_api_key:
        return None
    if settings.brain == "astra":
        return ClaudeMind(settings.api_key.get_secret_value(), settings.api_url, ASTRA)
    return ClaudeMind(settings.anthropic_api_key.get_secret_value(), settings.anthropic_base_url)


async def _virtual_home(settings: Settings, store: Store) -> VirtualHome | None:
    if settings.home_file is None:
        return None
    return await VirtualHome.open(settings.home_file, store.preferences)


async def _keep_muted(mute: Mute) -> None:
    """What is restored may turn the microphone off, but never on."""
    if mute.by == "software":
        await mute.set(True)
    else:
        await mute.load()


async def _set_mixer(card: Sound) -> None:
    for trouble in await choice.set_mixer(card):
        _log.warning("the mixer: %s", trouble)


async def _record_fault_words(voice: VoiceService, settings: Settings) -> None:
    """While Ren is well: what is said when it cannot start."""
    try:
        tts = await voice.loaded_tts()
        await fault.record(tts, settings.data_dir, settings.language, settings.tts_voice)
    except (EngineError, OSError) as error:
        _log.warning("what is said when Ren cannot start was not recorded: %s", error)


def _voice(
    settings: Settings,
    card: Sound,
    assistant: Assistant,
    kernel: AlertKernel,
    routines: RoutineRunner,
    volume: Volume,
    mute: Mute,
    clock: Clock,
    bus: Bus,
    vocabulary: Vocabulary,
) -> VoiceService | None:
    if not settings.voice_enabled:
        return None
    loaders = Loaders(
        wake_word=partial(choice.load_wake_word, settings),
        vad=choice.load_vad,
        echo=partial(choice.load_echo_canceller, card.echo_delay_ms / 1000),
        stt=lambda: choice.load_stt(settings, vocabulary.result()),
        tts=partial(choice.load_tts, settings),
        detector=partial(choice.load_turn_detector, settings),
        echo_meter=choice.load_echo_meter,
    )
    config = VoiceConfig(
        language=settings.language,
        barge_in=settings.barge_in,
        wake_archive=settings.data_dir / "wake" if settings.wake_keep_audio else None,
        follow_up_s=settings.follow_up_s,
        capture_stops_playback=card.capture_stops_playback,
    )
    microphone = choice.microphone(settings, card.gain_db)
    speaker = choice.speaker(settings)
    return VoiceService(
        loaders,
        microphone,
        speaker,
        assistant,
        kernel,
        volume,
        clock,
        bus,
        config,
        missed_words=MissedWords(settings.language).said,
        routines=routines,
        mute=mute,
    )


async def _load_local_mind(
    local: MindLater, clock: Clock, language: str, vocabulary: Vocabulary
) -> None:
    try:
        matcher = await asyncio.to_thread(choice.load_intents, language)
    except EngineError as error:
        _log.error("no offline mind: %s", error)
        local.failed(error)
        _settle(vocabulary)
    else:
        local.ready(LocalMind(matcher, clock, language))
        vocabulary.set_result(matcher.vocabulary)


def _settle(vocabulary: Vocabulary) -> None:
    """The recogniser, which waits for it in a thread, must not wait for ever."""
    if not vocabulary.done():
        vocabulary.set_result(frozenset())


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
