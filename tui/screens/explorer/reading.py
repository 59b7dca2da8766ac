"""What the explorer reads in threads: the run, the run again as it grows, its layers in summary, its list in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.neurons.arrangement import Arrangement, ListQuery, arrange
from neuron_tui.store.neurons.opened import OpenedRun, open_for_browsing
from neuron_tui.store.neurons.places import codes_of
from neuron_tui.tui.browsing.live import reopen
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.remembered.session import Session, read_session


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A list: of which run, by which query, limited to which codes (None: no limit)."""

    opened: OpenedRun
    list_query: ListQuery
    limit: frozenset[int] | None


class RunReader:
    """Reads for one screen; the answers are given on the event loop.

    Parameters
    ----------
    opened
        Called with the run, and how it was left.
    grown
        Called with the run opened again.
    summarised
        Called with the layers in summary.
    failed
        Called with what is wrong, and whether the run cannot be opened at all.
    """

    def __init__(
        self,
        screen: Screen[None],
        path: Path,
        *,
        opened: Callable[[OpenedRun, Session | None], None],
        grown: Callable[[OpenedRun], None],
        summarised: Callable[[tuple[LayerSummary, ...]], None],
        failed: Callable[[str, bool], None],
    ) -> None:
        def not_read(_: object, error: NeuronTuiError) -> None:
            failed(str(error), False)

        def is_open(_: object, found: tuple[OpenedRun, Session | None]) -> None:
            self.opening = False
            opened(*found)

        def not_opened(_: object, error: NeuronTuiError) -> None:
            self.opening = False
            failed(str(error), True)

        self.opening = True
        """Until it is known whether the run can be opened."""
        self._opening: Latest[Path, tuple[OpenedRun, Session | None]] = Latest(screen, _open, is_open, not_opened)
        self._growing: Latest[OpenedRun, OpenedRun] = Latest(screen, reopen, lambda _, found: grown(found), not_read)
        self._summaries: Latest[OpenedRun, tuple[LayerSummary, ...]] = Latest(
            screen, lambda run: summarise_layers(run.run, run.table), lambda _, found: summarised(found), not_read
        )
        self._path = path

    def open(self) -> None:
        """Open the run."""
        self._opening.request(self._path)

    def open_again(self, opened: OpenedRun) -> None:
        """Open the run once more: it has grown."""
        self._growing.request(opened)

    def summarise(self, opened: OpenedRun) -> None:
        """Summarise the layers."""
        self._summaries.request(opened)


def _open(path: Path) -> tuple[OpenedRun, Session | None]:
    opened = open_for_browsing(path)
    return opened, read_session(path, opened.run.manifest)


def arranged(wanted: Wanted) -> Arrangement:
    """The neurons of a list in order; raises QueryError and RunDamagedError."""
    opened, list_query = wanted.opened, wanted.list_query
    opened.load_triggers(list_query.order)
    arrangement = arrange(opened, list_query)
    if wanted.limit is None:
        return arrangement
    codes = np.fromiter(wanted.limit, np.int64, len(wanted.limit))
    among = np.isin(codes_of(opened), codes)
    considered = among if list_query.layer is None else among & (opened.table.layer == list_query.layer)
    rows = arrangement.rows[among[arrangement.rows]]
    return replace(arrangement, rows=rows, considered=int(considered.sum()))
