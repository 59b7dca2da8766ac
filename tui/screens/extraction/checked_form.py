"""A form whose fields are checked while they are typed: at once for what they say, in threads for what they name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from textual import events, on
from textual.message import Message
from textual.widgets import Input
from textual.worker import get_current_worker

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.tui.forms.checks import Complaint, complaints, in_order
from neuron_tui.tui.forms.facts import Facts, carried_over, complaints_of, look_at
from neuron_tui.tui.forms.form import FormValues
from neuron_tui.tui.forms.local_models import KnownModel, known_models
from neuron_tui.tui.forms.local_text import SourceFacts, count_text
from neuron_tui.tui.forms.path_candidates import Candidate
from neuron_tui.tui.screens.extraction.job_form import JobForm
from neuron_tui.tui.widgets.form.corpus_parts import CorpusParts
from neuron_tui.tui.widgets.form.extraction_fields import ExtractionFields
from neuron_tui.tui.widgets.form.fields import Fold, Pick, Switch
from neuron_tui.tui.widgets.form.path_completion import CompletingField

Wish = Literal["", "estimate", "start"]
"""What is to be done once everything that the form names has been looked at."""


class CheckedForm(JobForm):
    """The fields of a new extraction, what is wrong with them, and a name that is free."""

    @dataclass
    class Known(Message):
        """A thread knows which models there are."""

        models: list[KnownModel]

    @dataclass
    class Seen(Message):
        """A thread has looked at what a form names."""

        values: FormValues
        facts: Facts

    @dataclass
    class Counted(Message):
        """A thread has counted the text of a directory."""

        source: str
        facts: SourceFacts

    def __init__(self, runs_dir: Path) -> None:
        super().__init__()
        self.runs_dir = runs_dir
        self.first = self.values = FormValues()
        """The form as it began, and as it is now."""
        self.facts: Facts | None = None
        self.wish: Wish = ""
        self._proposed = ""
        self._counts: dict[str, SourceFacts] = {}

    # What a form does with it.

    def grant(self, wish: Wish) -> None:
        """Do what was waiting until everything had been looked at."""
        raise NotImplementedError

    def forget_answers(self) -> None:
        """Something was typed: what was found out of the form as it was is of no use any more."""
        raise NotImplementedError

    @property
    def fields(self) -> ExtractionFields:
        """The fields of the form."""
        return self.query_one(ExtractionFields)

    @property
    def under_way(self) -> bool:
        """Whether a list of choices is about to come up: keys typed ahead wait for it."""
        return any(field.listing for field in self.query(CompletingField))

    @property
    def found(self) -> list[Complaint]:
        """All that is wrong, in the order of the form; at each field what it says comes before what it names."""
        said = complaints(self.values)
        have = {(complaint.field, complaint.row) for complaint in said}
        seen = complaints_of(self.values, self.facts) if self.facts else ()
        return in_order([*said, *(one for one in seen if (one.field, one.row) not in have)])

    # What is typed.

    @on(Input.Changed)
    @on(Pick.Changed)
    @on(CorpusParts.Changed)
    def _typed(self) -> None:
        values = self.fields.values
        if values == self.values:
            return
        if self.facts is not None:
            self.facts = carried_over(self.facts, self.values, values)
        self.values = values
        self.forget_answers()
        self.look()
        self.say()

    @on(Switch.Changed)
    def _switched(self, event: Switch.Changed) -> None:
        if isinstance(event.switch, Fold):
            self.fields.unfold(event.switch.on)
        else:
            self._typed()

    def on_descendant_focus(self) -> None:
        """The row of the corpus that has the keys speaks first."""
        self.say()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A name that was left empty is proposed again."""
        if self.is_attached and event.widget is self.fields.name_field and not self.fields.name_field.value:
            self.look(self.wish)

    # What the disk says of it.

    def on_mount(self) -> None:
        """Look at what is there."""
        self.run_worker(self._list_models, thread=True, group="models")
        self.look()

    def _list_models(self) -> None:
        try:
            runs = list_runs(self.runs_dir)
        except NeuronTuiError:
            runs = []
        self.post_message(self.Known(known_models(runs)))

    def on_checked_form_known(self, event: Known) -> None:
        """Offer these models."""
        if self.is_attached:
            self.fields.known = [Candidate(model.name, model.origin) for model in event.models]

    def look(self, wish: Wish = "") -> None:
        """Look at everything that is named, and then do what is wished."""
        self.wish = wish
        if wish:  # a directory without text may have some by now
            self._counts = {text: counted for text, counted in self._counts.items() if counted.problem is None}
        self.run_worker(partial(self._see, self.values), thread=True, group="look", exclusive=True)

    def _see(self, values: FormValues) -> None:
        """In a thread: look at all that is named, then count the text of directories, which may take long."""
        worker, counts = get_current_worker(), dict(self._counts)
        facts = look_at(values, self.runs_dir)
        if worker.is_cancelled:
            return
        self.post_message(self.Seen(values, facts))
        for part, source in zip(values.corpus, facts.sources, strict=True):
            text = part.source.strip()
            if source.directory and text not in counts:
                counted = count_text(text, lambda: worker.is_cancelled)
                if counted is None:
                    return
                self.post_message(self.Counted(text, counted))

    def on_checked_form_seen(self, event: Seen) -> None:
        """Say it, propose a name, and do what was waiting for it."""
        if event.values != self.values or not self.is_attached:
            return
        self.facts = self._with_counts(event.facts)
        self._propose(event.facts.free)
        wish, self.wish = self.wish, ""
        if wish:
            self.grant(wish)
        self.say()

    def on_checked_form_counted(self, event: Counted) -> None:
        """Say how much text a directory holds."""
        self._counts[event.source] = event.facts
        if self.facts is not None:
            self.facts = self._with_counts(self.facts)
            self.say()

    def _with_counts(self, facts: Facts) -> Facts:
        sources = (part.source.strip() for part in self.values.corpus)
        counted = tuple(
            self._counts.get(text, seen) if seen.directory else seen
            for text, seen in zip(sources, facts.sources, strict=True)
        )
        return replace(facts, sources=counted)

    def _propose(self, free: str) -> None:
        """Name the run after what it is made from, until somebody has named it otherwise."""
        field = self.fields.name_field
        typed = field.value not in ("", self._proposed)
        if typed or (field.value == "" and field.has_focus) or self.facts is None:
            return
        self._proposed = free
        self.facts = replace(self.facts, taken=None)
        self.values = replace(self.values, name=free)  # before the field tells of it: nobody typed this
        if not self.first.name:
            self.first = replace(self.first, name=free)
        field.put(free)
