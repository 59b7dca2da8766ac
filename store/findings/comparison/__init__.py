"""What tells runs apart: totals, overlap of what they detect, and what became of the neurons of one model."""

from neuron_tui.store.findings.comparison.comparison import Comparison, compare
from neuron_tui.store.findings.comparison.neurons import Transitions, comparable_pairs, transitions
from neuron_tui.store.findings.comparison.overlap import DetectedToken, Overlap, Shared, TokenLists, token_lists
from neuron_tui.store.findings.comparison.totals import Share, Totals

__all__ = [
    "Comparison",
    "DetectedToken",
    "Overlap",
    "Share",
    "Shared",
    "TokenLists",
    "Totals",
    "Transitions",
    "comparable_pairs",
    "compare",
    "token_lists",
    "transitions",
]
