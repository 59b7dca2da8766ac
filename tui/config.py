"""The settings file: a theme, keys, and what a new extraction begins with. TOML, checked before anything is shown."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neuron_tui.store.disk.own_files import read_bounded
from neuron_tui.store.errors import InputError
from neuron_tui.store.runs.option_texts import OptionTexts, plain_text, read_option, text_of
from neuron_tui.store.runs.options import OPTIONS, Option

_LARGEST = 1 << 20
"""Bytes of settings that are still read."""


class Config(BaseModel):
    """All settings: each says under it what it is, and docs/configuration.md lists them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    theme: str = Field(
        default="dark",
        description="`dark`, `light`, or a theme of Textual's such as `nord` or `gruvbox`; ctrl+p tries them out",
    )
    mouse: bool = Field(
        default=True, description="`false` leaves the mouse to the terminal, as `--no-mouse` does for one time"
    )
    verify: bool = Field(
        default=True, description="`false` leaves it to `neuron-tui check` to read the files of a run through"
    )
    author: str | None = Field(
        default=None, min_length=1, description="whose the notes are that you write; else what you are logged in as"
    )
    keys: dict[str, str] = Field(
        default_factory=dict,
        description="a table: names of keys, see below, and the keys that do it, separated by commas",
    )
    defaults: dict[str, Any] = Field(
        default_factory=dict,
        description="a table: what the form of a new extraction begins with, in the words of `neuron-tui extract`",
    )

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
    """A settings file that cannot be used; the message names the key."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The settings and the file they came from, so that whoever finds fault with one can name it."""

    path: Path
    config: Config

    def error(self, key: str, why: str) -> ConfigError:
        """An error on what a key of the file holds, such as `defaults.tokens`."""
        where = f"{key}: " if key else ""
        return ConfigError(f"{self.path}: {where}{why}\nMend that setting, or remove it to have what holds by itself.")


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
        text = read_bounded(path, _LARGEST).decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        return ConfigFile(path, Config())
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read ({why})\nMend or remove the file.") from error
    try:
        file = ConfigFile(path, Config.model_validate(tomllib.loads(text)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = [str(part) for part in first["loc"]]
        raise ConfigFile(path, Config()).error(*_fault(first["type"], first["msg"], place)) from error
    except RecursionError as error:
        raise ConfigError(f"{path}: brackets in brackets too deep\nMend or remove the file.") from error
    except ValueError as error:  # TOML's own error is one, and so is a number of thousands of digits
        raise ConfigError(f'{path}: {error}\nWrite it as TOML, such as: theme = "light"') from error
    for name, value in file.config.defaults.items():
        if why := _why_not(name, value):
            raise file.error(f"defaults.{name}", why)
    return file


def author_of(config: Config) -> str:
    """Whose the notes are that are written here: who the settings say, else who is logged in, else `me`."""
    import getpass

    if config.author is not None and config.author.strip():
        return config.author.strip()
    try:
        return getpass.getuser().strip() or "me"
    except (OSError, KeyError, ImportError):
        return "me"


def _fault(kind: str, message: str, place: list[str]) -> tuple[str, str]:
    if kind == "extra_forbidden":
        return "", f"unknown key {place[-1]!r}; known are {', '.join(Config.model_fields)}"
    return ".".join(place), message[:1].lower() + message[1:]


# What a new extraction begins with.

SETTABLE = {name: option for name, option in OPTIONS.items() if option.setting}
"""The options that `[defaults]` may set."""


def form_defaults(defaults: Mapping[str, Any]) -> OptionTexts:
    """What the form of a new extraction begins with: what `[defaults]` sets, and else what options begin with."""
    texts = {name: _begins(name) for name in SETTABLE} | {name: _text(name, value) for name, value in defaults.items()}
    corpus = texts.pop("corpus")
    return OptionTexts({name: str(text) for name, text in texts.items()}, tuple(corpus))


def _begins(name: str) -> str | tuple[str, ...]:
    begins = OPTIONS[name].begins
    return plain_text(name) if begins is None else begins


def _text(name: str, value: Any) -> str | tuple[str, ...]:  # noqa: ANN401 - whatever TOML holds
    if isinstance(value, list):
        return tuple(value)
    return text_of(name, value) if isinstance(value, int) else str(value)


def _why_not(name: str, value: Any) -> str:  # noqa: ANN401 - whatever TOML holds
    """Why a value cannot be what a new extraction begins with; empty if it can."""
    if name not in SETTABLE:
        return f"unknown key {name!r}; known are {', '.join(SETTABLE)}"
    if name == "corpus":
        listed = isinstance(value, list) and all(isinstance(source, str) for source in value)
        return "" if listed else "a list of texts"
    if not isinstance(value, str | int) or isinstance(value, bool):
        return "a text or a number"
    try:
        read_option(name, str(value))
    except ValueError as error:
        return str(error)
    return ""


# What the documentation says of it.


def describe() -> str:
    """The tables of settings that docs/configuration.md holds."""
    head = ["| setting | without it | meaning |", "| --- | --- | --- |"]
    rows = [
        f"| `{name}` | {_in_toml(field.get_default(call_default_factory=True))} | {field.description} |"
        for name, field in Config.model_fields.items()
    ]
    options = [f"| `{name}` | {_default_in_toml(name)} | {_meaning(option)} |" for name, option in SETTABLE.items()]
    return "\n".join([*head, *rows, "", "In `[defaults]`:", "", *head, *options])


def _default_in_toml(name: str) -> str:
    begins = _begins(name)
    value = list(begins) if isinstance(begins, tuple) else read_option(name, begins)
    return "not set" if value is None else _in_toml(value)


def _in_toml(value: Any) -> str:  # noqa: ANN401 - what a setting may be
    if value is None:
        return "not set"
    return "" if value == {} else f"`{json.dumps(value)}`"


def _meaning(option: Option) -> str:
    unset = f" Not set: {option.unset}." if option.unset else ""
    return f"{option.help}{unset}".replace("|", r"\|")
