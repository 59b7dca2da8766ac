"""A new extraction: model, texts and options, checked while they are typed, estimated, and started as a job."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.job import Job
from neuron_tui.store.manifest import Manifest
from neuron_tui.store.tokens import printable
from neuron_tui.tui.config import Defaults
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.extracting.checks import Complaint
from neuron_tui.tui.extracting.estimate_words import estimate_paragraphs
from neuron_tui.tui.extracting.estimating import Asked, Estimating
from neuron_tui.tui.extracting.form import FormValues, engine_arguments
from neuron_tui.tui.extracting.jobs import Estimated, Estimation, Refused, start_job
from neuron_tui.tui.extracting.origins import values_from_defaults, values_from_job, values_from_manifest
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.extraction.checked_form import CheckedForm, Wish
from neuron_tui.tui.screens.help import Help, help_sections
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


class NewExtraction(CheckedForm):
    """Asks for an extraction and starts it; gives back the folder of its run, or None if it was left."""

    CSS = """
    NewExtraction { layout: vertical; background: $background; }
    NewExtraction ExtractionFields { padding: 1 1 0 1; }
    NewExtraction #outcome { border-top: solid $dim; padding: 0 1; height: auto; min-height: 3; max-height: 8; }
    NewExtraction #buttons { height: 1; padding: 0 2; }
    NewExtraction #buttons Button { margin-right: 3; }
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

    @dataclass
    class Answered(Message):
        """A thread has the answer to an estimate; None if it was stopped."""

        estimating: Estimating
        answer: Estimated | Refused | None

    @dataclass
    class Started(Message):
        """A thread has started the job in a folder, or could not: `problem` says why."""

        folder: Path | None
        problem: str = ""

    def __init__(
        self,
        runs_dir: Path,
        start_from: Manifest | Job | None = None,
        *,
        ask: Callable[[Sequence[str]], Asked] = Estimation,
        start: Callable[[Path, Sequence[str]], Path] = start_job,
    ) -> None:
        super().__init__(runs_dir)
        self._start_from = start_from
        self._ask, self._start_job = ask, start
        self._estimating: Estimating | None = None
        self._asked_at = 0.0
        self._estimated: Estimated | None = None
        self._refused: Complaint | None = None
        self._problem = ""
        self._starting = False

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
        self.set_interval(1.0, self._tick)

    def on_unmount(self) -> None:
        """Leave no process behind."""
        self._stop_estimating()

    def _tick(self) -> None:
        if self._estimating is not None or self._starting or self.wish:
            self.say()

    def say(self) -> None:
        """Bring all notes up to date, unless the form is being put away."""
        if not self.is_attached:
            return
        found = self.found
        self.fields.say(self.values, self.facts, [*([self._refused] if self._refused else []), *found])
        self.query_one("#outcome", Note).say(*self._outcome(found))

    def _outcome(self, found: Sequence[Complaint]) -> list[tuple[str, str]]:
        if self._starting:
            return [(f"Starting: the engine opens the model and the corpus … {self._seconds} s", "dim")]
        if self._estimating is not None:
            said = f"Estimating: tokenising the corpus and timing one layer … {self._seconds} s. esc stops it."
            return [(said, "dim")]
        if self.wish:
            return [("Looking at the model and the corpus …", "dim")]
        if self._problem:
            return [(line, "bad") for line in self._problem.split("\n")]
        if found:
            names = ", ".join(dict.fromkeys(complaint.field.replace("-", " ") for complaint in found))
            return [(f"To be mended first: {names}.", "bad")]
        if self._estimated is not None:
            return estimate_paragraphs(self._estimated)
        return [("Estimate tells time, memory and disk before anything is started.", "dim")]

    @property
    def _seconds(self) -> int:
        return int(time.monotonic() - self._asked_at)

    # The estimate.

    def forget_answers(self) -> None:
        """Estimates and refusals were of other options."""
        self._estimated, self._refused, self._problem = None, None, ""
        self._stop_estimating()

    def action_estimate(self) -> None:
        """Ask for an estimate, once everything has been looked at anew."""
        if self._estimating is None and not self._starting:
            self._problem = ""
            self.look("estimate")

    def action_start(self) -> None:
        """Start the extraction, once everything has been looked at anew."""
        if not self._starting:
            self._stop_estimating()
            self._problem = ""
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
            self._starting, self._asked_at = True, time.monotonic()
            self.run_worker(partial(self._start, self.app, arguments), thread=True, group="start")
        else:
            self._begin_estimate(arguments)

    def _begin_estimate(self, arguments: Callable[[], tuple[str, ...]]) -> None:
        def whole() -> tuple[str, ...]:
            return (*arguments(), "--runs-dir", str(self.runs_dir.absolute()))

        estimating = Estimating(self._ask, whole)
        self._estimated, self._refused = None, None
        self._estimating, self._asked_at = estimating, time.monotonic()
        self.run_worker(
            lambda: self.post_message(self.Answered(estimating, estimating.run())), thread=True, group="estimate"
        )

    def _stop_estimating(self) -> None:
        if self._estimating is not None:
            self._estimating.stop()
            self._estimating = None

    def on_new_extraction_answered(self, event: Answered) -> None:
        """Show the estimate, or what stands against it at the field that it is about."""
        if event.estimating is not self._estimating or event.answer is None or not self.is_attached:
            return
        self._estimating = None
        if isinstance(event.answer, Estimated):
            self._estimated = event.answer
            if isinstance(self.focused, Button):
                self.query_one("#start", Button).focus()
        else:
            self._refuse(event.answer)
        self.say()

    def _refuse(self, refused: Refused) -> None:
        self.app.bell()
        self._problem = refused.message
        if refused.field is not None:
            row = self._row_named_in(refused.message) if refused.field == "corpus" else None
            self._refused = Complaint(refused.field, refused.message.partition("\n")[0], row)
            self.fields.focus_on(self._refused)

    def _row_named_in(self, message: str) -> int:
        sources = [part.source.strip() for part in self.values.corpus]
        return next((row for row, source in enumerate(sources) if source and Path(source).name in message), 0)

    # Starting and leaving.

    def _start(self, app: App[object], arguments: Callable[[], tuple[str, ...]]) -> None:
        """In a thread: start the job."""
        try:
            started = self.Started(self._start_job(self.runs_dir, arguments()))
        except NeuronTuiError as error:
            started = self.Started(None, str(error))
        except OSError as error:
            started = self.Started(None, f"The engine cannot be started: {error.strerror or error}.")
        self.post_message(started)
        if not self.is_attached and started.problem:  # the form was left meanwhile
            app.notify(message(started.problem), title="Not started", severity="error", markup=False)

    def on_new_extraction_started(self, event: Started) -> None:
        """Done, or say why not."""
        self._starting = False
        if not self.is_attached:
            return
        if event.folder is not None:
            self.dismiss(event.folder)
            return
        self.app.bell()
        self._problem = event.problem
        self.say()

    def action_leave(self) -> None:
        """Stop an estimate under way; else leave, after a question if something was typed."""
        if self._estimating is not None:
            self._stop_estimating()
            self.say()
        elif self._starting or _filled_rows(self.fields.values) == _filled_rows(self.first):
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

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(Help(help_sections(self)))

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
