"""A run's model in a process of its own, which the app asks about texts and which ends with it."""

from __future__ import annotations

import atexit
import contextlib
import json
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.jobs.engine_process import ending_with_us, engine_command
from neuron_tui.tui.jobs.estimate import in_words
from neuron_tui.tui.jobs.model_answers import Heard, Refused, Released, heard


class ModelProcess:
    """Starts the engine's `ask`, and tells what it says as it comes.

    Parameters
    ----------
    arguments
        Of `ask`: the run, and options.
    tell
        Called from a thread with everything the process says. After `Released` or `Refused` nothing comes any more.
    """

    def __init__(self, arguments: Sequence[str], tell: Callable[[Heard], None]) -> None:
        self._arguments, self._tell = tuple(arguments), tell
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self._questions = 0

    def start(self) -> None:
        """Start it; what happens is told."""
        threading.Thread(target=self._listen, daemon=True, name="model").start()

    def ask(self, kind: str, **about: Any) -> int:  # noqa: ANN401 - as the session takes it
        """Ask a question; gives its number, which the answer has too."""
        self._questions += 1
        self._write({"id": self._questions, "ask": kind, **about})
        return self._questions

    def cancel(self, question: int) -> None:
        """Have a question given up."""
        self._write({"cancel": question})

    def stop(self) -> None:
        """End it at once; nothing is told any more."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()

    def _write(self, record: dict[str, Any]) -> None:
        # A process that has just ended says so itself.
        with contextlib.suppress(OSError, ValueError):
            assert self._process is not None and self._process.stdin is not None
            self._process.stdin.write(json.dumps(record) + "\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        try:
            self._hear()
        except Exception as error:  # nobody may wait for an answer; the thread's own end has the fault told and logged
            self._say(Refused(f"a fault in neuron-tui ({type(error).__name__}) while the model's process was heard"))
            raise

    def _hear(self) -> None:
        told_end = False
        try:
            process = self._started()
        except NeuronTuiError as error:
            self._say(Refused(str(error)))
            return
        except OSError as error:
            self._say(Refused(f"The engine cannot be started: {error.strerror or error}."))
            return
        assert process.stdout is not None and process.stderr is not None
        messages: list[str] = []
        errors = threading.Thread(target=lambda: messages.extend(process.stderr or ()), daemon=True)
        errors.start()
        try:
            for line in process.stdout:
                said = heard(json.loads(line))
                told_end = told_end or isinstance(said, Refused | Released)
                self._say(said)
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
            errors.join()
            for pipe in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    assert pipe is not None
                    pipe.close()
        if not told_end:
            self._say(Refused(_why_it_ended(code, "".join(messages))))

    def _started(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = engine_command("ask", *self._arguments)
        self._process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            encoding="utf-8",
            errors="replace",
            process_group=0,
            env=ending_with_us(),
        )
        _UNDER_WAY.add(self)
        if self._stopped:  # meanwhile: `stop` did not know of the process yet
            self._process.kill()
        return self._process

    def _say(self, said: Heard) -> None:
        if not self._stopped:
            self._tell(said)


def _why_it_ended(code: int, messages: str) -> str:
    if code < 0:
        return f"the model's process was ended by {signal.Signals(-code).name}\nMost likely memory ran out: free some."
    return in_words(messages) or "the model's process ended without a word"


_UNDER_WAY: WeakSet[ModelProcess] = WeakSet()


@atexit.register
def _stop_all() -> None:
    for process in list(_UNDER_WAY):
        process.stop()
