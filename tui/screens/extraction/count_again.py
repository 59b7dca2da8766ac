"""Counting a run again with other thresholds: the fields, what is wrong with them, and the job that is started."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.thresholds import PAPER, Thresholds
from neuron_tui.store.tokens import printable
from neuron_tui.store.words import number
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.extracting.jobs import start_analysis
from neuron_tui.tui.extracting.run_to_count import (
    RunToCount,
    counting_complaints,
    free_name,
    look_at_run,
    unfinished,
    without_bits,
)
from neuron_tui.tui.extracting.thresholds_form import FIELDS, NAME, values_of
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.widgets.form.fields import Note
from neuron_tui.tui.widgets.form.threshold_fields import ThresholdFields
from neuron_tui.tui.widgets.key_line import Key, KeyLine
from neuron_tui.tui.widgets.painting import Said

KEYS = (
    Key("tab", "next field", "app.focus_next"),
    Key("ctrl+r", "defaults", "screen.defaults"),
    Key("ctrl+s", "count", "screen.start"),
    Key("f1", "keys", "screen.help"),
    Key("esc", "leave", "screen.leave"),
)

_EXTRACT = Key("ctrl+b", "extract with bits", "screen.extract")


class CountAgain(Screen[Path | None]):
    """Asks for thresholds and starts the job; gives back the folder of the variant, or None if it was left."""

    CSS = """
    CountAgain { layout: vertical; background: $background; }
    CountAgain ThresholdFields { padding: 0 1; }
    CountAgain #outcome { border-top: solid $dim; padding: 0 1; height: auto; min-height: 3; max-height: 8; }
    CountAgain #buttons { height: 1; padding: 0 2; }
    CountAgain #buttons Button { margin-right: 3; }
    CountAgain #extract { display: none; }
    """
    AUTO_FOCUS = "#field-coverage"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="counting.leave", show=False),
        Binding("ctrl+s", "start", "start counting", id="counting.start", show=False),
        Binding("ctrl+r", "defaults", "the paper's thresholds", id="counting.defaults", show=False),
        Binding("ctrl+b", "extract", "extract again with bits", id="counting.extract", show=False, priority=True),
        Binding("down", "app.focus_next", "next field", id="counting.next_field", show=False),
        Binding("up", "app.focus_previous", "field before", id="counting.field_before", show=False),
        Binding("f1,question_mark", "help", "keys", id="counting.help", show=False),
    ]
    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("tab ↓", "goes to the next field, shift+tab and ↑ to the one before; enter goes on too."),
        ("", "A share is typed as 95% or 0.95, other numbers as 0.0625 or 1/16; an empty field is its default."),
        ("", "paper: the number is the paper's; ours: the paper names the type and gives no number."),
        ("ctrl+r", "puts the defaults back into all fields."),
        ("ctrl+s", "starts counting: from what the run holds, without its model. The job goes on when you leave."),
        ("ctrl+b", "where the run keeps no activation bits: asks for an extraction of the same that keeps them."),
        ("esc", "leaves the form; it asks first if something was typed."),
        ("f1", "shows this help; outside of lines to type in ? does too."),
        *((one.label.lower(), one.sentence) for one in FIELDS),
    )

    @dataclass
    class Looked(Message):
        """A thread has looked at the run, or could not: `problem` says why."""

        run: RunToCount | None
        problem: str = ""

    @dataclass
    class Started(Message):
        """A thread has started the job in a folder, or could not: `problem` says why."""

        folder: Path | None
        problem: str = ""

    def __init__(
        self,
        folder: Path,
        thresholds: Thresholds = PAPER,
        *,
        start: Callable[[Path, Sequence[str]], Path] = start_analysis,
    ) -> None:
        """Ask how to count the run in `folder` again, or the one that a variant there is of; begin with thresholds."""
        super().__init__()
        self._folder, self._start_job = folder, start
        self.thresholds = thresholds
        self.values = self._first = values_of(thresholds)
        self.run_to_count: RunToCount | None = None
        self._proposed = ""
        self._problem = ""
        self._begun: float | None = None

    # What it shows.

    def compose(self) -> ComposeResult:
        """The fields, what comes of them, and the buttons."""
        yield Said(((" Count again with other thresholds", "strong"),), id="counting-title", classes="headline")
        yield ThresholdFields(self.values)
        yield Note(id="outcome")
        with Horizontal(id="buttons"):
            yield Button("Count again", id="start", compact=True, variant="success")
            yield Button("Extract with bits", id="extract", compact=True)
            yield Button("Leave", id="leave", compact=True)
        yield KeyLine(*KEYS)

    def on_mount(self) -> None:
        """Look at the run."""
        self.set_interval(1.0, self._tick)
        self.run_worker(self._look, thread=True, group="look")
        self._say()

    @property
    def fields(self) -> ThresholdFields:
        """The fields of the form."""
        return self.query_one(ThresholdFields)

    @property
    def under_way(self) -> bool:
        """Whether the run is still looked at: keys typed ahead are meant for what the form will be."""
        return self.run_to_count is None

    @property
    def found(self) -> dict[str, str]:
        """What is wrong, by the field; the empty one is all of them together."""
        return dict(counting_complaints(self.values, self.run_to_count))

    def _tick(self) -> None:
        if self._begun is not None:
            self._say()

    def _say(self) -> None:
        if not self.is_attached:
            return
        found, run = self.found, self.run_to_count
        name = self.values.name.strip()
        called = f"will be {run.name}@{name}" if run is not None and name else "named after what is changed"
        self.fields.say(self.values, found, called)
        self.query_one("#outcome", Note).say(*self._outcome(found))

    def _outcome(self, found: dict[str, str]) -> list[tuple[str, str]]:
        run = self.run_to_count
        if self._begun is not None:
            return [(f"Starting: the engine opens the run … {int(time.monotonic() - self._begun)} s", "dim")]
        if self._problem:
            return [(line, "bad") for line in self._problem.split("\n")]
        if run is None:
            return [("Looking at the run …", "dim")]
        if reason := unfinished(run):
            return [(reason, "bad")]
        bits = [(without_bits(run), "")] if run.without_bits else []
        fields = ", ".join(key for key in found if key)
        if fields:
            return [(f"To be mended first: {fields}.", "bad"), *bits]
        if found:
            return [(found[""], ""), *bits]
        layers = number(len(run.manifest.layers), "layer")
        return [(f"{layers} will be counted again from what {run.name} holds, without its model, by a job.", "dim")]

    # What is typed.

    @on(Input.Changed)
    def _typed(self) -> None:
        values = self.fields.values
        if values == self.values:
            return
        changed = values.typed != self.values.typed
        self.values, self._problem = values, ""
        if changed:
            self._propose()
        self._say()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    def _propose(self) -> None:
        """Name the variant after what is not the paper's, until somebody has named it otherwise."""
        thresholds, _ = self.values.read()
        if thresholds is None or self.values.name not in ("", self._proposed):
            return
        self._proposed = free_name(thresholds, self.run_to_count)
        self.values = self.values.with_typed(NAME, self._proposed)  # before the field tells of it: nobody typed this
        self.fields.field_of(NAME).put(self._proposed)

    # What there is of the run.

    def _look(self) -> None:
        """In a thread: look at the run."""
        try:
            self.post_message(self.Looked(look_at_run(self._folder)))
        except NeuronTuiError as error:
            self.post_message(self.Looked(None, str(error)))

    def on_count_again_looked(self, event: Looked) -> None:
        """Say whether it can be counted again; leave where it cannot be read."""
        if not self.is_attached:
            return
        if event.run is None:
            self.app.notify(message(event.problem), title="This run", severity="error", timeout=12, markup=False)
            self.dismiss(None)
            return
        self.run_to_count = event.run
        title = f" Count {printable(event.run.name)} again with other thresholds"
        self.query_one("#counting-title", Said).say(((title, "strong"),))
        if event.run.without_bits:
            self.query_one("#extract", Button).display = True
            self.query_one(KeyLine).show(*KEYS[:-2], _EXTRACT, *KEYS[-2:])
        self._propose()
        self._say()

    # Starting and leaving.

    def action_start(self) -> None:
        """Start counting, unless something is wrong."""
        found, run = self.found, self.run_to_count
        thresholds, _ = self.values.read()
        if run is None or self._begun is not None:
            return
        if found or thresholds is None or unfinished(run):
            self.app.bell()
            if wrong := next((key for key in found if key), None):
                self.fields.field_of(wrong).focus()
            return
        self._problem, self._begun = "", time.monotonic()
        arguments = ("--name", self.values.name.strip(), *thresholds.options())
        self.run_worker(partial(self._start, self.app, run.folder, arguments), thread=True, group="start")
        self._say()

    def _start(self, app: App[object], folder: Path, arguments: Sequence[str]) -> None:
        """In a thread: start the job."""
        try:
            started = self.Started(self._start_job(folder, arguments))
        except NeuronTuiError as error:
            started = self.Started(None, str(error))
        except OSError as error:
            started = self.Started(None, f"The engine cannot be started: {error.strerror or error}.")
        self.post_message(started)
        if not self.is_attached and started.problem:  # the form was left meanwhile
            app.notify(message(started.problem), title="Not started", severity="error", markup=False)

    def on_count_again_started(self, event: Started) -> None:
        """Done, or say why not."""
        self._begun = None
        if not self.is_attached:
            return
        if event.folder is not None:
            self.dismiss(event.folder)
            return
        self.app.bell()
        self._problem = event.problem
        self._say()

    def action_defaults(self) -> None:
        """Put the paper's thresholds back, and ours where it gives none."""
        self.fields.put(values_of(PAPER).with_typed(NAME, self.values.name))

    def action_extract(self) -> None:
        """Ask for an extraction of the same that keeps the bits."""
        run = self.run_to_count
        if run is None or not run.without_bits:
            return
        from neuron_tui.tui.screens.extraction.new_extraction import NewExtraction

        options = run.manifest.options.model_copy(update={"keep_activations": "always"})
        same = run.manifest.model_copy(update={"options": options})

        def answered(folder: Path | None) -> None:
            if folder is not None:
                self.app.notify(f"{printable(folder.name)} is being extracted; see it in the runs.", markup=False)
                self.dismiss(None)

        self.app.push_screen(NewExtraction(run.folder.parent, same), answered)

    def action_leave(self) -> None:
        """Leave, after a question if something was typed."""
        if self._begun is not None or self.values.typed == self._first.typed:
            self.dismiss(None)
        else:
            question = Confirm("Leave the form?", "What was typed is lost; nothing was started.", "Leave", "Stay")
            self.app.push_screen(question, self._leave_if)

    def _leave_if(self, yes: bool | None) -> None:
        if yes:
            self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "start":
                self.action_start()
            case "extract":
                self.action_extract()
            case _:
                self.action_leave()

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(help_sections(self)))

    def commands(self) -> Iterator[SystemCommand]:
        """The actions of this screen for the command palette."""
        yield SystemCommand("Count again", "Start counting with these thresholds (ctrl+s)", self.action_start)
        yield SystemCommand("Defaults", "Put the paper's thresholds back (ctrl+r)", self.action_defaults)
        if self.run_to_count is not None and self.run_to_count.without_bits:
            yield SystemCommand("Extract with bits", "Extract again, keeping bits (ctrl+b)", self.action_extract)
        yield SystemCommand("Keys", "Show the help (f1)", self.action_help)
        yield SystemCommand("Leave the form", "Go back without starting (esc)", self.action_leave)
