"""How many n-grams it takes to cover a neuron's activations, as a histogram a layer [Fig. 2, 12, 13]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuron_tui.store.findings.figures.by_layer import LAYER_COLUMNS, layer_cells
from neuron_tui.store.findings.figures.figure import Bins, Column, Figure, Histograms
from neuron_tui.store.findings.labelled_run import LabelledRun, labels_of, notes_on
from neuron_tui.store.findings.summary import HISTOGRAM_BOUNDS, LayerSummary
from neuron_tui.store.measures.threshold_wording import coverage_text


@dataclass(frozen=True, slots=True)
class Covering:
    """Makes the histogram for one n from runs."""

    name: str
    n: int
    grams: str
    reference: str

    def __call__(self, runs: Sequence[LabelledRun], layer: int | None = None) -> Figure:
        """The figure; `layer` plays no part."""
        bins = bin_names(self.n)
        rows, panels = [], []
        for one in runs:
            shares = tuple(self._shares(summary) for summary in one.summaries)
            panels.append(Bins(one.label, one.layers, shares, one.lower))
            for summary, share in zip(one.summaries, shares, strict=True):
                rows.append((*layer_cells(one, summary.layer), summary.neurons - summary.dead, *share))
        columns = (*LAYER_COLUMNS, Column("alive", "neurons"), *(Column(name, "share") for name in bins))
        return Figure(
            self.name,
            f"Covering {self.grams}",
            self.reference,
            labels_of(runs),
            columns,
            tuple(rows),
            Histograms(bins, f"{self.grams} that cover {_coverage_of(runs)}", tuple(panels)),
            (*notes_on(runs), *_notes_on_halves(runs)),
        )

    def _shares(self, summary: LayerSummary) -> tuple[float, ...]:
        alive = max(1, summary.neurons - summary.dead)
        return tuple(count / alive for count in summary.covering_histogram[self.n])


def bin_names(n: int) -> tuple[str, ...]:
    """Names of the bins of `covering` for an n, such as `1-5` and `>2k`."""
    bounds = HISTOGRAM_BOUNDS[n]
    below = (0, *bounds[:-1])
    named = (f"{_first(low)}-{_short(high)}" for low, high in zip(below, bounds, strict=True))
    return (*named, f">{_short(bounds[-1])}")


def _first(low: int) -> str:
    """First value of the bin above `low`; from a thousand on it is named by `low` itself, as in the paper."""
    return str(low + 1) if low < 1000 else _short(low)


def _short(value: int) -> str:
    return f"{value // 1000}k" if value >= 1000 else str(value)


def _coverage_of(runs: Sequence[LabelledRun]) -> str:
    """What covering n-grams hold: `95%`, or `95% or 90%` where the runs differ; notes say which is whose."""
    return " or ".join(dict.fromkeys(coverage_text(one.run.manifest.thresholds) for one in runs))


def _notes_on_halves(runs: Sequence[LabelledRun]) -> list[str]:
    if all(one.lower == len(one.layers) for one in runs):
        return []
    return ["As in the paper, the chart shows the bottom half of the layers unless all are asked for."]


COVERING = (
    Covering("2", 1, "tokens", "§4, Fig. 2"),
    Covering("12", 2, "bigrams", "App. A, Fig. 12"),
    Covering("13", 3, "trigrams", "App. A, Fig. 13"),
)
