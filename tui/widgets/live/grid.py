"""A text as its model reads it: tokens across, layers down, and in each cell how many neurons fire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from neuron_tui.store.tokens import Spelling, visible_token
from neuron_tui.store.wording import short_count
from neuron_tui.tui.actions import Action, bindings
from neuron_tui.tui.drawing.spans import BLANK, Line, Span, fit
from neuron_tui.tui.jobs.model_answers import TextRead
from neuron_tui.tui.reports.context import SHADES
from neuron_tui.tui.widgets.painting import LineView, paint

_NARROWEST, _WIDEST = 5, 12
"""Cells of a token's column."""

_WHAT = (
    "The model reads the text above: its tokens stand across, its layers down,",
    "and in each cell how many neurons fire. Go to one to see which, what each",
    "adds to the logit of the next token, and what changes when it is silent.",
)
"""What stands here before there is a text."""

_LABEL = 9
"""Cells before the first token."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What the grid shows: (layers, L) `counts`, and above them lines of text, one a token."""

    tokens: tuple[str, ...]
    losses: tuple[str, ...]
    silenced: tuple[str, ...]
    layers: tuple[int, ...]
    counts: Sequence[Sequence[int]]

    @property
    def column(self) -> int:
        """Cells of each token, with one between."""
        longest = max((cell_len(token) for token in self.tokens), default=0)
        return max(_NARROWEST, min(_WIDEST, longest)) + 1


def grid_of(read: TextRead, spelling: Spelling) -> Grid:
    """The grid of a text that was read."""
    tokens = tuple(visible_token(token.text, spelling) for token in read.tokens)
    after = read.ablated.losses if read.ablated is not None else []
    return Grid(
        tokens,
        ("", *(f"{loss:.2f}" for loss in read.losses)),
        ("", *(f"{loss:.2f}" for loss in after)) if read.ablated is not None else (),
        tuple(range(len(read.counts))),
        read.counts,
    )


class TokenGrid(LineView, can_focus=True):
    """The grid, with a cursor on a token and a layer."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "grid.left",
            "left,h",
            "across(-1)",
            "token before",
            "go to the token before or after.",
            with_=("grid.right",),
        ),
        Action("grid.right", "right,l", "across(1)", "next token"),
        Action("grid.up", "up,k", "down(-1)", "layer above", "go to the layer above or below.", with_=("grid.down",)),
        Action("grid.down", "down,j", "down(1)", "layer below"),
        Action(
            "grid.first", "home,g", "end(False)", "first token", "go to the first or last token.", with_=("grid.last",)
        ),
        Action("grid.last", "end,G", "end(True)", "last token"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTIONS)

    @dataclass
    class Moved(Message):
        """The cursor is on another token or layer."""

        position: int
        layer: int

    def __init__(self) -> None:
        super().__init__(id="token-grid")
        self.grid: Grid | None = None
        self.position = self.depth = 0
        self._first = 0

    @property
    def _head(self) -> int:
        """Lines that stay at the top."""
        return 3 if self.grid is not None and self.grid.silenced else 2

    @property
    def lines(self) -> int:
        """How many there are, those that stay at the top among them."""
        return 0 if self.grid is None else len(self.grid.layers) + self._head

    def show(self, grid: Grid, stay: bool) -> None:
        """Show a text; the cursor goes to its last token, or stays."""
        self.grid = grid
        self.position = min(self.position, len(grid.tokens) - 1) if stay else len(grid.tokens) - 1
        self.depth = min(self.depth, len(grid.layers) - 1)
        self.set_line_count(self.lines)
        self._reveal()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line in sight."""
        width, grid = self.line_width, self.grid
        if grid is None:
            said = _WHAT[y] if y < len(_WHAT) else ""
            return paint(self, ((f" {said}", "dim"),), width, self.base_style)
        texts = ((grid.tokens, "token", "strong"), (grid.losses, "loss", "dim"), (grid.silenced, "silenced", ""))
        if y < self._head:
            cells, label, role = texts[y]
            return paint(self, self._line(label, cells, role), width, self.base_style)
        layer = y - self._head + self.scroll_offset.y
        if layer >= len(grid.layers):
            return paint(self, BLANK, width, self.base_style)
        return paint(self, self._layer_line(grid, layer), width, self.base_style)

    def _columns(self, grid: Grid) -> range:
        shown = max(1, (self.line_width - _LABEL) // grid.column)
        return range(self._first, min(self._first + shown, len(grid.tokens)))

    def _line(self, label: str, cells: Sequence[str], role: str) -> Line:
        assert self.grid is not None
        spans: list[Span] = [(fit(f" {label}", _LABEL), "dim")]
        for place in self._columns(self.grid):
            here = place == self.position
            spans.append((fit(cells[place], self.grid.column - 1, "right"), "mark" if here else role))
            spans.append((" ", ""))
        return tuple(spans)

    def _layer_line(self, grid: Grid, layer: int) -> Line:
        mark = "▸" if layer == self.depth else " "
        spans: list[Span] = [(fit(f"{mark}layer {layer}", _LABEL), "mark" if layer == self.depth else "dim")]
        most = max(max(counts, default=0) for counts in grid.counts)
        for place in self._columns(grid):
            count = grid.counts[layer][place]
            text = fit(short_count(count), grid.column - 1, "right")
            role = f"active{max(1, min(SHADES - 1, round(count / most * (SHADES - 1))))}" if count else "dim"
            if place == self.position and layer == self.depth:
                role = "cursor" if self.has_focus else "blurred"
            spans += [(text, role), (" ", "")]
        return tuple(spans)

    def _reveal(self) -> None:
        grid = self.grid
        if grid is None or self.size.height <= self._head:
            return
        shown = max(1, (self.inner_width - _LABEL) // grid.column)
        self._first = max(0, min(self._first, len(grid.tokens) - shown))
        self._first = min(self._first, self.position)
        self._first = max(self._first, self.position - shown + 1)
        visible, top = self.size.height - self._head, self.scroll_offset.y
        if self.depth < top:
            self.scroll_to(y=self.depth, animate=False)
        elif self.depth >= top + visible:
            self.scroll_to(y=self.depth - visible + 1, animate=False)

    def move(self, position: int, layer: int) -> None:
        """Put the cursor on a token and a layer, or the nearest there are."""
        if self.grid is None:
            return
        position = max(0, min(position, len(self.grid.tokens) - 1))
        layer = max(0, min(layer, len(self.grid.layers) - 1))
        if (position, layer) == (self.position, self.depth):
            return
        self.position, self.depth = position, layer
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(position, layer))

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._reveal()

    def on_focus(self) -> None:
        """The cursor looks different where the keys go."""
        self.refresh()

    def on_blur(self) -> None:
        """See `on_focus`."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the token and layer that are clicked."""
        place = event.get_content_offset(self)
        if place is None or self.grid is None:
            return
        position = self._first + max(0, place.x - _LABEL) // self.grid.column
        layer = place.y - self._head + self.scroll_offset.y if place.y >= self._head else self.depth
        self.move(position, layer)

    def action_across(self, by: int) -> None:
        """Go to a token further on."""
        self.move(self.position + by, self.depth)

    def action_down(self, by: int) -> None:
        """Go to a layer further down."""
        self.move(self.position, self.depth + by)

    def action_end(self, last: bool) -> None:
        """Go to the first or last token."""
        self.move(len(self.grid.tokens) - 1 if last and self.grid is not None else 0, self.depth)
