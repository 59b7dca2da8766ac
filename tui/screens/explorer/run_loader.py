"""The explorer's threads: opening the run, opening it again as it grows, and putting its neurons in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from textual.message import Message
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.arrangement import Arrangement, ListQuery, arrange
from neuron_tui.store.neurons.opened import OpenedRun, open_for_browsing
from neuron_tui.store.neurons.places import Address, codes_of
from neuron_tui.tui.browsing.live import reopen
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.remembered.session import Session, read_session

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """All that decides which neurons a list shows, and in what order.

    `among` are the codes (`places.codes_of`) of the neurons it is limited to; None for no limit.
    """

    opened: OpenedRun
    list_query: ListQuery
    among: Int64s | None

    def same_as(self, other: Request) -> bool:
        """Whether the other asks for the same."""
        return self.opened is other.opened and self.among is other.among and self.list_query == other.list_query


class RunLoader(Screen[None]):
    """A screen on one run. Threads read and post messages; who handles them alone touches widgets."""

    @dataclass
    class Opened(Message):
        """A thread has opened the run, and found how it was left."""

        opened: OpenedRun
        session: Session | None

    @dataclass
    class Grown(Message):
        """A thread has opened the run again, with the layers finished since."""

        opened: OpenedRun

    @dataclass
    class Summarised(Message):
        """A thread has summarised the layers."""

        summaries: tuple[LayerSummary, ...]

    @dataclass
    class Arranged(Message):
        """A thread has put the neurons in order."""

        asked: Request
        arrangement: Arrangement

    @dataclass
    class NotArranged(Message):
        """A thread could not list the neurons: `problem` says why."""

        asked: Request
        problem: str

    @dataclass
    class Failed(Message):
        """A thread met something wrong with the run; `fatal` if it cannot be opened at all."""

        problem: str
        fatal: bool

    class Left(Message):
        """The run is to be left; the app knows what lies below."""

    def __init__(self, path: Path, at: Address | None = None) -> None:
        """Read the run in the folder `path`; `at` is the neuron to begin with, else the one it was left at."""
        super().__init__()
        self._path, self._at = path, at
        # What the panes show, and the same run with more layers while its neurons are put in order.
        self._opened: OpenedRun | None = None
        self._newest: OpenedRun | None = None
        self._list_query = ListQuery()
        self._among: Int64s | None = None
        self._arranging: Request | None = None

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._path

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds behind what is shown; the paper's until the run is open."""
        return self._opened.run.manifest.thresholds if self._opened is not None else PAPER

    @property
    def under_way(self) -> bool:
        """Whether the list is about to change: keys typed ahead are meant for what it will be."""
        return self._arranging is not None

    def start_reading(self) -> None:
        """Open the run in a thread."""
        self.run_worker(self._open, thread=True, group="open")

    def read_again(self, opened: OpenedRun) -> None:
        """Open the run once more in a thread: it has grown."""
        self.run_worker(partial(self._reopen, opened), thread=True, group="open")

    def request(self, list_query: ListQuery) -> None:
        """Have the neurons arranged; while that is under way only the latest query is kept."""
        self._list_query = list_query
        if (asked := self._asked()) is not None and self._arranging is None:
            self._arranging = asked
            self.run_worker(partial(self._arrange, asked), thread=True, group="arrange")

    def is_stale(self, asked: Request) -> bool:
        """Whether something else is wanted by now than what a thread was asked for."""
        now = self._asked()
        return now is None or not now.same_as(asked)

    def leave(self) -> None:
        """Go back to the list of runs."""
        self.post_message(self.Left())

    def complain(self, problem: str) -> None:
        """Say what is wrong with the run."""
        self.app.notify(message(problem), title="This run", severity="error", timeout=12, markup=False)

    def _asked(self) -> Request | None:
        return Request(self._newest, self._list_query, self._among) if self._newest is not None else None

    def _open(self) -> None:
        try:
            opened = open_for_browsing(self._path)
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error), fatal=True))
            return
        self.post_message(self.Opened(opened, read_session(self._path, opened.run.manifest)))
        self._summarise(opened)

    def _reopen(self, opened: OpenedRun) -> None:
        try:
            grown = reopen(opened)
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error), fatal=False))
            return
        self.post_message(self.Grown(grown))
        self._summarise(grown)

    def _summarise(self, opened: OpenedRun) -> None:
        try:
            self.post_message(self.Summarised(summarise_layers(opened.run, opened.table)))
        except NeuronTuiError as error:
            self.post_message(self.Failed(str(error), fatal=False))

    def _arrange(self, asked: Request) -> None:
        try:
            asked.opened.load_triggers(asked.list_query.order)
            arrangement = _limited(arrange(asked.opened, asked.list_query), asked)
        except NeuronTuiError as error:
            self.post_message(self.NotArranged(asked, str(error)))
        else:
            self.post_message(self.Arranged(asked, arrangement))


def _limited(arrangement: Arrangement, asked: Request) -> Arrangement:
    """The arrangement with only the neurons that it is limited to."""
    if asked.among is None:
        return arrangement
    codes = codes_of(asked.opened)
    among = np.isin(codes, asked.among)
    if asked.list_query.layer is not None:
        considered = int((among & (asked.opened.table.layer == asked.list_query.layer)).sum())
    else:
        considered = int(among.sum())
    return replace(arrangement, rows=arrangement.rows[among[arrangement.rows]], considered=considered)
