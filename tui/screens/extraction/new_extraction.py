"""A new extraction: model, texts and options, checked while they are typed, estimated, and started as a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Button, Input

from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.runs.option_texts import plain_text
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import bindings
from neuron_tui.tui.config import form_defaults
from neuron_tui.tui.forms.disk_check import complaints_of
from neuron_tui.tui.forms.extraction_form import (
    FOLDED,
    Complaint,
    FormValues,
    complaints,
    filled,
    in_order,
    texts_from,
)
from neuron_tui.tui.forms.local_models import KnownModel
from neuron_tui.tui.forms.path_candidates import Candidate
from neuron_tui.tui.jobs.estimate import Estimated, Estimation, Refused, estimate_paragraphs
from neuron_tui.tui.jobs.jobs import start_job
from neuron_tui.tui.screens.extraction.background import Arguments, DiskWatch, EstimateProcess, Estimator
from neuron_tui.tui.screens.extraction.job_form import Buttons, JobForm
from neuron_tui.tui.screens.extraction.keys import ACTIONS, KEYS, NOTES
from neuron_tui.tui.widgets.form.corpus_parts import CorpusParts, PartRow
from neuron_tui.tui.widgets.form.extraction_fields import AddNote, ExtractionFields
from neuron_tui.tui.widgets.form.fields import Fold, Pick, Tick
from neuron_tui.tui.widgets.form.path_completion import CompletingField

_TALL = 36
"""Lines of a terminal from which on all fields have room."""


class NewExtraction(JobForm):
    """Asks for an extraction and starts it; gives back the folder of its run, or None if it was left."""

    AUTO_FOCUS = "#field-model"
    ACTIONS = ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES = NOTES

    def __init__(
        self,
        runs_dir: Path,
        start_from: Manifest | Job | None = None,
        *,
        ask: Callable[[Arguments], EstimateProcess] = Estimation,
        start: Callable[[Path, Sequence[str]], Path] = start_job,
    ) -> None:
        super().__init__()
        self.runs_dir = runs_dir
        self._start_from, self._start_job = start_from, start
        self.disk = DiskWatch(self, runs_dir, self._checked, self._offer)
        self.estimator = Estimator(self, ask, self._answered)
        self.first = self.values = filled(form_defaults({}))
        """The form as it began, and as it is now."""
        self.estimated: Estimated | None = None
        self._refused: Complaint | None = None
        self._next: Literal["", "estimate", "start"] = ""
        """What is to be done once everything that the form names has been looked at."""
        self._proposed = ""

    # What it shows.

    def compose(self) -> ComposeResult:
        """The fields, what comes of them, and the buttons."""
        config = getattr(self.app, "config", None)
        texts = texts_from(self._start_from) if self._start_from else form_defaults(config.defaults if config else {})
        self.first = self.values = filled(texts)  # without a name: one that is free is proposed
        title = f"New extraction · runs in {printable(str(self.runs_dir))}"
        buttons = Buttons(estimate="Estimate", start="Start", leave="Leave")
        yield from self.parts(title, ExtractionFields(self.first), buttons, KEYS)

    def on_mount(self) -> None:
        """Show all fields where there is room, or where one of the folded ones is filled."""
        used = any(self.first[name] != plain_text(name) for name in FOLDED)
        self.fields.unfold(used or self.app.size.height >= _TALL)
        self.disk.begin(self.values)

    def on_unmount(self) -> None:
        """Leave no process behind."""
        self.estimator.stop()

    @property
    def fields(self) -> ExtractionFields:
        """The fields of the form."""
        return self.query_one(ExtractionFields)

    @property
    def under_way(self) -> bool:
        """Whether a list of choices is about to come up: keys typed ahead wait for it."""
        return any(field.listing for field in self.query(CompletingField))

    @property
    def waits(self) -> bool:
        """Whether something takes so long that the form shows its seconds."""
        return self.estimator.busy or self.job.busy or bool(self._next)

    @property
    def found(self) -> list[Complaint]:
        """All that is wrong, in the order of the form; at each field what is typed comes before what it names."""
        typed = complaints(self.values)
        have = {(complaint.field, complaint.row) for complaint in typed}
        named = complaints_of(self.values, self.disk.check) if self.disk.check else ()
        return in_order([*typed, *(one for one in named if (one.field, one.row) not in have)])

    def show_notes(self) -> None:
        """Show what is wrong, or else what is known, at each field."""
        self.fields.show(self.values, self.disk.check, [*([self._refused] if self._refused else []), *self.found])

    def outcome(self) -> list[tuple[str, str]]:
        """What is under way, wrong, or estimated."""
        if self.job.busy:
            return [(f"Starting: the engine opens the model and the corpus … {self.job.seconds} s", "dim")]
        if self.estimator.busy:
            doing = f"tokenising the corpus and timing one layer … {self.estimator.seconds} s. esc stops it."
            return [(f"Estimating: {doing}", "dim")]
        if self._next:
            return [("Looking at the model and the corpus …", "dim")]
        if self.problem:
            return [(line, "bad") for line in self.problem.split("\n")]
        if found := self.found:
            names = ", ".join(dict.fromkeys(complaint.field.replace("-", " ") for complaint in found))
            return [(f"To be mended first: {names}.", "bad")]
        if self.estimated is not None:
            return estimate_paragraphs(self.estimated)
        return [("Estimate tells time, memory and disk before anything is started.", "dim")]

    # What is typed, and what the disk says of it.

    @on(Input.Changed)
    @on(Pick.Changed)
    @on(CorpusParts.Changed)
    def _changed(self) -> None:
        before, self.values = self.values, self.fields.values
        if self.values == before:
            return
        self.estimated, self._refused, self.problem, self._next = None, None, "", ""
        self.estimator.stop()
        self.disk.change(before, self.values)
        self.refresh_notes()

    @on(Tick.Changed)
    def _switched(self, event: Tick.Changed) -> None:
        if isinstance(event.tick, Fold):
            self.fields.unfold(event.tick.on)
        else:
            self._changed()

    def on_descendant_focus(self) -> None:
        """The row of the corpus that has the keys speaks first."""
        self.refresh_notes()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A name that was left empty is proposed again."""
        if self.is_attached and event.widget is self.fields.line_of("name") and not self.values["name"]:
            self.disk.look(self.values)

    def _offer(self, models: list[KnownModel]) -> None:
        self.fields.known = [Candidate(model.name, model.origin) for model in models]

    def _checked(self) -> None:
        """Show what the disk says, propose a name, and do what was waiting for it."""
        if self.disk.check is None or not self.is_attached:
            return
        self._propose(self.disk.check.free)
        waiting, self._next = self._next, ""
        if waiting:
            self._go_on(waiting)
        self.refresh_notes()

    def _propose(self, free: str) -> None:
        """Name the run after what it is made from, until somebody has named it otherwise."""
        field = self.fields.line_of("name")
        if field.value not in ("", self._proposed) or (field.value == "" and field.has_focus):
            return
        self._proposed = free
        self.disk.name_is_free()
        self.values = self.values.having(name=free)  # before the field tells of it: nobody typed this
        if not self.first["name"]:
            self.first = self.first.having(name=free)
        field.put(free)

    # Estimating, starting and leaving.

    def action_estimate(self) -> None:
        """Ask for an estimate, once everything has been looked at anew."""
        if not self.estimator.busy and not self.job.busy:
            self._look_and("estimate")

    def action_start(self) -> None:
        """Start the extraction, once everything has been looked at anew."""
        if not self.job.busy:
            self.estimator.stop()
            self._look_and("start")

    def _look_and(self, then: Literal["estimate", "start"]) -> None:
        self.problem, self._next = "", then
        self.disk.look(self.values, anew=True)

    def _go_on(self, then: Literal["estimate", "start"]) -> None:
        """Estimate or start, unless something is wrong."""
        if found := self.found:
            self.app.bell()
            self.fields.focus_on(found[0])
            return
        values, runs_dir = self.values, self.runs_dir
        if then == "start":
            self.job.begin(lambda: self._start_job(runs_dir, values.read().arguments()))
            return
        self.estimated, self._refused = None, None
        self.estimator.begin(lambda: (*values.read().arguments(), "--runs-dir", str(runs_dir.absolute())))

    def _answered(self, answer: Estimated | Refused) -> None:
        """Show the estimate, or at its field what it was refused for."""
        if isinstance(answer, Refused):
            self._refuse(answer)
        else:
            self.estimated = answer
            if isinstance(self.focused, Button):
                self.query_one("#start", Button).focus()
        self.refresh_notes()

    def _refuse(self, refused: Refused) -> None:
        self.app.bell()
        self.problem = refused.message
        if refused.field is not None:
            row = self._row_named_in(refused.message) if refused.field == "corpus" else None
            self._refused = Complaint(refused.field, refused.message.partition("\n")[0], row)
            self.fields.focus_on(self._refused)

    def _row_named_in(self, message: str) -> int:
        named = (row for row, source in enumerate(self.values.sources) if source and Path(source).name in message)
        return next(named, 0)

    @property
    def typed(self) -> bool:
        """Whether a field was changed; an empty row of the corpus is none."""
        return _filled_rows(self.fields.values) != _filled_rows(self.first)

    def action_leave(self) -> None:
        """Stop an estimate under way; else leave, after a question if something was typed."""
        if self.estimator.busy:
            self.estimator.stop()
            self.refresh_notes()
        else:
            super().action_leave()

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

    @on(AddNote.Clicked)
    async def _add_clicked(self) -> None:
        await self.action_add_source()

    @on(PartRow.RemoveClicked)
    async def _remove_clicked(self, event: PartRow.RemoveClicked) -> None:
        await self.fields.corpus.remove_part(event.part)

    def action_choices(self) -> None:
        """List what could stand in the field that has the keys."""
        if isinstance(self.focused, CompletingField):
            self.focused.action_choices()
        else:
            self.notify("Choices are listed for the model, for sources and for the device.", markup=False)


def _filled_rows(values: FormValues) -> FormValues:
    return replace(values, corpus=tuple(values.parts))
