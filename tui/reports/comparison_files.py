"""A comparison as files, whole or a part of it: the suffix of the name decides what is written."""

from __future__ import annotations

from pathlib import Path

from neuron_tui.store.disk.output import write_text
from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.tui.drawing.comparison_parts import TEXTS, printed
from neuron_tui.tui.drawing.figure_table import table_lines, table_text
from neuron_tui.tui.drawing.spans import Line, text_of
from neuron_tui.tui.reports.comparison import report_json, tables_csv
from neuron_tui.tui.reports.comparison_html import report_html
from neuron_tui.tui.reports.figure_files import write_figure

SUFFIXES = (".html", ".txt", ".csv", ".json")
"""What a whole comparison can be written as."""

_WIDTH = 100


def write_part(report: Report, table: Figure, path: Path) -> None:
    """Write a part as text (drawn, then its table), CSV, JSON or, a chart, SVG; raises as `write_figure`."""
    if path.suffix.lower() != ".txt":
        write_figure(table, path)
        return
    blocks = printed(report, table.name, _WIDTH, as_charts=True)
    if table.name not in (*TEXTS, "tokens"):
        blocks.insert(1, table_lines(table_text(table), None))
    write_text(path, _text(blocks))


def write_whole(report: Report, path: Path) -> None:
    """Write the whole comparison as one HTML file, text, CSV or JSON.

    Raises
    ------
    InputError, DiskFullError
        The file cannot be written.
    """
    match path.suffix.lower():
        case ".html":
            text = report_html(report)
        case ".csv":
            text = tables_csv(report.tables)
        case ".json":
            text = report_json(report)
        case _:
            text = _text(printed(report, None, _WIDTH, as_charts=True))
    write_text(path, text)


def _text(blocks: list[list[Line]]) -> str:
    return "\n".join(map(text_of, blocks))
