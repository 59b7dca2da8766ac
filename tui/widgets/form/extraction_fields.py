"""The fields of a new extraction: each with its label, its unit, and what is wrong with it beside or below."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from neuron_tui.store.runs.options import BUILTIN_MODELS, OPTIONS
from neuron_tui.store.tokens import printable
from neuron_tui.tui.forms.disk_check import DiskCheck
from neuron_tui.tui.forms.extraction_form import FOLDED, Complaint, FormValues, folded_text
from neuron_tui.tui.forms.path_candidates import Candidate, models
from neuron_tui.tui.widgets.form.corpus_parts import CorpusParts
from neuron_tui.tui.widgets.form.fields import Field, Fold, Note, Row
from neuron_tui.tui.widgets.form.form_fields import FormFields, field_for, option_row
from neuron_tui.tui.widgets.form.path_completion import CompletingField

_INDENT = 11


class AddNote(Note):
    """The line below the corpus: what is wrong with it, or how to add to it; a click adds."""

    class Clicked(Message):
        """Another source is to be added."""

    def on_click(self) -> None:
        """Ask for another source."""
        self.post_message(self.Clicked())


class ExtractionFields(FormFields):
    """All fields, the less used ones folded away."""

    def __init__(self, values: FormValues) -> None:
        super().__init__()
        self._start = values
        self.known: list[Candidate] = []
        """Models to offer."""

    def compose(self) -> ComposeResult:
        """The fields, filled."""
        values = self._start
        model = CompletingField(values["model"], self._models, id="field-model", placeholder=BUILTIN_MODELS[0])
        yield Row(OPTIONS["model"].label, model.add_class("field"))
        yield Note(id="note-model", indent=_INDENT)
        yield Row("", field_for("allow_pickle", values["allow_pickle"]).add_class("field"))
        yield Vertical(classes="space")
        yield CorpusParts(values.corpus)
        yield AddNote(id="note-corpus", indent=_INDENT)
        yield option_row("tokens", values["tokens"])
        yield Vertical(classes="space")
        name = Field(values["name"], id="field-name", placeholder="name of the run")
        yield Row(OPTIONS["name"].label, name.add_class("field"))
        yield Note(id="note-name", indent=_INDENT)
        yield Row("", Fold(folded_text(values), id="field-more"))
        with Vertical(id="folded"):
            for option in FOLDED:
                yield option_row(option, values[option])

    def _models(self, typed: str) -> list[Candidate]:
        return models(typed, self.known)

    @property
    def values(self) -> FormValues:
        """Every field as it is now."""
        return FormValues(self.typed, self.corpus.parts)

    @property
    def corpus(self) -> CorpusParts:
        """The rows of the corpus."""
        return self.query_one(CorpusParts)

    # What there is to say of it.

    def show(self, values: FormValues, check: DiskCheck | None, complaints: Sequence[Complaint]) -> None:
        """Show what is wrong, or else what is known, at each field."""
        wrong = {complaint.field.replace("-", "_"): complaint.reason for complaint in reversed(complaints)}
        known = {"model": check.model.note if check else "", "name": ""}
        known |= {name: OPTIONS[name].hint for name in ("tokens", *FOLDED)}
        if check is not None and check.model.context_length:
            known["context_length"] = f"tokens in a sequence; empty: the model's {check.model.context_length:,}"
        if check is not None and check.model.layers:
            known["layers"] = f"all, or such as 0-5,8; the model has 0 to {check.model.layers - 1}"
        for name, text in known.items():
            self.note(name, (wrong[name], "bad") if name in wrong else (text, "dim"))
        self._show_corpus(check, [complaint for complaint in complaints if complaint.field == "corpus"])
        self.query_one("#field-more", Fold).relabel(folded_text(values))

    def _show_corpus(self, check: DiskCheck | None, complaints: Sequence[Complaint]) -> None:
        rows = self.corpus.rows
        wrong = {complaint.row or 0: complaint.reason for complaint in reversed(complaints)}
        for number, row in enumerate(rows):
            known = check.sources[number].note if check and number < len(check.sources) else ""
            row.show_text(((printable(wrong[number]), "bad") if number in wrong else (printable(known), "dim"),))
        # The row that has the keys speaks first.
        here = [number for number, row in enumerate(rows) if row.has_focus_within]
        first = next((number for number in (*here, *sorted(wrong)) if number in wrong), None)
        if first is None:
            self.note("corpus", ("+ another source (ctrl+n)", "dim"))
        else:
            name = rows[first].part.settled_domain if first < len(rows) else ""
            self.note("corpus", (f"{name}: {wrong[first]}" if name and len(rows) > 1 else wrong[first], "bad"))

    # Where the keys go.

    def unfold(self, on: bool = True) -> None:
        """Show the less used fields, or hide them."""
        self.query_one("#field-more", Fold).put(on)
        self.set_class(on, "-unfolded")

    def focus_on(self, complaint: Complaint) -> None:
        """Give the keys to the field that a complaint is about."""
        name = complaint.field.replace("-", "_")
        if name in FOLDED:
            self.unfold()
        rows = self.corpus.rows
        if name == "corpus":
            rows[min(complaint.row or 0, len(rows) - 1)].source.focus()
        else:
            self.field_of(name).focus()
