"""Figures as files: the suffix of the name decides what is written."""

from __future__ import annotations

from pathlib import Path

from neuron_tui.store.disk.output import write_text
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.tui.drawing.figure_text import charted, tabled
from neuron_tui.tui.drawing.spans import text_of
from neuron_tui.tui.reports.figures import figure_csv, figure_svg, figures_json
from neuron_tui.tui.reports.file_names import objection_to_name

SUFFIXES = (".txt", ".csv", ".json", ".svg")

_WIDTH, _HEIGHT = 100, 24
"""Cells of a chart in a text file."""


def write_figure(figure: Figure, path: Path, *, all_layers: bool = False) -> None:
    """Write a figure as text (chart, table and notes), CSV, JSON or SVG.

    Raises
    ------
    UsageError
        The suffix is none of `SUFFIXES`, or the figure is a table alone and an SVG was asked for.
    InputError, DiskFullError
        The file cannot be written.
    """
    write_text(path, _text(figure, path.suffix.lower(), all_layers))


def objection_to(figure: Figure, name: str) -> str:
    """What is wrong with writing a figure to a file of that name; empty if nothing is."""
    if figure.chart is None and Path(name.strip()).suffix.lower() == ".svg":
        return f"Figure {figure.name} is a table: write it as .txt, .csv or .json."
    return objection_to_name(name, SUFFIXES)


def _text(figure: Figure, suffix: str, all_layers: bool) -> str:
    match suffix:
        case ".csv":
            return figure_csv(figure)
        case ".json":
            return figures_json([figure])
        case ".svg":
            return figure_svg(figure, all_layers=all_layers) + "\n"
    chart = [] if figure.chart is None else [*charted(figure, _WIDTH, _HEIGHT, all_layers=all_layers), ()]
    return text_of([*chart, *tabled(figure, None)])
