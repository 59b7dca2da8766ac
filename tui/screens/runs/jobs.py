"""What can be done with the jobs of runs: starting, pausing, cancelling, resuming, reading their logs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.tokens import printable
from neuron_tui.tui.browsing.run_order import resumable, state_of, work_of
from neuron_tui.tui.jobs import jobs
from neuron_tui.tui.jobs.demo import demo_arguments
from neuron_tui.tui.navigation import CountingPlace, ExtractionPlace, go
from neuron_tui.tui.screens.ask import Confirm
from neuron_tui.tui.screens.runs.job_log import JobLog
from neuron_tui.tui.screens.runs.reader import RunsReader


class RunJobs(RunsReader):
    """Starts, pauses, cancels and resumes the extractions of the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "new extraction", show=False, id="runs.new"),
        Binding("N", "again", "again with these options", show=False, id="runs.again"),
        Binding("A", "count_again", "count again with other thresholds", show=False, id="runs.count_again"),
        Binding("p", "pause", "pause or go on", show=False, id="runs.pause"),
        Binding("ctrl+x,X", "cancel", "cancel", show=False, id="runs.cancel"),
        Binding("e", "resume", "resume", show=False, id="runs.resume"),
        Binding("L", "log", "log", show=False, id="runs.log"),
    ]

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._told_to_end: set[Path] = set()

    def action_new(self) -> None:
        """Ask for a new extraction."""
        self._open_form(again=False)

    def action_again(self) -> None:
        """Ask for an extraction that begins with the options of the run under the cursor."""
        self._open_form(again=True)

    def action_count_again(self) -> None:
        """Ask for thresholds to count the run under the cursor again with; of a variant, its own to begin with."""
        run = self._runs.selected
        if run is None or run.manifest is None or not run.manifest.layers or run.state == "damaged":
            self.notify("There is no finished layer that could be counted again.", severity="warning", markup=False)
            return

        go(self, CountingPlace(run.path, run.manifest.thresholds), self._go_to_new)

    def _go_to_new(self, folder: Path | None) -> None:
        """Go to what was begun by a form, once the list has it."""
        if folder is not None:
            self._follow = folder
            self.start_reading()

    def _open_form(self, again: bool) -> None:
        run = self._runs.selected if again else None
        if run is not None and run.variant_of is not None:
            self.action_count_again()
            return
        options = None if run is None else run.job.job if run.job is not None else run.manifest
        if again and options is None:
            self.notify("There is no run whose options could be used.", severity="warning", markup=False)
            return

        go(self, ExtractionPlace(self._directory, options), self._go_to_new)

    def action_demo(self) -> None:
        """Make the demo's run."""
        if self.carry_out(partial(_start_demo, self._directory), "", "The demo cannot be made"):
            self.notify("The demo is being started …", markup=False)

    def action_pause(self) -> None:
        """Pause the job of the run under the cursor, or let it go on."""
        run = self._runs.selected
        if run is None or run.job is None or not run.job.active:
            self.notify("No job of this run is at work.", severity="warning", markup=False)
        elif run.job.condition == "paused":
            self.carry_out(partial(jobs.continue_job, run.path), f"{run.name} goes on.", "Still paused")
        else:
            self.carry_out(partial(jobs.pause_job, run.path), f"{run.name} pauses at its next step.", "Not paused")

    def action_cancel(self) -> None:
        """Ask, then cancel the job of the run under the cursor."""
        run = self._runs.selected
        if run is None or run.job is None or not run.job.active:
            self.notify("No job of this run is at work.", severity="warning", markup=False)
            return
        path, name, again = run.path, run.name, run.path in self._told_to_end

        def answered(yes: bool | None) -> None:
            if yes:
                self._told_to_end.add(path)
                said = "" if again else f"{name} ends at its next step."
                self.carry_out(partial(jobs.cancel_job, path), said, "Not cancelled")

        told = "Told already: once more ends it at once. " if again else ""
        detail = f"{told}Finished layers stay ({run.job.job.place} so far); e goes on with the rest another time."
        question = f"Cancel the {work_of(run)} {name}?"
        self.app.push_screen(Confirm(question, detail, "Cancel it", "Let it go on"), answered)

    def action_resume(self) -> None:
        """Go on with the run under the cursor."""
        run = self._runs.selected
        if run is None:
            return
        if resumable(run):
            self._resume(run)
        else:
            self.notify(f"It is {state_of(run)}: there is nothing to resume.", severity="warning", markup=False)

    def ask_to_resume(self, run: RunSummary) -> None:
        """Offer to go on with a run."""

        def answered(yes: bool | None) -> None:
            if yes:
                self._resume(run)

        detail = f"It is {state_of(run)} and has no finished layer to open."
        self.app.push_screen(Confirm(f"Resume the {work_of(run)} {run.name}?", detail, "Resume", "Not now"), answered)

    def _resume(self, run: RunSummary) -> None:
        self._told_to_end.discard(run.path)
        if self.carry_out(partial(jobs.resume_job, run.path), "", "Not resumed"):
            self.notify(f"{printable(run.name)} is being started again …", markup=False)

    def action_log(self) -> None:
        """Show the log of the run's job."""
        run = self._runs.selected
        if run is None or run.job is None:
            self.notify("This run has no job whose log could be shown.", severity="warning", markup=False)
        else:
            self.app.push_screen(JobLog(run.path, run.name))

    def job_commands(self) -> Iterator[SystemCommand]:
        """The actions on jobs for the command palette."""
        yield SystemCommand("New extraction", "Extract the neurons of a model (n)", self.action_new)
        yield SystemCommand("Again with these options", "Fill a new extraction in from this one (N)", self.action_again)
        yield SystemCommand("Count again", "Count this run with other thresholds (A)", self.action_count_again)
        yield SystemCommand("Make the demo", "Extract the built-in model on built-in text", self.action_demo)
        yield SystemCommand("Pause or go on", "Pause the run's job, or let it go on (p)", self.action_pause)
        yield SystemCommand("Cancel the job", "Stop it; finished layers stay (X)", self.action_cancel)
        yield SystemCommand("Resume", "Go on with a run that is not complete (e)", self.action_resume)
        yield SystemCommand("Log", "Show the log of the run's job (L)", self.action_log)


def _start_demo(directory: Path) -> Path:
    return jobs.start_job(directory, demo_arguments())
