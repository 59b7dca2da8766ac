"""The fields of counting again: each threshold with its default, what it is of, and what is wrong with it beside."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical

from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import Line, fit
from neuron_tui.tui.forms.thresholds_form import DETECTORS, FIELDS, NAME, POSITIONS, CountingValues, ThresholdField
from neuron_tui.tui.widgets.form.fields import Field, Row
from neuron_tui.tui.widgets.painting import Said

_DEFAULT = 14
"""Cells for a default and whose it is."""


class ThresholdFields(Vertical):
    """The name of the variant, and all thresholds."""

    DEFAULT_CSS = """
    ThresholdFields { height: 1fr; overflow-y: auto; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    ThresholdFields Row { max-width: 110; }
    ThresholdFields Row > .label { width: 13; }
    ThresholdFields .narrow { width: 10; }
    ThresholdFields #field-name { width: 32; }
    ThresholdFields .beside { width: 1fr; padding-left: 2; }
    ThresholdFields .heading { padding-left: 1; }
    """

    def __init__(self, values: CountingValues) -> None:
        super().__init__()
        self._start = values

    def compose(self) -> ComposeResult:
        """The fields, filled."""
        name = Field(self._start.name, id=f"field-{NAME}", placeholder="name of the variant")
        yield Row("Name", name, Said(id=f"note-{NAME}", classes="beside"))
        for title, fields in (("Detectors of n-grams", DETECTORS), ("Positional neurons, their types", POSITIONS)):
            yield Said(((title, "heading"),), classes="heading")
            for one in fields:
                typed = Field(self._start.typed.get(one.key, ""), id=f"field-{one.key}", placeholder="default")
                typed.add_class("narrow")
                yield Row(one.label, typed, Said(id=f"note-{one.key}", classes="beside"))

    @property
    def values(self) -> CountingValues:
        """Every field as it is now."""
        typed = {one.key: self.field_of(one.key).value for one in FIELDS}
        return CountingValues(self.field_of(NAME).value, typed)

    def field_of(self, key: str) -> Field:
        """The line to type in of a field."""
        return self.query_one(f"#field-{key}", Field)

    def put(self, values: CountingValues) -> None:
        """Let the fields hold other texts."""
        for key, text in ((NAME, values.name), *values.typed.items()):
            self.field_of(key).put(text)

    def say(self, values: CountingValues, wrong: Mapping[str, str], called: str) -> None:
        """Say beside each field what is wrong with it, else what it is; `called` is what the variant will be called."""
        name: Line = ((wrong[NAME], "bad"),) if NAME in wrong else ((printable(called), "dim"),)
        self._note(NAME).say(name)
        for one in FIELDS:
            reason = wrong.get(one.key)
            self._note(one.key).say(((reason, "bad"),) if reason else _meaning(one, values.typed.get(one.key, "")))

    def _note(self, key: str) -> Said:
        return self.query_one(f"#note-{key}", Said)


def _meaning(one: ThresholdField, typed: str) -> Line:
    default = typed.strip() in ("", one.text(one.default))
    return ((fit(one.default_text, _DEFAULT), "dim" if default else "strong"), (one.meaning, "dim"))
