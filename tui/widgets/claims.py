"""The paper's claims in a list, and one of them in full: its verdict, why, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from neuron_tui.store.findings.paper import Finding
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.paper_text import (
    VERDICT_WIDTH,
    finding_lines,
    note_lines,
    number_lines,
    role_of,
    verdict_text,
)
from neuron_tui.tui.drawing.spans import BLANK, Line, fit
from neuron_tui.tui.reports.paper import GLYPHS
from neuron_tui.tui.widgets.figure_pane import Lines
from neuron_tui.tui.widgets.rows import RowList

_RUN = 14
"""Cells at most for the name of a run, where there are several."""

_ROOM_FOR_WORDS = 90
"""Cells from which on the verdict is written out beside its sign."""


class ClaimList(RowList):
    """A row a claim: its verdict, the run if there are several, and what it says."""

    def __init__(self) -> None:
        super().__init__(id="claim-list", header=False)
        self._findings: Sequence[Finding] = ()
        self._run_width = 0

    def show(self, findings: Sequence[Finding]) -> None:
        """Show other findings; the cursor stays where it is."""
        self._findings = findings
        runs = {finding.run for finding in findings}
        self._run_width = min(_RUN, max(cell_len(printable(run)) for run in runs)) + 2 if len(runs) > 1 else 0
        self.set_rows(len(findings), self.cursor)

    @property
    def selected(self) -> Finding | None:
        """The finding under the cursor."""
        return self._findings[self.cursor] if self._findings else None

    def row_line(self, row: int, width: int) -> Line:
        """A verdict and a claim."""
        finding = self._findings[row]
        wide = width >= _ROOM_FOR_WORDS
        verdict = fit(verdict_text(finding), VERDICT_WIDTH) if wide else f"{GLYPHS[finding.verdict]}  "
        run = f"{fit(printable(finding.run), self._run_width - 2)}  " if self._run_width else ""
        rest = max(0, width - cell_len(verdict) - cell_len(run))
        return ((verdict, role_of(finding)), (run, "dim"), (fit(finding.claim, rest), ""))

    def empty_line(self, width: int) -> Line:
        """What stands there while the runs are read."""
        return (("  reading …", "dim"),)


class ClaimPane(Lines):
    """One finding in full, and below it what must be said of all."""

    def __init__(self) -> None:
        super().__init__(id="claim-pane")
        self._finding: Finding | None = None
        self._notes: Sequence[str] = ()

    def show_finding(self, finding: Finding | None, notes: Sequence[str]) -> None:
        """Show another finding, with the notes on the runs."""
        self._finding, self._notes = finding, notes
        self.border_title = Content(printable(finding.run) if finding else "")
        self.border_subtitle = Content(f"[{finding.reference}] · {finding.name}" if finding else "")
        self._lay_out()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = max(20, self.inner_width - 2)
        lines: list[Line] = []
        if self._finding is not None:
            numbers = number_lines(self._finding, width)
            lines += [*finding_lines(self._finding, width), *([BLANK] if numbers else []), *numbers, BLANK]
        lines += note_lines(self._notes, width)
        self.show([((" ", ""), *line) for line in lines])
