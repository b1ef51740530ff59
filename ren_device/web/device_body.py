"""What comes in at /device. A field that is not known is refused, and "50" is no number."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from ren_device.model import Control

MOST_STEPS: Final = 50
"""The knob is turned by so many at once."""


class TalkBody(BaseModel):
    """How the talk button is pressed."""

    model_config = ConfigDict(extra="forbid")

    held: Annotated[
        StrictBool,
        Field(description="Listen until /device/release; to be said again every second."),
    ] = False


class MuteBody(BaseModel):
    """Whether the microphone is to be off."""

    model_config = ConfigDict(extra="forbid")

    muted: StrictBool


def _either(*ways: dict[str, str]) -> JsonDict:
    """Says in JSON Schema that exactly one of these groups of fields is there, and not null."""
    return {
        "oneOf": [
            {"required": [*way], "properties": {name: {"type": way[name]} for name in way}}
            for way in ways
        ]
    }


class VolumeBody(BaseModel):
    """How loud the voice is to be: `percent`, or so much louder or quieter."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=_either({"percent": "integer"}, {"by": "integer"})
    )

    percent: Annotated[
        Annotated[int, Field(ge=0, le=100, strict=True)] | None,
        Field(description="0 is silent."),
    ] = None
    by: Annotated[
        Annotated[int, Field(ge=-100, le=100, strict=True)] | None,
        Field(description="Percent points; below 0 quieter."),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.by is None):
            raise PydanticCustomError("either", "Input should have either `percent` or `by`")
        return self


class PressBody(BaseModel):
    """A finger on a simulated pin: a `control` that goes `down` or up, or a `turn` of the knob."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=_either({"control": "string", "down": "boolean"}, {"turn": "integer"}),
    )

    control: Control | None = None
    down: Annotated[
        StrictBool | None, Field(description="Pressed, or a switch put to muted; else let go.")
    ] = None
    turn: Annotated[
        Annotated[int, Field(ge=-MOST_STEPS, le=MOST_STEPS, strict=True)] | None,
        Field(description="Steps; above 0 clockwise."),
    ] = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        pressed = (self.control is not None) + (self.down is not None)
        if pressed != (2 if self.turn is None else 0):
            raise PydanticCustomError(
                "either", "Input should have `control` and `down`, or `turn` alone"
            )
        return self
