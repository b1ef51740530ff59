"""What POST /v1/messages takes, checked and turned into Ren's nouns.

Fields that only tune how a model works (temperature, thinking, metadata, …) are ignored, like any
that Ren does not know. Fields that change what must come out are either honoured or refused.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ren_device.assistant.guest import GuestAsk
from ren_device.model import Message, Role, Text, Tier, ToolCall, ToolResult, ToolSpec
from ren_device.web.errors import ApiError

LOCAL_MODEL = "astra-local"
MODELS: dict[str, Tier | None] = {
    "astra": None,
    "astra-fast": Tier.FAST,
    "astra-default": Tier.DEFAULT,
    "astra-hard": Tier.HARD,
    LOCAL_MODEL: Tier.LOCAL,
}
"""By the name that a request asks for: the tier that it pins; astra routes by intent."""


def _as_blocks(value: object) -> object:
    """A plain text is short for one block; nothing, for none."""
    if value is None:
        return []
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


def _said(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return text


def _refused(value: object) -> object:
    if value is None or value is False or value in ([], {}):
        return value
    raise PydanticCustomError("unsupported", "is not supported by Ren")


def _of_object(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") != "object":
        raise PydanticCustomError("object_schema", "must describe an object: type is missing")
    return schema


Unsupported = Annotated[
    Any,
    AfterValidator(_refused),
    WithJsonSchema({"enum": [None, False, [], {}]}),
    Field(description="Not to be had: refused, unless it is empty."),
]
NotBlank = Annotated[str, Field(json_schema_extra={"pattern": r"\S"})]


class TextBlock(BaseModel):
    """Text."""

    type: Literal["text"]
    text: str


class SaidBlock(TextBlock):
    """Text that somebody said."""

    text: Annotated[NotBlank, AfterValidator(_said)]


class ToolUseBlock(BaseModel):
    """Ren asked for one of the caller's tools."""

    type: Literal["tool_use"]
    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    input: dict[str, Any]


class ToolResultBlock(BaseModel):
    """What the caller's tool answered."""

    type: Literal["tool_result"]
    tool_use_id: Annotated[str, Field(min_length=1)]
    content: Annotated[
        list[TextBlock],
        BeforeValidator(_as_blocks, json_schema_input_type=str | list[TextBlock] | None),
    ] = Field(default_factory=list)
    is_error: StrictBool = False


Block = Annotated[SaidBlock | ToolUseBlock | ToolResultBlock, Field(discriminator="type")]


class MessageBody(BaseModel):
    """One message of the dialogue."""

    role: Role
    content: Annotated[
        list[Block], BeforeValidator(_as_blocks, json_schema_input_type=NotBlank | list[Block])
    ]


class ToolBody(BaseModel):
    """A tool of the caller's. With any of these, Ren's own stay out of the turn."""

    type: Literal["custom"] | None = None
    name: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]
    description: str = ""
    input_schema: Annotated[
        dict[str, Any],
        AfterValidator(_of_object),
        Field(
            json_schema_extra={"properties": {"type": {"const": "object"}}, "required": ["type"]}
        ),
    ]


class ToolChoice(BaseModel):
    """Whether the caller's tools may be asked for."""

    type: Literal["auto", "none"]
    disable_parallel_tool_use: Unsupported = None


class OutputConfig(BaseModel):
    """How the answer is to be written."""

    format: Unsupported = None


class MessagesBody(BaseModel):
    """A dialogue that is to go on."""

    model: Annotated[str, Field(description=f"One of {', '.join(MODELS)}.", examples=["astra"])]
    messages: Annotated[list[MessageBody], Field(min_length=1)]
    stream: StrictBool | None = None
    max_tokens: Annotated[
        Annotated[int, Field(ge=1, strict=True)] | None,
        Field(description="Of everything that is written in the turn."),
    ] = None
    system: Annotated[
        list[TextBlock],
        BeforeValidator(_as_blocks, json_schema_input_type=str | list[TextBlock] | None),
        Field(description="Added to what Ren is told about itself."),
    ] = Field(default_factory=list)
    tools: Annotated[list[ToolBody] | None, Field(max_length=128)] = None
    tool_choice: ToolChoice | None = None
    stop_sequences: Unsupported = None
    output_config: OutputConfig | None = None
    output_format: Unsupported = None
    mcp_servers: Unsupported = None
    container: Unsupported = None

    @model_validator(mode="after")
    def _fits_together(self) -> "MessagesBody":
        names = [tool.name for tool in self.tools or ()]
        if len(set(names)) < len(names):
            raise PydanticCustomError("tools", "tools: no two may have the same name")
        if self.tool_choice and self.tool_choice.type == "none" and not names:
            raise PydanticCustomError("tools", "tool_choice: there are no tools to choose from")
        _check(_merged(self.messages))
        return self

    def ask(self) -> GuestAsk:
        """The same in Ren's nouns. Raises ApiError 404 for a model that Ren does not have."""
        return GuestAsk(
            messages=_merged(self.messages),
            system="\n\n".join(block.text for block in self.system),
            tools=tuple(
                ToolSpec(tool.name, tool.description, tool.input_schema)
                for tool in self.tools or ()
            ),
            may_call_tools=self.tool_choice is None or self.tool_choice.type != "none",
            tier=tier_of(self.model),
            max_tokens=self.max_tokens,
        )


def tier_of(model: str) -> Tier | None:
    """What this name pins. Raises ApiError 404."""
    if model not in MODELS:
        raise ApiError(404, f"model: there is no {model[:80]!r}; there are {', '.join(MODELS)}.")
    return MODELS[model]


def _merged(messages: Iterable[MessageBody]) -> tuple[Message, ...]:
    """Roles alternate: messages of one role in a row are one, and empty ones are left out."""
    merged: list[Message] = []
    names: dict[str, str] = {}
    for message in messages:
        content = tuple(_part(block, names) for block in message.content)
        if merged and merged[-1].role == message.role:
            content = merged.pop().content + content
        if content:
            merged.append(Message(message.role, content))
    return tuple(merged)


def _part(
    block: TextBlock | ToolUseBlock | ToolResultBlock, names: dict[str, str]
) -> Text | ToolCall | ToolResult:
    """`names` are the tools by the ids of their calls so far."""
    if isinstance(block, TextBlock):
        return Text(block.text)
    if isinstance(block, ToolUseBlock):
        names[block.id] = block.name
        return ToolCall(block.id, block.name, block.input)
    text = "\n\n".join(each.text for each in block.content)
    name = names.get(block.tool_use_id, "")
    return ToolResult(block.tool_use_id, name, text, is_error=block.is_error)


def _check(messages: tuple[Message, ...]) -> None:
    """Raise PydanticCustomError for a dialogue that cannot go on."""
    if not messages or messages[0].role != "user":
        raise PydanticCustomError("dialogue", "messages: the first must be the user's")
    if messages[-1].role != "user":
        raise PydanticCustomError(
            "dialogue", "messages: the last must be the user's; Ren does not go on with its own"
        )
    asked: set[str] = set()
    for message in messages:
        results = {part.call_id for part in message.content if isinstance(part, ToolResult)}
        calls = {part.id for part in message.content if isinstance(part, ToolCall)}
        if calls and message.role != "assistant":
            raise PydanticCustomError("dialogue", "messages: tool_use is for the assistant")
        if results != asked:
            raise PydanticCustomError(
                "dialogue",
                "messages: each tool_use needs its tool_result in the next message, and no other",
            )
        asked = calls
