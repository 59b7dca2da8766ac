"""The line that says how far measuring is; it owns the process behind it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.tui.drawing.spans import bar
from neuron_tui.tui.jobs.estimate import about
from neuron_tui.tui.jobs.measuring import Ended, Measuring, Wanted
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.widgets.painting import TextLine

_BAR = 20


class Progress(TextLine):
    """A bar while neurons are silenced; not there otherwise."""

    @dataclass
    class Went(Message):
        """`done` are measured of `total`."""

        done: int
        total: int

    @dataclass
    class Over(Message):
        """Measuring has come to an end."""

        ended: Ended

    def __init__(self, run: Path) -> None:
        super().__init__(id="causal-progress")
        self._run = run
        self._measuring: Measuring | None = None
        self._since = 0.0
        self._stopping = False

    @property
    def busy(self) -> bool:
        """Whether neurons are being silenced."""
        return self._measuring is not None

    def begin(self, wanted: Wanted) -> None:
        """Start the engine."""
        self._stopping = False
        self._measuring = Measuring(wanted.arguments(self._run), self._told)
        self._say("the model is loaded …")
        self.display = True
        in_thread(self, partial(self._measure, self._measuring), group="measure", failed=self._failed)

    def stop(self) -> None:
        """Have the engine end, if it is at work; asked again, at once."""
        if self._measuring is not None:
            self._measuring.stop()
            self._stopping = True
            self._say("stopping …")

    def on_unmount(self) -> None:
        """Nobody waits for it any more: what was measured is kept."""
        if self._measuring is not None and not self._stopping:
            self._measuring.stop()

    def _told(self, done: int, total: int) -> None:
        """In a thread: pass on how far it is."""
        self.post_message(self.Went(done, total))

    def _measure(self, measuring: Measuring) -> None:
        """In a thread: measure to the end."""
        self.post_message(self.Over(measuring.run()))

    def _failed(self, fault: NeuronTuiError) -> None:
        self.stop()
        self.post_message(self.Over(Ended(None, problem=str(fault))))

    def on_progress_went(self, event: Went) -> None:
        """Say how far it is; the screen hears of it too."""
        if event.done == 0:
            self._since = time.monotonic()
        if self._stopping:
            return
        share = event.done / max(event.total, 1)
        left = f" · {about((time.monotonic() - self._since) * (1 / share - 1))} left" if share else ""
        self._say(f"{bar(share, _BAR)} {event.done:,} of {event.total:,}{left} · X stops")

    def on_progress_over(self, event: Over) -> None:
        """Go; the screen hears of it too."""
        self._measuring = None
        self.display = False

    def _say(self, text: str) -> None:
        self.show_text(((" silencing ", "heading"), (text, "")))
