"""Which models there are, and where on this device they are once they were fetched.

`models.toml` is the list, `fetch.py` gets what is on it. A model that was fetched is a directory
with the model's name in REN_MODELS_DIR; nothing half-fetched ever has that name.
"""

import sys
import tomllib
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ren_device.errors import EngineError

LIST = Path(__file__).with_name("models.toml")

_Md5 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Url = Annotated[str, Field(pattern=r"^https?://[^\s]+/[^/\s]+$")]
_SET_UP = Path(sys.prefix) / "share/ren-device/models"
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ModelFile(_Entry):
    """One file to fetch."""

    name: _Name
    """What it is called on a mirror and, if it is no archive, on the device; unique in the list."""
    urls: tuple[_Url, ...] = Field(min_length=1)
    """Where it is; the first that works is taken."""
    size: int = Field(gt=0)
    """In bytes; a file of another size is refused."""
    sha256: _Sha256 | None = None
    md5: _Md5 | None = None
    unpacked_at_most: int = 0
    """In bytes: of an archive, which is unpacked without its one directory at the top."""

    @property
    def is_archive(self) -> bool:
        """Whether it is unpacked."""
        return self.name.endswith(_ARCHIVES)

    @model_validator(mode="after")
    def _limited(self) -> "ModelFile":
        if self.is_archive != (self.unpacked_at_most > 0):
            raise ValueError("unpacked_at_most belongs to archives, and to each")
        return self


class Model(_Entry):
    """One model. Its name is what REN_VOSK_MODEL and REN_TTS_VOICE take."""

    id: _Name
    kind: Literal["stt", "tts", "wake", "vad", "turn"]
    languages: tuple[str, ...]
    """Such as en; empty where the language does not matter."""
    setting: str = ""
    """The variable that chooses it; empty where nothing has to be chosen."""
    licence: str = Field(min_length=1)
    commercial: Literal["yes", "no", "unclear"]
    """Whether something that has it inside may be sold."""
    note: str = ""
    package: str = ""
    """The package that it is inside, as it is imported."""
    set_up: str = ""
    """The file that the set-up takes out of a wheel, in REN_MODELS_DIR or beside the packages."""
    size_with_it: int = 0
    files: tuple[ModelFile, ...] = Field((), alias="file")

    @cached_property
    def size(self) -> int:
        """Bytes to fetch, or bytes that came with Ren."""
        return sum(each.size for each in self.files) or self.size_with_it

    def path(self, directory: Path) -> Path:
        """What the engine is given: a directory, or the .onnx file of a voice."""
        home = directory / self.id
        return home / f"{self.id}.onnx" if self.kind == "tts" else home

    def is_here(self, directory: Path) -> bool:
        """Whether it was fetched whole, or the package that has it is installed."""
        if self.package:
            return find_spec(self.package) is not None
        if self.set_up:
            return any((place / self.set_up).is_file() for place in (directory, _SET_UP))
        return bool(self.files) and self.path(directory).exists()


class _List(_Entry):
    models: tuple[Model, ...] = Field(alias="model")

    @model_validator(mode="after")
    def _unique(self) -> "_List":
        files = [file.name for model in self.models for file in model.files]
        for names in ([model.id for model in self.models], files):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"named twice: {', '.join(twice)}")
        return self


def read(path: Path | None = None) -> dict[str, Model]:
    """All models by name, in the order of the list. Raises EngineError when it is broken."""
    path = path or LIST
    try:
        listed = _List.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EngineError(f"{path} cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise EngineError(f"{path}: {where}: {first['msg']}") from None
    return {model.id: model for model in listed.models}


def locate(
    chosen: str, setting: str, directory: Path, models: dict[str, Model] | None = None
) -> str:
    """The path behind what a setting names: a model of the list, or a path as it is.

    A directory that is there comes before a model of the same name.
    Raises EngineError for a model that was not fetched.
    """
    models = read() if models is None else models
    model = models.get(chosen)
    if model is None or not model.files:
        return chosen
    if model.kind != "tts" and Path(chosen).exists():  # a voice's path ends in .onnx
        return chosen
    if model.setting != setting:
        raise EngineError(f"{setting}={chosen}: this model is for {model.setting}")
    if not model.is_here(directory):
        raise EngineError(
            f"{setting}={chosen}: not on this device; run: ren-device models fetch {chosen}"
        )
    return str(model.path(directory))


def misfit(
    chosen: str, language: str, directory: Path, models: dict[str, Model] | None = None
) -> str:
    """What to do where a model of the list does not know this language; empty where it does.

    Nobody can tell of a model that is not on the list.
    """
    models = read() if models is None else models
    model = models.get(chosen)
    if model is None or not model.languages or language in model.languages:
        return ""
    told = f"REN_LANGUAGE={language}: {chosen} knows {' and '.join(model.languages)} only"
    able = [
        each for each in models.values() if each.kind == model.kind and language in each.languages
    ]
    best = next((each for each in able if each.is_here(directory)), able[0] if able else None)
    if best is None:
        return f"{told}, and the list has nothing else; name one by its path"
    fetch = "" if best.is_here(directory) else f"run: ren-device models fetch {best.id}; then "
    return f"{told}; {fetch}set {best.setting}={best.id}"


def named(chosen: Sequence[str], models: dict[str, Model]) -> list[Model]:
    """The models with these names. Raises EngineError for a name that is not on the list."""
    unknown = [name for name in chosen if name not in models]
    if unknown:
        raise EngineError(f"no such model: {', '.join(unknown)}; see ren-device models list")
    return [models[name] for name in dict.fromkeys(chosen)]
