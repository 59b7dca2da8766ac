"""What forms do in the background: look at the disk, ask for an estimate, start a job.

Each is owned by a screen and calls it on the event loop when it knows more. What is asked for in the meantime makes an
older answer void.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from textual.app import App
from textual.screen import Screen

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.tui.drawing.spans import message
from neuron_tui.tui.forms.disk_check import DiskCheck, SourceCheck, carried_over, check_on_disk, count_text
from neuron_tui.tui.forms.extraction_form import FormValues
from neuron_tui.tui.forms.local_models import KnownModel, known_models
from neuron_tui.tui.jobs.estimate import Estimated, Refused
from neuron_tui.tui.latest import Latest
from neuron_tui.tui.terminal.faults import in_thread

Owner = Screen[Path | None]

Arguments = Callable[[], Sequence[str]]
"""Gives the arguments of the engine's `extract`; looks at the disk, so for threads."""


class DiskWatch:
    """What the disk says of everything that a form of a new extraction names; `check` is None until that is known.

    `checked` is called when more is known of the form as it is, and `known` with the models that there are.
    """

    def __init__(
        self, owner: Owner, runs_dir: Path, checked: Callable[[], None], known: Callable[[list[KnownModel]], None]
    ) -> None:
        self.check: DiskCheck | None = None
        self._runs_dir, self._checked = runs_dir, checked
        self._values: FormValues | None = None
        self._counted: dict[str, SourceCheck] = {}
        """What directories hold that have been counted, which may take long."""
        self._models = Latest(owner, self._list_models, lambda _, models: known(models))
        self._looks = Latest(owner, self._look, self._seen)
        self._counts = Latest(owner, self._count, self._look_again)

    def begin(self, values: FormValues) -> None:
        """Look for models, and at what the form begins with."""
        self._models.request(self._runs_dir)
        self.look(values)

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
        self._looks.request(values)

    def name_is_free(self) -> None:
        """The name in the form is now the free one that was proposed."""
        if self.check is not None:
            self.check = replace(self.check, taken=None)

    def _list_models(self, runs_dir: Path) -> list[KnownModel]:
        try:
            return known_models(list_runs(runs_dir))
        except NeuronTuiError:
            return known_models([])

    def _look(self, values: FormValues) -> DiskCheck:
        return check_on_disk(values, self._runs_dir, self._counted)

    def _seen(self, values: FormValues, check: DiskCheck) -> None:
        if values is self._values:
            self.check = check
            if any(source.directory for source in check.sources):
                self._counts.request(values)
            self._checked()

    def _count(self, values: FormValues) -> None:
        """In a thread: count the text of the first directory that has not been counted, while it is asked for."""
        checks = zip(values.sources, self._look(values).sources, strict=True)
        text = next((text for text, source in checks if source.directory), None)
        if text is not None and (found := count_text(text, lambda: self._values is not values)) is not None:
            self._counted[text] = found

    def _look_again(self, values: FormValues, _: None) -> None:
        if values is self._values:
            self.look(values)


class _Timed:
    """Something that is under way or not, and for how long."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        return self._since is not None

    @property
    def seconds(self) -> int:
        """For how long."""
        return int(time.monotonic() - (self._since or time.monotonic()))


class EstimateProcess(Protocol):
    """What `tui.jobs.estimate.Estimation` is."""

    def run(self) -> Estimated | Refused | None:
        """In a thread: wait for the answer; None if it was stopped."""

    def stop(self) -> None:
        """End it."""


class Estimator(_Timed):
    """One estimate at a time; `answered` is called with what the last of them found."""

    def __init__(
        self,
        owner: Owner,
        estimation: Callable[[Arguments], EstimateProcess],
        answered: Callable[[Estimated | Refused], None],
    ) -> None:
        super().__init__()
        self._new, self._answered = estimation, answered
        self._estimation: EstimateProcess | None = None
        self._asks = Latest(owner, lambda asked: asked.run(), self._take)

    def begin(self, arguments: Arguments) -> None:
        """Ask the engine."""
        self._estimation, self._since = self._new(arguments), time.monotonic()
        self._asks.request(self._estimation)

    def stop(self) -> None:
        """End the estimate under way, if there is one: its answer is of no use any more."""
        if self._estimation is not None:
            self._estimation.stop()
            self._estimation = self._since = None

    def _take(self, estimation: EstimateProcess, answer: Estimated | Refused | None) -> None:
        if estimation is self._estimation and answer is not None:
            self._estimation = self._since = None
            self._answered(answer)


class JobStart(_Timed):
    """The start of a job, which takes until the job has written its record.

    `started` is called with its folder, or with None and why it could not be started.
    """

    def __init__(self, owner: Owner, started: Callable[[Path | None, str], None]) -> None:
        super().__init__()
        self._owner, self._started = owner, started

    def begin(self, start: Callable[[], Path]) -> None:
        """Start the job in a thread, to its end even if the form is left; `start` gives its folder."""
        self._since = time.monotonic()
        app = self._owner.app
        in_thread(
            self._owner,
            partial(self._start, app, start),
            group="start",
            failed=lambda fault: self._over(app, None, str(fault)),
        )

    def _start(self, app: App[object], start: Callable[[], Path]) -> None:
        folder, problem = None, ""
        try:
            folder = start()
        except NeuronTuiError as error:
            problem = str(error)
        except OSError as error:
            problem = f"The engine cannot be started: {error.strerror or error}."
        app.call_later(self._over, app, folder, problem)

    def _over(self, app: App[object], folder: Path | None, problem: str) -> None:
        self._since = None
        if self._owner.is_attached:
            self._started(folder, problem)
        elif problem:
            app.notify(message(problem), title="Not started", severity="error", markup=False)
