"""The accessories that a virtual home can have, as its file describes them, checked with pydantic.

Apart from `name`, `room`, `id` and `service_type`, every field is a characteristic in HomeKit's
words. One that is left out, and is not always there, the device does not have: a lightbulb without
`brightness` cannot be dimmed.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ren_device.model import Accessory, Characteristic, HomeValue

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"\w")]
Percent = Annotated[int, Field(ge=0, le=100)]
Celsius = Annotated[float, Field(ge=-50, le=60)]


class Refused(Exception):
    """The file, or a value, is not as it has to be. `str(error)` is one line for a person."""


class Device(BaseModel):
    """What all accessories of the file have. Those below add their characteristics."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    always: ClassVar[frozenset[str]] = frozenset()
    """Characteristics that are there even if the file does not name them."""
    reports: ClassVar[frozenset[str]] = frozenset()
    """Characteristics that nobody can set, but by editing the file."""

    service_type: str
    name: Name
    room: Annotated[str, Field(max_length=60)] = ""
    id: Annotated[str, Field(max_length=60, pattern=r"^[\w-]+$")] | None = None

    def told(self) -> dict[str, HomeValue]:
        """The value of each characteristic, in a steady order."""
        there = self.always | self.model_fields_set
        keys = (key for key in type(self).model_fields if key in there and key not in _NO_CHARS)
        return {key: getattr(self, key) for key in keys}

    def derived(self) -> dict[str, HomeValue]:
        """Characteristics that follow from others."""
        return {}

    def accessory(self, accessory_id: str) -> Accessory:
        """As Ren sees it."""
        writable = {
            key: self._characteristic(key, value, key not in self.reports)
            for key, value in self.told().items()
        }
        reported = {key: Characteristic(value) for key, value in self.derived().items()}
        return Accessory(accessory_id, self.name, self.room, self.service_type, writable | reported)

    def changed(self, values: Mapping[str, HomeValue]) -> Self:
        """The same with other values. Raises Refused."""
        unknown = values.keys() - self.told().keys()
        if unknown or values.keys() & self.reports:
            raise Refused(f"a {self.service_type} cannot be told {', '.join(sorted(values))}")
        try:
            return self.model_validate({**self.model_dump(exclude_unset=True), **values})
        except ValidationError as error:
            raise Refused(line_of(error)) from None

    def bounds(self, key: str) -> tuple[float | None, float | None]:
        """The least and the greatest value of a number."""
        rules = type(self).model_fields[key].metadata
        low = next((float(str(rule.ge)) for rule in rules if isinstance(rule, Ge)), None)
        high = next((float(str(rule.le)) for rule in rules if isinstance(rule, Le)), None)
        return low, high

    def choices(self, key: str) -> tuple[str, ...]:
        """The words that are allowed."""
        return _words_of(type(self).model_fields[key].annotation)

    def _characteristic(self, key: str, value: HomeValue, writable: bool) -> Characteristic:
        return Characteristic(value, writable, *self.bounds(key), self.choices(key))


class Lightbulb(Device):
    """A light."""

    always = frozenset(["on"])
    on: bool = False
    brightness: Percent = 100
    hue: Annotated[int, Field(ge=0, le=360)] = 0
    saturation: Percent = 0
    color_temperature: Annotated[int, Field(ge=140, le=500)] = 250  # mired

    @model_validator(mode="after")
    def _color_is_whole(self) -> Self:
        if len({"hue", "saturation"} & self.model_fields_set) == 1:
            raise ValueError("hue and saturation go together")
        return self


class Outlet(Device):
    """Something on a plug."""

    always = frozenset(["on"])
    on: bool = False


class Switch(Outlet):
    """Something behind a switch."""


class Fan(Outlet):
    """A fan."""

    rotation_speed: Percent = 100


class Thermostat(Device):
    """Heating or cooling."""

    always = frozenset(["target_temperature", "target_heating_cooling_state"])
    reports = frozenset(["current_temperature"])
    current_temperature: Celsius = 20.0
    target_temperature: Celsius = 20.0
    target_heating_cooling_state: Literal["off", "heat", "cool", "auto"] = "heat"
    lowest: Celsius = 10.0
    highest: Celsius = 30.0
    modes: Annotated[list[Literal["off", "heat", "cool", "auto"]], Field(min_length=1)] = [
        "off",
        "heat",
    ]

    @model_validator(mode="after")
    def _is_within(self) -> Self:
        if not self.lowest <= self.target_temperature <= self.highest:
            raise ValueError(f"target_temperature must be {self.lowest:g} to {self.highest:g}")
        if self.target_heating_cooling_state not in self.modes:
            raise ValueError(f"target_heating_cooling_state must be one of {self.modes}")
        return self

    def bounds(self, key: str) -> tuple[float | None, float | None]:
        """See Device."""
        return (self.lowest, self.highest) if key == "target_temperature" else super().bounds(key)

    def choices(self, key: str) -> tuple[str, ...]:
        """See Device."""
        return tuple(self.modes) if key == "target_heating_cooling_state" else super().choices(key)


class Lock(Device):
    """A door lock."""

    always = frozenset(["lock_target_state"])
    lock_target_state: Literal["secured", "unsecured"] = "secured"

    def derived(self) -> dict[str, HomeValue]:
        """See Device."""
        return {"lock_current_state": self.lock_target_state}


class WindowCovering(Device):
    """Blinds, curtains or shutters: 100 is open."""

    always = frozenset(["target_position"])
    target_position: Percent = 100

    def derived(self) -> dict[str, HomeValue]:
        """See Device."""
        return {"current_position": self.target_position}


class TemperatureSensor(Device):
    """A thermometer."""

    always = reports = frozenset(["current_temperature"])
    current_temperature: Celsius = 20.0


class HumiditySensor(Device):
    """A hygrometer."""

    always = reports = frozenset(["current_relative_humidity"])
    current_relative_humidity: Percent = 50


class ContactSensor(Device):
    """A window or a door: `detected` is closed."""

    always = reports = frozenset(["contact_sensor_state"])
    contact_sensor_state: Literal["detected", "not_detected"] = "detected"


class MotionSensor(Device):
    """Sees movement."""

    always = reports = frozenset(["motion_detected"])
    motion_detected: bool = False


class LeakSensor(Device):
    """Feels water."""

    always = reports = frozenset(["leak_detected"])
    leak_detected: bool = False


class SmokeSensor(Device):
    """Smells smoke."""

    always = reports = frozenset(["smoke_detected"])
    smoke_detected: bool = False


KINDS: Mapping[str, type[Device]] = {
    "lightbulb": Lightbulb,
    "outlet": Outlet,
    "switch": Switch,
    "fan": Fan,
    "thermostat": Thermostat,
    "lock": Lock,
    "window_covering": WindowCovering,
    "temperature_sensor": TemperatureSensor,
    "humidity_sensor": HumiditySensor,
    "contact_sensor": ContactSensor,
    "motion_sensor": MotionSensor,
    "leak_sensor": LeakSensor,
    "smoke_sensor": SmokeSensor,
}
_NO_CHARS = frozenset("service_type name room id lowest highest modes".split())


def line_of(error: ValidationError, kind: "type[Device] | None" = None) -> str:
    """The first mistake: where, what, and what is allowed there."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden" and kind:
        return f"{where} is not known; a {_words(kind)} has {', '.join(kind.model_fields)}"
    said = first["msg"].removeprefix("Value error, ")
    if not where:
        return said
    return f"{where}: {said}" + ("" if first["type"] == "missing" else f", not {first['input']!r}")


def _words(kind: "type[Device]") -> str:
    return next(name for name, each in KINDS.items() if each is kind)


def _words_of(annotation: object) -> tuple[str, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()
