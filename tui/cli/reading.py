"""Reading the runs that a command is to show side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neuron_tui.store.process import say

if TYPE_CHECKING:
    from neuron_tui.store.findings.figures import LabelledRun


def read_runs(runs: Sequence[str], directory: Path) -> list[LabelledRun]:
    """The facts of runs, given by name or path, each with a label of its own; tells a terminal how far it is.

    Raises
    ------
    RunNotFoundError, RunPartialError, RunDamagedError
        A run is not there, has no finished layer yet, or cannot be read.
    """
    from neuron_tui.store import open_run
    from neuron_tui.store.findings.figures import labels, read_aggregates

    opened = [open_run(run, directory) for run in runs]
    labelled = []
    for run, label in zip(opened, labels(opened), strict=True):
        if sys.stderr.isatty():
            say(f"reading {label} …")
        labelled.append(read_aggregates(run, label))
    return labelled
