"""The list of runs: find, open, compare, rename, delete, check them; start, pause, cancel and resume extractions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.job import JobStatus
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.actions import bindings
from neuron_tui.tui.browsing.job_ends import JobEnds, moved_on
from neuron_tui.tui.browsing.run_order import SORTS, RunListQuery, readable, resumable, state_of
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.navigation import ClaimsPlace, ComparisonPlace, FiguresPlace, RunPlace, go
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.mending import Mending
from neuron_tui.tui.screens.page import Page
from neuron_tui.tui.screens.prompt import Prompt
from neuron_tui.tui.screens.runs import keys
from neuron_tui.tui.screens.runs.job_actions import JobActions
from neuron_tui.tui.screens.runs.loading import Doing, Listing, LogOf, RunsLoader
from neuron_tui.tui.screens.runs.upkeep import Upkeep
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.runs.job_line import job_words
from neuron_tui.tui.widgets.runs.run_details import NOTHING, Details
from neuron_tui.tui.widgets.runs.run_list import RunList, RunsHeadline

_LOOK = 1.0
"""Seconds between two looks at the jobs at work."""


class Runs(Page[None]):
    """All runs of a directory."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012 - as textual declares it

    ACTIONS = keys.ACTIONS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES = keys.NOTES

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.runs = RunList(id="run-list")
        self._headline = RunsHeadline(directory)
        self.loader = RunsLoader(self, directory, listed=self._show, jobs_seen=self._show_jobs, log_read=self._show_log)
        doing = Doing(self, self._done)
        self._jobs = JobActions(self, self.runs, directory, doing, self._go_to)
        self._upkeep = Upkeep(self, self.runs, directory, doing)
        self._mending = Mending(self, begun=self._go_to)
        self._ends = JobEnds()
        self._listed = False
        self._problem: str | None = None
        self._follow: Path | None = None
        """The run to put the cursor on as soon as it is listed."""
        self._log: tuple[LogOf | None, tuple[str, ...]] = (None, ())

    def compose(self) -> ComposeResult:
        """The list, and below it what is to say of the run under the cursor."""
        yield self._headline
        with Vertical(id="runs-pane") as pane:
            pane.border_title = Content("Runs")
            yield self.runs
        with Vertical(id="details-pane"):
            yield Details(id="details")
        yield KeyLine()

    def on_mount(self) -> None:
        """Look at the jobs every second, at the whole directory every few."""
        self.runs.focus()
        self.set_interval(_LOOK, self._look_again)

    def on_unmount(self) -> None:
        """Nobody waits for a check any more."""
        self._upkeep.stop_checks()

    def on_screen_resume(self) -> None:
        """A run may have come or gone meanwhile."""
        self.loader.read()

    # What is found.

    def _look_again(self) -> None:
        active = [run.path for run in self.runs.all if run.job is not None and run.job.active]
        if active:
            self.loader.look_at_jobs(active)
        if self.is_current and self.loader.due:
            self.loader.read()

    def _show(self, found: Listing) -> None:
        """Show the runs that were found, or say why they could not be."""
        if found.problem is not None:
            if found.problem != self._problem:  # said once, not every few seconds
                self.notify(message(found.problem), title="The runs", severity="error", timeout=12, markup=False)
            self._problem = found.problem
            if not self._listed:
                self.query_one(Details).show_text(*((line, "bad") for line in message(found.problem).split("\n")))
                self.query_one(KeyLine).show(*keys.NOT_READ)
            return
        self._listed, self._problem = True, None
        self.runs.show(found.runs)
        self._headline.show(found.runs, found.free)
        self._notify_of_ends({run.path: run.job for run in self.runs.all})
        self._put_cursor()
        self._describe()

    def _show_jobs(self, jobs: Mapping[Path, JobStatus | None]) -> None:
        """Show how far the jobs are; a finished layer or an end is looked at more closely."""
        before = {run.path: run.job for run in self.runs.all}
        self.runs.show_jobs(jobs)
        self._notify_of_ends(jobs)
        self._describe()
        if any(moved_on(before.get(path), job) for path, job in jobs.items()):
            self.loader.read()

    def _notify_of_ends(self, found: Mapping[Path, JobStatus | None]) -> None:
        """Say which of the jobs seen at work before have come to an end."""
        names = {run.path: run.name for run in self.runs.all}
        for path, status in self._ends.ended(found).items():
            bad = status.condition in ("failed", "died")
            text = f"{printable(names.get(path, path.name))}: {job_words(status)}"
            self.app.notify(text, severity="error" if bad else "information", timeout=12, markup=False)

    def _show_log(self, of: LogOf, lines: Sequence[str]) -> None:
        self._log = (of, tuple(lines))
        self._describe()

    def _done(self, path: Path | None) -> None:
        """Something was done: read the list again, and go to a run it gave."""
        self._follow = path or self._follow
        self.loader.read()

    def _go_to(self, path: Path) -> None:
        """Go to a run that was begun, once the list has it."""
        self._done(path)

    def _put_cursor(self) -> None:
        """Put the cursor on the run that was just begun or renamed; a filter that hides it gives way."""
        if self._follow is None or not any(run.path == self._follow for run in self.runs.all):
            return
        if not self.runs.select(self._follow):
            self.notify("The filter is cleared: it leaves that run out.", markup=False)
            self.runs.find(replace(self.runs.list_query, words=""))
            self.runs.select(self._follow)
        self._follow = None

    # What is in sight.

    def on_row_list_moved(self) -> None:
        """Say something of the run now under the cursor."""
        self._follow = None
        self._describe()

    def on_row_list_chosen(self) -> None:
        """Open it."""
        self.action_open()

    def on_run_list_sort_wanted(self, event: RunList.SortWanted) -> None:
        """A click on a title."""
        self._find(self.runs.list_query.sorted_by(event.column))

    def _find(self, query: RunListQuery) -> None:
        self.runs.find(query)
        self._describe()

    def _describe(self) -> None:
        """The title, the details and the keys, for the run under the cursor."""
        runs, details, key_line = self.runs, self.query_one(Details), self.query_one(KeyLine)
        if not self._listed:
            return
        self.query_one("#runs-pane", Vertical).border_title = Content(self._title())
        run = runs.selected
        if run is None:
            details.show_text(*(() if runs.all else NOTHING))
            key_line.show(*(keys.NO_MATCH if runs.all else keys.NO_RUNS))
            return
        key_line.show(*keys.keys_for(run, len(runs.marked)))
        details.show(run, self._log_of(run), time.time())

    def _log_of(self, run: RunSummary) -> tuple[str, ...]:
        """The last lines of a log that may say why a job ended; read first, if they are not at hand."""
        if run.job is None or state_of(run) not in ("failed", "died"):
            return ()
        of = LogOf.job(run.path, run.job.job)
        if self._log[0] != of:
            self._log = (of, ())
            self.loader.read_log(of)
        return self._log[1]

    def _title(self) -> str:
        runs = self.runs
        words = runs.list_query.words.strip()
        counted = [printable(words), f"{len(runs.runs)} of {len(runs.all)}"] if words else _counted(runs.all)
        return " · ".join(["Runs", *counted, *([f"{len(runs.marked)} marked"] if runs.marked else [])])

    # Finding and opening.

    def action_open(self) -> None:
        """Open the run under the cursor; where there are no runs, make the demo."""
        run = self.runs.selected
        if run is None:
            if self._empty:
                self._jobs.start_demo()
        elif run.state == "damaged":
            problem = message(run.problem or "a file cannot be read")
            self.notify(problem, title="Damaged", severity="error", markup=False)
        elif readable(run):
            go(self, RunPlace(run.path))
        elif resumable(run):
            self._jobs.ask_to_resume(run)
        else:
            doing = f": {job_words(run.job)}" if run.job is not None else ""
            self.notify(f"It has no finished layer yet{doing}.", severity="warning", markup=False)

    @property
    def _empty(self) -> bool:
        """Whether the directory has been read and holds no run."""
        return self._listed and not self.runs.all

    def action_compare(self) -> None:
        """Compare the marked runs, or show the figures of the one under the cursor."""
        if paths := self._readable_paths("draw"):
            go(self, ComparisonPlace(paths) if len(paths) > 1 else FiguresPlace(paths))

    def action_paper(self) -> None:
        """Check the paper's claims against the marked runs, or the one under the cursor."""
        if paths := self._readable_paths("check"):
            go(self, ClaimsPlace(paths))

    def _readable_paths(self, what_for: str) -> tuple[Path, ...]:
        """Folders of the marked runs, or the one under the cursor, that have layers; says so if there are none."""
        paths = tuple(run.path for run in self.runs.chosen if readable(run))
        if not paths:
            self.notify(f"There is no finished layer to {what_for}.", severity="warning", markup=False)
        return paths

    def action_filter(self) -> None:
        """Ask for words that must occur."""

        def answered(words: str | None) -> None:
            if words is not None:
                self._find(replace(self.runs.list_query, words=words.strip()))

        hint = "words that all occur in name, model, domains or state · enter applies, empty shows all"
        self.app.push_screen(Prompt(" / ", self.runs.list_query.words, hint, lambda _: None), answered)

    def action_show_all(self) -> None:
        """Take the filter away."""
        self._find(replace(self.runs.list_query, words=""))

    def action_sort(self) -> None:
        """Ask for a column to sort by."""

        def answered(column: str | None) -> None:
            if column is not None:
                self._find(self.runs.list_query.sorted_by(column))

        self.app.push_screen(Choose("Sort by (again: turn round)", SORTS, self.runs.list_query.column), answered)

    def action_mark(self) -> None:
        """Mark the run, or take its mark away."""
        self.runs.toggle_mark()
        self._describe()

    def action_unmark_all(self) -> None:
        """Take all marks away."""
        self.runs.marked.clear()
        self.runs.refresh()
        self._describe()

    def action_reload(self) -> None:
        """Read the runs directory again."""
        self.loader.read()

    # Jobs and folders.

    def action_new(self) -> None:
        """Ask for a new extraction."""
        self._jobs.ask_for_new()

    def action_again(self) -> None:
        """Ask for an extraction that begins with the options of the run under the cursor."""
        self._jobs.ask_for_new(again=True)

    def action_count_again(self) -> None:
        """Ask for thresholds to count the run under the cursor again with."""
        self._jobs.ask_to_count_again()

    def action_demo(self) -> None:
        """Make the demo's run."""
        self._jobs.start_demo()

    def action_pause(self) -> None:
        """Pause the job of the run under the cursor, or let it go on."""
        self._jobs.pause()

    def action_cancel(self) -> None:
        """Ask, then cancel the job of the run under the cursor."""
        self._jobs.cancel()

    def action_resume(self) -> None:
        """Go on with the run under the cursor."""
        self._jobs.resume()

    def action_mend(self) -> None:
        """Look what is damaged of the run under the cursor, ask, and make it again."""
        run = self.runs.selected
        if run is not None and run.manifest is not None:
            self._mending.ask(run.path)
        elif run is not None:
            self.notify("Nothing of it can be mended without its run.json.", severity="warning", markup=False)

    def action_log(self) -> None:
        """Show the log of the run's job."""
        self._jobs.show_log()

    def action_rename(self) -> None:
        """Ask for another name for the run under the cursor."""
        self._upkeep.rename()

    def action_check(self) -> None:
        """Check the run under the cursor, or look how its check goes."""
        self._upkeep.verify()

    def action_delete(self) -> None:
        """Delete the marked runs, or this one; where there is none, the key beside enter makes the demo too."""
        if self._empty:
            self._jobs.start_demo()
        else:
            self._upkeep.delete()


def _counted(runs: Sequence[RunSummary]) -> list[str]:
    variants = sum(run.variant_of is not None for run in runs)
    return [str(len(runs) - variants), *([count_noun(variants, "variant")] if variants else [])]
