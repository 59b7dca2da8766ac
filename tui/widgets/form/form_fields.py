"""Fields of a form in rows, and the form of thresholds: what is declared of each says how it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from neuron_tui.store.measures.threshold_wording import NUMBERS, Number
from neuron_tui.store.runs.options import FLAG, OPTIONS
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import Line, fit
from neuron_tui.tui.forms.counting_form import NAME, default_text
from neuron_tui.tui.forms.path_candidates import one_of
from neuron_tui.tui.widgets.form.fields import Field, Note, Pick, Row, Tick
from neuron_tui.tui.widgets.form.path_completion import CompletingField
from neuron_tui.tui.widgets.painting import TextLine

_DEFAULT = 14
"""Cells for a default and whose it is."""

_GROUPS = {"detectors": "Detectors of n-grams", "types": "Positional neurons, their types"}


class FormFields(Vertical):
    """Rows of fields. The field of an option or a number has the id `field-KEY`, its note beside it `note-KEY`."""

    @property
    def typed(self) -> dict[str, str]:
        """What every field holds, by what it is a field of."""
        fields = [field for field in self.query(".field") if isinstance(field, Field | Pick | Tick)]
        return {key_of(field): field.text for field in fields}

    def field_of(self, key: str) -> Widget:
        """The field of an option or a number."""
        return self.query_one(f"#field-{key.replace('_', '-')}", Widget)

    def line_of(self, key: str) -> Field:
        """The same, where it is a line to type in."""
        return self.query_one(f"#field-{key.replace('_', '-')}", Field)

    def note(self, key: str, *line: tuple[str, str]) -> None:
        """Show something beside or below a field: texts, each with its role."""
        note = self.query_one(f"#note-{key.replace('_', '-')}")
        if isinstance(note, Note):
            note.show_text(*line)
        elif isinstance(note, TextLine):
            note.show_text(tuple((printable(text), role) for text, role in line))


def key_of(field: Widget) -> str:
    """What a widget is the field of."""
    return (field.id or "").removeprefix("field-").replace("-", "_")


def field_for(name: str, text: str) -> Field | Pick | Tick:
    """The field of an option of an extraction, as it is declared."""
    option, identity = OPTIONS[name], f"field-{name.replace('_', '-')}"
    field: Field | Pick | Tick
    if option.kind is FLAG:
        field = Tick(option.label, text == "yes", id=identity)
    elif option.choices:
        field = Pick(option.choices, text, id=identity)
    elif option.suggestions:
        field = CompletingField(text, one_of(*option.suggestions), id=identity)
    else:
        field = Field(text, id=identity)
    return field


def option_row(name: str, text: str) -> Row:
    """The row of an option: label, field, and its hint beside it."""
    field, option = field_for(name, text), OPTIONS[name]
    field.add_class("field")
    if isinstance(field, Field):
        field.add_class("narrow")
    hint = TextLine(((option.hint, "dim"),), id=f"note-{name.replace('_', '-')}", classes="beside")
    return Row("" if option.kind is FLAG else option.label, field, hint)


class ThresholdFields(FormFields):
    """The name of the variant, and all thresholds."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        super().__init__()
        self._start = typed

    def compose(self) -> ComposeResult:
        """The fields, filled."""
        name = Field(self._start.get(NAME, ""), id=f"field-{NAME}", placeholder="name of the variant")
        yield Row("Name", name.add_class("field"), TextLine(id=f"note-{NAME}", classes="beside"))
        for group, title in _GROUPS.items():
            yield TextLine(((title, "heading"),), classes="heading")
            for one in NUMBERS:
                if one.declared.group == group:
                    typed = Field(self._start.get(one.key, ""), id=f"field-{one.key}", placeholder="default")
                    typed.add_class("narrow", "field")
                    yield Row(one.label, typed, TextLine(id=f"note-{one.key}", classes="beside"))

    def put(self, typed: Mapping[str, str]) -> None:
        """Let fields hold other texts."""
        for key, text in typed.items():
            self.line_of(key).put(text)

    def show(self, typed: Mapping[str, str], wrong: Mapping[str, str], called: str) -> None:
        """Show beside each field what is wrong with it, or what it is; beside the name, what the variant is called."""
        self.note(NAME, (wrong[NAME], "bad") if NAME in wrong else (called, "dim"))
        for one in NUMBERS:
            self.note(one.key, *(((wrong[one.key], "bad"),) if one.key in wrong else _meaning(one, typed[one.key])))


def _meaning(one: Number, typed: str) -> Line:
    default = typed.strip() in ("", one.text(one.default))
    return ((fit(default_text(one), _DEFAULT), "dim" if default else "strong"), (one.unit, "dim"))
