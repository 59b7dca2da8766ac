"""A form that starts a job: what an extraction's and that of counting again do alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import on
from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.help import Help, help_sections


class JobForm(Screen[Path | None]):
    """Asks for what a job needs and starts it; gives back the folder it works on, or None if the form was left."""

    DEFAULT_CSS = """
    JobForm { layout: vertical; background: $background; }
    JobForm #outcome { border-top: solid $dim; padding: 0 1; height: auto; min-height: 3; max-height: 8; }
    JobForm #buttons { height: 1; padding: 0 2; }
    JobForm #buttons Button { margin-right: 3; }
    """

    @dataclass
    class Started(Message):
        """A thread has started the job in a folder, or could not: `problem` says why."""

        folder: Path | None
        problem: str = ""

    def __init__(self) -> None:
        super().__init__()
        self.problem = ""
        """Why what was wished last could not be done."""
        self._started_at: float | None = None

    def on_mount(self) -> None:
        """Tell every second how long something takes."""
        self.set_interval(1.0, self._tick)

    # What a form does with it.

    def say(self) -> None:
        """Bring all notes up to date, unless the form is being put away."""
        raise NotImplementedError

    @property
    def waits(self) -> bool:
        """Whether something takes so long that the form tells its seconds."""
        return self.starting

    @property
    def typed(self) -> bool:
        """Whether something was typed that would be lost."""
        raise NotImplementedError

    def _tick(self) -> None:
        if self.waits:
            self.say()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    # Starting.

    @property
    def starting(self) -> bool:
        """Whether the engine is being started."""
        return self._started_at is not None

    @property
    def seconds_starting(self) -> int:
        """For how long."""
        return int(time.monotonic() - (self._started_at or time.monotonic()))

    def begin_job(self, start: Callable[[], Path]) -> None:
        """Start the job in a thread; `start` gives its folder."""
        self.problem, self._started_at = "", time.monotonic()
        self.run_worker(partial(self._start, self.app, start), thread=True, group="start")

    def _start(self, app: App[object], start: Callable[[], Path]) -> None:
        try:
            started = self.Started(start())
        except NeuronTuiError as error:
            started = self.Started(None, str(error))
        except OSError as error:
            started = self.Started(None, f"The engine cannot be started: {error.strerror or error}.")
        self.post_message(started)
        if not self.is_attached and started.problem:  # the form was left meanwhile
            app.notify(message(started.problem), title="Not started", severity="error", markup=False)

    def on_job_form_started(self, event: Started) -> None:
        """Done, or say why not."""
        self._started_at = None
        if not self.is_attached:
            return
        if event.folder is not None:
            self.dismiss(event.folder)
            return
        self.app.bell()
        self.problem = event.problem
        self.say()

    # Leaving.

    def action_leave(self) -> None:
        """Leave, after a question if something was typed."""
        if self.starting or not self.typed:
            self.dismiss(None)
        else:
            question = Confirm("Leave the form?", "What was typed is lost; nothing was started.", "Leave", "Stay")
            self.app.push_screen(question, self._leave_if)

    def _leave_if(self, yes: bool | None) -> None:
        if yes:
            self.dismiss(None)

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(help_sections(self)))
