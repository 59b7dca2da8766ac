"""A comparison as files, whole or a part of it: the suffix of the name decides what is written."""

from __future__ import annotations

from pathlib import Path

from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.tui.reports.renderer import COMPARISONS, ComparisonPart, suffixes_of, write_file

SUFFIXES = suffixes_of(COMPARISONS)


def write_part(report: Report, table: Figure, path: Path) -> None:
    """Write a part; raises as `write_file`."""
    write_file(COMPARISONS, ComparisonPart(report, table.name), path)


def write_whole(report: Report, path: Path) -> None:
    """Write the whole comparison; raises as `write_file`."""
    write_file(COMPARISONS, ComparisonPart(report), path)
