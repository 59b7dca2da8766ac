"""The neurons of a layer that fire on a token: value, what they are, and what each adds to the logit of another."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np

from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, code_at, row_of
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import value_text
from neuron_tui.tui.drawing.spans import BLANK, Line, short_percent, short_score
from neuron_tui.tui.jobs.model_answers import Writes
from neuron_tui.tui.reports.neuron_text import what
from neuron_tui.tui.widgets.columns import Fitted, TableColumn, fit_columns, row_spans, title_text
from neuron_tui.tui.widgets.rows import RowList

_LABEL = TableColumn("label", "label", 8, keep=4)
COLUMNS = (
    TableColumn("row", "i", 6, "right"),
    TableColumn("adds", "adds", 7, "right", keep=8),
    TableColumn("value", "value", 7, "right", keep=7),
    TableColumn("what", "what", 8, keep=6),
    _LABEL,
    TableColumn("trigger", "trigger", 8, keep=5),
)
SORTS = (("adds", "what it adds, most first, whichever way"), ("value", "value"), ("row", "neuron"))

SILENCED = "∅"


class FiredList(RowList):
    """The neurons, one a row."""

    def __init__(self) -> None:
        super().__init__(id="fired-list")
        self.column = "adds"
        self.silenced: Set[Address] = frozenset()
        self._opened: OpenedRun | None = None
        self._layer = 0
        self._rows: Int64s = np.empty(0, np.int64)
        self._values: Floats = np.empty(0)
        self._adds: Floats | None = None
        self._order: Int64s = np.empty(0, np.int64)
        self._expected = False
        self._labels: Mapping[int, str] = {}

    def show(self, opened: OpenedRun, writes: Writes) -> None:
        """Show what fires at a token and layer; the cursor stays on its neuron where that fires too."""
        here = self.address
        self._opened, self._layer, self._expected = opened, writes.layer, False
        self._rows, self._values = np.array(writes.rows, np.int64), np.array(writes.values, np.float64)
        self._adds = None if writes.writes is None else np.array(writes.writes, np.float64).reshape(len(self._rows), -1)
        self._put(here)

    def show_labels(self, labels: Mapping[int, str]) -> None:
        """Show what people call neurons, by their codes."""
        self._labels = labels
        self.refresh()

    def show_expected(self, opened: OpenedRun, layer: int, rows: Int64s, shares: Floats) -> None:
        """Show what is expected to fire, with how often it does on what stands there in place of its value."""
        here = self.address
        self._opened, self._layer, self._rows, self._values, self._adds = opened, layer, rows, shares, None
        self._expected, self.column = True, "value"
        self._put(here)

    def show_nothing(self) -> None:
        """Show no neurons."""
        self._rows, self._values, self._adds = np.empty(0, np.int64), np.empty(0), None
        self._put(None)

    def sort(self, column: str) -> None:
        """Show the neurons in another order."""
        self.column = column
        self._put(self.address)

    def _put(self, here: Address | None) -> None:
        """Put the neurons in order, the cursor on one of them if it is there."""
        adds = self._adds[:, 0] if self._adds is not None else self._values
        keys = {"adds": -np.abs(adds), "value": -self._values, "row": self._rows}
        self._order = np.argsort(keys[self.column], kind="stable")
        wanted = here[1] if here is not None and here[0] == self._layer else -1
        there = np.flatnonzero(self._rows[self._order] == wanted)
        self.set_rows(len(self._order), int(there[0]) if len(there) else 0)

    @property
    def address(self) -> Address | None:
        """The neuron under the cursor."""
        if not len(self._order):
            return None
        return self._layer, int(self._rows[self._order[min(self.cursor, len(self._order) - 1)]])

    def header_line(self, width: int) -> Line:
        """Titles; the arrow says what the list is sorted by."""
        return ((" " + title_text(self._fitted(width - 1), self.column, self.column != "row"), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A neuron."""
        if self._opened is None:
            return BLANK
        at = int(self._order[row])
        address = (self._layer, int(self._rows[at]))
        place = row_of(self._opened, address)
        value = float(self._values[at])
        adds = float(self._adds[at, 0]) if self._adds is not None else float("nan")
        cells = {
            "row": self._opened.run.manifest.rule.name(address[1]),
            "adds": "" if adds != adds else short_score(adds),
            "value": short_percent(value) if self._expected else value_text(value),
            "what": what(self._opened.table, place) if place is not None else "",
            "label": printable(self._labels.get(code_at(self._opened, address), "")),
            "trigger": self._opened.first_trigger(place, 1) if place is not None else "",
        }
        mark = SILENCED if address in self.silenced else " "
        roles = {"adds": "bad" if adds < 0 else "", "what": "", "trigger": "active"}
        return ((mark, "bad"), *row_spans(self._fitted(width - 1), cells, roles))

    def _fitted(self, width: int) -> Fitted:
        columns = COLUMNS if self._labels else tuple(column for column in COLUMNS if column is not _LABEL)
        return fit_columns(columns, width, {"what": 14, "label": 30, "trigger": 24}, "")

    def empty_line(self, width: int) -> Line:
        """What stands where none fires."""
        return ((" No neuron of this layer fires here.", "dim"),) if self._opened is not None else BLANK
