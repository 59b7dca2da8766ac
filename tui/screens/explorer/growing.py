"""Following a run while it is extracted: its layers as they are finished, its job, and how that ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.runs.job import JobStatus
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.browsing.live import Glance, glance
from neuron_tui.tui.jobs.jobs import continue_job, pause_job
from neuron_tui.tui.latest import Latest

_EVERY = 2.0
"""Seconds between two looks at a run that may grow."""


class Teller(Protocol):
    """Who says things to the person: in passing, or with weight."""

    def note(self, text: str) -> None:
        """Say something of no great weight."""

    def complain(self, problem: str) -> None:
        """Say what is wrong."""


class GrowingRun:
    """Looks at a run now and then.

    Parameters
    ----------
    newest
        Gives the run with the layers it had when it was last opened; None before it is open.
    job_seen
        Called with the job at work, or None.
    grown
        Called with the run that has more layers now.
    made_anew
        Called when another run stands in its place.
    """

    def __init__(
        self,
        screen: Screen[None],
        teller: Teller,
        path: Path,
        *,
        newest: Callable[[], OpenedRun | None],
        job_seen: Callable[[JobStatus | None], None],
        grown: Callable[[OpenedRun], None],
        made_anew: Callable[[], None],
    ) -> None:
        self._teller, self._path = teller, path
        self._newest, self._job_seen, self._grown, self._made_anew = newest, job_seen, grown, made_anew
        self._screen = screen
        self._glance = Glance()
        self._looking: Latest[Glance, Glance] = Latest(screen, partial(glance, path), self._glanced)
        self._orders: Latest[tuple[Callable[[Path], None], str], None] = Latest(
            screen, self._order, self._ordered, self._not_ordered
        )

    @property
    def job(self) -> JobStatus | None:
        """The job as it was last seen."""
        return self._glance.job

    def start(self) -> None:
        """Look now and then from now on."""
        self._screen.set_interval(_EVERY, self._look_if_it_may_grow)

    def look(self) -> None:
        """Look at the run now."""
        if self._newest() is not None and not self._looking.busy:
            self._looking.request(self._glance)

    def pause(self) -> None:
        """Pause the job, or let it go on."""
        job = self._glance.job
        if job is None or not job.active:
            self._teller.note("Nothing is writing this run.")
        elif job.condition == "paused":
            self._orders.request((continue_job, f"The {_work(job)} goes on."))
        else:
            self._orders.request((pause_job, f"The {_work(job)} pauses."))

    def _look_if_it_may_grow(self) -> None:
        manifest, job = self._glance.manifest, self._glance.job
        if manifest is None or not manifest.complete or self._glance.written or (job is not None and job.active):
            self.look()

    def _glanced(self, before: Glance, found: Glance) -> None:
        self._glance = found
        job, newest = found.job, self._newest()
        self._job_seen(job if job is not None and job.active else None)
        if job is not None and not job.active and (before.job is None or before.job.active):
            complete = found.manifest is not None and found.manifest.complete
            self._tell_the_end(job, before.stamp is None, complete)
        if newest is None or found.manifest is None:
            return
        if found.manifest.created != newest.run.manifest.created:
            self._made_anew()
        elif found.stamp != before.stamp or found.written != before.written:
            now = (set(found.manifest.layers), found.written)
            if now != (set(newest.run.layers), newest.state == "running"):
                self._grown(newest)

    def _tell_the_end(self, status: JobStatus, first: bool, complete: bool) -> None:
        """Say how the job ended. What ended before the run was opened is told in passing, if it left something out."""
        job = status.job
        kept, work = f"{job.place} of {count_noun(job.layers, 'layer')} finished", _work(status)
        if first and complete:
            return
        tell = self._teller.note if first else self._teller.complain
        match status.condition:
            case "done" if not first:
                self._teller.note(f"The {work} is done: {count_noun(job.layers, 'layer')}.")
            case "cancelled" if not first:
                self._teller.note(f"The {work} was cancelled, {kept}. It can be resumed from the list of runs.")
            case "failed":
                why = " ".join((job.problem or "it did not say why").splitlines())
                tell(f"The {work} failed, {kept}: {why}")
            case "died":
                tell(f"The {work} ended without a word, {kept}. Resume it from the list of runs.")

    def _order(self, order: tuple[Callable[[Path], None], str]) -> None:
        order[0](self._path)

    def _ordered(self, order: tuple[Callable[[Path], None], str], _: None) -> None:
        self._teller.note(order[1])
        self.look()

    def _not_ordered(self, _: object, error: NeuronTuiError) -> None:
        self._teller.complain(str(error))
        self.look()


def _work(status: JobStatus) -> str:
    return "extraction" if status.job.command == "extract" else "counting"
