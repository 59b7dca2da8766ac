"""A check of a run under way in a thread: how far it is, what it found, and a way to stop it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from neuron_tui.store.check.verification import CheckProgress, Problem, check_run
from neuron_tui.store.errors import NeuronTuiError


@dataclass(frozen=True, slots=True)
class CheckState:
    """What is known of a check at a moment. `problems` is None until it has come to its end.

    `failure` says why it could not; a check that was stopped has neither. `variant` says that it is of a variant,
    `name` is what the run or variant is called.
    """

    progress: CheckProgress
    over: bool = False
    problems: tuple[Problem, ...] | None = None
    failure: str | None = None
    variant: bool = False
    name: str = ""

    @property
    def errors(self) -> int:
        """Problems that are no mere notes."""
        return sum(problem.severity == "error" for problem in self.problems or ())


class RunCheck:
    """The check of one run. `work` is for a thread; everything else may be asked from any other."""

    def __init__(self, folder: Path, name: str = "", *, variant: bool = False) -> None:
        """Check the run, or the variant of one, in a folder; it is called as that is if not otherwise."""
        self.folder, self.name = folder, name or folder.name
        self.state = CheckState(CheckProgress("", 0, 0), variant=variant, name=self.name)
        self._stopping = Event()

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Have it stop before it reads on; what it found so far is dropped."""
        self._stopping.set()

    def work(self) -> None:
        """Check the run to its end, or until it is stopped."""
        try:
            problems = tuple(check_run(self.folder, self._watch))
            self.state = replace(self.state, over=True, problems=problems)
        except _Stopped:
            self.state = replace(self.state, over=True)
        except (NeuronTuiError, OSError) as error:
            self.state = replace(self.state, over=True, failure=str(error))

    def _watch(self, progress: CheckProgress) -> None:
        self.state = replace(self.state, progress=progress)
        if self.stopping:
            raise _Stopped


class _Stopped(Exception):  # noqa: N818 - no error: it was asked for
    """Ends a check."""
