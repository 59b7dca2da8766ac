"""The figures of the paper as typed tables and charts, made from one or more runs."""

from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.findings.figures.labelled_run import RunFacts, labels, read_facts
from neuron_tui.store.findings.figures.registry import NAMES, build_figure

__all__ = ["NAMES", "Figure", "RunFacts", "build_figure", "labels", "read_facts"]
