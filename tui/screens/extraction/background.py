"""What forms do in the background, each a part that shows nothing: look at the disk, ask for an estimate, start a job.

Each posts a message when it is done; what was asked for in the meantime makes an older answer void.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from textual.app import App
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.forms.disk_check import DiskCheck, SourceCheck, carried_over, check_on_disk, count_text
from neuron_tui.tui.forms.extraction_form import FormValues
from neuron_tui.tui.forms.local_models import KnownModel, known_models
from neuron_tui.tui.jobs.estimate import Estimated, Refused

Arguments = Callable[[], Sequence[str]]
"""Gives the arguments of the engine's `extract`; looks at the disk, so for threads."""


class _Unseen(Widget):
    DEFAULT_CSS = "_Unseen { display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self._since: float | None = None

    @property
    def busy(self) -> bool:
        """Whether it is at work."""
        return self._since is not None

    @property
    def seconds(self) -> int:
        """For how long."""
        return int(time.monotonic() - (self._since or time.monotonic()))


class DiskWatch(_Unseen):
    """What the disk says of everything that a form of a new extraction names."""

    @dataclass
    class Known(Message):
        """A thread knows which models there are."""

        models: list[KnownModel]

    @dataclass
    class Checked(Message):
        """A thread has looked at what a form names."""

        values: FormValues
        check: DiskCheck

    def __init__(self, runs_dir: Path) -> None:
        super().__init__()
        self._runs_dir = runs_dir
        self._values: FormValues | None = None
        self.check: DiskCheck | None = None
        self._counted: dict[str, SourceCheck] = {}

    def on_mount(self) -> None:
        """Look for models."""
        self.run_worker(self._list_models, thread=True, group="models")

    def _list_models(self) -> None:
        try:
            runs = list_runs(self._runs_dir)
        except NeuronTuiError:
            runs = []
        self.post_message(self.Known(known_models(runs)))

    def change(self, before: FormValues, after: FormValues) -> None:
        """Something else is typed: keep what still holds, and look anew."""
        if self.check is not None:
            self.check = carried_over(self.check, before, after)
        self.look(after)

    def look(self, values: FormValues, *, anew: bool = False) -> None:
        """Look at everything that is named; anew, directories that had no text are counted again."""
        if anew:
            self._counted = {text: counted for text, counted in self._counted.items() if counted.problem is None}
        self._values = values
        self.run_worker(partial(self._look, values, self._counted), thread=True, group="look", exclusive=True)

    def _look(self, values: FormValues, counted: dict[str, SourceCheck]) -> None:
        """In a thread: look at all that is named, then count the text of directories, which may take long."""
        worker = get_current_worker()
        check = check_on_disk(values, self._runs_dir, counted)
        if worker.is_cancelled:
            return
        self.post_message(self.Checked(values, check))
        for text, source in zip(values.sources, check.sources, strict=True):
            if source.directory:
                found = count_text(text, lambda: worker.is_cancelled)
                if found is None:
                    return
                counted[text] = found
                self.post_message(self.Checked(values, check_on_disk(values, self._runs_dir, counted)))

    def on_disk_watch_checked(self, event: Checked) -> None:
        """Keep it, unless something else has been typed; the form hears of it next."""
        if event.values is self._values:
            self.check = event.check
        else:
            event.stop()

    def name_is_free(self) -> None:
        """The name in the form is now the free one that was proposed."""
        if self.check is not None:
            self.check = replace(self.check, taken=None)


class EstimateProcess(Protocol):
    """What `tui.jobs.estimate.Estimation` is."""

    def run(self) -> Estimated | Refused | None:
        """In a thread: wait for the answer; None if it was stopped."""

    def stop(self) -> None:
        """End it."""


class Estimator(_Unseen):
    """One estimate at a time."""

    @dataclass
    class Answered(Message):
        """A thread has the answer to an estimate; None if it was stopped."""

        estimation: EstimateProcess
        answer: Estimated | Refused | None

    def __init__(self, estimation: Callable[[Arguments], EstimateProcess]) -> None:
        super().__init__()
        self._new = estimation
        self._estimation: EstimateProcess | None = None

    def begin(self, arguments: Arguments) -> None:
        """Ask the engine."""
        self._estimation = estimation = self._new(arguments)
        self._since = time.monotonic()
        answer = lambda: self.post_message(self.Answered(estimation, estimation.run()))  # noqa: E731
        self.run_worker(answer, thread=True, group="estimate")

    def stop(self) -> None:
        """End the estimate under way, if there is one: its answer is of no use any more."""
        if self._estimation is not None:
            self._estimation.stop()
            self._estimation = self._since = None

    def on_unmount(self) -> None:
        """Leave no process behind."""
        self.stop()

    def on_estimator_answered(self, event: Answered) -> None:
        """Let the form hear of it, if it is the answer to the last estimate."""
        if event.estimation is not self._estimation or event.answer is None:
            event.stop()
        else:
            self._estimation = self._since = None


class JobStart(_Unseen):
    """The start of a job, which takes until the job tells of itself."""

    @dataclass
    class Started(Message):
        """A thread has started the job in a folder, or could not: `problem` says why."""

        folder: Path | None
        problem: str = ""

    def begin(self, start: Callable[[], Path]) -> None:
        """Start the job in a thread; `start` gives its folder."""
        self._since = time.monotonic()
        self.run_worker(partial(self._start, self.app, start), thread=True, group="start")

    def _start(self, app: App[object], start: Callable[[], Path]) -> None:
        try:
            started = self.Started(start())
        except NeuronTuiError as error:
            started = self.Started(None, str(error))
        except OSError as error:
            started = self.Started(None, f"The engine cannot be started: {error.strerror or error}.")
        self.post_message(started)
        if not self.is_attached and started.problem:  # the form was left meanwhile
            app.notify(message(started.problem), title="Not started", severity="error", markup=False)

    def on_job_start_started(self) -> None:
        """It is over; the form hears of it next."""
        self._since = None
