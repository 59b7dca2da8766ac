"""The app's keys by name: `explorer.filter` is what `/` does. The settings file may give each other keys."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys

from neuron_tui.tui import screens, widgets
from neuron_tui.tui.actions import shown_key
from neuron_tui.tui.config import ConfigFile
from neuron_tui.tui.terminal.textual_internals import key_of

_MODIFIERS = ("ctrl", "shift", "alt", "meta", "super")
_NAMES = frozenset(key.value for key in Keys) | {key_of(chr(code)) for code in range(33, 127)}


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key's name, the keys that do it, and what it does."""

    name: str
    keys: tuple[str, ...]
    does: str


def named_keys() -> dict[str, NamedKey]:
    """All keys of the app that have a name, by name."""
    found: dict[str, NamedKey] = {}
    for owner in _owners():
        for binding in _bindings(owner):
            before = found.get(binding.id or "")
            keys = (*(before.keys if before else ()), *binding.key.split(","))
            if binding.id:
                found[binding.id] = NamedKey(binding.id, tuple(dict.fromkeys(keys)), binding.description)
    return dict(sorted(found.items()))


def keymap(file: ConfigFile) -> dict[str, str]:
    """The keys of the settings, by name, as textual wants them.

    Raises
    ------
    ConfigError
        A name or a key that there is not, or one key for two things in the same place.
    """
    if not file.config.keys:
        return {}
    known = named_keys()
    chosen: dict[str, str] = {}
    for name, keys in file.config.keys.items():
        if name not in known:
            close = ", ".join(other for other in known if other.split(".")[0] == name.split(".")[0])
            raise file.error(f"keys.{name}", f"unknown name of a key {name!r}; known are {close or ', '.join(known)}")
        chosen[name] = ",".join(_key(part.strip(), file, name) for part in keys.split(",") if part.strip())
        if not chosen[name]:
            raise file.error(f"keys.{name}", f"no key is named for {name}")
    _refuse_clashes(chosen, file)
    return chosen


def _key(text: str, file: ConfigFile, name: str) -> str:
    if len(text) == 1:
        return key_of(text)
    *modifiers, last = text.split("+")
    if all(m in _MODIFIERS for m in modifiers) and (len(last) == 1 or last in _NAMES):
        return "+".join([*modifiers, last if len(last) > 1 or last.isalnum() else key_of(last)])
    raise file.error(f"keys.{name}", f"{text!r} is no key; write a character, a name such as f2 or pageup, or ctrl+f")


def _refuse_clashes(chosen: Mapping[str, str], file: ConfigFile) -> None:
    for place in _places():
        taken: dict[str, str] = {}
        for binding in place:
            name = binding.id or binding.action
            for key in chosen.get(name, binding.key).split(","):
                other = taken.setdefault(key, name)
                if other != name and (name in chosen or other in chosen):
                    mine = name if name in chosen else other
                    both = other if mine == name else name
                    raise file.error(f"keys.{mine}", f"{shown_key(key)} is for {both} already")


def _places() -> Iterator[list[Binding]]:
    """The keys that must differ: those of a screen or widget with its bases, and those whose names begin alike."""
    alike: dict[str, list[Binding]] = {}
    for owner in _owners():
        parts = [part for part in owner.__mro__ if part.__module__.startswith("neuron_tui.")]
        yield [b for part in parts for b in Binding.make_bindings(vars(part).get("BINDINGS", ()))]
        for binding in Binding.make_bindings(vars(owner)["BINDINGS"]):
            alike.setdefault((binding.id or "").split(".")[0], []).append(binding)
    yield from (bindings for begin, bindings in alike.items() if begin)


def _owners() -> Iterator[type[DOMNode]]:
    """Every screen and widget of the app that has keys."""
    for package in (screens, widgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    pending: list[type[DOMNode]] = [DOMNode]
    seen: set[type[DOMNode]] = set()
    while pending:
        owner = pending.pop()
        pending += [c for c in owner.__subclasses__() if c not in seen]
        seen |= set(owner.__subclasses__())
        if owner.__module__.startswith("neuron_tui.") and "BINDINGS" in vars(owner) and not issubclass(owner, App):
            yield owner


def _bindings(owner: type[DOMNode]) -> list[Binding]:
    return list(Binding.make_bindings(owner.BINDINGS))
