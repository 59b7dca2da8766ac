"""Small questions over a screen: yes or no, and one of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line
from neuron_tui.tui.widgets.rows import RowList


class Confirm(ModalScreen[bool]):
    """A question with two answers; the safe one has the focus."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("confirm.yes", "y", "answer(True)", "yes"),
        Action("confirm.no", "n,escape,q", "answer(False)", "no"),
        Action("confirm.other", "left,right,h,l", "app.focus_next", "the other answer"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, question: str, detail: str, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._detail, self._yes, self._no = question, detail, yes, no

    def compose(self) -> ComposeResult:
        """The question, what it means, and the answers."""
        with Vertical(id="ask"):
            yield Static(Content(printable(self._question)), id="ask-question")
            yield Static(Content(printable(self._detail)), id="ask-detail")
            with Horizontal(id="ask-answers"):
                yield Button(Content(f"{self._no} (n)"), id="ask-no", compact=True)
                yield Button(Content(f"{self._yes} (y)"), id="ask-yes", variant="error", compact=True)

    def on_mount(self) -> None:
        """The safe answer is the one that enter gives."""
        self.query_one("#ask-no", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "ask-yes")

    def action_answer(self, answer: bool) -> None:
        """Give an answer by its letter."""
        self.dismiss(answer)


class _Choices(RowList):
    def __init__(self, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__(header=False)
        self._choices = choices

    def row_line(self, row: int, width: int) -> Line:
        """One choice."""
        return ((f" {self._choices[row][1]}", ""),)


class Choose(ModalScreen[str | None]):
    """One of a few: gives back the key of the choice, or None."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("choose.leave", "escape,q,s", "leave", "leave everything as it is"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], current: str) -> None:
        super().__init__()
        self._title, self._choices, self._current = title, tuple(choices), current

    def compose(self) -> ComposeResult:
        """A list in a box."""
        with Vertical(id="choose") as box:
            box.border_title = Content(self._title)
            box.styles.height = len(self._choices) + 2
            yield _Choices(self._choices)

    def on_mount(self) -> None:
        """The cursor starts on the current choice."""
        keys = [key for key, _ in self._choices]
        self.query_one(_Choices).set_rows(len(keys), keys.index(self._current) if self._current in keys else 0)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Give the choice back."""
        self.dismiss(self._choices[event.row][0])

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
