"""The list of runs: find, open, compare, rename, delete, check them; start, pause, cancel and resume extractions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.job import JobStatus
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import number
from neuron_tui.tui.browsing.run_order import SORTS, RunWish, resumable, state_of
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.navigation import ClaimsPlace, ComparisonPlace, FiguresPlace, RunPlace, go
from neuron_tui.tui.screens.ask import Choose
from neuron_tui.tui.screens.help import Help, help_sections
from neuron_tui.tui.screens.prompt import Prompt
from neuron_tui.tui.screens.runs.jobs import RunJobs
from neuron_tui.tui.screens.runs.keys import NO_MATCH, NO_RUNS, NOT_READ, RUNS_HELP, keys_for
from neuron_tui.tui.screens.runs.reader import RunsReader
from neuron_tui.tui.screens.runs.upkeep import RunUpkeep
from neuron_tui.tui.widgets.key_line import KeyLine
from neuron_tui.tui.widgets.runs.job_line import job_words
from neuron_tui.tui.widgets.runs.run_details import NOTHING, Details
from neuron_tui.tui.widgets.runs.run_list import RunList
from neuron_tui.tui.widgets.runs.runs_headline import RunsHeadline

_LOOK = 1.0
"""Seconds between two looks at the jobs at work."""

_LISTED_EVERY = 5
"""Looks from one reading of the whole directory to the next: runs begun elsewhere turn up then."""


class Runs(RunJobs, RunUpkeep):
    """All runs of a directory."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-high")]  # noqa: RUF012 - as textual declares it

    CSS = """
    Runs.-high #details-pane { height: 13; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", show=False, id="runs.filter"),
        Binding("escape", "show_all", "show all", show=False, id="runs.show_all"),
        Binding("s", "sort", "sort", show=False, id="runs.sort"),
        Binding("m", "mark", "mark", show=False, id="runs.mark"),
        Binding("c", "compare", "compare, or figures", show=False, id="runs.compare"),
        Binding("C", "paper", "what the paper found", show=False, id="runs.paper"),
        Binding("r", "reload", "read again", show=False, id="runs.reload"),
        Binding("question_mark", "help", "keys", show=False, id="runs.help"),
        Binding("q", "app.quit", "out", show=False, id="runs.quit"),
    ]

    KEY_HELP: ClassVar[tuple[tuple[str, str], ...]] = RUNS_HELP

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._looks = 0
        self._conditions: dict[Path, str] = {}
        self._problem: str | None = None
        self._log: tuple[object, tuple[str, ...]] = (None, ())

    def compose(self) -> ComposeResult:
        """The list, and below it what is to say of the run under the cursor."""
        yield RunsHeadline(self._directory)
        with Vertical(id="runs-pane") as pane:
            pane.border_title = Content("Runs")
            yield RunList(id="run-list")
        with Vertical(id="details-pane"):
            yield Details(id="details")
        yield KeyLine()

    def on_mount(self) -> None:
        """Look at the jobs every second, at the whole directory every few."""
        self._runs.focus()
        self.set_interval(_LOOK, self._look_again)

    def on_screen_resume(self) -> None:
        """A run may have come or gone meanwhile."""
        self.action_reload()

    # What the threads say.

    def _look_again(self) -> None:
        self._looks += 1
        active = [run.path for run in self._runs.all if run.job is not None and run.job.active]
        if active:
            self.look_at_jobs(active)
        if self.is_current and self._looks % _LISTED_EVERY == 0 and not self._reading:
            self.start_reading()

    def on_runs_reader_listed(self, event: RunsReader.Listed) -> None:
        """Show the runs."""
        if event.problem is not None:
            if event.problem != self._problem:  # said once, not every few seconds
                self.notify(message(event.problem), title="The runs", severity="error", timeout=12, markup=False)
            self._problem = event.problem
            if not self._listed:
                self.query_one(Details).say(*((line, "bad") for line in message(event.problem).split("\n")))
                self.query_one(KeyLine).show(*NOT_READ)
            self.done_reading()
            return
        self._listed, self._problem = True, None
        self._runs.show(event.runs)
        self.query_one(RunsHeadline).show(event.runs, event.free)
        self._tell_ends({run.path: run.job for run in self._runs.all})
        self._go_where_wanted()
        self._describe()
        self.done_reading()

    def on_runs_reader_jobs_seen(self, event: RunsReader.JobsSeen) -> None:
        """Show how far the jobs are; a finished layer or an end is looked at more closely."""
        self._looking = False
        before = {run.path: run.job for run in self._runs.all}
        self._runs.show_jobs(event.jobs)
        self._tell_ends(event.jobs)
        self._describe()
        if any(_turned(before.get(path), job) for path, job in event.jobs.items()):
            self.start_reading()

    def on_runs_reader_log_read(self, event: RunsReader.LogRead) -> None:
        """Show the last lines of the log."""
        self._log = (event.of, tuple(event.lines))
        self._describe()

    def on_runs_reader_carried_out(self, event: RunsReader.CarriedOut) -> None:
        """Say what happened and read the list again."""
        if event.problem is not None:
            self.app.notify(message(event.problem), title=event.failed, severity="error", timeout=12, markup=False)
        elif event.said:
            self.app.notify(printable(event.said), markup=False)
        if event.path is not None:
            self._follow = event.path
        self.start_reading()

    def on_row_list_moved(self) -> None:
        """Say something of the run now under the cursor."""
        self._follow = None
        self._describe()

    def on_row_list_chosen(self) -> None:
        """Open it."""
        self.action_open()

    def on_run_list_sort_wanted(self, event: RunList.SortWanted) -> None:
        """A click on a title."""
        self._want(self._runs.wish.sorted_by(event.column))

    # The parts.

    def _want(self, wish: RunWish) -> None:
        self._runs.want(wish)
        self._describe()

    def _tell_ends(self, found: Mapping[Path, JobStatus | None]) -> None:
        """Say which of the jobs seen at work before have come to an end."""
        names = {run.path: run.name for run in self._runs.all}
        for path, status in found.items():
            if status is None:
                continue
            before, self._conditions[path] = self._conditions.get(path), status.condition
            if before in ("starting", "running", "paused") and not status.active:
                bad = status.condition in ("failed", "died")
                said = f"{printable(names.get(path, path.name))}: {job_words(status)}"
                self.app.notify(said, severity="error" if bad else "information", timeout=12, markup=False)

    def _go_where_wanted(self) -> None:
        """Put the cursor on the run that was just begun or renamed; a filter that hides it gives way."""
        if self._follow is None or not any(run.path == self._follow for run in self._runs.all):
            return
        if not self._runs.select(self._follow):
            self.notify("The filter is cleared: it leaves that run out.", markup=False)
            self._runs.want(RunWish(column=self._runs.wish.column, descending=self._runs.wish.descending))
            self._runs.select(self._follow)
        self._follow = None

    def _describe(self) -> None:
        """The title, the details and the keys, for the run under the cursor."""
        runs, details, keys = self._runs, self.query_one(Details), self.query_one(KeyLine)
        run = runs.selected
        if not self._listed:
            return
        self.query_one("#runs-pane", Vertical).border_title = Content(self._title())
        if run is None:
            details.say(*(() if runs.all else NOTHING))
            keys.show(*(NO_MATCH if runs.all else NO_RUNS))
            return
        keys.show(*keys_for(run, len(runs.marked)))
        details.show(run, self._log_of(run), time.time())

    def _log_of(self, run: RunSummary) -> tuple[str, ...]:
        """The last lines of a log that may say why a job ended; read first, if they are not at hand."""
        if run.job is None or state_of(run) not in ("failed", "died"):
            return ()
        of = (run.path, run.job.job.pid, run.job.job.heartbeat)
        if self._log[0] != of:
            self._log = (of, ())
            self.read_log(run.path, of)
        return self._log[1]

    def _title(self) -> str:
        runs = self._runs
        words = runs.wish.words.strip()
        parts = [
            "Runs",
            *([printable(words), f"{len(runs.runs)} of {len(runs.all)}"] if words else _counted(runs.all)),
        ]
        return " · ".join([*parts, *([f"{len(runs.marked)} marked"] if runs.marked else [])])

    # Keys.

    def action_open(self) -> None:
        """Open the run under the cursor; where there are no runs, make the demo."""
        run = self._runs.selected
        if run is None:
            if self._empty:
                self.action_demo()
        elif run.state == "damaged":
            problem = message(run.problem or "a file cannot be read")
            self.notify(problem, title="Damaged", severity="error", markup=False)
        elif run.manifest is not None and run.manifest.layers:
            go(self, RunPlace(run.path))
        elif resumable(run):
            self.ask_to_resume(run)
        else:
            doing = f": {job_words(run.job)}" if run.job is not None else ""
            self.notify(f"It has no finished layer yet{doing}.", severity="warning", markup=False)

    def action_delete(self) -> None:
        """Delete; where there is nothing to delete, the key beside enter makes the demo too."""
        if self._empty:
            self.action_demo()
        else:
            super().action_delete()

    def action_compare(self) -> None:
        """Compare the marked runs, or show the figures of the one under the cursor."""
        able = [r for r in self._runs.chosen if r.manifest is not None and r.manifest.layers and r.state != "damaged"]
        if len(able) > 1:
            go(self, ComparisonPlace(tuple(run.path for run in able)))
        elif able:
            go(self, FiguresPlace(tuple(run.path for run in able)))
        else:
            self.notify("There is no finished layer to draw.", severity="warning", markup=False)

    def action_paper(self) -> None:
        """Check the paper's claims against the marked runs, or the one under the cursor."""
        able = [r for r in self._runs.chosen if r.manifest is not None and r.manifest.layers and r.state != "damaged"]
        if able:
            go(self, ClaimsPlace(tuple(run.path for run in able)))
        else:
            self.notify("There is no finished layer to check.", severity="warning", markup=False)

    def action_filter(self) -> None:
        """Ask for words that must occur."""
        wish = self._runs.wish

        def answered(words: str | None) -> None:
            if words is not None:
                self._want(RunWish(words.strip(), wish.column, wish.descending))

        hint = "words that all occur in name, model, domains or state · enter applies, empty shows all"
        self.app.push_screen(Prompt(" / ", wish.words, hint, lambda _: None), answered)

    def action_show_all(self) -> None:
        """Take the filter away."""
        wish = self._runs.wish
        self._want(RunWish("", wish.column, wish.descending))

    def action_sort(self) -> None:
        """Ask for a column to sort by."""

        def answered(column: str | None) -> None:
            if column is not None:
                self._want(self._runs.wish.sorted_by(column))

        self.app.push_screen(Choose("Sort by (again: turn round)", SORTS, self._runs.wish.column), answered)

    def action_mark(self) -> None:
        """Mark the run, or take its mark away."""
        self._runs.toggle_mark()
        self._describe()

    def action_unmark_all(self) -> None:
        """Take all marks away."""
        self._runs.marked.clear()
        self._runs.refresh()
        self._describe()

    def action_reload(self) -> None:
        """Read the runs directory again."""
        self.start_reading()

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(Help(help_sections(self)))

    def commands(self) -> Iterator[SystemCommand]:
        """The actions of this screen for the command palette."""
        yield SystemCommand("Open", "Open the run under the cursor (enter)", self.action_open)
        yield from self.job_commands()
        yield SystemCommand(
            "Compare", "Compare the marked runs, or draw the figures of this one (c)", self.action_compare
        )
        yield SystemCommand(
            "The paper's claims", "Check them against the marked runs, or this one (C)", self.action_paper
        )
        yield SystemCommand("Mark", "Mark the run or take its mark away (m)", self.action_mark)
        yield SystemCommand("Unmark all", "Take all marks away", self.action_unmark_all)
        yield SystemCommand("Filter", "Show only runs in which all words occur (/)", self.action_filter)
        yield SystemCommand("Show all", "Take the filter away (esc)", self.action_show_all)
        yield SystemCommand("Sort", "Sort the runs by a column (s)", self.action_sort)
        yield from self.upkeep_commands()
        yield SystemCommand("Read again", "Read the list of runs again (r)", self.action_reload)
        yield SystemCommand("Keys and states", "Show the help (?)", self.action_help)


def _counted(runs: Sequence[RunSummary]) -> list[str]:
    variants = sum(run.variant_of is not None for run in runs)
    return [str(len(runs) - variants), *([number(variants, "variant")] if variants else [])]


def _turned(before: JobStatus | None, after: JobStatus | None) -> bool:
    if before is None or after is None:
        return before is not after
    return (before.condition, before.job.place) != (after.condition, after.job.place)
