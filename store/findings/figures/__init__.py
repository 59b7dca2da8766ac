"""The figures of the paper as typed tables and charts, made from one or more runs."""

from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.store.findings.figures.registry import NAMES, build_figure
from neuron_tui.store.findings.labelled_run import LabelledRun, labels, read_aggregates

__all__ = ["NAMES", "Figure", "LabelledRun", "build_figure", "labels", "read_aggregates"]
