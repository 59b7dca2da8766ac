"""Keys typed ahead reach what they are meant for.

Textual hands each key at once to the widget that has the focus at that time. Over a slow line `/`, a query and enter
arrive together: the query would go to the list, before the line to type in is there. Here a key waits until the one
before it has been acted upon, and until a screen it opened has taken the focus.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from functools import partial

from textual import events, on
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from neuron_tui.tui.terminal.textual_internals import OpenApp

_PATIENCE = 2.0
"""Seconds after which a key is no longer waited for: its widget has gone."""

_GLANCE = 0.01
"""Seconds between two looks at a screen that is under way."""

_ROUNDS = 2
"""A marker follows a key through the widgets up to the app; the second follows the messages the key gave rise to."""


class TypeAheadApp(OpenApp):
    """An app whose keys are taken one after the other."""

    @dataclass
    class KeyFollowed(Message):
        """A marker that has come up to the app behind a key."""

        target: Widget | Screen[object]
        screen: Screen[object]
        rounds: int

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._typed: deque[events.Key] = deque()
        self._taken_at: float | None = None
        self._typed_at = time.monotonic()

    @property
    def since_typed(self) -> float:
        """Seconds since the last key, or since the app was made; may be asked from any thread."""
        return 0.0 if self.keys_wait else time.monotonic() - self._typed_at

    @property
    def keys_wait(self) -> bool:
        """Whether a key has not been acted upon yet."""
        return self._taken_at is not None or bool(self._typed)

    async def on_event(self, event: events.Event) -> None:
        """Let a key wait while another is under way."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed_at = time.monotonic()
        if self._taken_at is None:
            await self._take(event)
        else:
            self._typed.append(event)

    async def _take(self, key: events.Key) -> None:
        self._taken_at = time.monotonic()
        # What a key closes may take its marker along, and nobody would say that the key has been taken.
        self.set_timer(_PATIENCE, self._look_after)
        target, screen = self.focused or self.screen, self.screen
        await super().on_event(key)
        self._follow(self.KeyFollowed(target, screen, 1))

    def _follow(self, marker: KeyFollowed) -> None:
        if not marker.target.post_message(marker):
            self.call_later(self._next)

    @on(KeyFollowed)
    def _came_up(self, marker: KeyFollowed) -> None:
        if marker.rounds < _ROUNDS:
            self._follow(self.KeyFollowed(marker.target, marker.screen, marker.rounds + 1))
        else:
            self._settle(marker)

    def _settle(self, marker: KeyFollowed) -> None:
        waited = time.monotonic() - (self._taken_at or 0.0)
        if getattr(self.screen, "under_way", False) and waited < _PATIENCE:
            self.set_timer(_GLANCE, partial(self._settle, marker))
        elif self.screen is not marker.screen and self.screen.focused is None:
            # A screen takes the focus while it is put up: this comes after that in its queue.
            self.screen.call_after_refresh(self._next)
        else:
            self.call_later(self._next)

    async def _next(self) -> None:
        self._taken_at = None
        if self._typed:
            await self._take(self._typed.popleft())

    async def _look_after(self) -> None:
        if self._taken_at is not None and time.monotonic() - self._taken_at >= _PATIENCE:
            await self._next()
