"""The terminal app: its settings, the screens' stack, and what happens when we are at fault."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from rich.console import RenderableType
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES
from textual.widgets import TextArea

from neuron_tui.store.disk import lock
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.process import say
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, actions_in_reach, actions_of, bindings, keys_shown
from neuron_tui.tui.config import Config, ConfigFile, config_path, read_config
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.key_names import keymap
from neuron_tui.tui.navigation import Place, RunPlace
from neuron_tui.tui.screens.explorer.explorer import Explorer
from neuron_tui.tui.screens.fault_account import FaultAccount
from neuron_tui.tui.screens.opening import screen_for
from neuron_tui.tui.screens.runs.runs import Runs
from neuron_tui.tui.terminal.changed_cells import Changes, ShownCells
from neuron_tui.tui.terminal.driver import OwnDriver, terminal_given_back
from neuron_tui.tui.terminal.faults import KEY, FaultsApp
from neuron_tui.tui.terminal.textual_internals import ChopsUpdate, LayoutUpdate, is_laid_out
from neuron_tui.tui.themes import DARK, LIGHT
from neuron_tui.tui.widgets.painting import DIM

_BASE = 1
"""Textual keeps a blank screen below all others."""

_LOOK_AT_SIZE = 0.5
"""Seconds between two looks at the size of the terminal."""

_SWITCH_INTERVAL = 0.001
"""Seconds a thread may hold the interpreter: readers must not keep a key waiting for the usual 5 ms each time."""


class NeuronTuiApp(FaultsApp):
    """The runs of a directory, and one of them open if asked for."""

    CSS_PATH = "app.tcss"
    TITLE = "neuron-tui"

    ACTIONS = (
        Action("app.draw_again", "ctrl+l", "draw_again", "draw the screen anew"),
        Action("app.fault", KEY, "fault", "the account of the last fault", priority=True),
        Action("app.suspend", "ctrl+z", "suspend_process", "stop the app until `fg`", priority=True),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, runs_dir: Path, run: Path | None = None, settings: ConfigFile | None = None) -> None:
        # Left alone, Textual would turn colours to grey for NO_COLOR; this way it sends none at all.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None, driver_class=OwnDriver)
        self._runs_dir, self._run = runs_dir, run
        settings = settings or ConfigFile(Path(), Config())
        self.config = settings.config
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = known_theme(settings)
        self.own_keys = keymap(settings)
        self.set_keymap(self.own_keys)
        self._shown = ShownCells()
        self._told_to_end: int | None = None
        self._changes_only = not os.environ.get("NEURON_TUI_WHOLE_UPDATES")

    def on_mount(self) -> None:
        """Show the run asked for, or the list."""
        self.hear_tasks()
        if self._told_to_end is not None:
            self.exit(return_code=self._told_to_end)
        lock.tell = self._tell_of_locks  # on stderr it would lie over the screen
        self.push_screen(Runs(self._runs_dir) if self._run is None else Explorer(self._run))
        if not self.is_headless:
            self.set_interval(_LOOK_AT_SIZE, self._look_at_size)

    def on_unmount(self) -> None:
        """There is no screen any more."""
        lock.tell = say

    def _tell_of_locks(self, text: str) -> None:
        """Say something on the screen, from any thread."""
        self.notify(message(text), title="No locks", severity="warning", timeout=12, markup=False)

    def _look_at_size(self) -> None:
        # On a busy machine the signal of the last of several quick changes was seen to go missing.
        with contextlib.suppress(OSError):
            size = Size(*os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1))
            if size != self.size:
                self.post_message(Resize(size, size))

    def before_display(self, update: RenderableType | None) -> RenderableType | None:
        """Write only the cells that changed."""
        if not self._changes_only or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return update
        self._shown.fit(*self.size)
        return Changes(update, self._shown)

    def on_resize(self) -> None:
        """A terminal may lose what it showed, also when it is back at its old size before we look."""
        self.action_draw_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a fault its key is for others; where a text is written, ctrl+z takes back what was typed."""
        if action == "fault":
            return bool(self.faults) and not isinstance(self.screen, FaultAccount)
        if action == "suspend_process":
            return not isinstance(self.focused, TextArea)
        return super().check_action(action, parameters)

    def action_fault(self) -> None:
        """Show the account of the last fault."""
        self.push_screen(FaultAccount(self.fault_lines))

    def action_draw_again(self) -> None:
        """Write the whole screen anew, whatever another program left on it."""
        self._shown.forget()
        if self.screen_stack:
            self.screen.refresh(layout=True)

    def end_with(self, code: int) -> None:
        """End the app with an exit code; from any thread."""
        self._told_to_end = code
        if self.is_running:
            self.call_later(self.exit, return_code=code)

    def on_explorer_left(self) -> None:
        """Go back to the list of runs; a run opened at once has none below it yet."""
        if len(self.screen_stack) > _BASE + 1:
            self.pop_screen()
        else:
            self.switch_screen(Runs(self._runs_dir))

    def go(self, place: Place[Any], answered: Callable[[Any], None] | None = None) -> None:
        """Show a place over the screen in sight; `answered` is called with what it gives back."""
        self.push_screen(screen_for(place), answered)

    def go_to_neuron(self, path: Path, neuron: Address) -> None:
        """Show a neuron of a run: in the explorer the screen was opened from, else in one of its own."""
        below = self.screen_stack[-2]
        if isinstance(below, Explorer) and below.path == path:
            self.pop_screen()
            below.go_to(neuron)
        else:
            self.go(RunPlace(path, neuron))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of ours that a theme need not have."""
        return {"dim": DIM}

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the screen, then those of the app."""
        yield from self._offered(screen)
        own = getattr(screen, "commands", None)
        if own is not None:
            yield from own()
        yield SystemCommand("Dark theme", "Light text on a dark ground", partial(self._use, DARK.name))
        yield SystemCommand("Light theme", "Dark text on a light ground", partial(self._use, LIGHT.name))
        yield SystemCommand("Other themes", "Choose among all themes", self.action_change_theme)
        if self.check_action("fault", ()):
            yield SystemCommand("What went wrong", f"Show the account of the last fault ({KEY})", self.action_fault)
        yield SystemCommand("Suspend", "Stop the app until `fg` (ctrl+z); jobs go on", self.action_suspend_process)
        yield SystemCommand("Draw again", "Write the whole screen anew (ctrl+l)", self.action_draw_again)
        yield SystemCommand("Settings", "Say where the settings file is", self._say_settings)
        yield SystemCommand("Screenshot", "Save the screen as an SVG file", self.deliver_screenshot)
        yield SystemCommand("Quit", "Leave at once (ctrl+q)", self.action_quit)

    def _offered(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The actions in reach that have a title in the palette, with the keys that the settings give them."""
        seen: set[str] = set()
        for node, action in actions_in_reach(screen):
            name = action.run.partition("(")[0]
            if not action.palette or action.name in seen or not node.check_action(name, ()):
                continue
            seen.add(action.name)
            keys = " ".join(keys_shown(action, self.own_keys)[:2])
            together = (one.sentence for one in actions_of(node) if action.name in one.with_)
            does = action.sentence or next(together, f"{action.does}.")
            run = partial(self.run_action, action.run, node)
            yield SystemCommand(action.palette, f"{does[:1].upper()}{does[1:]}" + (f" ({keys})" if keys else ""), run)

    def _use(self, theme: str) -> None:
        self.theme = theme

    def _say_settings(self) -> None:
        there = "" if config_path().exists() else ", which is not there yet"
        self.notify(f"Settings are read from {printable(str(config_path()))}{there}.", timeout=12, markup=False)

    @property
    def quiet(self) -> bool:
        """Whether every key is taken, and all of the screen in sight is in its place with no message before it."""
        if self.leaving:
            return True
        screen = self.screen
        parts = (self, screen, *screen.walk_children(with_self=False))
        at_rest = not any(part.message_queue_size for part in parts) and is_laid_out(screen)
        return not self.keys_wait and screen.is_current and at_rest

    @property
    def idle(self) -> bool:
        """Whether the app waits for a person: it is quiet, and no thread or task of it is at work."""
        at_work = any(not worker.is_finished for worker in self.workers)
        return self.quiet and not at_work


def known_theme(settings: ConfigFile) -> str:
    """The theme of the settings; raises ConfigError if there is none of that name."""
    known = [DARK.name, LIGHT.name, *BUILTIN_THEMES]
    if settings.config.theme not in known:
        raise settings.error("theme", f"unknown theme {settings.config.theme!r}; known are {', '.join(known)}")
    return settings.config.theme


def run_app(runs_dir: Path, run: Path | None = None, *, mouse: bool = True) -> int:
    """Show the app until it is left.

    Parameters
    ----------
    runs_dir
        The directory whose runs are listed.
    run
        Folder of a run to open at once; leaving it leads to the list.
    mouse
        Whether the app takes the mouse; without it the terminal's own selection works. The settings may say no too.

    Returns
    -------
    Exit code: 0; 1 after a fault of ours that the app could not go on after, which is logged and told on stderr; 130
    after SIGINT, and 128 with the number of another signal that ended it, or of SIGHUP if the terminal went away.

    Raises
    ------
    ConfigError
        The settings file cannot be used.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    try:
        app = NeuronTuiApp(runs_dir, run, read_config())
        # Modules and classes stay: collections that go through all of them were seen to hold a key up for 100 ms.
        gc.freeze()
        with app.hearing_threads(), terminal_given_back(app.end_with):
            app.run(mouse=mouse and app.config.mouse)
    finally:
        sys.setswitchinterval(before)
    return app.return_code or 0
