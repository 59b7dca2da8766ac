"""A screen on the facts of some runs, read in a thread that says how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from neuron_tui.store import open_run
from neuron_tui.store.findings.figures import LabelledRun, labels, read_aggregates
from neuron_tui.tui.screens.made_in_thread import MadeInThread


class FactsScreen(MadeInThread):
    """What is shown is made of the facts of runs."""

    @dataclass
    class Reading(Message):
        """A thread is reading a run, or making something of what it read."""

        text: str

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = tuple(paths)

    def make(self) -> None:
        """In a thread: read the facts, then make what is shown."""
        runs = [open_run(path) for path in self._paths]
        facts = []
        for place, (run, label) in enumerate(zip(runs, labels(runs), strict=True), 1):
            self.post_message(self.Reading(f"reading {label} ({place} of {len(runs)}) …"))
            facts.append(read_aggregates(run, label))
        self.make_of(tuple(facts))

    def make_of(self, facts: tuple[LabelledRun, ...]) -> None:
        """In a thread: make what is shown, and post it; may raise any NeuronTuiError."""
        raise NotImplementedError
