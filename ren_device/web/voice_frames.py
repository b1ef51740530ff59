"""The JSON frames of /ws/audio: what a client may send, checked, and what Ren sends."""

import base64
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from ren_device.errors import RenError
from ren_device.model import Tier
from ren_device.web import answers
from ren_device.web.describe import Event

_SOUND: Final = {"contentEncoding": "base64"}


class FrameError(RenError):
    """The client sent something that is not a frame of this socket."""


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("not a string")  # noqa: TRY004  pydantic wants a ValueError
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error, or characters outside ASCII
        raise ValueError("not base64") from None


class Audio(BaseModel):
    """Sound: 16-bit little-endian mono PCM at 16 kHz. It may end within a sample."""

    type: Literal["audio"]
    pcm16: Annotated[
        bytes,
        BeforeValidator(_decoded, json_schema_input_type=str),
        Field(description="Base64 of any amount of sound.", json_schema_extra=_SOUND),
    ]


class End(BaseModel):
    """The person has finished speaking."""

    type: Literal["end"]


_Frame: TypeAdapter[Audio | End] = TypeAdapter(Annotated[Audio | End, Field(discriminator="type")])


def read_frame(text: str) -> Audio | End:
    """What the client sent. Raises FrameError with a sentence for it."""
    try:
        return _Frame.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FrameError(
            f"not a frame of this socket: {where + ': ' if where else ''}{first['msg']}"
        ) from None


class WakeFrame(TypedDict):
    """Speech began: the turn is being listened to."""

    type: Literal["wake"]
    data: None


class TranscriptFrame(TypedDict):
    """What was understood, without the wake word."""

    type: Literal["transcript"]
    data: str


class TokenFrame(TypedDict):
    """A piece of the reply, as the model writes it."""

    type: Literal["token"]
    data: str


class ToolRunFrame(TypedDict):
    """A tool begins, or has ended."""

    type: Literal["tool_run"]
    data: answers.ToolRun


class AudioFrame(TypedDict):
    """The voice, from the first sentence on, in pieces of up to 0.2 s."""

    type: Literal["audio"]
    pcm16: Annotated[str, Field(json_schema_extra=_SOUND)]


class SpokenReply(TypedDict):
    """What was answered."""

    reply: str
    tier: Tier
    thread_id: int


class DoneFrame(TypedDict):
    """The turn is over, and its sound was sent."""

    type: Literal["done"]
    data: SpokenReply


class BargeInFrame(TypedDict):
    """The client spoke during a turn: that one stops, and what has not been played is dropped."""

    type: Literal["barge_in"]
    data: None


class ErrorFrame(TypedDict):
    """The frame or the turn failed, in one sentence; the session goes on."""

    type: Literal["error"]
    data: str


HEARS: Final = {
    "audio": Event(Audio, {"type": "audio", "pcm16": "AAAAAA=="}),
    "end": Event(End, {"type": "end"}),
}
SENDS: Final = {
    "wake": Event(WakeFrame, {"type": "wake", "data": None}),
    "transcript": Event(
        TranscriptFrame, {"type": "transcript", "data": "turn off the kitchen lights"}
    ),
    "token": Event(TokenFrame, {"type": "token", "data": "Turning"}),
    "tool_run": Event(
        ToolRunFrame, {"type": "tool_run", "data": {"tool": "set_power", "status": "running"}}
    ),
    "audio": Event(AudioFrame, {"type": "audio", "pcm16": "AAAAAA=="}),
    "done": Event(
        DoneFrame, {"type": "done", "data": {"reply": "Done.", "tier": "fast", "thread_id": 1}}
    ),
    "barge_in": Event(BargeInFrame, {"type": "barge_in", "data": None}),
    "error": Event(ErrorFrame, {"type": "error", "data": "The model's service is overloaded."}),
}
