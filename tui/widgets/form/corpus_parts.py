"""The corpus in a form: a row for each source, with the domain it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.forms.extraction_form import CorpusPart
from neuron_tui.tui.forms.path_candidates import text_sources
from neuron_tui.tui.widgets.form.fields import Field, Row
from neuron_tui.tui.widgets.form.path_completion import CompletingField
from neuron_tui.tui.widgets.painting import TextLine

_SOURCE = "file, directory, builtin:prose …"


class _Remove(TextLine):
    """A cross to click."""

    def on_click(self, event: events.Click) -> None:
        event.stop()
        part = self.parent
        if isinstance(part, PartRow):
            part.post_message(PartRow.RemoveClicked(part))


class PartRow(Row):
    """Domain and source of one part."""

    @dataclass
    class RemoveClicked(Message):
        """Its cross was clicked."""

        part: PartRow

    def __init__(self, part: CorpusPart, label: str) -> None:
        self.domain = Field(part.domain, placeholder="domain")
        self.source = CompletingField(part.source, text_sources, placeholder=_SOURCE)
        self.note = TextLine(classes="note")
        super().__init__(label, self.domain, self.source, self.note, _Remove((("×", "dim"),), classes="remove"))
        self.domain.add_class("domain")

    @property
    def part(self) -> CorpusPart:
        """What is typed."""
        return CorpusPart(self.domain.value, self.source.value)

    def on_input_changed(self) -> None:
        """Where no domain is typed, the one that holds stands in its place."""
        settled = CorpusPart("", self.source.value).settled_domain
        self.domain.placeholder = printable(settled) or "domain"

    def show_text(self, line: Line) -> None:
        """What there is to say of the source, beside it."""
        self.note.show_text(line)


class CorpusParts(Vertical):
    """All parts, one at least."""

    @dataclass
    class Changed(Message):
        """A part came or went."""

    def __init__(self, parts: Sequence[CorpusPart]) -> None:
        super().__init__()
        self._first = tuple(parts) or (CorpusPart(),)

    def compose(self) -> ComposeResult:
        """A row for each part."""
        for number, part in enumerate(self._first):
            yield PartRow(part, "" if number else "Corpus")

    @property
    def rows(self) -> list[PartRow]:
        """The rows, top down."""
        return [child for child in self.children if isinstance(child, PartRow) and not child.has_class("-going")]

    @property
    def parts(self) -> tuple[CorpusPart, ...]:
        """What is typed."""
        return tuple(row.part for row in self.rows)

    async def add(self) -> None:
        """Add an empty row below the one that has the keys, or the last, and give it the keys."""
        above = self.row_with_keys or self.rows[-1]
        row = PartRow(CorpusPart(), "")
        await self.mount(row, after=above)
        row.source.focus()
        self.post_message(self.Changed())

    async def remove_part(self, row: PartRow) -> None:
        """Remove a row; the only one is emptied instead."""
        rows = self.rows
        place = rows.index(row)
        if len(rows) == 1:
            row.domain.put("")
            row.source.put("")
            return
        had_keys = row.has_focus_within
        row.add_class("-going")  # out of the count at once; it is gone a moment later
        rest = self.rows
        if had_keys:
            rest[min(place, len(rest) - 1)].source.focus()
        await row.remove()
        rest[0].relabel("Corpus")
        self.post_message(self.Changed())

    @property
    def row_with_keys(self) -> PartRow | None:
        """The row that has the keys."""
        return next((row for row in self.rows if row.has_focus_within), None)
