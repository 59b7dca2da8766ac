"""How the check of a run goes and what it found. Leaving the screen lets the check go on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from neuron_tui.store.check.verification import remedy
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun, size_text
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.browsing.checking import CheckState, RunCheck
from neuron_tui.tui.drawing.spans import BLANK, Line, bar, message, wrap
from neuron_tui.tui.widgets.painting import LineView, TextLine

_EVERY = 0.1
"""Seconds between two looks at the check."""

_BAR = 30


def verdict(state: CheckState) -> str:
    """What a check that is over came to, in a sentence."""
    if state.failure is not None:
        return message(state.failure)
    if state.problems is None:
        return "Stopped before its end: nothing is known of the run."
    if state.errors:
        return f"{count_noun(state.errors, 'problem')}. {remedy(state.problems, state.name, variant=state.variant)}"
    return "Every file is as it was written."


def check_lines(state: CheckState, stopping: bool, width: int) -> list[Line]:
    """A check in lines of `width` cells."""
    progress = state.progress
    share = progress.done / progress.total if progress.total else 0.0
    if not state.over:
        doing = "stopping …" if stopping else f"reading {printable(progress.file) or 'run.json'}"
        amount = f"{size_text(progress.done)} of {size_text(progress.total)}"
        return [((bar(share, min(_BAR, width - 20)), "bar"), (f" {amount}", "")), ((doing, "dim"),)]
    role = "bad" if state.errors or state.failure else "strong"
    lines: list[Line] = [((line, role),) for part in verdict(state).split("\n") for line in wrap(part, width)]
    for problem in state.problems or ():
        text = printable(f"{problem.severity}: {problem.file}: {problem.message}")
        lines += [((line, "bad" if problem.severity == "error" else ""),) for line in wrap(text, width)]
    return lines


class CheckLines(LineView, can_focus=True):
    """What is known of a check."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("check.down", "j", "scroll_down", "down"),
        Action("check.up", "k", "scroll_up", "up"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, check: RunCheck) -> None:
        super().__init__()
        self.check = check
        self._lines: list[Line] = []

    def on_resize(self) -> None:
        """Wrap anew."""
        self.look()

    def look(self) -> None:
        """Look at the check again."""
        self._lines = check_lines(self.check.state, self.check.stopping, max(20, self.inner_width))
        self.set_line_count(len(self._lines))

    def line_at(self, index: int, width: int) -> Line:
        """A line."""
        return self._lines[index] if index < len(self._lines) else BLANK


class Check(ModalScreen[None]):
    """Shows a check that somebody else has set to work."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "check.leave",
            "escape,q,enter,v",
            "leave",
            "close; the check goes on",
            "closes this; a check that is not over goes on and says what it found.",
            palette="Close",
            shown="q escape",
        ),
        Action(
            "check.stop",
            "ctrl+x,X",
            "stop",
            "stop",
            "stops the check; nothing is then known of the run.",
            palette="Stop the check",
            shown="X ctrl+x",
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)
    NOTES: ClassVar[tuple[tuple[str, str], ...]] = (("↑ ↓", "scroll what it found."),)

    def __init__(self, check: RunCheck) -> None:
        super().__init__()
        self.check = check

    def compose(self) -> ComposeResult:
        """One box."""
        with Vertical(id="check") as box:
            box.border_title = Content(f"Check of {printable(self.check.name)}")
            yield CheckLines(self.check)
            yield TextLine(id="check-keys")

    def on_mount(self) -> None:
        """Look until it is over."""
        self._timer = self.set_interval(_EVERY, self._look)
        self._look()

    def _look(self) -> None:
        over = self.check.state.over
        self.query_one(CheckLines).look()
        keys = "q closes" if over else "q closes and lets it go on, X stops it"
        self.query_one("#check-keys", TextLine).show_text(((keys, "dim"),))
        if over:
            self._timer.stop()

    def action_leave(self) -> None:
        """Close; the check goes on."""
        self.dismiss()

    def action_stop(self) -> None:
        """Stop the check."""
        self.check.stop()
        self._look()
