"""Silencing neurons from the app: `ablate` as a process that tells how far it is, and can be stopped."""

from __future__ import annotations

import atexit
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from weakref import WeakSet

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.causal import Method
from neuron_tui.tui.jobs.engine_process import ending_with_us, engine_command
from neuron_tui.tui.jobs.estimate import in_words

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure: neurons by `names` such as `3:117`, or without any those that the filter `where` matches.

    Contexts, window and seed are those that most of what is kept was measured with: the engine sees to that.
    """

    names: tuple[str, ...] = ()
    where: str = ""
    method: Method = "zero"
    together: bool = False

    def arguments(self, run: Path) -> list[str]:
        """Arguments of the engine."""
        # One word each: the value of an option may begin with a minus, as a filter does.
        which = [f"--neuron={name}" for name in self.names] or [f"--where={self.where}"]
        how = [*(["--together"] if self.together else []), *(["--mean"] if self.method == "mean" else [])]
        return ["ablate", *which, *how, "--lines", "--", str(run)]


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `done` measurements are kept of what was asked for, None unless it came to its end.

    `said` is what the engine told on the way, `problem` why it failed; both may be empty.
    """

    done: int | None
    said: str = ""
    problem: str = ""


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    progress: tuple[Count, Count] | None = None
    done: Count | None = None


class Measuring:
    """One run of `ablate`; it may be stopped before its process starts and after."""

    def __init__(self, arguments: Sequence[str], told: Callable[[int, int], None]) -> None:
        """`told` is called with how many are measured, of how many, in the thread of `run`."""
        self._arguments, self._told = tuple(arguments), told
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()

    def run(self) -> Ended:
        """In a thread: measure to the end, or until it is stopped. What was measured is kept either way."""
        if self._stopped.is_set():
            return Ended(None)
        with tempfile.TemporaryFile() as messages:
            try:
                command = engine_command(*self._arguments)
                self._process = process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=messages,
                    env=ending_with_us(),
                )
            except NeuronTuiError as error:
                return Ended(None, problem=str(error))
            except OSError as error:
                return Ended(None, problem=f"The engine cannot be started: {error.strerror or error}.")
            _UNDER_WAY.add(self)
            if self._stopped.is_set():  # meanwhile: `stop` did not know of the process yet
                process.send_signal(signal.SIGINT)
            with process:
                done = self._heard(process)
            messages.seek(0)
            said = in_words(messages.read().decode("utf-8", "replace"))
        return self._ended(process.returncode, done, said)

    def stop(self) -> None:
        """Have it end after the measurement under way, with all that was measured; asked again, at once."""
        again = self._stopped.is_set()
        self._stopped.set()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL if again else signal.SIGINT)

    def _heard(self, process: subprocess.Popen[bytes]) -> int | None:
        """Pass on how far it is until it closes its stdout; gives how many it says are done."""
        done = None
        assert process.stdout is not None
        for text in process.stdout:
            try:
                line = _Line.model_validate_json(text)
            except ValidationError:
                continue  # a library that prints
            done = done if line.done is None else line.done
            if line.progress is not None:
                self._told(*line.progress)
        return done

    def _ended(self, code: int, done: int | None, said: str) -> Ended:
        if code == 0 and done is not None:
            return Ended(done, said)
        if self._stopped.is_set():
            return Ended(None)
        if code < 0:
            name = signal.Signals(-code).name
            return Ended(None, problem=f"the engine was ended by {name}\nMost likely memory ran out: free some.")
        return Ended(None, problem=said or "the engine ended without a word")


_UNDER_WAY: WeakSet[Measuring] = WeakSet()


@atexit.register
def _stop_all() -> None:
    for measuring in list(_UNDER_WAY):
        measuring.stop()
