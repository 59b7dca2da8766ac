"""The list of runs, one a row: those a filter leaves, in the order asked for; and the headline over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.cells import cell_len
from textual.message import Message

from neuron_tui.store.runs.catalog import RunSummary
from neuron_tui.store.runs.job import JobStatus
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import short_count, size_text
from neuron_tui.tui.browsing.run_order import (
    RunListQuery,
    arrange_runs,
    created_text,
    domains,
    folder_above,
    layers_done,
    model_name,
    state_of,
)
from neuron_tui.tui.drawing.spans import Line, fit, fit_end
from neuron_tui.tui.widgets.columns import Fitted, TableColumn, column_at, fit_columns, row_spans, title_text
from neuron_tui.tui.widgets.neurons import MARKED
from neuron_tui.tui.widgets.painting import OneLine
from neuron_tui.tui.widgets.rows import RowList
from neuron_tui.tui.widgets.runs.job_line import share_done

_TITLE = " neuron-tui · runs in "

COLUMNS = (
    TableColumn("name", "name", 14),
    TableColumn("state", "state", 11),
    TableColumn("model", "model", 9, keep=5),
    TableColumn("corpus", "corpus", 8, keep=4),
    TableColumn("tokens", "tokens", 6, "right", keep=6),
    TableColumn("layers", "layers", 6, "right", keep=8),
    TableColumn("size", "size", 7, "right", keep=7),
    TableColumn("created", "created", 10, keep=3),
)

_GROWING = ("name", "model", "corpus", "created")
_BEFORE = 2
"""Cells of a row before its columns: the cursor and the mark."""


class RunList(RowList):
    """One run a row. Marks are kept by folder."""

    @dataclass
    class SortWanted(Message):
        """A column's title was clicked."""

        column: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.list_query = RunListQuery()
        self.all: tuple[RunSummary, ...] = ()
        self.runs: list[RunSummary] = []
        self.marked: set[Path] = set()
        self._cells: dict[Path, dict[str, str]] = {}
        self._known: dict[Path, tuple[RunSummary, bool, dict[str, str]]] = {}
        """Cells with what they were made of: only what changed is put into words again."""
        self._fitted: tuple[int, Fitted] = (-1, ())

    @property
    def selected(self) -> RunSummary | None:
        """The run under the cursor."""
        return self.runs[self.cursor] if self.runs else None

    @property
    def chosen(self) -> list[RunSummary]:
        """The marked runs in the order of the list, those that the filter hides last; else the one under the cursor."""
        marked = {run.path: run for run in (*self.runs, *self.all) if run.path in self.marked}
        return list(marked.values()) or ([self.selected] if self.selected is not None else [])

    def show(self, runs: Sequence[RunSummary]) -> None:
        """Show runs; the cursor stays on the run it is on."""
        known = {run.path: run.job for run in self.all}
        found = tuple(_with_job(run, _newer(run.job, known.get(run.path))) for run in runs)
        if found == self.all:  # as it is most of the time, and thousands of rows are no small work
            return
        self.all = found
        self.marked &= {run.path for run in runs}
        self._arrange(self.selected.path if self.selected is not None else None)

    def find(self, query: RunListQuery) -> None:
        """Show what a query finds; the cursor stays on its run, or goes to the top if that is hidden."""
        self.list_query = query
        self._arrange(self.selected.path if self.selected is not None else None, otherwise=0)

    def select(self, path: Path) -> bool:
        """Put the cursor on a run; False if the list does not show it."""
        places = [place for place, run in enumerate(self.runs) if run.path == path]
        if places:
            self.set_rows(self.count, places[0])
        return bool(places)

    def show_jobs(self, jobs: Mapping[Path, JobStatus | None]) -> None:
        """What has become of some runs' jobs; the order of the list stays until it is read again."""
        self.all = tuple(replace(run, job=jobs.get(run.path, run.job)) for run in self.all)
        known = {run.path: run for run in self.all}
        self.runs = [known[run.path] for run in self.runs]
        self._write()
        self.refresh()

    def _arrange(self, stay_on: Path | None, otherwise: int | None = None) -> None:
        self.runs = arrange_runs(self.all, self.list_query)
        self._write()
        paths = [run.path for run in self.runs]
        place = paths.index(stay_on) if stay_on in paths else self.cursor if otherwise is None else otherwise
        self.set_rows(len(self.runs), place)

    def toggle_mark(self) -> None:
        """Mark the run under the cursor, or take its mark away."""
        if self.selected is not None:
            self.marked ^= {self.selected.path}
            self.repaint_cursor()

    # Painting.

    def header_line(self, width: int) -> Line:
        """Titles; the arrow says which column sorts the list, and which way."""
        if not self.all:
            return ()
        titles = title_text(self._columns(width), self.list_query.column, self.list_query.descending)
        return ((" " * _BEFORE + titles, "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """A run."""
        run = self.runs[row]
        state = state_of(run)
        roles = {"state": "bad" if state in ("damaged", "failed", "died") else "active" if state in _MOVING else ""}
        mark = (MARKED if run.path in self.marked else " ", "mark")
        return (mark, *row_spans(self._columns(width + 1), self._cells[run.path], roles))

    def empty_line(self, width: int) -> Line:
        """What to say where the filter leaves no run."""
        return (("  No run matches. / changes the filter, esc shows all.", "dim"),) if self.all else ()

    def _write(self) -> None:
        # Once for each change, not once for each time a row is painted.
        listed = {run.path for run in self.runs}
        known, self._known = self._known, {}
        for run in self.all:
            below = folder_above(run) in listed
            before = known.get(run.path)
            same = before is not None and before[:2] == (run, below)
            self._known[run.path] = before if before and same else (run, below, run_cells(run, below=below))
        self._cells = {path: cells for path, (_, _, cells) in self._known.items()}
        self._fitted = (-1, ())

    def _columns(self, width: int) -> Fitted:
        if self._fitted[0] != width:
            rows = self._cells.values()
            wanted = {key: max((cell_len(row[key]) for row in rows), default=0) for key in _GROWING}
            self._fitted = (width, fit_columns(COLUMNS, width - _BEFORE, wanted, self.list_query.column))
        return self._fitted[1]

    # What people do.

    def action_choose(self) -> None:
        """Choose the run under the cursor; where there is none the screen knows what to do."""
        self.post_message(self.Chosen(self, self.cursor))

    def on_row_list_header_clicked(self, event: RowList.HeaderClicked) -> None:
        """Sort by the column whose title was clicked."""
        event.stop()
        column = column_at(self._columns(self.inner_width), event.x - _BEFORE)
        if column is not None:
            self.post_message(self.SortWanted(column))


_MOVING = ("running", "paused", "starting")

_BELOW = "└ @"
"""Stands before the name of a variant below its run."""


def _with_job(run: RunSummary, job: JobStatus | None) -> RunSummary:
    return run if job is run.job else replace(run, job=job)


def _newer(read: JobStatus | None, known: JobStatus | None) -> JobStatus | None:
    # Reading a whole directory takes a while: its jobs may have been looked at since it began.
    if read is None or known is None or read.job.pid != known.job.pid:
        return read
    return known if known.job.heartbeat > read.job.heartbeat else read


def run_cells(run: RunSummary, *, below: bool = False) -> dict[str, str]:
    """What the list says of a run, by column; a variant that stands `below` its run does not repeat that one's name."""
    done, wanted = layers_done(run)
    state, parts = state_of(run), domains(run)
    share = share_done(run.job.job) if run.job is not None and state in _MOVING else None
    # What tells checkpoints in directories apart is the end of the path; the details below have all of it.
    model = model_name(run)
    model = Path(model).name if model.startswith("/") else model
    return {
        "name": printable(f"{_BELOW}{run.path.name}" if below else run.name),
        "state": state if share is None else f"{state} {min(99, int(100 * share))}%",
        "model": printable(model) or "–",
        "corpus": ", ".join(printable(name) for name, _ in parts) or "–",
        "tokens": short_count(sum(tokens for _, tokens in parts)) if parts else "–",
        "layers": f"{done}/{wanted}" if wanted else "–",
        "size": size_text(run.size),
        "created": printable(created_text(run)) or "–",
    }


class RunsHeadline(OneLine):
    """` neuron-tui · runs in ~/runs                     34 GB in runs, 812 GB free`."""

    def __init__(self, directory: Path) -> None:
        super().__init__(classes="headline")
        self._directory = printable(str(directory))
        self._right = ""

    def show(self, runs: Sequence[RunSummary], free: int | None) -> None:
        """What all runs take together, and the bytes that are free where they lie."""
        room = f", {size_text(free)} free" if free is not None else ""
        self._right = f"{size_text(sum(run.size for run in runs))} in runs{room} "
        self.refresh()

    def line(self, width: int) -> Line:
        """The directory at the left, the room at the right; a long path is cut at its beginning."""
        room = width - cell_len(self._right) - 2
        if room < len(_TITLE) + 10:
            return ((fit(f" runs in {self._directory}", width), "strong"),)
        path = self._directory
        if cell_len(_TITLE + path) > room:
            path = fit_end(path, room - len(_TITLE)).strip()
        return ((fit(_TITLE + path, room) + "  ", "strong"), (self._right, ""))
