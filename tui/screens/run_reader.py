"""The explorer's threads: opening the run, summarising its layers, putting its neurons in order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.summary import LayerSummary, summarise_layers
from neuron_tui.tui.arrangement import Arrangement, Wish, arrange
from neuron_tui.tui.reading import OpenedRun, open_for_browsing
from neuron_tui.tui.spans import message


class RunReader(Screen[None]):
    """A screen on one run. Threads read and post messages; who handles them alone touches widgets."""

    @dataclass
    class Opened(Message):
        """A thread has opened the run."""

        opened: OpenedRun

    @dataclass
    class Summarised(Message):
        """A thread has summarised the layers."""

        summaries: tuple[LayerSummary, ...]

    @dataclass
    class Arranged(Message):
        """A thread has put the neurons in order."""

        arrangement: Arrangement

    @dataclass
    class NotArranged(Message):
        """A thread could not carry out a wish: `problem` says why."""

        wish: Wish
        problem: str

    @dataclass
    class Failed(Message):
        """A thread met something wrong with the run; `fatal` if it cannot be opened at all."""

        problem: str
        fatal: bool

    class Left(Message):
        """The run is to be left; the app knows what lies below."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._opened: OpenedRun | None = None
        self._wish = Wish()
        self._arranging: Wish | None = None

    @property
    def under_way(self) -> bool:
        """Whether the list is about to change: keys typed ahead are meant for what it will be."""
        return self._arranging is not None

    def start_reading(self) -> None:
        """Open the run in a thread."""
        self.run_worker(self._open, thread=True, group="open")

    def want(self, wish: Wish) -> None:
        """Have the neurons arranged; while that is under way only the latest wish is kept."""
        self._wish = wish
        if self._opened is not None and self._arranging is None:
            self._arranging = wish
            self.run_worker(partial(self._arrange, self._opened, wish), thread=True, group="arrange")

    def leave(self) -> None:
        """Go back to the list of runs."""
        self.post_message(self.Left())

    def complain(self, problem: str) -> None:
        """Say what is wrong with the run."""
        self.app.notify(message(problem), title="This run", severity="error", timeout=12, markup=False)

    def _open(self) -> None:
        try:
            opened = open_for_browsing(self._path)
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error), fatal=True))
            return
        self.post_message(self.Opened(opened))
        try:
            self.post_message(self.Summarised(summarise_layers(opened.run, opened.table)))
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error), fatal=False))

    def _arrange(self, opened: OpenedRun, wish: Wish) -> None:
        try:
            opened.load_triggers(wish.order)
            arrangement = arrange(opened, wish)
        except NeuronTuiError as error:
            self.post_message(self.NotArranged(wish, str(error)))
        else:
            self.post_message(self.Arranged(arrangement))
