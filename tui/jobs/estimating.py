"""One estimate: asked for in a thread, stopped from the app, whichever comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.jobs.jobs import Estimated, Refused


class Asked(Protocol):
    """What `tui.jobs.Estimation` gives."""

    def wait(self) -> Estimated | Refused:
        """Wait for the answer."""

    def stop(self) -> None:
        """End the process behind it."""


class Estimating:
    """An estimate that may be stopped before its process has started, and after it has ended."""

    def __init__(self, ask: Callable[[Sequence[str]], Asked], arguments: Callable[[], Sequence[str]]) -> None:
        self._ask, self._arguments = ask, arguments
        self._asked: Asked | None = None
        self._stopped = threading.Event()

    def run(self) -> Estimated | Refused | None:
        """In a thread: ask and wait for the answer; None if it was stopped."""
        if self._stopped.is_set():
            return None
        try:
            self._asked = asked = self._ask(self._arguments())
            # Stopped while it was being asked for: `stop` did not know of it yet.
            if self._stopped.is_set():
                asked.stop()
            answer = asked.wait()
        except NeuronTuiError as error:
            answer = Refused(None, str(error))
        except OSError as error:
            answer = Refused(None, f"The engine cannot be started: {error.strerror or error}.")
        return None if self._stopped.is_set() else answer

    def stop(self) -> None:
        """Want no answer any more."""
        self._stopped.set()
        if self._asked is not None:
            self._asked.stop()
