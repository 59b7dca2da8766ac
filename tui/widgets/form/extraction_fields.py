"""The fields of a new extraction: each with its label, its unit, and what is wrong with it beside or below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from neuron_tui.store.tokens import printable
from neuron_tui.tui.forms.checks import Complaint
from neuron_tui.tui.forms.facts import Facts
from neuron_tui.tui.forms.form import BUILTIN_MODELS, DTYPES, KEEPING, FormValues, options_text
from neuron_tui.tui.forms.path_candidates import Candidate, models, one_of
from neuron_tui.tui.widgets.form.corpus_parts import CorpusParts
from neuron_tui.tui.widgets.form.fields import Field, Fold, Note, Pick, Row, Tick
from neuron_tui.tui.widgets.form.path_completion import CompletingField
from neuron_tui.tui.widgets.painting import Said

_INDENT = 11
_HINTS = {
    "tokens": "counted at most, split by domain; empty: all",
    "context-length": "tokens in a sequence; empty: as the model",
    "layers": "all, or numbers from 0 such as 0-5,8",
    "device": "auto, cpu, cuda, or cuda:1 for the second GPU",
    "dtype": "auto: float32 on a CPU",
    "batch-tokens": "tokens in one forward batch; empty: what suits",
    "memory": "such as 8G; empty: 60% of what is free",
    "keep-activations": "on disk; auto: up to 256 MiB",
}
"""What stands beside a narrow field while nothing is wrong with it."""

_FOLDED = frozenset({"context-length", "layers", "device", "dtype", "batch-tokens", "memory", "keep-activations"})
_BELOW = ("model", "name")


class AddNote(Note):
    """The line below the corpus: what is wrong with it, or how to add to it; a click adds."""

    class Asked(Message):
        """Another source is wanted."""

    def on_click(self) -> None:
        """Ask for another source."""
        self.post_message(self.Asked())


class ExtractionFields(Vertical):
    """All fields, the less used ones folded away."""

    DEFAULT_CSS = """
    ExtractionFields { height: 1fr; overflow-y: auto; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    ExtractionFields Row, ExtractionFields Note { max-width: 130; }
    ExtractionFields .narrow { width: 16; }
    ExtractionFields .beside { width: 1fr; padding-left: 2; }
    ExtractionFields .space { height: 1; }
    ExtractionFields #field-name { max-width: 60; }
    ExtractionFields #folded { height: auto; display: none; }
    ExtractionFields.-unfolded #folded { display: block; }
    """

    def __init__(self, values: FormValues) -> None:
        super().__init__()
        self._start = values
        self.known: list[Candidate] = []
        """Models to offer."""

    def compose(self) -> ComposeResult:
        """The fields, filled."""
        values = self._start
        yield Row("Model", CompletingField(values.model, self._models, id="field-model", placeholder=BUILTIN_MODELS[0]))
        yield Note(id="note-model", indent=_INDENT)
        tick = Tick("load pickled weights, as weights only", values.allow_pickle, id="field-allow-pickle")
        yield Row("", tick)
        yield Vertical(classes="space")
        yield CorpusParts(values.corpus)
        yield AddNote(id="note-corpus", indent=_INDENT)
        yield Row("Tokens", *self._narrow("tokens", values.tokens))
        yield Vertical(classes="space")
        yield Row("Name", Field(values.name, id="field-name", placeholder="name of the run"))
        yield Note(id="note-name", indent=_INDENT)
        yield Row("", Fold(options_text(values), id="field-more"))
        with Vertical(id="folded"):
            yield Row("Context", *self._narrow("context-length", values.context_length))
            yield Row("Layers", *self._narrow("layers", values.layers))
            device = CompletingField(
                values.device, one_of("auto", "cpu", "cuda", "cuda:0", "cuda:1"), id="field-device"
            )
            device.add_class("narrow")
            yield Row("Device", device, self._beside("device"))
            yield Row("Data type", Pick(DTYPES, values.dtype, id="field-dtype"), self._beside("dtype"))
            yield Row("Batch", *self._narrow("batch-tokens", values.batch_tokens))
            yield Row("Memory", *self._narrow("memory", values.memory))
            keep = Pick(KEEPING, values.keep_activations, id="field-keep-activations")
            yield Row("Keep bits", keep, self._beside("keep-activations"))

    def _narrow(self, name: str, value: str) -> tuple[Widget, Widget]:
        field = Field(value, id=f"field-{name}")
        field.add_class("narrow")
        return field, self._beside(name)

    def _beside(self, name: str) -> Said:
        return Said(((_HINTS[name], "dim"),), id=f"note-{name}", classes="beside")

    def _models(self, typed: str) -> list[Candidate]:
        return models(typed, self.known)

    # What is typed.

    @property
    def values(self) -> FormValues:
        """Every field as it is now."""
        return FormValues(
            model=self._text("model"),
            allow_pickle=self.query_one("#field-allow-pickle", Tick).on,
            corpus=self.corpus.parts,
            tokens=self._text("tokens"),
            name=self._text("name"),
            context_length=self._text("context-length"),
            layers=self._text("layers"),
            device=self._text("device"),
            dtype=self.query_one("#field-dtype", Pick).value,
            batch_tokens=self._text("batch-tokens"),
            memory=self._text("memory"),
            keep_activations=self.query_one("#field-keep-activations", Pick).value,
        )

    @property
    def corpus(self) -> CorpusParts:
        """The rows of the corpus."""
        return self.query_one(CorpusParts)

    @property
    def name_field(self) -> Field:
        """The name of the run."""
        return self.query_one("#field-name", Field)

    def _text(self, name: str) -> str:
        return self.query_one(f"#field-{name}", Field).value

    # What there is to say of it.

    def say(self, values: FormValues, facts: Facts | None, complaints: Sequence[Complaint]) -> None:
        """Put what is wrong, or else what is known, at each field."""
        wrong = {complaint.field: complaint.reason for complaint in reversed(complaints)}
        known = {"model": facts.model.note if facts else "", "name": ""}
        for name in _BELOW:
            note = self.query_one(f"#note-{name}", Note)
            note.say((wrong[name], "bad") if name in wrong else (known[name], "dim"))
        for name, hint in _HINTS.items():
            says = (printable(wrong[name]), "bad") if name in wrong else (self._hint(name, hint, facts), "dim")
            self.query_one(f"#note-{name}", Said).say((says,))
        self._say_of_corpus(facts, [complaint for complaint in complaints if complaint.field == "corpus"])
        self.query_one("#field-more", Fold).say(options_text(values))

    def _hint(self, name: str, hint: str, facts: Facts | None) -> str:
        if facts is not None and name == "context-length" and facts.model.context_length:
            return f"tokens in a sequence; empty: the model's {facts.model.context_length:,}"
        if facts is not None and name == "layers" and facts.model.layers:
            return f"all, or such as 0-5,8; the model has 0 to {facts.model.layers - 1}"
        return hint

    def _say_of_corpus(self, facts: Facts | None, complaints: Sequence[Complaint]) -> None:
        rows = self.corpus.rows
        wrong = {complaint.row or 0: complaint.reason for complaint in reversed(complaints)}
        for number, row in enumerate(rows):
            known = facts.sources[number].note if facts and number < len(facts.sources) else ""
            row.say(((printable(wrong[number]), "bad") if number in wrong else (printable(known), "dim"),))
        # The row that has the keys speaks first.
        here = [number for number, row in enumerate(rows) if row.has_focus_within]
        told = next((number for number in (*here, *sorted(wrong)) if number in wrong), None)
        note = self.query_one("#note-corpus", AddNote)
        if told is None:
            note.say(("+ another source (ctrl+n)", "dim"))
        else:
            name = rows[told].part.settled_domain if told < len(rows) else ""
            note.say((f"{name}: {wrong[told]}" if name and len(rows) > 1 else wrong[told], "bad"))

    # Where the keys go.

    def unfold(self, on: bool = True) -> None:
        """Show the less used fields, or hide them."""
        self.query_one("#field-more", Fold).put(on)
        self.set_class(on, "-unfolded")

    def unfold_for(self, names: Iterable[str]) -> None:
        """Show the less used fields if one of these is among them."""
        if _FOLDED.intersection(names):
            self.unfold()

    def focus_on(self, complaint: Complaint) -> None:
        """Give the keys to the field that a complaint is about."""
        self.unfold_for([complaint.field])
        rows = self.corpus.rows
        if complaint.field == "corpus":
            rows[min(complaint.row or 0, len(rows) - 1)].source.focus()
        else:
            self.query_one(f"#field-{complaint.field}", Widget).focus()
