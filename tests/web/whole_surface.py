"""Every route of every room, for tests that look at the surface and call little of it."""

from ren_device.alerts.kernel import AlertKernel
from ren_device.alerts.notices import Notices
from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.home.house import House
from ren_device.skills.routine_steps import StepRules
from ren_device.store.storage import Figures
from ren_device.web.alerts import AlertRoutes
from ren_device.web.doorkeeper import Doorkeeper
from ren_device.web.home import HomeRoutes
from ren_device.web.keyring import Keyring
from ren_device.web.keys import Services
from ren_device.web.messages import MessagesApi
from ren_device.web.metrics import Metrics
from ren_device.web.notifications import Notifications
from ren_device.web.pages import PageRoutes
from ren_device.web.routine_gate import RoutineGate
from ren_device.web.routines import RoutineRoutes
from ren_device.web.voice_socket import VoiceSocket
from tests.alerts.memory_alerts import MemoryAlerts
from tests.web.alert_porch import TOOLBOX, MemoryRoutines, Runner
from tests.web.device_porch import DevicePorch
from tests.web.messages_house import MemoryKeys, ScriptedGuest
from tests.web.web_house import house


def whole_surface() -> Services:
    """Services with all the routes that app.py has."""
    clock, bus = SystemClock(), Bus()

    def no_figures() -> Figures:
        raise NotImplementedError

    routines = MemoryRoutines()
    rules = StepRules(routines, lambda: TOOLBOX)
    gate = RoutineGate(routines, rules, allow_dangerous=False)
    metrics = Metrics(bus, alerts=lambda: ((), ()), store=no_figures)
    services, _ = house(
        extra_routes=(
            VoiceSocket(None, clock).routes(),
            Notifications(Notices(MemoryAlerts(), bus), 15).routes(),
            HomeRoutes(House((), bus)).routes(),
            MessagesApi(ScriptedGuest(), Doorkeeper(Keyring(MemoryKeys(), clock), clock)).routes(),
            metrics.routes(),
            AlertRoutes(AlertKernel(MemoryAlerts(), clock, bus), clock, bus, gate).routes(),
            RoutineRoutes(routines, Runner(), rules, gate).routes(),
            PageRoutes("Ren", "en").routes(),
            DevicePorch().routes.routes(),
        )
    )
    return services
