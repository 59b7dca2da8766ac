"""All parts of a comparison, as tables and figures: what the command prints and the screen shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuron_tui.store.findings.comparison.comparison import Comparison, compare
from neuron_tui.store.findings.comparison.neurons import Transitions, comparable_pairs, transitions
from neuron_tui.store.findings.comparison.overlap import TokenLists, token_lists
from neuron_tui.store.findings.comparison.tables import overlap_table, tokens_table, totals_table, transitions_table
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.findings.figures.registry import build_figure
from neuron_tui.store.findings.labelled_run import LabelledRun

CURVES = ("1a", "1b", "3a", "3b", "14a", "suppressing", "positional", "dead-by-tokens", "8")
"""Figures of a comparison: over relative depth, over tokens, and the positional neurons of each run [Fig. 8]."""

PARTS = ("totals", "overlap", *CURVES, "became", "tokens")
"""Names of all parts of a comparison, in their order."""


@dataclass(frozen=True, slots=True)
class Report:
    """A comparison with its figures. `tokens` are the lists of every two runs, if they were asked for."""

    comparison: Comparison
    curves: tuple[Figure, ...]
    transitions: tuple[Transitions, ...]
    tokens: tuple[tuple[str, str, TokenLists], ...]

    @property
    def tables(self) -> tuple[Figure, ...]:
        """Every part as a figure, in the order of `PARTS`; those there is nothing to say of are left out."""
        made = [totals_table(self.comparison), overlap_table(self.comparison), *self.curves]
        made += [transitions_table(self.comparison, self.transitions)] if self.transitions else []
        return (*made, *((tokens_table(self.tokens),) if self.tokens else ()))


def make_report(runs: Sequence[LabelledRun], *, tokens: bool = False) -> Report:
    """Compare runs, each with a label of its own, in every part; `tokens` lists the detected tokens of every two too.

    Raises
    ------
    UsageError
        There are fewer than two.
    RunDamagedError
        A file of one cannot be read.
    """
    comparison = compare(runs)
    by_label = {one.label: one for one in runs}
    pairs = [(overlap.first, overlap.second) for overlap in comparison.overlaps] if tokens else []
    return Report(
        comparison,
        tuple(build_figure(name, runs) for name in CURVES),
        tuple(transitions(first, second) for first, second in comparable_pairs(runs)),
        tuple((a, b, token_lists(by_label[a], by_label[b])) for a, b in pairs),
    )
