"""The threads behind the list of runs: reading the directory, looking at jobs, and doing what was asked for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.catalog import RunSummary, list_runs
from neuron_tui.store.runs.job import Job, JobStatus, job_status, log_tail
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.terminal.faults import in_thread

_LOG_LINES = 12

_FIRST = 100
"""Runs that are shown before a directory of many more has been read."""

_ATTEMPTS = 3
"""Readings of a directory that changes under them before it is said that it cannot be read."""


_READ_EVERY = 5.0
"""Seconds from one reading of the whole directory to the next: runs begun elsewhere turn up then."""

_RESTS = 20
"""Times as long as a reading of the directory takes that nothing is read: thousands of runs are no small work."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a runs directory holds, or its `problem`; `free` is in bytes. More is to come unless it is `whole`."""

    runs: tuple[RunSummary, ...]
    free: int | None
    problem: str | None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class LogOf:
    """The log of a job at a time: its folder, process, and when it last told of itself."""

    folder: Path
    pid: int
    heartbeat: float

    @classmethod
    def job(cls, folder: Path, job: Job) -> LogOf:
        """The log of a job as it is now."""
        return cls(folder, job.pid, job.heartbeat)


class RunsLoader:
    """Follows a runs directory and the jobs in it; what it finds is given on the event loop."""

    def __init__(
        self,
        screen: Screen[Any],
        directory: Path,
        *,
        listed: Callable[[Listing], None],
        jobs_seen: Callable[[dict[Path, JobStatus | None]], None],
        log_read: Callable[[LogOf, list[str]], None],
    ) -> None:
        self._took = self._ended = 0.0
        self._listed = listed
        self._at_most: int | None = _FIRST
        self._directory: Latest[int | None, Listing] = Latest(
            screen, lambda at_most: self._timed(directory, at_most), lambda _, found: self._give(found), every=True
        )
        self._jobs: Latest[tuple[Path, ...], dict[Path, JobStatus | None]] = Latest(
            screen, lambda folders: {folder: job_status(folder) for folder in folders}, lambda _, jobs: jobs_seen(jobs)
        )
        self._log: Latest[LogOf, list[str]] = Latest(screen, lambda of: log_tail(of.folder, _LOG_LINES), log_read)

    @property
    def reading(self) -> bool:
        """Whether the directory is being read."""
        return self._directory.busy

    @property
    def due(self) -> bool:
        """Whether it is time to read the directory again."""
        return not self.reading and time.monotonic() >= self._ended + max(_READ_EVERY, _RESTS * self._took)

    def read(self) -> None:
        """Read the directory; if that is under way, once more after it, as something may have changed since."""
        self._directory.request(self._at_most)

    def _timed(self, directory: Path, at_most: int | None) -> Listing:
        begun = time.monotonic()
        found = read_directory(directory, at_most)
        self._ended = time.monotonic()
        self._took = self._ended - begun
        return found

    def _give(self, found: Listing) -> None:
        if found.problem is None:
            self._at_most = None
        self._listed(found)
        if not found.whole:
            self.read()

    def look_at_jobs(self, folders: Iterable[Path]) -> None:
        """Look at the jobs of some runs, unless that is under way."""
        if not self._jobs.busy:
            self._jobs.request(tuple(folders))

    def read_log(self, of: LogOf) -> None:
        """Read the last lines of a job's log."""
        self._log.request(of)


def read_directory(directory: Path, at_most: int | None = None) -> Listing:
    """The runs of a directory, or the first of them, and the room that is left where it lies."""
    runs: list[RunSummary] = []
    problem = None
    for _ in range(_ATTEMPTS):
        try:
            runs, problem = list_runs(directory, at_most), None
            break
        except NeuronTuiError as error:
            problem = str(error)
            break
        except OSError as error:  # a file may go between two looks at it: a run is being deleted
            problem = str(error)
    whole = at_most is None or sum(run.variant_of is None for run in runs) < at_most
    return Listing(tuple(runs), _free(directory), problem, whole)


def _free(directory: Path) -> int | None:
    for folder in (directory, *directory.absolute().parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:  # not there yet: what is above it is on the same disk
            continue
    return None


class Doing:
    """Does things in threads and says how they went; `done` is called after each with the run to go to, if any."""

    def __init__(self, screen: Screen[Any], done: Callable[[Path | None], None]) -> None:
        self._screen, self._done = screen, done
        self._under_way: set[tuple[str, str]] = set()

    def carry_out(self, act: Callable[[], Path | None], said: str, failed: str) -> bool:
        """Do something in a thread, unless the same is under way; then it gives False.

        Parameters
        ----------
        act
            What to do; gives the folder of the run to go to, if there is one. May raise NeuronTuiError or OSError.
        said
            What to say when it is done; empty says nothing.
        failed
            Title of the message that says why it could not be done.
        """
        if (said, failed) in self._under_way:
            return False
        self._under_way.add((said, failed))
        in_thread(
            self._screen,
            partial(self._act, act, said, failed),
            group="act",
            failed=lambda fault: self._over(None, str(fault), said, failed),
        )
        return True

    def _act(self, act: Callable[[], Path | None], said: str, failed: str) -> None:
        """In a thread: do it."""
        path, problem = None, None
        try:
            path = act()
        except (NeuronTuiError, OSError) as error:
            problem = str(error)
        self._screen.call_later(self._over, path, problem, said, failed)

    def _over(self, path: Path | None, problem: str | None, said: str, failed: str) -> None:
        """Say what happened."""
        self._under_way.discard((said, failed))
        app = self._screen.app
        if problem is not None:
            app.notify(message(problem), title=failed, severity="error", timeout=12, markup=False)
        elif said:
            app.notify(printable(said), markup=False)
        self._done(path)
