"""What a form is made of: labelled rows, lines to type in, notes below them, and choices told without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widget import Widget

from neuron_tui.store.tokens import printable
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap
from neuron_tui.tui.terminal.textual_internals import ShownInput
from neuron_tui.tui.widgets.painting import OneLine, TextLine, paint

HIDDEN = "�"
"""What stands in a field for a character that would act on the terminal or could not be seen."""

Paragraph = tuple[str, str]
"""A text and its role."""


def one_cell_each(text: str) -> str:
    """A text whose characters can all be shown, each in the place of one that was typed."""
    # After a letter, so that a combining character has something to stand on.
    return "".join(c if printable(f"a{c}") == f"a{c}" else HIDDEN for c in text)


class Field(ShownInput):
    """A line to type in. Whatever it holds, as the name of a file or a model, acts on nothing."""

    def __init__(
        self,
        value: str = "",
        *,
        id: str | None = None,  # noqa: A002
        placeholder: str = "",
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(
            value, id=id, placeholder=placeholder, compact=True, select_on_focus=False, suggester=suggester
        )

    def shown_value(self) -> str:
        """The value as it is painted."""
        return one_cell_each(self.value)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.value

    def put(self, text: str) -> None:
        """Let it hold a text, the cursor at its end."""
        if text != self.value:
            self.value = text
            self.cursor_position = len(text)


class Note(Widget):
    """A few lines below a field; an empty one keeps its place."""

    def __init__(self, *, id: str | None = None, classes: str | None = None, indent: int = 0) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._said: tuple[Paragraph, ...] = ()
        self._indent = indent

    @property
    def text(self) -> str:
        """All it says."""
        return " ".join(text for text, _ in self._said)

    def show_text(self, *paragraphs: Paragraph) -> None:
        """Show paragraphs, each wrapped to the width."""
        safe = tuple((printable(text), role) for text, role in paragraphs if text)
        if safe != self._said:
            self._said = safe
            self.refresh(layout=True)

    def _lines(self, width: int) -> list[Line]:
        width = max(10, width - self._indent)
        return [((" " * self._indent, ""), (line, role)) for text, role in self._said for line in wrap(text, width)]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Textual's way to ask for the height."""
        return max(1, len(self._lines(width)))

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line."""
        width = self.size.width
        lines = self._lines(width)
        return paint(self, lines[y] if y < len(lines) else BLANK, width, self.rich_style)


class Row(Horizontal):
    """A label and what belongs to it, on one line; a mark tells the row that has the keys."""

    def __init__(self, label: str, *parts: Widget, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label, self._parts = label, parts

    def compose(self) -> ComposeResult:
        """The label first."""
        yield TextLine(self._label_line(False), classes="label")
        yield from self._parts

    def relabel(self, label: str) -> None:
        """Give it another label."""
        self._label = label
        self.query_one(".label", TextLine).show_text(self._label_line(self.has_focus_within))

    def _label_line(self, here: bool) -> Line:
        return (("▸" if here else " ", "mark"), (self._label, "strong" if here else ""))

    def on_descendant_focus(self) -> None:
        """It has the keys."""
        self.query_one(".label", TextLine).show_text(self._label_line(True))

    def on_descendant_blur(self) -> None:
        """It has them no longer."""
        self.query_one(".label", TextLine).show_text(self._label_line(False))


class Pick(OneLine, can_focus=True):
    """One of a few: `● auto  ○ cpu`."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.before", "left,h", "step(-1)", "the one before"),
        Action("form.next", "right,l,space", "step(1)", "the next one"),
        Action("form.onward", "enter", "app.focus_next", "next field"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class Changed(Message):
        """Another one is chosen."""

        pick: Pick

    def __init__(self, choices: Sequence[str], value: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.choices = tuple(choices)
        self.value = value if value in self.choices else self.choices[0]
        self.styles.width = sum(cell_len(choice) + 4 for choice in choices)

    @property
    def text(self) -> str:
        """The one that is chosen."""
        return self.value

    def line(self, width: int) -> Line:
        """The choices."""
        line: Line = ()
        for choice in self.choices:
            chosen = choice == self.value
            role = ("focus" if self.has_focus else "strong") if chosen else ""
            line += ((f"{'●' if chosen else '○'} {choice}", role), ("  ", ""))
        return line

    def put(self, value: str) -> None:
        """Choose one of the choices."""
        if value != self.value and value in self.choices:
            self.value = value
            self.refresh()
            self.post_message(self.Changed(self))

    def action_step(self, by: int) -> None:
        """Choose the next one; at the end it begins anew."""
        self.put(self.choices[(self.choices.index(self.value) + by) % len(self.choices)])

    def on_click(self, event: events.Click) -> None:
        """Choose the one under the pointer."""
        left = 0
        for choice in self.choices:
            right = left + cell_len(choice) + 2
            if left <= event.x < right:
                self.put(choice)
            left = right + 2


class Tick(OneLine, can_focus=True):
    """`[x] something`, switched with space or a click."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.switch", "space", "switch", "switch"),
        Action("form.onward", "enter", "app.focus_next", "next field"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class Changed(Message):
        """It is switched."""

        tick: Tick

    def __init__(self, label: str, on: bool = False, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label, self.on = label, on

    @property
    def text(self) -> str:
        """Whether it is on, as a text."""
        return "yes" if self.on else ""

    def put(self, on: bool) -> None:
        """Switch it on or off."""
        if on != self.on:
            self.on = on
            self.refresh()
            self.post_message(self.Changed(self))

    def relabel(self, label: str) -> None:
        """Give it another label."""
        if label != self._label:
            self._label = label
            self.refresh()

    def action_switch(self) -> None:
        """Switch it."""
        self.put(not self.on)

    def on_click(self) -> None:
        """Switch it."""
        self.action_switch()

    def line(self, width: int) -> Line:
        """The box and its label."""
        return ((f"[{'x' if self.on else ' '}] {self._label}", "focus" if self.has_focus else ""),)


class Fold(Tick):
    """`▸ more …`, which shows or hides the fields below it."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("form.fold", "space,enter", "switch", "show or hide the fields below"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    def line(self, width: int) -> Line:
        """The sign, and what is folded away."""
        role = "focus" if self.has_focus else ""
        return ((f"{'▾' if self.on else '▸'} ", role), ("more", role or "strong"), (f"  {self._label}", "dim"))
