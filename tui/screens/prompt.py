"""A line to type in at the bottom of the screen, over what is there: filters and places to go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input

from neuron_tui.store.tokens import printable
from neuron_tui.tui.widgets.painting import Said


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with an input, and at which of its characters."""

    reason: str
    position: int


class Prompt(ModalScreen[str | None]):
    """Asks for one line; gives it back, or None if it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self, sign: str, value: str, hint: str, check: Callable[[str], Objection | None]) -> None:
        super().__init__()
        self._sign, self._value, self._hint, self._check = sign, value, hint, check

    def compose(self) -> ComposeResult:
        """What is said of the input, the input, and a caret below the place that is meant."""
        with Vertical(id="prompt"):
            yield Said(id="prompt-says")
            with Horizontal(id="prompt-line"):
                yield Said(((self._sign, "strong"),), id="prompt-sign")
                yield Input(self._value, id="prompt-input", compact=True, select_on_focus=False)
            yield Said(id="prompt-caret")

    def on_mount(self) -> None:
        """Show the hint."""
        self._say(self._check(self._value))

    async def on_key(self, event: Key) -> None:
        """Keys typed before the line has the focus, as over a slow connection, still go into it."""
        field = self.query_one(Input)
        if field.has_focus:
            return
        event.stop()
        if event.key == "enter":
            await field.action_submit()
        elif event.is_printable and event.character:
            field.insert_text_at_cursor(event.character)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say(self._check(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        objection = self._check(event.value)
        if objection is None:
            self.dismiss(event.value)
        else:
            self._say(objection)
            self.app.bell()

    def _say(self, objection: Objection | None) -> None:
        says, caret = self.query_one("#prompt-says", Said), self.query_one("#prompt-caret", Said)
        if objection is None:
            says.say(((f" {self._hint}", "dim"),))
            caret.say(())
            return
        field = self.query_one(Input)
        before = cell_len(field.value[: objection.position]) - int(field.scroll_offset.x)
        says.say(((f" {printable(objection.reason)}", "bad"),))
        caret.say(((" " * (len(self._sign) + max(0, before)) + "▲", "bad"),))

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
