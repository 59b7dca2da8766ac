"""The neurons most like one neuron, best first, as a list."""

from __future__ import annotations

from dataclasses import dataclass

from neuron_tui.store.findings.similarity.search import Found
from neuron_tui.store.neurons.places import Address
from neuron_tui.tui.drawing.spans import BLANK, Line, short_percent
from neuron_tui.tui.reports.matches import Sketch
from neuron_tui.tui.reports.similarity_wording import p_text, similarity_text
from neuron_tui.tui.widgets.columns import Fitted, TableColumn, fit_columns, row_text, title_text
from neuron_tui.tui.widgets.rows import RowList

COLUMNS = (
    TableColumn("rank", "#", 3, "right"),
    TableColumn("similarity", "similar", 8, "right"),
    TableColumn("p", "p", 6, "right", keep=7),
    TableColumn("place", " neuron", 9, keep=10),
    TableColumn("what", "what", 14, keep=8),
    TableColumn("trigger", "first trigger", 16, keep=6, share=2),
    TableColumn("share", "share", 6, "right", keep=5),
)

NO_MATCH = "  No neuron is like it: it is dead, or what is compared is not defined for it."


@dataclass(frozen=True, slots=True)
class Listed:
    """What a search found, and a sketch of each match."""

    found: Found
    sketches: tuple[Sketch, ...]


class SimilarList(RowList):
    """The matches, one a row."""

    def __init__(self) -> None:
        super().__init__(id="similar-list")
        self.listed: Listed | None = None
        self._said = ""

    def show(self, listed: Listed) -> None:
        """Show what was found."""
        self.listed, self._said = listed, NO_MATCH
        self.set_rows(len(listed.sketches), 0)
        self.refresh()

    def say(self, text: str) -> None:
        """Show no matches, and a text in their place."""
        self.listed, self._said = None, text
        self.set_rows(0, 0)
        self.refresh()

    @property
    def address(self) -> Address | None:
        """The neuron under the cursor."""
        if self.listed is None or not self.count:
            return None
        match = self.listed.found.matches[self.cursor]
        return match.layer, match.row

    def header_line(self, width: int) -> Line:
        """Titles."""
        return ((title_text(_fitted(width), "", True), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A match."""
        if self.listed is None:
            return BLANK
        match, sketch = self.listed.found.matches[row], self.listed.sketches[row]
        cells = {
            "similarity": similarity_text(match.similarity),
            "p": p_text(self.listed.found.baseline, match.similarity),
            "place": f" {sketch.place}",
            "what": sketch.what,
            "trigger": sketch.trigger,
            "share": short_percent(sketch.share) if sketch.trigger else "",
            "rank": str(row + 1),
        }
        return ((row_text(_fitted(width + 1), cells)[1:], ""),)

    def empty_line(self, width: int) -> Line:
        """What stands where there is none."""
        return ((self._said, "dim"),)


def _fitted(width: int) -> Fitted:
    return fit_columns(COLUMNS, width, {"what": 26, "trigger": 44, "place": 12}, "")
