"""A line to type in at the bottom of the screen, over what is there: filters, places to go to, new names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input

from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import Line, fit, wrap
from neuron_tui.tui.widgets.form.fields import Field, one_cell_each
from neuron_tui.tui.widgets.painting import TextLine
from neuron_tui.tui.widgets.rows import RowList

_SHOWN = 8
"""Suggestions in sight at once."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with an input, and at which of its characters."""

    reason: str
    position: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the input could become: its words, a note on them, and the input with its cursor if it is taken."""

    words: str
    note: str
    value: str
    cursor: int


Suggest = Callable[[str, int], Sequence[Suggestion]]


class Suggestions(RowList, can_focus=False):
    """The suggestions over the line; the line keeps the keys."""

    def __init__(self) -> None:
        super().__init__(id="prompt-suggestions", header=False)
        self.suggestions: tuple[Suggestion, ...] = ()

    def offer(self, suggestions: Sequence[Suggestion]) -> None:
        """Show some, or go if there are none."""
        self.suggestions = tuple(suggestions)
        self.styles.height = min(_SHOWN, len(suggestions))
        self.display = bool(suggestions)
        self.set_rows(len(suggestions), 0)

    def row_line(self, row: int, width: int) -> Line:
        """One of them and its note."""
        suggestion = self.suggestions[row]
        longest = max(cell_len(s.words) for s in self.suggestions)
        return (
            (f" {fit(printable(suggestion.words), min(longest, width // 2) + 2)}", "strong"),
            (printable(suggestion.note), "dim"),
        )


class Prompt(ModalScreen[str | None]):
    """Asks for one line; gives it back, or None if it was left with escape."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("prompt.leave", "escape", "leave", "leave"),
        Action("prompt.take", "tab", "take", "take the suggestion"),
        Action("prompt.up", "up", "step(-1)", "suggestion above"),
        Action("prompt.down", "down", "step(1)", "suggestion below"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def __init__(
        self,
        sign: str,
        value: str,
        hint: str,
        check: Callable[[str], Objection | None],
        suggest: Suggest | None = None,
    ) -> None:
        super().__init__()
        self._sign, self._value, self._hint, self._check, self._suggest = sign, value, hint, check, suggest
        self._walked = False

    def compose(self) -> ComposeResult:
        """Suggestions, what is said of the input, the input, and a caret below the place that is meant."""
        with Vertical(id="prompt"):
            yield Suggestions()
            yield TextLine(id="prompt-more")
            yield TextLine(id="prompt-says")
            with Horizontal(id="prompt-line"):
                yield TextLine(((self._sign, "strong"),), id="prompt-sign")
                yield Field(self._value, id="prompt-input")
            yield TextLine(id="prompt-caret")

    def on_mount(self) -> None:
        """Show the hint."""
        self._look_again()

    def on_resize(self) -> None:
        """What is said may need another line."""
        self._look_again()

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
    def _typed(self) -> None:
        self._walked = False
        self._look_again()

    def _look_again(self) -> None:
        field = self.query_one(Input)
        suggestions = self._suggest(field.value, field.cursor_position) if self._suggest is not None else ()
        objection = self._check(field.value)
        # A word that is still being typed is not wrong yet.
        unfinished = objection is not None and (suggestions or objection.position >= len(field.value))
        self._say(None if unfinished else objection)
        if self._suggest is not None:
            self.query_one(Suggestions).offer(suggestions)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if self._walked:
            self.action_take()
            return
        objection = self._check(event.value)
        if objection is None:
            self.dismiss_with(event.value)
        else:
            self._say(objection)
            self.app.bell()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """A suggestion was clicked twice."""
        self.action_take()

    def action_step(self, by: int) -> None:
        """Go to another suggestion; enter then takes it."""
        rows = self.query_one(Suggestions)
        if rows.count:
            rows.move(rows.cursor + (by if self._walked or by < 0 else 0))
            self._walked = True
            rows.refresh()

    def action_take(self) -> None:
        """Put the suggestion into the line."""
        rows, field = self.query_one(Suggestions), self.query_one(Input)
        if rows.count:
            taken = rows.suggestions[rows.cursor]
            field.value = taken.value
            field.cursor_position = taken.cursor
        self._walked = False

    def _say(self, objection: Objection | None) -> None:
        says, caret = self.query_one("#prompt-says", TextLine), self.query_one("#prompt-caret", TextLine)
        more = self.query_one("#prompt-more", TextLine)
        text, role = (self._hint, "dim") if objection is None else (printable(objection.reason), "bad")
        first, *rest = wrap(text, max(20, self.size.width - 2)) or [""]
        # What does not fit in a line gets a second one.
        more.display = bool(rest)
        more.show_text(((f" {first}", role),) if rest else ())
        says.show_text(((f" {' '.join(rest) if rest else first}", role),))
        if objection is None:
            caret.show_text(())
            return
        field = self.query_one(Input)
        before = cell_len(one_cell_each(field.value[: objection.position])) - int(field.scroll_offset.x)
        caret.show_text(((" " * (len(self._sign) + max(0, before)) + "▲", "bad"),))

    def dismiss_with(self, value: str) -> None:
        """Give an input back."""
        self.dismiss(value)

    def say_hint(self, hint: str) -> None:
        """Say something else of the line."""
        self._hint = hint
        self._look_again()

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
