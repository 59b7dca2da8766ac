"""Following a run while it is extracted: its layers as they are finished, its job, and how that ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.runs.job import JobStatus
from neuron_tui.store.wording import number
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.browsing.live import Glance, glance
from neuron_tui.tui.jobs.jobs import continue_job, pause_job
from neuron_tui.tui.screens.explorer.run_panes import RunPanes

_EVERY = 2.0
"""Seconds between two looks at a run that may grow."""


class Live(RunPanes):
    """A run that may be growing."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "explorer.pause",
            "P",
            "pause",
            "pause the extraction or go on",
            "pauses the extraction that is writing this run, or goes on with it.",
            palette="Pause or go on",
        ),
        Action(
            "explorer.look",
            "r",
            "look",
            "look for new layers",
            "looks for new layers at once; while the run is extracted they come by themselves.",
            palette="Look for new layers",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class Glanced(Message):
        """A thread has looked at the run."""

        glance: Glance

    @dataclass
    class Ordered(Message):
        """A thread has told the job to do something, or could not: `problem` says why."""

        done: str
        problem: str | None

    def __init__(self, path: Path, at: Address | None = None) -> None:
        super().__init__(path, at)
        self._glance = Glance()
        self._looking = False

    def on_mount(self) -> None:
        """Look now and then."""
        self.set_interval(_EVERY, self._look_if_it_may_grow)

    # Looking.

    def _look_if_it_may_grow(self) -> None:
        manifest, job = self._glance.manifest, self._glance.job
        if manifest is None or not manifest.complete or self._glance.written or (job is not None and job.active):
            self.action_look()

    def action_look(self) -> None:
        """Look at the run in a thread."""
        if self._opened is not None and not self._looking:
            self._looking = True
            self.run_worker(partial(self._look, self._glance), thread=True, group="glance")

    def _look(self, before: Glance) -> None:
        self.post_message(self.Glanced(glance(self._path, before)))

    def on_live_glanced(self, event: Glanced) -> None:
        """Show the job, fetch new layers, and say how the job ended."""
        before, self._glance = self._glance, event.glance
        self._looking = False
        job, opened = event.glance.job, self._newest
        self._headline.follow(job if job is not None and job.active else None)
        if job is not None and not job.active and (before.job is None or before.job.active):
            complete = event.glance.manifest is not None and event.glance.manifest.complete
            self._tell_the_end(job, before.stamp is None, complete)
        if opened is None or event.glance.manifest is None:
            return
        if event.glance.manifest.created != opened.run.manifest.created:
            self.start_again()
        elif event.glance.stamp != before.stamp or event.glance.written != before.written:
            now = (set(event.glance.manifest.layers), event.glance.written)
            if now != (set(opened.run.layers), opened.state == "running"):
                self.read_again(opened)

    def start_again(self) -> None:
        """The run was made anew: nothing of what is shown holds any more."""
        raise NotImplementedError

    def _tell_the_end(self, status: JobStatus, first: bool, complete: bool) -> None:
        """Say how the job ended. What ended before the run was opened is told in passing, if it left something out."""
        job = status.job
        kept, work = f"{job.place} of {number(job.layers, 'layer')} finished", _work(status)
        if first and complete:
            return
        tell = self.note if first else self.complain
        match status.condition:
            case "done" if not first:
                self.note(f"The {work} is done: {number(job.layers, 'layer')}.")
            case "cancelled" if not first:
                self.note(f"The {work} was cancelled, {kept}. It can be resumed from the list of runs.")
            case "failed":
                why = " ".join((job.problem or "it did not say why").splitlines())
                tell(f"The {work} failed, {kept}: {why}")
            case "died":
                tell(f"The {work} ended without a word, {kept}. Resume it from the list of runs.")

    # The job.

    def action_pause(self) -> None:
        """Pause the job, or let it go on."""
        job = self._glance.job
        if job is None or not job.active:
            self.note("Nothing is writing this run.")
        elif job.condition == "paused":
            said = f"The {_work(job)} goes on."
            self.run_worker(partial(self._order, continue_job, said), thread=True, group="job")
        else:
            said = f"The {_work(job)} pauses."
            self.run_worker(partial(self._order, pause_job, said), thread=True, group="job")

    def _order(self, order: Callable[[Path], None], done: str) -> None:
        try:
            order(self._path)
        except NeuronTuiError as error:
            self.post_message(self.Ordered(done, str(error)))
        else:
            self.post_message(self.Ordered(done, None))

    def on_live_ordered(self, event: Ordered) -> None:
        """Say what became of the order, and look."""
        if event.problem is None:
            self.note(event.done)
        else:
            self.complain(event.problem)
        self.action_look()


def _work(status: JobStatus) -> str:
    return "extraction" if status.job.command == "extract" else "counting"
