"""A comparison for programs: JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from neuron_tui.store.findings.comparison.neurons import Transitions
from neuron_tui.store.findings.comparison.overlap import DetectedToken, Overlap, Shared, TokenLists
from neuron_tui.store.findings.comparison.report import Report
from neuron_tui.store.findings.comparison.tables import depths_of, totals_table
from neuron_tui.store.findings.figures.figure import Figure
from neuron_tui.tui.reports.figures import Plain, csv_text, figure_data, plain_cells

_KEYS = ("run", "other", "layer", "depth", "neuron", "tokens", "of", "before", "after", "token")
"""What a row of some part is of."""

LONG = ("part", *_KEYS, "series", "value")
"""Columns of a comparison in long form: a row for each value."""


def report_json(report: Report) -> str:
    """A comparison as a JSON object: `runs`, `notes`, `totals`, `overlap`, `figures`, `became`; `tokens` if listed."""
    data = {
        "runs": list(report.comparison.runs),
        "notes": list(report.comparison.notes),
        "totals": figure_data(totals_table(report.comparison))["rows"],
        "overlap": [_overlap(overlap) for overlap in report.comparison.overlaps],
        "figures": [figure_data(figure) for figure in report.curves],
        "became": [_transitions(pair) for pair in report.transitions],
    }
    if report.tokens:
        data["tokens"] = [_tokens(*pair) for pair in report.tokens]
    return json.dumps(data, indent=2, allow_nan=False) + "\n"


def tables_csv(tables: Sequence[Figure]) -> str:
    """Parts of a comparison as CSV in long form, with the columns of `LONG`."""
    return csv_text(LONG, [row for table in tables for row in _long(table)])


def _long(table: Figure) -> list[list[Plain]]:
    rows: list[list[Plain]] = []
    for cells in map(plain_cells, table.rows):
        pairs = list(zip(table.columns, cells, strict=True))
        key = {column.name: cell for column, cell in pairs if column.key}
        of = [key.get(name) for name in _KEYS]
        rows += [[table.name, *of, column.name, cell] for column, cell in pairs if not column.key]
    return rows


def _overlap(overlap: Overlap) -> dict[str, Any]:
    depths = {depth: _shared(shared) for depth, shared in depths_of(overlap)}
    return {"run": overlap.first, "other": overlap.second, "told_by": overlap.by, "depths": depths}


def _shared(shared: Shared) -> dict[str, Any]:
    return {
        "detected": shared.first,
        "other_detected": shared.second,
        "shared": shared.both,
        "jaccard": shared.jaccard,
    }


def _transitions(pair: Transitions) -> dict[str, Any]:
    return {
        "run": pair.first,
        "other": pair.second,
        "layers": list(pair.layers),
        "neurons": pair.neurons,
        "same_model": pair.same_model,
        "crossings": {
            crossing.of: {
                before: dict(zip(crossing.states, counts, strict=True))
                for before, counts in zip(crossing.states, crossing.counts, strict=True)
            }
            for crossing in pair.tables
        },
        "kept_token_detectors": pair.kept_detectors,
        "same_strongest_trigger": pair.same_token,
    }


def _tokens(first: str, second: str, lists: TokenLists) -> dict[str, Any]:
    def each(tokens: Sequence[DetectedToken]) -> list[dict[str, Any]]:
        return [{"text": t.form, "layers": list(t.first), "other_layers": list(t.second)} for t in tokens]

    own = {"shared": lists.shared, "run_only": lists.first_only, "other_only": lists.second_only}
    return {"run": first, "other": second, **{name: each(tokens) for name, tokens in own.items()}}
