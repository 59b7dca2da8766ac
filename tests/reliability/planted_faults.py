"""Exceptions planted in every worker and timer of the app: each raises one of a kind of its own, the first time."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.message_pump import MessagePump

from neuron_tui import tui
from neuron_tui.tui import latest
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.terminal import faults

ROOT = Path(tui.__path__[0]).resolve()
TEXT = "what a person wrote"
"""In the message of every exception that is planted: it may be shown, not logged."""


def sites(*starters: str) -> set[str]:
    """Where the app begins such work, by file and line: `screens/export.py:274`."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and _name(call.func) in starters:
                found.add(f"{path.relative_to(ROOT)}:{call.lineno}")
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _caller() -> str:
    """The place in the app that called what is planted, as `sites` names it."""
    frame = sys._getframe(2)
    while not Path(frame.f_code.co_filename).resolve().is_relative_to(ROOT):
        frame = frame.f_back  # type: ignore[assignment]
    return f"{Path(frame.f_code.co_filename).resolve().relative_to(ROOT)}:{frame.f_lineno}"


class Planter:
    """Makes each worker fail the first time, with an exception of a kind of its own."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}
        """By place, the kind of the exception that was raised there."""
        self._guard = threading.Lock()

    def at(self, place: str) -> None:
        """Raise if it is the first time at a place."""
        with self._guard:
            if place in self.failed:
                return
            kind = self.failed[place] = f"Planted{len(self.failed)}Error"
        raise type(kind, (RuntimeError,), {})(f"{TEXT}, {place}")

    def failing(self, work: Callable[..., Any], place: str) -> Callable[..., Any]:
        """Some work, failing the first time."""

        def worked(*given: Any, **more: Any) -> Any:
            self.at(place)
            return work(*given, **more)

        return worked


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Planter]:
    """Have every worker and timer of the app fail the first time."""
    planter = Planter()
    init, in_thread, interval = Latest.__init__, faults.in_thread, MessagePump.set_interval

    def begin(self: Latest[Any, Any], owner: Any, work: Any, *given: Any, **more: Any) -> None:
        init(self, owner, planter.failing(work, _caller()), *given, **more)

    def threaded(owner: Any, work: Any, **more: Any) -> None:
        in_thread(owner, planter.failing(work, _caller()), **more)

    def timed(self: MessagePump, every: float, callback: Any = None, **more: Any) -> Any:
        place = _caller() if callback is not None and "neuron_tui" in callback.__module__ else ""
        return interval(self, min(every, 0.2), planter.failing(callback, place) if place else callback, **more)

    with monkeypatch.context() as patch:
        patch.setattr(latest.Latest, "__init__", begin)
        for module in list(sys.modules.values()):
            if module.__name__.startswith("neuron_tui.tui") and getattr(module, "in_thread", None) is in_thread:
                patch.setattr(module, "in_thread", threaded)
        patch.setattr(MessagePump, "set_interval", timed)
        yield planter
