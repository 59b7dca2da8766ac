"""A new extraction: model, texts and options, checked while they are typed, estimated, and started as a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button

from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.tokens import printable
from neuron_tui.tui.config import Defaults
from neuron_tui.tui.forms.checks import Complaint
from neuron_tui.tui.forms.form import FormValues, engine_arguments
from neuron_tui.tui.forms.origins import values_from_defaults, values_from_job, values_from_manifest
from neuron_tui.tui.jobs.estimate_wording import estimate_paragraphs
from neuron_tui.tui.jobs.estimating import Asked
from neuron_tui.tui.jobs.jobs import Estimation, start_job
from neuron_tui.tui.screens.extraction.checked_form import Wish
from neuron_tui.tui.screens.extraction.estimate_form import EstimateForm
from neuron_tui.tui.widgets.form.corpus_parts import PartRow
from neuron_tui.tui.widgets.form.extraction_fields import AddNote, ExtractionFields
from neuron_tui.tui.widgets.form.fields import Note
from neuron_tui.tui.widgets.form.path_completion import CompletingField
from neuron_tui.tui.widgets.key_line import Key, KeyLine
from neuron_tui.tui.widgets.painting import Said

KEYS = (
    Key("ctrl+l", "choices", "screen.choices"),
    Key("ctrl+n", "add", "screen.add_source"),
    Key("ctrl+r", "remove", "screen.remove_source"),
    Key("ctrl+e", "estimate", "screen.estimate"),
    Key("ctrl+s", "start", "screen.start"),
    Key("esc", "leave", "screen.leave"),
)

_TALL = 36
"""Lines of a terminal from which on all fields have room."""


class _Buttons(Horizontal):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "the one before", id="form.button_before", show=False),
        Binding("right", "app.focus_next", "the next one", id="form.button_next", show=False),
    ]


class NewExtraction(EstimateForm):
    """Asks for an extraction and starts it; gives back the folder of its run, or None if it was left."""

    CSS = """
    NewExtraction ExtractionFields { padding: 1 1 0 1; }
    """
    AUTO_FOCUS = "#field-model"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="form.leave", show=False),
        # A line to type in would take ctrl+e for its own end of the line.
        Binding("ctrl+e", "estimate", "estimate", id="form.estimate", show=False, priority=True),
        Binding("ctrl+s", "start", "start", id="form.start", show=False),
        Binding("ctrl+n", "add_source", "add a source", id="form.add_source", show=False),
        Binding("ctrl+r", "remove_source", "remove the source", id="form.remove_source", show=False),
        Binding("down", "app.focus_next", "next field", id="form.next_field", show=False),
        Binding("up", "app.focus_previous", "field before", id="form.field_before", show=False),
        Binding("f1,question_mark", "help", "keys", id="form.help", show=False),
    ]
    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = (
        ("tab ↓", "goes to the next field, shift+tab and ↑ to the one before; enter goes on too."),
        ("ctrl+n", "adds a source of text below this one; sources of one domain add to it."),
        ("ctrl+r", "removes this source."),
        ("ctrl+e", "estimates time, memory and disk: the corpus is tokenised and one layer timed. esc stops it."),
        ("ctrl+s", "starts the extraction, estimated or not. It goes on when the program is left."),
        ("→", "at the end of a model, a source or a device takes the completion behind it; ctrl+space does too."),
        ("ctrl+l", "lists what could stand in such a field; in the list → goes into a directory."),
        ("space", "switches a box or a choice, and shows or hides the fields under “more”."),
        ("esc", "leaves the form; it asks first if something was typed."),
        ("f1", "shows this help; outside of lines to type in ? does too."),
    )

    def __init__(
        self,
        runs_dir: Path,
        start_from: Manifest | Job | None = None,
        *,
        ask: Callable[[Sequence[str]], Asked] = Estimation,
        start: Callable[[Path, Sequence[str]], Path] = start_job,
    ) -> None:
        super().__init__(runs_dir, ask)
        self._start_from = start_from
        self._start_job = start

    # What it shows.

    def compose(self) -> ComposeResult:
        """The fields, what comes of them, and the buttons."""
        self.first = self.values = self._filled()
        yield Said(((f" New extraction · runs in {printable(str(self.runs_dir))}", "strong"),), classes="headline")
        yield ExtractionFields(self.first)
        yield Note(id="outcome")
        with _Buttons(id="buttons"):
            yield Button("Estimate", id="estimate", compact=True)
            yield Button("Start", id="start", compact=True, variant="success")
            yield Button("Leave", id="leave", compact=True)
        yield KeyLine(*KEYS)

    def _filled(self) -> FormValues:
        match self._start_from:
            case Manifest() as manifest:
                values = values_from_manifest(manifest)
            case Job() as job:
                values = values_from_job(job)
            case _:
                config = getattr(self.app, "config", None)
                values = values_from_defaults(getattr(config, "defaults", None) or Defaults())
        return replace(values, name="")  # a name that is free is proposed

    def on_mount(self) -> None:
        """Show all fields where there is room, or where one of the folded ones is filled."""
        plain = FormValues()
        folded = ("context_length", "layers", "device", "dtype", "batch_tokens", "memory", "keep_activations")
        used = any(getattr(self.first, name) != getattr(plain, name) for name in folded)
        self.fields.unfold(used or self.app.size.height >= _TALL)

    def say(self) -> None:
        """Bring all notes up to date, unless the form is being put away."""
        if not self.is_attached:
            return
        found = self.found
        self.fields.say(self.values, self.facts, [*([self.refused] if self.refused else []), *found])
        self.query_one("#outcome", Note).say(*self._outcome(found))

    def _outcome(self, found: Sequence[Complaint]) -> list[tuple[str, str]]:
        if self.starting:
            return [(f"Starting: the engine opens the model and the corpus … {self.seconds_starting} s", "dim")]
        if self.estimating:
            said = f"tokenising the corpus and timing one layer … {self.seconds_estimating} s. esc stops it."
            return [(f"Estimating: {said}", "dim")]
        if self.wish:
            return [("Looking at the model and the corpus …", "dim")]
        if self.problem:
            return [(line, "bad") for line in self.problem.split("\n")]
        if found:
            names = ", ".join(dict.fromkeys(complaint.field.replace("-", " ") for complaint in found))
            return [(f"To be mended first: {names}.", "bad")]
        if self.estimated is not None:
            return estimate_paragraphs(self.estimated)
        return [("Estimate tells time, memory and disk before anything is started.", "dim")]

    # Starting and leaving.

    def action_start(self) -> None:
        """Start the extraction, once everything has been looked at anew."""
        if not self.starting:
            self.stop_estimating()
            self.problem = ""
            self.look("start")

    def grant(self, wish: Wish) -> None:
        """Estimate or start, unless something is wrong."""
        found = self.found
        if found:
            self.app.bell()
            self.fields.focus_on(found[0])
            return
        arguments = partial(engine_arguments, self.values)
        if wish == "start":
            self.begin_job(lambda: self._start_job(self.runs_dir, arguments()))
        else:
            self.begin_estimate(arguments)

    @property
    def typed(self) -> bool:
        """Whether a field was changed; an empty row of the corpus is none."""
        return _filled_rows(self.fields.values) != _filled_rows(self.first)

    def action_leave(self) -> None:
        """Stop an estimate under way; else leave, after a question if something was typed."""
        if self.estimating:
            self.stop_estimating()
            self.say()
        else:
            super().action_leave()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "estimate":
                self.action_estimate()
            case "start":
                self.action_start()
            case _:
                self.action_leave()

    # The corpus, the lists, the help.

    async def action_add_source(self) -> None:
        """Add a source of text."""
        await self.fields.corpus.add()

    async def action_remove_source(self) -> None:
        """Remove the source that has the keys."""
        row = self.fields.corpus.row_with_keys
        if row is None:
            self.notify("Go to the source that is to be removed first.", markup=False)
        else:
            await self.fields.corpus.remove_part(row)

    @on(AddNote.Asked)
    async def _add_asked(self) -> None:
        await self.action_add_source()

    @on(PartRow.RemoveAsked)
    async def _remove_asked(self, event: PartRow.RemoveAsked) -> None:
        await self.fields.corpus.remove_part(event.part)

    def action_choices(self) -> None:
        """List what could stand in the field that has the keys."""
        if isinstance(self.focused, CompletingField):
            self.focused.action_choices()
        else:
            self.notify("Choices are listed for the model, for sources and for the device.", markup=False)

    def commands(self) -> Iterator[SystemCommand]:
        """The actions of this screen for the command palette."""
        yield SystemCommand("Estimate", "Estimate time, memory and disk (ctrl+e)", self.action_estimate)
        yield SystemCommand("Start", "Start the extraction (ctrl+s)", self.action_start)
        yield SystemCommand("Add a source", "Add a source of text to the corpus (ctrl+n)", self.action_add_source)
        yield SystemCommand("Remove the source", "Remove this source of text (ctrl+r)", self.action_remove_source)
        yield SystemCommand("Choices", "List what could stand in this field (ctrl+l)", self.action_choices)
        yield SystemCommand("Keys", "Show the help (f1)", self.action_help)
        yield SystemCommand("Leave the form", "Back to the runs without starting (esc)", self.action_leave)


def _filled_rows(values: FormValues) -> FormValues:
    return replace(values, corpus=tuple(values.parts))
