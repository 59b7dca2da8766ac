"""What is on disk and what follows from it: files, runs, measures, neurons, findings, and checks of all of these.

The public face; each name is loaded when it is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuron_tui.store.findings.comparison import compare
    from neuron_tui.store.findings.figures import build_figure, read_aggregates
    from neuron_tui.store.findings.paper import check_paper
    from neuron_tui.store.measures.positional import classify, mutual_information
    from neuron_tui.store.neurons.layer import Layer
    from neuron_tui.store.neurons.run import Run, open_run

__all__ = [
    "Layer",
    "Run",
    "build_figure",
    "check_paper",
    "classify",
    "compare",
    "mutual_information",
    "open_run",
    "read_aggregates",
]

_HOMES = {
    "Layer": "neurons.layer",
    "Run": "neurons.run",
    "build_figure": "findings.figures",
    "check_paper": "findings.paper",
    "classify": "measures.positional",
    "compare": "findings.comparison",
    "mutual_information": "measures.positional",
    "open_run": "neurons.run",
    "read_aggregates": "findings.figures",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the public names are
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
