"""Several runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuron_tui.store.errors import UsageError
from neuron_tui.store.findings.comparison.overlap import Overlap, overlaps
from neuron_tui.store.findings.comparison.totals import Totals, totals_of
from neuron_tui.store.findings.labelled_run import LabelledRun, notes_on, notes_on_positions


@dataclass(frozen=True, slots=True)
class Comparison:
    """What some runs hold: a row of totals each, the overlap of every two, and what keeps them from being compared.

    `notes` are sentences that belong beside any of its numbers.
    """

    totals: tuple[Totals, ...]
    overlaps: tuple[Overlap, ...]
    notes: tuple[str, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        """Labels of the runs."""
        return tuple(row.run for row in self.totals)


def compare(runs: Sequence[LabelledRun]) -> Comparison:
    """Compare runs, each with a label of its own.

    Raises
    ------
    UsageError
        There are fewer than two.
    RunDamagedError
        A file of one cannot be read.
    """
    if len(runs) < 2:
        raise UsageError("a comparison is of two runs at least\nName another: neuron-tui compare RUN RUN ...")
    found = overlaps(runs)
    notes = [*notes_on(runs), *notes_on_positions(runs)]
    if any(overlap.by == "text" for overlap in found):
        notes.append("Tokens of runs whose vocabularies differ are the same if they read the same.")
    return Comparison(tuple(map(totals_of, runs)), found, tuple(notes))
