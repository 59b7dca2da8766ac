"""Reading some runs in a thread, and making of them what a screen shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from textual.dom import DOMNode

from neuron_tui.store import open_run
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings.figures import LabelledRun, labels, read_aggregates
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.tui.latest import Latest, is_leaving

Made = TypeVar("Made")
Make = Callable[[tuple[LabelledRun, ...]], Made]


class RunsReading(Generic[Made]):
    """Reads runs once, then makes something of them, and something else when that is asked for.

    Parameters
    ----------
    owner
        The screen that shows it.
    paths
        Folders of the runs.
    made
        Called with what was made, on the event loop.
    refused
        Called with the NeuronTuiError by which it could not be made.
    progress
        Called with a few words on what is being done.
    making
        These words while it is made of the runs; empty says nothing.
    """

    def __init__(
        self,
        owner: DOMNode,
        paths: Sequence[Path],
        *,
        made: Callable[[Made], None],
        refused: Callable[[NeuronTuiError], None],
        progress: Callable[[str], None],
        making: str = "",
    ) -> None:
        self._owner, self._paths, self._making, self._progress = owner, tuple(paths), making, progress
        self._work: Latest[Make[Made], Made] = Latest(
            owner, self._read, lambda _, what: made(what), lambda _, error: refused(error)
        )
        self.runs: tuple[LabelledRun, ...] = ()

    def make(self, make: Make[Made]) -> None:
        """Have something made of the runs in a thread; `make` may raise any NeuronTuiError."""
        self._work.request(make)

    def _read(self, make: Make[Made]) -> Made:
        """In a thread: read the runs unless they have been, then make what is shown."""
        if not self.runs:
            runs, read = [open_run(path) for path in self._paths], []
            for place, (run, label) in enumerate(zip(runs, labels(runs), strict=True), 1):
                self._owner.call_later(self._tell, f"reading {label} ({place} of {len(runs)}) …")
                read.append(read_aggregates(run, label))
            self.runs = tuple(read)
        if self._making:
            self._owner.call_later(self._tell, self._making)
        return make(self.runs)

    def _tell(self, text: str) -> None:
        if not is_leaving(self._owner):
            self._progress(text)


def common_thresholds(runs: Sequence[LabelledRun]) -> Thresholds:
    """The thresholds behind all of some runs; the paper's where they differ, and notes then say whose are others."""
    found = {one.run.manifest.thresholds for one in runs}
    return found.pop() if len(found) == 1 else PAPER
