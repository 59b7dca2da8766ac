"""Writing down where a person is in a run, so that it opens again as it was left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from textual.screen import Screen

from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.places import Address, address_of
from neuron_tui.store.neurons.query import keepable
from neuron_tui.tui.browsing.browsing import Browsing
from neuron_tui.tui.browsing.marks import KEPT_MARKS
from neuron_tui.tui.remembered.session import Identity, Session, write_session
from neuron_tui.tui.terminal.faults import in_thread

_KEPT_VISITS = 50
"""Visits that are kept between two times a run is open."""

_EVERY = 5.0
"""Seconds between two times that is written down, if it changed."""


@dataclass(frozen=True, slots=True)
class Sight:
    """All that is written down: of which run, what is browsed, the neuron under the cursor, and whether it is alone."""

    opened: OpenedRun
    browsing: Browsing
    here: Address | None
    zoom: bool

    def same_as(self, other: Sight | None) -> bool:
        """Whether there is nothing new to write down."""
        if other is None or (self.here, self.zoom) != (other.here, other.zoom):
            return False
        mine, theirs = self.browsing, other.browsing
        return (
            mine.list_query == theirs.list_query
            and mine.history == theirs.history
            and mine.marks.codes is theirs.marks.codes
            and mine.limit is theirs.limit
        )


class SessionKeeper:
    """Writes down now and then what `sight` gives, and once more at the end."""

    def __init__(self, screen: Screen[None], path: Path, sight: Callable[[], Sight | None]) -> None:
        self._screen, self._path, self._sight = screen, path, sight
        self._kept: Sight | None = None
        self._latest: Sight | None = None
        self._writing = Lock()
        """One at a time: whoever waits for the last writing waits for those before it, and nothing older follows."""

    def start(self) -> None:
        """Write down now and then from now on."""
        self._screen.set_interval(_EVERY, self._keep_now_and_then)

    def _keep_now_and_then(self) -> None:
        if (sight := self._new()) is not None:
            in_thread(self._screen, partial(self._write, sight), group="session")

    async def keep(self) -> None:
        """Write down where one is, and wait until it is written."""
        if (sight := self._new()) is not None:
            await asyncio.to_thread(self._write, sight)

    def _new(self) -> Sight | None:
        """What is to be written down, if it is not yet."""
        sight = self._sight()
        if sight is None or sight.same_as(self._kept):
            return None
        self._latest = sight
        return sight

    def _write(self, sight: Sight) -> None:
        """In a thread: write the session, unless there is a later one by now or it is written."""
        with self._writing:
            if sight is self._latest and not sight.same_as(self._kept):
                self._put_down(sight)
                self._kept = sight

    def _put_down(self, sight: Sight) -> None:
        opened, browsing = sight.opened, sight.browsing
        list_query = browsing.list_query
        session = {
            "run": Identity.of(self._path, opened.run.manifest),
            "layer": list_query.layer,
            "query": list_query.query if keepable(list_query.query) else "",
            "sort": list_query.column,
            "descending": list_query.descending,
            "order": list_query.order,
            "neuron": sight.here,
            "marks": tuple(address_of(opened, code) for code in sorted(browsing.marks.codes)[:KEPT_MARKS]),
            "only_marked": browsing.limit is not None,
            "history": browsing.history.tail(_KEPT_VISITS).visits,
            "zoom": sight.zoom,
        }
        write_session(self._path, Session.model_validate(session))
