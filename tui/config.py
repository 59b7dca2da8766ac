"""The settings file: a theme, keys, and what a new extraction begins with. TOML, checked before anything is shown."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neuron_tui.store.errors import InputError

Place = tuple[str, ...]
"""A key of the file with the tables it lies in, such as `("keys", "explorer.filter")`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Defaults(_Strict):
    """What the form of a new extraction begins with; the words are those of `neuron-tui extract`."""

    model: str = "pocket-opt"
    corpus: list[str] = Field(default_factory=lambda: ["builtin:prose", "builtin:code", "builtin:math"])
    tokens: Annotated[int, Field(ge=1)] | None = 1_000_000
    context_length: Annotated[int, Field(ge=2)] | None = None
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")] = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    memory: str | None = None
    keep_activations: Literal["auto", "always", "never"] = "auto"


class Config(_Strict):
    """All settings. `keys` maps the name of a key's action to the keys that do it, separated by commas."""

    theme: str = "dark"
    mouse: bool = True
    keys: dict[str, str] = Field(default_factory=dict)
    defaults: Defaults = Field(default_factory=Defaults)

    @field_validator("keys", mode="before")
    @classmethod
    def _flat(cls, keys: object) -> object:
        # Without quotation marks TOML takes the dot in `explorer.filter` for a table in a table.
        if not isinstance(keys, dict):
            return keys
        flat: dict[str, object] = {}
        for name, value in keys.items():
            inner = value.items() if isinstance(value, dict) else [("", value)]
            flat |= {f"{name}.{action}" if action else name: key for action, key in inner}
        return flat


class ConfigError(InputError):
    """A settings file that cannot be used; the message names the line."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The settings and the file they came from, so that whoever finds fault with one can name its line."""

    path: Path
    text: str
    config: Config

    def error(self, place: Place, why: str) -> ConfigError:
        """An error on what stands at a place of the file."""
        return _error(self.path, self.text, place, why)


def config_path() -> Path:
    """Where the settings are: $NEURON_TUI_CONFIG, or the platform's place for them."""
    if variable := os.environ.get("NEURON_TUI_CONFIG"):
        return Path(variable).expanduser()
    return user_config_path("neuron-tui", appauthor=False) / "config.toml"


def read_config(path: Path | None = None) -> ConfigFile:
    """Read the settings; a file that is not there gives what holds without one.

    Raises
    ------
    ConfigError
        The file cannot be read, is no TOML, or holds an unknown key or a value that cannot be used.
    """
    path = config_path() if path is None else path
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ConfigFile(path, "", Config())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read ({why})\nMend or remove the file.") from error
    try:
        return ConfigFile(path, text, Config.model_validate(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f'{path}: {error}\nWrite it as TOML, such as: theme = "light"') from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = tuple(str(part) for part in first["loc"])
        raise _error(path, text, place, _why(first["type"], first["msg"], place)) from error


def _why(kind: str, message: str, place: Place) -> str:
    if kind != "extra_forbidden":
        return f"{'.'.join(place)}: {message[0].lower()}{message[1:]}"
    tables: dict[Place, type[BaseModel]] = {(): Config, ("defaults",): Defaults}
    known = tables.get(place[:-1], Config).model_fields
    return f"unknown key {place[-1]!r}; known are {', '.join(known)}"


def _error(path: Path, text: str, place: Place, why: str) -> ConfigError:
    line = line_of(text, place)
    where = f"{path}, line {line}" if line else str(path)
    return ConfigError(f"{where}: {why}\nMend that line, or remove it to have what holds by itself.")


_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?")
_KEY = re.compile(r"""\s*((?:[\w.-]+|"[^"]*"|'[^']*'|\s*\.\s*)+?)\s*=""")
_PART = re.compile(r"""[\w-]+|"([^"]*)"|'([^']*)'""")


def line_of(text: str, place: Place) -> int | None:
    """Line, from 1, of the longest beginning of a place that the text of a TOML file holds; None if of nothing.

    The standard library's reader keeps no lines. This one knows tables and keys, which is all that settings have.
    """
    wanted = _parts(".".join(place))
    table: Place = ()
    best, found = 0, None
    for number, line in enumerate(text.splitlines(), 1):
        here: Place = table
        if match := _TABLE.fullmatch(line):
            here = table = _parts(match[1])
        elif match := _KEY.match(line):
            here = table + _parts(match[1])
        else:
            continue
        if len(here) > best and here == wanted[: len(here)]:
            best, found = len(here), number
    return found


def _parts(dotted: str) -> Place:
    found = (match[1] or match[2] or match[0] for match in _PART.finditer(dotted))
    return tuple(part for name in found for part in name.split("."))
