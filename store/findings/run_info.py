"""A run and its layers as `info --json` prints them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from neuron_tui.store.findings.aggregates import LayerSummary
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.variants import run_of


def run_info(run: Run) -> dict[str, Any]:
    """The run and its per-layer summary, as `info --json` prints it."""
    manifest = run.manifest
    return {
        "name": run.name,
        "variant_of": of.name if (of := run_of(run.path.resolve())) else None,
        "model": manifest.model.name,
        "context_length": manifest.options.context_length,
        "tokens": manifest.tokens,
        "domains": {d.name: d.tokens for d in manifest.corpus.domains} if manifest.corpus else {},
        "state": summarise(run.path).state,
        "thresholds": _plain(manifest.thresholds),
        "usage": manifest.usage.model_dump() if manifest.usage else None,
        "layers": [summary.to_dict() | {"intervals": layer_intervals(summary)} for summary in summarise_layers(run)],
    }


def _plain(thresholds: Thresholds) -> dict[str, Any]:
    data = thresholds.model_dump() | {"max_covering": list(thresholds.max_covering)}
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in data.items()}


def layer_intervals(summary: LayerSummary) -> dict[str, Any]:
    """Intervals of a layer's shares, low and high, as `info --json` prints them; None for a share of nothing.

    `dead` and `detectors` (by n) are shares of the neurons, `suppressing` of the token detectors; see `wilson`.
    """

    def ends(part: int, of: int) -> list[float] | None:
        return list(wilson(part, of)) if of else None

    return {
        "dead": ends(summary.dead, summary.neurons),
        "detectors": {str(n): ends(count, summary.neurons) for n, count in summary.detectors.items()},
        "suppressing": ends(summary.suppressing, summary.detectors[1]),
    }
