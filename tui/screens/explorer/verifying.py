"""Verifying the run in the explorer, in the background; what is damaged is said, marked, and not shown any more."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import Screen

from neuron_tui.store.tokens import printable
from neuron_tui.tui.browsing.verifying import BackgroundVerification
from neuron_tui.tui.config import Config
from neuron_tui.tui.latest import is_leaving
from neuron_tui.tui.screens.explorer.browser import RunBrowser
from neuron_tui.tui.terminal.type_ahead import TypeAheadApp

_BEGIN_AFTER = 1.0
"""Seconds from when the run is shown: the first layers that a person looks at are read first."""

_LOOK_EVERY = 0.5
"""Seconds between two looks at which layer is in view."""

_AT_REST = 0.5
"""Seconds without a key after which files are read on."""


class Verifying:
    """Verifies the run in the panes of `browser` as long as its screen is there."""

    def __init__(self, screen: Screen[None], path: Path, browser: RunBrowser) -> None:
        self._screen, self._browser = screen, browser
        self.damaged: dict[str, str] = {}
        """What is wrong with each damaged file, as far as is known."""
        self._layer: int | None = None
        self._app: App[Any] | None = None
        self.verification = BackgroundVerification(
            path, in_view=lambda: self._layer, busy=self._busy, found=self._found
        )

    def start(self) -> None:
        """Begin, once the run has been shown, unless the settings say not to."""
        self._app = self._screen.app  # the thread may outlive the screen
        if not getattr(self._app, "config", Config()).verify:
            return
        self._screen.set_interval(_LOOK_EVERY, self._look)
        self._screen.set_timer(_BEGIN_AFTER, self.verification.start)

    def stop(self) -> None:
        """Nobody looks any more."""
        self.verification.stop()

    def _look(self) -> None:
        here = self._browser.here
        self._layer = None if here is None else here[0]

    def _busy(self) -> bool:
        return isinstance(self._app, TypeAheadApp) and self._app.since_typed < _AT_REST

    def _found(self, damaged: dict[str, str]) -> None:
        """In the thread: have it shown."""
        self._screen.call_later(partial(self._show, damaged))

    def _show(self, damaged: dict[str, str]) -> None:
        if is_leaving(self._screen):
            return
        new = [f"{file} {message}." for file, message in damaged.items() if file not in self.damaged]
        self.damaged = damaged
        self._browser.headline.mark_damaged(damaged)
        if new:
            said = [*new, "It is not shown any more. E makes it again, from the model and the text."]
            text = printable(" ".join(said))
            self._screen.app.notify(text, title="Damaged", severity="error", timeout=20, markup=False)
        self._browser.neuron.loader.forget()
        self._browser.neuron.show(self._browser.here)
