"""Counting a run again with other thresholds: the fields, what is wrong with them, and the job that is started."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.widgets import Button, Input

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.measures.thresholds import PAPER, THRESHOLDS, Thresholds
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.actions import Action, Key, bindings, leave_action
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.forms.counting_form import (
    NAME,
    RunToCount,
    counting_complaints,
    free_name_for,
    look_at_run,
    read_thresholds,
    texts_of,
    unfinished,
    without_bits,
)
from neuron_tui.tui.jobs.jobs import start_analysis
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.navigation import ExtractionPlace, go
from neuron_tui.tui.screens.extraction.job_form import Buttons, JobForm
from neuron_tui.tui.widgets.form.form_fields import ThresholdFields
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.painting import TextLine

KEYS = (
    Key("app.focus_next", "next field"),
    Key("counting.defaults", "defaults"),
    Key("counting.start", "count"),
    Key("counting.help", "keys"),
    Key("counting.leave", "leave"),
)

_EXTRACT = Key("counting.extract", "extract with bits")


class CountAgain(JobForm):
    """Asks for thresholds and starts the job; gives back the folder of the variant, or None if it was left."""

    AUTO_FOCUS = "#field-coverage"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        leave_action("counting"),
        Action(
            "counting.start",
            "ctrl+s",
            "start",
            "start counting",
            "starts counting: from what the run holds, without its model. The job goes on when you leave.",
            palette="Count again",
        ),
        Action(
            "counting.defaults",
            "ctrl+r",
            "defaults",
            "the paper's thresholds",
            "puts the defaults back into all fields.",
            palette="Defaults",
        ),
        Action(
            "counting.extract",
            "ctrl+b",
            "extract",
            "extract again with bits",
            "where the run keeps no activation bits: asks for an extraction of the same that keeps them.",
            priority=True,
        ),
        Action("counting.next_field", "down", "app.focus_next", "next field"),
        Action("counting.field_before", "up", "app.focus_previous", "field before"),
        Action(
            "counting.help",
            "f1,question_mark",
            "help",
            "keys",
            "shows this help; outside of lines to type in ? does too.",
            palette="Keys",
            shown="f1",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("tab ↓", "goes to the next field, shift+tab and ↑ to the one before; enter goes on too."),
        ("", "A share is typed as 95% or 0.95, other numbers as 0.0625 or 1/16; an empty field is its default."),
        ("", "paper: the number is the paper's; ours: the paper names the type and gives no number."),
        *((name.replace("_", " "), one.help) for name, one in THRESHOLDS.items()),
    )

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
        self.values = self._first = texts_of(thresholds)
        self.run_to_count: RunToCount | None = None
        self._proposed = ""

    # What it shows.

    def compose(self) -> ComposeResult:
        """The fields, what comes of them, and the buttons."""
        buttons = Buttons(start="Count again", extract="Extract with bits", leave="Leave")
        yield from self.parts("Count again with other thresholds", ThresholdFields(self.values), buttons, KEYS)

    def on_mount(self) -> None:
        """Look at the run."""
        Latest(self, look_at_run, self._looked, self._unreadable).request(self._folder)
        self.refresh_notes()

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

    def show_notes(self) -> None:
        """Show what is wrong, or else what it is, at each field."""
        run, name = self.run_to_count, self.values[NAME].strip()
        called = f"will be {run.name}@{name}" if run is not None and name else "named after what is changed"
        self.fields.show(self.values, self.found, called)

    def outcome(self) -> list[tuple[str, str]]:
        """What is under way, wrong, or to be counted."""
        found, run = self.found, self.run_to_count
        if self.job.busy:
            return [(f"Starting: the engine opens the run … {self.job.seconds} s", "dim")]
        if self.problem:
            return [(line, "bad") for line in self.problem.split("\n")]
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
        layers = count_noun(len(run.manifest.layers), "layer")
        return [(f"{layers} will be counted again from what {run.name} holds, without its model, by a job.", "dim")]

    # What is typed.

    @on(Input.Changed)
    def _changed(self) -> None:
        before, self.values = self.values, self.fields.typed
        if self.values == before:
            return
        self.problem = ""
        if _thresholds(self.values) != _thresholds(before):
            self._propose()
        self.refresh_notes()

    def _propose(self) -> None:
        """Name the variant after what is not the paper's, until somebody has named it otherwise."""
        thresholds, _ = read_thresholds(self.values)
        if thresholds is None or self.values[NAME] not in ("", self._proposed):
            return
        self._proposed = free_name_for(thresholds, self.run_to_count)
        self.values = self.values | {NAME: self._proposed}  # before the field tells of it: nobody typed this
        self.fields.put({NAME: self._proposed})

    # What there is of the run.

    def _looked(self, _: Path, run: RunToCount) -> None:
        """Show whether it can be counted again."""
        self.run_to_count = run
        title = f" Count {printable(run.name)} again with other thresholds"
        self.query_one("#form-title", TextLine).show_text(((title, "strong"),))
        if run.without_bits:
            self.query_one("#extract", Button).display = True
            self.query_one(KeyLine).show(*KEYS[:-2], _EXTRACT, *KEYS[-2:])
        self._propose()
        self.refresh_notes()

    def _unreadable(self, _: Path, error: NeuronTuiError) -> None:
        """Leave: the run cannot be read."""
        self.app.notify(message(str(error)), title="This run", severity="error", timeout=12, markup=False)
        self.dismiss(None)

    # Starting and leaving.

    def action_start(self) -> None:
        """Start counting, unless something is wrong."""
        found, run = self.found, self.run_to_count
        thresholds, _ = read_thresholds(self.values)
        if run is None or self.job.busy:
            return
        if found or thresholds is None or unfinished(run):
            self.app.bell()
            if wrong := next((key for key in found if key), None):
                self.fields.field_of(wrong).focus()
            return
        arguments = ("--name", self.values[NAME].strip(), *thresholds.options())
        self.problem = ""
        self.job.begin(partial(self._start_job, run.folder, arguments))
        self.refresh_notes()

    def action_defaults(self) -> None:
        """Put the paper's thresholds back, and ours where it gives none."""
        self.fields.put(_thresholds(texts_of(PAPER)))

    def action_extract(self) -> None:
        """Ask for an extraction of the same that keeps the bits."""
        run = self.run_to_count
        if run is None or not run.without_bits:
            return
        options = run.manifest.options.model_copy(update={"keep_activations": "always"})
        same = run.manifest.model_copy(update={"options": options})

        def answered(folder: Path | None) -> None:
            if folder is not None:
                self.app.notify(f"{printable(folder.name)} is being extracted; see it in the runs.", markup=False)
                self.dismiss(None)

        go(self, ExtractionPlace(run.folder.parent, same), answered)

    @property
    def typed(self) -> bool:
        """Whether a threshold was changed."""
        return _thresholds(self.values) != _thresholds(self._first)

    def commands(self) -> Iterator[SystemCommand]:
        """Actions for the command palette that have no key of their own."""
        if self.run_to_count is not None and self.run_to_count.without_bits:
            yield SystemCommand("Extract with bits", "Extract again, keeping bits (ctrl+b)", self.action_extract)


def _thresholds(typed: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in typed.items() if key != NAME}
