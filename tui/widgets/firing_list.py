"""The neurons that fire on an n-gram, as a list in the order asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.finding import Scores, scores
from neuron_tui.store.neurons.firing import Firing, firing_on
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import NeuronTable
from neuron_tui.store.runs.rule import Rule
from neuron_tui.tui.drawing.spans import BLANK, Line, short_percent
from neuron_tui.tui.reports.neuron_text import what
from neuron_tui.tui.widgets.columns import Fitted, TableColumn, fit_columns, row_text, title_text
from neuron_tui.tui.widgets.rows import RowList

COLUMNS = (
    TableColumn("layer", "l", 4, "right"),
    TableColumn("neuron", "i", 6, "right"),
    TableColumn("what", " what", 14, keep=8),
    TableColumn("count", "act./occ.", 15, "right", keep=6),
    TableColumn("precision", "prec.", 7, "right", keep=7),
    TableColumn("fires", "recall", 7, "right", keep=7),
    TableColumn("f1", "F1", 6, "right", keep=5),
    TableColumn("rank", "rank", 5, "right", keep=4),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Neurons that fire on an n-gram: `row` (M,) are their rows of the table. `rule` made the bits."""

    found: Firing
    table: NeuronTable
    row: Int64s
    scores: Scores
    rule: Rule


def answer(run: Run, table: NeuronTable, ids: tuple[int, ...]) -> Answer:
    """Look the n-gram up; raises RunDamagedError."""
    found = firing_on(run, ids)
    layers, neurons = np.array(list(run.layers), np.int64), run.manifest.rows
    row = np.searchsorted(layers, found.layer) * neurons + found.neuron
    scored = scores(found.active, table.total[len(ids)][row], found.occurrences)
    return Answer(found, table, row, scored, run.manifest.rule)


class FiringList(RowList):
    """The neurons, one a row, in the order asked for."""

    def __init__(self) -> None:
        super().__init__(id="firing-list")
        self.answer: Answer | None = None
        self.order: Int64s = np.empty(0, np.int64)
        self.column = "fires"

    def show(self, answer: Answer) -> None:
        """Show an answer, the neuron that fires most first."""
        self.answer = answer
        self.sort(self.column)

    def sort(self, column: str) -> None:
        """Show the neurons in another order; equal ones as they came, best first."""
        self.column = column
        if self.answer is None:
            return
        found = self.answer.found
        match column:
            case "precision":
                key: npt.NDArray[np.generic] = -self.answer.scores.precision
            case "f1":
                key = -self.answer.scores.f1
            case "rank":
                key = found.rank
            case "layer":
                key = self.answer.row
            case _:
                key = -found.active
        self.order = np.argsort(key, kind="stable")
        self.set_rows(len(self.order), 0)

    @property
    def address(self) -> Address | None:
        """The neuron under the cursor."""
        if self.answer is None or not self.count:
            return None
        at = int(self.order[self.cursor])
        return int(self.answer.found.layer[at]), int(self.answer.found.neuron[at])

    def header_line(self, width: int) -> Line:
        """Titles; the arrow says what the list is sorted by."""
        return ((title_text(_fitted(width), self.column, True), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A neuron."""
        if self.answer is None:
            return BLANK
        found, at = self.answer.found, int(self.order[row])
        active, told = int(found.active[at]), self.answer.scores
        cells = {
            "layer": str(found.layer[at]),
            "neuron": self.answer.rule.name(int(found.neuron[at])),
            "what": " " + what(self.answer.table, int(self.answer.row[at])),
            "count": f"{active:,}/{found.occurrences:,}",
            "precision": short_percent(float(told.precision[at])),
            "fires": short_percent(float(told.recall[at])),
            "f1": f"{told.f1[at]:.3f}",
            "rank": f"{int(found.rank[at]) + 1}",
        }
        return ((row_text(_fitted(width + 1), cells)[1:], ""),)

    def empty_line(self, width: int) -> Line:
        """What stands where there is none."""
        return (("  No neuron has it among its stored triggers.", "dim"),) if self.answer is not None else BLANK


def _fitted(width: int) -> Fitted:
    return fit_columns(COLUMNS, width, {"what": 26}, "")
