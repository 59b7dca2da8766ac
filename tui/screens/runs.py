"""The list of runs: open one, or delete one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from neuron_tui.store.catalog import RunSummary, delete_run, list_runs
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.tokens import printable
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.explorer import Explorer
from neuron_tui.tui.screens.help import RUNS, Help
from neuron_tui.tui.spans import message
from neuron_tui.tui.widgets.key_line import Key, KeyLine
from neuron_tui.tui.widgets.painting import Said
from neuron_tui.tui.widgets.run_list import NOTHING, Details, RunList, describe_run, size_text

_EVERY = 2.0
"""Seconds between two looks at the runs while one of them is being written."""


KEYS = (
    Key("enter", "open", "screen.open"),
    Key("d", "delete", "screen.delete"),
    Key("r", "read again", "screen.reload"),
    Key("?", "keys", "screen.help"),
    Key("q", "out", "app.quit"),
)


class Runs(Screen[None]):
    """All runs of a directory."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,delete", "delete", "delete", show=False),
        Binding("r", "reload", "read again", show=False),
        Binding("question_mark", "help", "keys", show=False),
        Binding("q", "app.quit", "out", show=False),
    ]

    @dataclass
    class Listed(Message):
        """A thread has read the runs directory."""

        runs: list[RunSummary]

    @dataclass
    class Deleted(Message):
        """A thread has deleted a run, or could not: `problem` says why."""

        name: str
        problem: str | None

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._reading = False

    def compose(self) -> ComposeResult:
        """The list, and below it what is to say of the run under the cursor."""
        yield Said(((f" neuron-tui · runs in {printable(str(self._directory))}", "strong"),), classes="headline")
        with Vertical(id="runs-pane") as pane:
            pane.border_title = Content("Runs")
            yield RunList(id="run-list")
        with Vertical(id="details-pane"):
            yield Details(id="details")
        yield KeyLine(*KEYS)

    def on_mount(self) -> None:
        """Read the runs, and look again while one is being written."""
        self.query_one(RunList).focus()
        self.set_interval(_EVERY, self._look_again)

    def on_screen_resume(self) -> None:
        """A run may have come or gone meanwhile."""
        self.action_reload()

    def _look_again(self) -> None:
        if self.is_current and any(run.state == "running" for run in self.query_one(RunList).runs):
            self.action_reload()

    def action_reload(self) -> None:
        """Read the runs directory again."""
        if not self._reading:
            self._reading = True
            self.run_worker(self._list, thread=True, group="runs")

    def _list(self) -> None:
        self.post_message(self.Listed(list_runs(self._directory)))

    def on_runs_listed(self, event: Listed) -> None:
        """Show the runs."""
        self._reading = False
        self.query_one(RunList).show(event.runs)
        self.query_one("#runs-pane", Vertical).border_title = Content(f"Runs · {len(event.runs)}")
        self._describe()

    def on_row_list_moved(self) -> None:
        """Say something of the run now under the cursor."""
        self._describe()

    def on_row_list_chosen(self) -> None:
        """Open it."""
        self.action_open()

    def _describe(self) -> None:
        run = self.query_one(RunList).selected
        self.query_one(Details).say(*(NOTHING if run is None else describe_run(run)))

    def action_open(self) -> None:
        """Open the run under the cursor."""
        run = self.query_one(RunList).selected
        if run is None:
            self.notify("There is no run to open.", markup=False)
        elif run.state == "damaged":
            self.notify(
                message(run.problem or "a file cannot be read"), title="Damaged", severity="error", markup=False
            )
        elif run.manifest is None or not run.manifest.layers:
            self.notify("It has no finished layer yet.", severity="warning", markup=False)
        else:
            self.app.push_screen(Explorer(run.path))

    def action_delete(self) -> None:
        """Ask, then delete the run under the cursor."""
        run = self.query_one(RunList).selected
        if run is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(partial(self._delete, run), thread=True, group="delete")

        self.app.push_screen(
            Confirm(
                f"Delete the run {run.name}?",
                f"{size_text(run.size)} in {run.path}. It cannot be brought back.",
                "Delete",
                "Keep",
            ),
            answered,
        )

    def _delete(self, run: RunSummary) -> None:
        problem = None
        try:
            delete_run(run.path)
        except (NeuronTuiError, OSError) as error:
            problem = str(error)
        self.post_message(self.Deleted(run.name, problem))

    def on_runs_deleted(self, event: Deleted) -> None:
        """Say what happened and read the list again."""
        if event.problem is None:
            self.notify(f"The run {printable(event.name)} is deleted.", markup=False)
        else:
            self.notify(message(event.problem), title="Not deleted", severity="error", markup=False)
        self.action_reload()

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(RUNS))
