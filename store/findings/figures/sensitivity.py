"""Positional types under other thresholds than the run's own [ours, after §5, Fig. 7, 8]."""

from __future__ import annotations

from collections.abc import Sequence

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.findings.chart import PAIRS
from neuron_tui.store.findings.figures.by_layer import LAYER_COLUMNS, layer_cells
from neuron_tui.store.findings.figures.figure import Cell, Column, Figure, Tallies
from neuron_tui.store.findings.labelled_run import LabelledRun, labels_of, notes_on, notes_on_positions
from neuron_tui.store.measures.sensitivity import SETTINGS

_NAMES = (*(kind for kind in TYPES if kind is not None), "strong")

_KINDS = tuple((name, pair[0] if name != "strong" else "×") for name, pair in zip(_NAMES, PAIRS, strict=False))


def positional_types_by_setting(runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
    """Neurons of each positional type, and strong ones of any, under each setting; `layer` plays no part."""
    rows: list[tuple[Cell, ...]] = []
    panels = []
    for one in runs:
        if not one.sensitivity.shape[1]:
            continue
        whole = _numbers(one.sensitivity.sum(axis=0))
        panels.append((one.label, whole))
        rows += [(one.label, None, None, name, *counts) for name, counts in whole]
        for at, counted in zip(one.layers, one.sensitivity, strict=True):
            rows += [(*layer_cells(one, at), name, *counts) for name, counts in _numbers(counted)]
    columns = (*LAYER_COLUMNS, Column("setting", key=True), *(Column(name, "neurons") for name in _NAMES))
    notes = [
        *(_unchanged(one) for one in runs),
        "Each setting changes one of them. Rows without a layer are of all of them.",
        *notes_on_positions(runs),
        *notes_on(runs),
    ]
    chart = Tallies(_KINDS, "neurons", tuple(panels))
    title = "Positional types by threshold"
    return Figure("sensitivity", title, "§5", labels_of(runs), columns, tuple(rows), chart, tuple(notes))


def _numbers(counts: Int64s) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The settings by name with their numbers of `_NAMES`, from (Z, types, strengths)."""
    types, strong = counts[:, 1:].sum(axis=2), counts[:, 1:, STRENGTHS.index("strong")].sum(axis=1)
    return tuple(
        (setting.name, (*of_types, of_all))
        for setting, of_types, of_all in zip(SETTINGS, types.tolist(), strong.tolist(), strict=True)
    )


def _unchanged(one: LabelledRun) -> str:
    fields = dict.fromkeys(setting.field for setting in SETTINGS if setting.field)
    values = ", ".join(f"{field} {getattr(one.run.manifest.thresholds, field):g}" for field in fields)
    return f"{one.label}, unchanged: {values}."
