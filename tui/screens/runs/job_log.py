"""The log of a job, read again while the job is at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen

from neuron_tui.store.runs.job import log_tail
from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap
from neuron_tui.tui.terminal.faults import in_thread
from neuron_tui.tui.widgets.painting import LineView

_EVERY = 1.0
"""Seconds between two looks at the log."""

_LINES = 2000


class LogLines(LineView, can_focus=True):
    """Lines of text, wrapped. Those of a log that `grows` stay at the end while the end is in sight."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("log.down", "j", "scroll_down", "down"),
        Action("log.up", "k", "scroll_up", "up"),
        Action("log.first", "g", "scroll_home", "first line"),
        Action("log.last", "G", "scroll_end", "last line"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, *, grows: bool = True) -> None:
        super().__init__()
        self._grows = grows
        self._texts: tuple[str, ...] | None = None
        self._lines: list[Line] = []

    def show(self, texts: Sequence[str]) -> None:
        """Show the lines of a log."""
        if self._texts != tuple(texts):
            self._texts = tuple(texts)
            self._wrap()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._wrap()

    def _wrap(self) -> None:
        at_end = self._grows and self.scroll_offset.y >= self.max_scroll_y
        width = max(10, self.inner_width)
        if self._texts is None:
            self._lines = [(("reading …", "dim"),)]
        elif not self._texts:
            self._lines = [(("The log is empty.", "dim"),)]
        else:
            self._lines = [((line, ""),) for text in self._texts for line in wrap(printable(text), width) or [""]]
        self.set_line_count(len(self._lines))
        if at_end:
            self.scroll_end(animate=False, immediate=True)

    def line_at(self, index: int, width: int) -> Line:
        """A line."""
        return self._lines[index] if index < len(self._lines) else BLANK


class JobLog(ModalScreen[None]):
    """The last lines of job.log of a run."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "log.leave",
            "escape,q,enter,L",
            "leave",
            "close",
            "closes the log.",
            palette="Close the log",
            shown="q escape",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑ ↓ pgup pgdn", "scroll; g goes to the first line, G to the last, where it stays as lines come."),
    )

    @dataclass
    class Read(Message):
        """A thread has read the log."""

        lines: list[str]

    def __init__(self, folder: Path, name: str) -> None:
        """Show the log in the folder of the run that is called so."""
        super().__init__()
        self._folder, self._called = folder, name
        self._reading = False

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="log") as box:
            box.border_title = Content(f"Log of {printable(self._called)}")
            box.border_subtitle = Content("q closes")
            yield LogLines()

    def on_mount(self) -> None:
        """Read it, now and again."""
        self.set_interval(_EVERY, self._look)
        self._look()

    def _look(self) -> None:
        if not self._reading:
            self._reading = True
            in_thread(self, self._read, group="log", failed=lambda fault: self._not_read(str(fault)))

    def _read(self) -> None:
        self.post_message(self.Read(log_tail(self._folder, _LINES)))

    def _not_read(self, problem: str) -> None:
        # It is not read again: the same would happen every second.
        self.query_one(LogLines).show(problem.splitlines())

    def on_job_log_read(self, event: Read) -> None:
        """Show it."""
        self._reading = False
        self.query_one(LogLines).show(event.lines)

    def action_leave(self) -> None:
        """Close the log."""
        self.dismiss()
