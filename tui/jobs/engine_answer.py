"""A question to the engine that it answers with JSON lines: how far it is, then the answer."""

from __future__ import annotations

import atexit
import json
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.jobs.engine_process import ending_with_us, engine_command
from neuron_tui.tui.jobs.estimate import in_words


class Stopped(Exception):  # noqa: N818 - no error: somebody stopped it
    """The work was stopped before its end."""


class EngineRefusedError(NeuronTuiError):
    """What the engine said on stderr before it ended with a code that is not 0."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class EngineAnswer:
    """One question, answered by a process that ends with this one; it may be stopped at any moment."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self._stopped = threading.Event()

    def run(self, told: Callable[[int, int], None]) -> Any:  # noqa: ANN401 - JSON
        """Ask and wait, in any thread; `told` hears how much of how much is done.

        Raises
        ------
        Stopped
            `stop` was called, or `told` raised it.
        EngineRefusedError
            With the engine's own message and exit code.
        """
        command, answer = engine_command(*self._arguments), None
        with tempfile.TemporaryFile() as messages:
            pipe = subprocess.PIPE
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=messages, text=True, env=ending_with_us()
            )
            self._process = process
            _UNDER_WAY.add(self)
            try:
                if self._stopped.is_set():  # meanwhile: `stop` did not know of the process yet
                    raise Stopped
                assert process.stdout is not None
                for line in process.stdout:
                    said = json.loads(line)
                    if "answer" in said:
                        answer = said["answer"]
                    else:
                        told(*said["done"])
                code = process.wait()
            finally:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()
            if self._stopped.is_set():
                raise Stopped
            if code or answer is None:
                messages.seek(0)
                raise EngineRefusedError(
                    _why(code, messages.read().decode("utf-8", "replace")), code if code > 0 else 1
                )
        return answer

    def stop(self) -> None:
        """End it at once; it may have ended already."""
        self._stopped.set()
        if self._process is not None:
            self._process.kill()


_UNDER_WAY: WeakSet[EngineAnswer] = WeakSet()


@atexit.register
def _stop_all() -> None:
    for answer in list(_UNDER_WAY):
        answer.stop()


def _why(code: int, messages: str) -> str:
    if code < 0:
        return f"the engine was ended by {signal.Signals(-code).name}\nMost likely memory ran out: free some."
    return in_words(messages) or "the engine gave no answer"
