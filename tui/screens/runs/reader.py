"""The threads behind the list of runs: reading the directory, looking at jobs, and doing what was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.catalog import RunSummary, list_runs
from neuron_tui.store.runs.job import JobStatus, job_status, log_tail
from neuron_tui.tui.browsing.checking import RunCheck
from neuron_tui.tui.widgets.runs.run_list import RunList

_LOG_LINES = 12

_ATTEMPTS = 3
"""Readings of a directory that changes under them before it is said that it cannot be read."""


class RunsReader(Screen[None]):
    """A screen on a directory of runs. Threads read and post messages; who handles them alone touches widgets."""

    @dataclass
    class Listed(Message):
        """A thread has read the runs directory, or could not: `problem` says why. `free` is in bytes."""

        runs: list[RunSummary]
        free: int | None
        problem: str | None

    @dataclass
    class JobsSeen(Message):
        """A thread has looked at the jobs of some runs."""

        jobs: dict[Path, JobStatus | None]

    @dataclass
    class LogRead(Message):
        """A thread has read the last lines of the log `of` a job."""

        of: object
        lines: list[str]

    @dataclass
    class CarriedOut(Message):
        """A thread has done something, or could not: `problem` says why. `path` is the run to go to."""

        said: str
        failed: str
        path: Path | None
        problem: str | None

    @dataclass
    class Checked(Message):
        """A check has come to its end."""

        check: RunCheck

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._reading = self._again = self._looking = False
        self._listed = False
        self._acts: set[tuple[str, str]] = set()
        self._follow: Path | None = None

    @property
    def _runs(self) -> RunList:
        return self.query_one(RunList)

    @property
    def _empty(self) -> bool:
        """Whether the directory has been read and holds no run."""
        return self._listed and not self._runs.all

    def start_reading(self) -> None:
        """Read the directory; if that is under way, once more after it, as something may have changed since."""
        if self._reading:
            self._again = True
            return
        self._reading = True
        self.run_worker(self._list, thread=True, group="runs")

    def done_reading(self) -> None:
        """What was read has been shown."""
        self._reading = False
        if self._again:
            self._again = False
            self.start_reading()

    def look_at_jobs(self, folders: Iterable[Path]) -> None:
        """Look at the jobs of some runs, unless that is under way."""
        if not self._looking:
            self._looking = True
            self.run_worker(partial(self._look, tuple(folders)), thread=True, group="jobs")

    def read_log(self, folder: Path, of: object) -> None:
        """Read the last lines of a job's log; `of` says with the answer which job that was."""
        self.run_worker(partial(self._read_log, folder, of), thread=True, group="log")

    def carry_out(self, act: Callable[[], Path | None], said: str, failed: str) -> bool:
        """Do something in a thread, unless the same is under way; then it gives False.

        Parameters
        ----------
        act
            What to do; gives the folder of the run to go to, if there is one.
        said
            What to say when it is done; empty says nothing.
        failed
            Title of the message that says why it could not be done.
        """
        if (said, failed) in self._acts:
            return False
        self._acts.add((said, failed))
        self.run_worker(partial(self._carry_out, act, said, failed), thread=True, group="act")
        return True

    def start_check(self, check: RunCheck) -> None:
        """Check a run."""
        self.run_worker(partial(self._check, check), thread=True, group="check")

    def _list(self) -> None:
        runs: list[RunSummary] = []
        problem = None
        for _ in range(_ATTEMPTS):
            try:
                runs, problem = list_runs(self._directory), None
                break
            except NeuronTuiError as error:
                problem = str(error)
                break
            except OSError as error:  # a file may go between two looks at it: a run is being deleted
                problem = str(error)
        self.post_message(self.Listed(runs, _free(self._directory), problem))

    def _look(self, folders: tuple[Path, ...]) -> None:
        self.post_message(self.JobsSeen({folder: job_status(folder) for folder in folders}))

    def _read_log(self, folder: Path, of: object) -> None:
        self.post_message(self.LogRead(of, log_tail(folder, _LOG_LINES)))

    def _carry_out(self, act: Callable[[], Path | None], said: str, failed: str) -> None:
        path, problem = None, None
        try:
            path = act()
        except (NeuronTuiError, OSError) as error:
            problem = str(error)
        self._acts.discard((said, failed))
        self.post_message(self.CarriedOut(said, failed, path, problem))

    def _check(self, check: RunCheck) -> None:
        check.work()
        self.post_message(self.Checked(check))


def _free(directory: Path) -> int | None:
    for folder in (directory, *directory.absolute().parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:  # not there yet: what is above it is on the same disk
            continue
    return None
