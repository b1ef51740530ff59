"""What is wrong in a profile, said to whoever wrote it: the key, and what may be written there."""

from collections.abc import Sequence
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Le, MaxLen, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ren_device.setting_types import allowed_words

_LONGEST_SHOWN = 40  # characters of a value
_COLOUR = 'a colour such as "#ff8000", in small letters'
_LAST_PIN = 27
_NOTHING = FieldInfo(annotation=object)


def lines_of(error: ValidationError, profile: type[BaseModel]) -> list[str]:
    """Everything that is wrong, one line each, in the order of the model."""
    found = error.errors(include_url=False)
    inside = {each["loc"][:length] for each in found for length in range(len(each["loc"]))}
    # A list counts as too short, too, when what is in it is wrong.
    return [
        _line(each, profile)
        for each in found
        if each["type"] != "too_short" or each["loc"] not in inside
    ]


def _line(error: ErrorDetails, profile: type[BaseModel]) -> str:
    key, place, model = _place(error["loc"], profile)
    match error["type"]:
        case "extra_forbidden":
            return f"{key} is not known; {_there(str(error['loc'][-1]), model)}"
        case "missing":
            return f"{key} is missing; it must be {_allowed(place)}"
        case "union_tag_not_found" | "union_tag_invalid":
            tag = error.get("ctx", {}).get("tag")
            wrong = "is missing; it" if tag is None else f"= {shown(tag)}: it"
            return f"{key}.kind {wrong} must be one of {', '.join(map(shown, _kinds(place)))}"
        case _:
            return f"{key} = {shown(error['input'])}: it must be {_allowed(place)}"


def key_of(*parts: str | int) -> str:
    """A place in the file, as people write it: lights.leds[0].pin, parts[0].pins."L/R"."""
    key = ""
    for part in parts:
        if isinstance(part, int):
            key += f"[{part}]"
        else:
            plain = part.isascii() and part.replace("-", "_").isidentifier()
            key += ("." if key else "") + (part if plain else shown(part))
    return key


def _place(loc: Sequence[str | int], profile: type[BaseModel]) -> tuple[str, Any, type[BaseModel]]:
    """The key, the annotation there, and the table that has the key or should not have it."""
    place: Any = profile
    model = profile
    path: list[str | int] = []
    for part in loc:
        place = _bare(place)
        if isinstance(place, type) and issubclass(place, BaseModel):
            model = place
            field = model.model_fields.get(str(part), _NOTHING)
            place = Annotated[field.annotation, field]
        elif _is_union(place):
            place = _kinds(place)[str(part)]  # the kind of light, which is no key
            continue
        else:
            place = get_args(place)[-1 if isinstance(part, str) else 0]
        path.append(part)
    return key_of(*path), place, model


def _bare(annotation: Any) -> Any:
    """Without bounds, and without "or nothing"."""
    if get_origin(annotation) is Annotated:
        return _bare(annotation.__origin__)
    if _is_union(annotation):
        some = [each for each in get_args(annotation) if each is not NoneType]
        return _bare(some[0]) if len(some) == 1 else annotation
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """The members of a union of tables by their `kind`."""
    members = get_args(_bare(annotation))
    return {get_args(each.model_fields["kind"].annotation)[0]: each for each in members}


def _allowed(annotation: Any) -> str:
    """To be read after "must be"."""
    bounds = _bounds(annotation)
    bare = _bare(annotation)
    if get_origin(bare) is tuple:
        return f"a list{_count(bounds)}, in it {_allowed(get_args(bare)[0])}"
    if get_origin(bare) is dict:
        return f"a table{_count(bounds)}, in it {_allowed(get_args(bare)[1])}"
    if get_origin(bare) is Literal:
        return f"one of {', '.join(map(shown, get_args(bare)))}"
    if _is_union(bare):
        return f"a table whose kind is one of {', '.join(map(shown, _kinds(bare)))}"
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return f"a table of {', '.join(bare.model_fields)}"
    if any(getattr(each, "pattern", None) for each in bounds):
        return _COLOUR
    if bare is int and Le(_LAST_PIN) in bounds:
        return f"a BCM number from 0 to {_LAST_PIN}, which is not the place on the header"
    return "a text that is not empty" if bare is str and bounds else allowed_words(bare, bounds)


def _bounds(annotation: Any) -> list[object]:
    found: list[object] = []
    while get_origin(annotation) is Annotated:
        for each in annotation.__metadata__:
            found += each.metadata if isinstance(each, FieldInfo) else [each]
        annotation = annotation.__origin__
    return found


def _count(bounds: Sequence[object]) -> str:
    least = next((each.min_length for each in bounds if isinstance(each, MinLen)), 0)
    most = next((each.max_length for each in bounds if isinstance(each, MaxLen)), None)
    return f" of {least} to {most}" if most else " that is not empty" * bool(least)


def _there(name: str, model: type[BaseModel]) -> str:
    known = list(model.model_fields)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    there = f"there are {', '.join(known)}"
    return f"did you mean {close[0]}? ({there})" if close else there


def shown(value: object) -> str:
    """A value as TOML has it, near enough; on one line."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            plain = value.replace("\\", "\\\\").replace('"', '\\"')
            text = f'"{plain if plain.isprintable() else ascii(plain)[1:-1]}"'
        case int() if value.bit_length() > 64:
            text = "a number beyond all bounds"
        case dict():
            text = "a table"
        case tuple() | list():
            text = f"[{', '.join(map(shown, value))}]"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
