"""What can be done with the jobs of the runs in the list: starting, pausing, cancelling, resuming, showing a log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.tokens import printable
from neuron_tui.tui.browsing.run_order import readable, resumable, state_of, work_of
from neuron_tui.tui.jobs import jobs
from neuron_tui.tui.jobs.demo import demo_arguments
from neuron_tui.tui.navigation import CountingPlace, ExtractionPlace, go
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.runs.job_log import JobLog
from neuron_tui.tui.screens.runs.loading import Doing
from neuron_tui.tui.widgets.runs.run_list import RunList


class JobActions:
    """Acts on the job of the run under the cursor of a list.

    Parameters
    ----------
    screen
        The screen of the list; questions and forms are shown over it.
    runs, directory
        The list, and the directory it is of.
    doing
        Carries out what waits for files or processes.
    begun
        Called with the folder of a run that a form has begun.
    """

    def __init__(
        self, screen: Screen[Any], runs: RunList, directory: Path, doing: Doing, begun: Callable[[Path], None]
    ) -> None:
        self._screen, self._runs, self._directory, self._doing, self._begun = screen, runs, directory, doing, begun
        self._told_to_end: set[Path] = set()

    def start_demo(self) -> None:
        """Make the demo's run."""
        start = partial(jobs.start_job, self._directory, demo_arguments())
        if self._doing.carry_out(start, "", "The demo cannot be made"):
            self._screen.notify("The demo is being started …", markup=False)

    def ask_for_new(self, *, again: bool = False) -> None:
        """Ask for a new extraction; `again` begins with the options of the run under the cursor."""
        run = self._runs.selected if again else None
        if run is not None and run.variant_of is not None:
            self.ask_to_count_again()
            return
        options = None if run is None else run.job.job if run.job is not None else run.manifest
        if again and options is None:
            self._warn("There is no run whose options could be used.")
            return
        go(self._screen, ExtractionPlace(self._directory, options), self._form_left)

    def ask_to_count_again(self) -> None:
        """Ask for thresholds to count the run under the cursor again with; of a variant, its own to begin with."""
        run = self._runs.selected
        if run is None or run.manifest is None or not readable(run):
            self._warn("There is no finished layer that could be counted again.")
            return
        go(self._screen, CountingPlace(run.path, run.manifest.thresholds), self._form_left)

    def _form_left(self, folder: Path | None) -> None:
        if folder is not None:
            self._begun(folder)

    def pause(self) -> None:
        """Pause the job of the run under the cursor, or let it go on."""
        run = self._runs.selected
        if run is None or run.job is None or not run.job.active:
            self._warn("No job of this run is at work.")
        elif run.job.condition == "paused":
            self._doing.carry_out(partial(jobs.continue_job, run.path), f"{run.name} goes on.", "Still paused")
        else:
            paused = f"{run.name} pauses at its next step."
            self._doing.carry_out(partial(jobs.pause_job, run.path), paused, "Not paused")

    def cancel(self) -> None:
        """Ask, then cancel the job of the run under the cursor."""
        run = self._runs.selected
        if run is None or run.job is None or not run.job.active:
            self._warn("No job of this run is at work.")
            return
        path, name, again = run.path, run.name, run.path in self._told_to_end

        def answered(yes: bool | None) -> None:
            if yes:
                self._told_to_end.add(path)
                said = "" if again else f"{name} ends at its next step."
                self._doing.carry_out(partial(jobs.cancel_job, path), said, "Not cancelled")

        before = "Told already: once more ends it at once. " if again else ""
        detail = f"{before}Finished layers stay ({run.job.job.place} so far); e goes on with the rest another time."
        question = f"Cancel the {work_of(run)} {name}?"
        self._screen.app.push_screen(Confirm(question, detail, "Cancel it", "Let it go on"), answered)

    def resume(self) -> None:
        """Go on with the run under the cursor."""
        run = self._runs.selected
        if run is None:
            return
        if resumable(run):
            self._resume(run)
        else:
            self._warn(f"It is {state_of(run)}: there is nothing to resume.")

    def ask_to_resume(self, run: RunSummary) -> None:
        """Offer to go on with a run."""

        def answered(yes: bool | None) -> None:
            if yes:
                self._resume(run)

        question = f"Resume the {work_of(run)} {run.name}?"
        detail = f"It is {state_of(run)} and has no finished layer to open."
        self._screen.app.push_screen(Confirm(question, detail, "Resume", "Not now"), answered)

    def _resume(self, run: RunSummary) -> None:
        self._told_to_end.discard(run.path)
        if self._doing.carry_out(partial(jobs.resume_job, run.path), "", "Not resumed"):
            self._screen.notify(f"{printable(run.name)} is being started again …", markup=False)

    def show_log(self) -> None:
        """Show the log of the run's job."""
        run = self._runs.selected
        if run is None or run.job is None:
            self._warn("This run has no job whose log could be shown.")
        else:
            self._screen.app.push_screen(JobLog(run.path, run.name))

    def _warn(self, text: str) -> None:
        self._screen.notify(text, severity="warning", markup=False)
