"""Figures for programs and for print: JSON, CSV and SVG."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from neuron_tui.store.errors import UsageError
from neuron_tui.store.findings.chart import Point, limits_of
from neuron_tui.store.findings.figures.figure import (
    Cell,
    Column,
    Figure,
    Histograms,
    Lines,
    Marks,
    Tallies,
    Teams,
    Tokens,
)
from neuron_tui.tui.reports.data import json_text
from neuron_tui.tui.reports.svg import bar_chart, circles, dots, line_chart, raster, stacked

LONG = ("figure", "run", "layer", "depth", "neuron", "series", "value")
"""Columns of figures in long form: a row for each value."""

Plain = str | int | float | None

_NOWHERE = np.zeros((0, 1), dtype=bool)


def figures_json(figures: Sequence[Figure]) -> str:
    """Figures as a JSON list; a row is an object with the names of the columns as keys."""
    return json.dumps([figure_data(figure) for figure in figures], indent=2, allow_nan=False) + "\n"


def figure_data(figure: Figure) -> dict[str, Any]:
    """One figure as an object of that list."""
    return {
        "name": figure.name,
        "title": figure.title,
        "reference": figure.reference,
        "columns": [{"name": column.name, "unit": column.unit} for column in figure.columns],
        "rows": [_row(figure, row) for row in figure.rows],
        "notes": list(figure.notes),
    }


def figure_csv(figure: Figure) -> str:
    """One figure as CSV: its name before the columns of its table; tokens are JSON lists of the tokeniser's texts."""
    names = ("figure", *(column.name for column in figure.columns))
    return csv_text(names, ((figure.name, *plain_cells(row)) for row in figure.rows))


def figures_csv(figures: Sequence[Figure]) -> str:
    """Several figures as CSV in long form, with the columns of `LONG`."""
    return csv_text(LONG, (row for figure in figures for row in _long_rows(figure)))


def figure_svg(figure: Figure, *, all_layers: bool = False, width: int = 720) -> str:
    """A figure as one `<svg>` element, a panel below the other where runs have panels of their own.

    `all_layers` draws histograms of all layers instead of the bottom half. Raises UsageError for a figure that is a
    table alone.
    """
    chart, title = figure.chart, figure.heading
    if chart is None:
        raise UsageError(f"figure {figure.name} is a table and has no chart\nUse --format table, json or csv.")
    if isinstance(chart, Lines):
        return line_chart(
            chart.series,
            title=title,
            width=width,
            height=340,
            x_label=chart.x_label,
            y_label=chart.y_label,
            x_limits=chart.x_limits,
            y_limits=chart.y_limits,
            x_log=chart.x_log,
            percent=chart.percent,
        )
    panels = _panels(chart, title, width, all_layers)
    return panels[0] if len(panels) == 1 else stacked(panels, title)


def _panels(chart: Histograms | Marks | Teams | Tallies, title: str, width: int, all_layers: bool) -> list[str]:
    if isinstance(chart, Histograms):
        panels = [(panel.run, panel.shown(all_layers)) for panel in chart.panels]
        limits = limits_of(share for _, layers in panels for _, shares in layers for share in shares)
        return [
            bar_chart(
                chart.bins,
                [(f"layer {layer}", shares) for layer, shares in layers],
                title=f"{title}: {run}",
                width=width,
                x_label=chart.x_label,
                y_label="share of alive neurons",
                y_limits=limits,
                percent=True,
            )
            for run, layers in panels
        ]
    if isinstance(chart, Marks):
        return [
            circles(
                [Point(mark.layer, mark.mutual_information, mark.kind) for mark in panel.marks],
                chart.kinds,
                title=f"{title}: {panel.run}",
                width=width,
                x_label="layer",
                y_label="mutual information (nats)",
                x_limits=(min(panel.layers) - 0.5, max(panel.layers) + 0.5),
            )
            for panel in chart.panels
        ]
    if isinstance(chart, Tallies):
        return [
            dots(rows, chart.kinds, title=f"{title}: {run}", width=width, x_label=chart.x_label)
            for run, rows in chart.panels
        ] or [dots([], chart.kinds, title=f"{title}: none", width=width, x_label=chart.x_label)]
    return [
        raster(
            [str(neuron) for neuron in team.neurons.tolist()],
            team.mask,
            title=f"{title}: {run}, layer {team.layer}",
            first=1,
            width=width,
            x_label="position",
        )
        for run, team in chart.panels
        if team is not None
    ] or [raster([], _NOWHERE, title=f"{title}: none", first=1, width=width, x_label="position")]


def _row(figure: Figure, row: Sequence[Cell]) -> dict[str, Any]:
    cells = (list(cell.forms) if isinstance(cell, Tokens) else cell for cell in row)
    return {column.name: cell for column, cell in zip(figure.columns, cells, strict=True)}


def _plain(cell: Cell) -> Plain:
    """A cell of CSV in which nothing acts, on a terminal or in a spreadsheet."""
    if isinstance(cell, Tokens):
        return json_text(list(cell.forms))
    if not isinstance(cell, str):
        return cell
    # Only a run's name can begin as a formula does; spreadsheets take what follows an apostrophe as text.
    before = "'" if cell.lstrip().startswith(("=", "+", "-", "@")) else ""
    return before + (cell if cell.isprintable() else json_text(cell)[1:-1])


def plain_cells(row: Sequence[Cell]) -> tuple[Plain, ...]:
    """The cells of a row as CSV holds them; nothing in them acts, on a terminal or in a spreadsheet."""
    return tuple(map(_plain, row))


def _long_rows(figure: Figure) -> list[tuple[Plain, ...]]:
    rows: list[tuple[Plain, ...]] = []
    for row in figure.rows:
        named = dict(zip((column.name for column in figure.columns), plain_cells(row), strict=True))
        key = (figure.name, named["run"], named["layer"], named["depth"], named.get("neuron"))
        # What else a row is of has no column of its own in long form.
        more = "".join(f", {c.name} {named[c.name]}" for c in figure.columns if c.key and c.name not in LONG)
        rows += [(*key, column.name + more, named[column.name]) for column in _values(figure)]
    return rows


def _values(figure: Figure) -> list[Column]:
    return [column for column in figure.columns if not column.key]


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Plain]]) -> str:
    """Rows as CSV under their names."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return stream.getvalue()
