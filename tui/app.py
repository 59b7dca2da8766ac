"""The terminal app: themes, the screens' stack, and what happens when we are at fault."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.segment import Segments
from rich.text import Text
from textual.app import SystemCommand
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.theme import Theme

from neuron_tui.tui.faults import record_fault
from neuron_tui.tui.screens.explorer import Explorer
from neuron_tui.tui.screens.runs import Runs
from neuron_tui.tui.type_ahead import TypeAheadApp
from neuron_tui.tui.widgets.painting import DIM

DARK = Theme(
    name="dark",
    primary="#7fb4ca",
    secondary="#98bb6c",
    accent="#e6c384",
    warning="#ffa066",
    error="#ff6b6b",
    success="#98bb6c",
    foreground="#dcd7ba",
    background="#16161d",
    surface="#1f1f28",
    panel="#2a2a37",
    dark=True,
)
LIGHT = Theme(
    name="light",
    primary="#1f5f8b",
    secondary="#44702a",
    accent="#8a5a00",
    warning="#a04a00",
    error="#b3261e",
    success="#44702a",
    foreground="#22252b",
    background="#fbfaf7",
    surface="#f2f0ea",
    panel="#e4e1d8",
    dark=False,
)

_LOOK_AT_SIZE = 0.5
"""Seconds between two looks at the size of the terminal."""

_SWITCH_INTERVAL = 0.001
"""Seconds a thread may hold the interpreter: readers must not keep a key waiting for the usual 5 ms each time."""


class NeuronTuiApp(TypeAheadApp):
    """The runs of a directory, and one of them open if asked for."""

    CSS_PATH = "app.tcss"
    TITLE = "neuron-tui"

    def __init__(self, runs_dir: Path, run: Path | None = None) -> None:
        # Left alone, Textual would turn colours to grey for NO_COLOR; this way it sends none at all.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self._runs_dir, self._run = runs_dir, run
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Show the run asked for, or the list."""
        self.push_screen(Runs(self._runs_dir) if self._run is None else Explorer(self._run))
        if not self.is_headless:
            self.set_interval(_LOOK_AT_SIZE, self._look_at_size)

    def _look_at_size(self) -> None:
        # On a busy machine the signal of the last of several quick changes was seen to go missing.
        with contextlib.suppress(OSError):
            size = Size(*os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1))
            if size != self.size:
                self.post_message(Resize(size, size))

    def on_run_reader_left(self) -> None:
        """Go back to the list of runs; a run opened at once has none below it yet."""
        if any(isinstance(screen, Runs) for screen in self.screen_stack):
            self.pop_screen()
        else:
            self.switch_screen(Runs(self._runs_dir))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that a theme need not have."""
        return {"dim": DIM}

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the screen, then those of the app."""
        if isinstance(screen, Explorer):
            yield from screen.commands()
        elif isinstance(screen, Runs):
            yield SystemCommand("Open", "Open the run under the cursor (enter)", screen.action_open)
            yield SystemCommand("Delete", "Delete the run under the cursor (d)", screen.action_delete)
            yield SystemCommand("Read again", "Read the list of runs again (r)", screen.action_reload)
            yield SystemCommand("Keys and states", "Show the help (?)", screen.action_help)
        yield SystemCommand("Dark theme", "Light text on a dark ground", lambda: self._use(DARK))
        yield SystemCommand("Light theme", "Dark text on a light ground", lambda: self._use(LIGHT))
        yield SystemCommand("Other themes", "Choose among all themes", self.action_change_theme)
        yield SystemCommand("Screenshot", "Save the screen as an SVG file", self.deliver_screenshot)
        yield SystemCommand("Quit", "Leave at once (ctrl+q)", self.action_quit)

    def _use(self, theme: Theme) -> None:
        self.theme = theme.name

    def _fatal_error(self) -> None:
        # Textual would print a traceback with all local variables; that belongs in the log.
        error = self._exception or sys.exception() or RuntimeError("unknown")
        self.bell()
        message = Text(record_fault(error))
        self._exit_renderables.append(Segments(self.console.render(message, self.console.options)))
        self._close_messages_no_wait()


def run_app(runs_dir: Path, run: Path | None = None) -> int:
    """Show the app until it is left.

    Parameters
    ----------
    runs_dir
        The directory whose runs are listed.
    run
        Folder of a run to open at once; leaving it leads to the list.

    Returns
    -------
    Exit code: 0, or 1 after a fault of ours, which is logged and told on stderr.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        app = NeuronTuiApp(runs_dir, run)
        app.run()
    finally:
        sys.setswitchinterval(before)
    return app.return_code or 0
