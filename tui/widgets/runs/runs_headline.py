"""The line at the top of the list of runs: where they lie, what they take, what is free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import size_text
from neuron_tui.tui.drawing.spans import Line, fit, fit_end
from neuron_tui.tui.widgets.painting import OneLine

_TITLE = " neuron-tui · runs in "


class RunsHeadline(OneLine):
    """` neuron-tui · runs in ~/runs                     34 GB in runs, 812 GB free`."""

    def __init__(self, directory: Path) -> None:
        super().__init__(classes="headline")
        self._directory = printable(str(directory))
        self._right = ""

    def show(self, runs: Sequence[RunSummary], free: int | None) -> None:
        """What all runs take together, and the bytes that are free where they lie."""
        room = f", {size_text(free)} free" if free is not None else ""
        self._right = f"{size_text(sum(run.size for run in runs))} in runs{room} "
        self.refresh()

    def line(self, width: int) -> Line:
        """The directory at the left, the room at the right; a long path is cut at its beginning."""
        room = width - cell_len(self._right) - 2
        if room < len(_TITLE) + 10:
            return ((fit(f" runs in {self._directory}", width), "strong"),)
        path = self._directory
        if cell_len(_TITLE + path) > room:
            path = fit_end(path, room - len(_TITLE)).strip()
        return ((fit(_TITLE + path, room) + "  ", "strong"), (self._right, ""))
