"""Figures as files: the suffix of the name decides what is written."""

from __future__ import annotations

from pathlib import Path

from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.tui.reports import renderer
from neuron_tui.tui.reports.renderer import FIGURES, FigureSet, suffixes_of, write_file

SUFFIXES = suffixes_of(FIGURES, part=True)


def write_figure(figure: Figure, path: Path, *, all_layers: bool = False) -> None:
    """Write a figure; raises as `write_file`."""
    write_file(FIGURES, FigureSet([figure], all_layers=all_layers), path)


def objection_to(figure: Figure, name: str) -> str:
    """What is wrong with writing a figure to a file of that name; empty if nothing is."""
    return renderer.objection_to(name, SUFFIXES, figure)
