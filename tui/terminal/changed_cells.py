"""Only cells that changed go to the terminal: over SSH every byte of a key's answer is waited for.

Textual writes whatever a widget painted anew, with all its colours at every change of style. Here the cells that the
terminal shows are remembered; of what is painted only those go out that differ, and of a style only what is new in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import ControlType, Segment
from rich.style import Style

from neuron_tui.tui.terminal.textual_internals import (
    ChopsUpdate,
    CompositorUpdate,
    LayoutUpdate,
    color_system,
    style_codes,
)

Cell = tuple[str, int]
"""What stands in a cell and the number of its style; the second cell of a wide character holds no text."""

_Codes = tuple[str, str, str]
"""The codes of a style: attributes, colour, ground."""

_PLAIN: _Codes = ("", "", "")
_NUMBER_OF = itemgetter(1)

_NEAR = 4
"""So many cells that did not change are written again rather than stepped over."""


class ShownCells:
    """The cells a terminal shows, as far as they are known."""

    def __init__(self) -> None:
        self._size = (0, 0)
        self._rows: list[list[Cell | None]] = []
        self._numbers: dict[Style, int] = {}
        self._codes: list[_Codes] = [_PLAIN]
        self._system: ColorSystem | None = None

    def forget(self) -> None:
        """Take nothing for known: the next update is written in full."""
        self._rows = [[None] * self._size[0] for _ in range(self._size[1])]

    def fit(self, columns: int, rows: int) -> None:
        """Know the size of the terminal; after a change of it nothing else is known."""
        if (columns, rows) != self._size:
            self._size = (columns, rows)
            self.forget()

    def changes(self, segments: Iterable[Segment], system: ColorSystem | None) -> str:
        """What to write so that the terminal shows the segments; moves of the cursor among them say where.

        Before and after it the terminal writes in the plain style; where the cursor stays is not said.
        """
        if system is not self._system:
            self._system, self._numbers, self._codes = system, {}, [_PLAIN]
            self.forget()
        writer = _Writer(self._codes)
        for y, x, cells in self._painted(segments):
            self._write_row(writer, y, x, cells)
        return writer.ended()

    def _painted(self, segments: Iterable[Segment]) -> Iterator[tuple[int, int, list[Cell]]]:
        """Stretches of cells: row, first column, and what is to be there."""
        x = y = 0
        cells: list[Cell] = []
        for text, style, control in segments:
            if control:
                if cells:
                    yield y, x, cells
                    cells = []
                for code in control:
                    if code[0] is ControlType.CURSOR_MOVE_TO:
                        x, y = int(code[1]), int(code[2])  # type: ignore[misc]
            elif text != "\n":  # each line begins with a move
                cells += _cells(text, self._number(style))
        if cells:
            yield y, x, cells

    def _write_row(self, writer: _Writer, y: int, x: int, cells: list[Cell]) -> None:
        if not 0 <= y < len(self._rows):
            return
        row = self._rows[y]
        del cells[max(0, len(row) - x) :]
        before = row[x : x + len(cells)]
        if before == cells:
            return
        for first, end in _stretches(before, cells):
            writer.move(y, x + first)
            for number, part in groupby(cells[first:end], _NUMBER_OF):
                writer.put("".join(text for text, _ in part), number)
        row[x : x + len(cells)] = cells

    def _number(self, style: Style | None) -> int:
        if style is None or self._system is None:
            return 0
        number = self._numbers.get(style)
        if number is None:
            codes = _codes_of(style, self._system)
            number = self._codes.index(codes) if codes in self._codes else len(self._codes)
            if number == len(self._codes):
                self._codes.append(codes)
            self._numbers[style] = number
        return number


class Changes(CompositorUpdate):
    """An update of the screen of which only the changes are written."""

    def __init__(self, update: LayoutUpdate | ChopsUpdate, shown: ShownCells) -> None:
        self._update, self._shown = update, shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The whole update, as rich would have it."""
        yield from self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """What to write to the terminal."""
        parts = self._update.__rich_console__(console, console.options)
        segments = (part for part in parts if isinstance(part, Segment))
        return self._shown.changes(segments, color_system(console))


class _Writer:
    """Writes cells with as few codes as the terminal's state allows."""

    def __init__(self, codes: list[_Codes]) -> None:
        self._codes = codes
        self._parts: list[str] = []
        self._now = _PLAIN
        self._number = 0

    def move(self, y: int, x: int) -> None:
        """Go to a cell."""
        self._parts.append(f"\x1b[{y + 1};{x + 1}H")

    def put(self, text: str, number: int) -> None:
        """Write a text in a style."""
        if number != self._number:
            self._style(self._codes[number])
            self._number = number
        self._parts.append(text)

    def ended(self) -> str:
        """All that was written, the style plain again."""
        self._style(_PLAIN)
        return "".join(self._parts)

    def _style(self, wanted: _Codes) -> None:
        if wanted == self._now:
            return
        goes = any(old and not new for old, new in zip(self._now, wanted, strict=True))
        if goes or wanted[0] != self._now[0]:
            codes = ["" if wanted == _PLAIN else "0", *wanted]
        else:
            codes = [new for old, new in zip(self._now, wanted, strict=True) if old != new]
        self._parts.append(f"\x1b[{';'.join(code for code in codes if code)}m")
        self._now = wanted


def _stretches(before: list[Cell | None], after: list[Cell]) -> Iterator[tuple[int, int]]:
    """Where cells differ: firsts and ends of stretches, wide characters whole, small gaps closed."""
    changed = [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    first = end = -1
    for place in changed:
        if place <= end + _NEAR and first >= 0:
            end = place + 1
            continue
        if first >= 0:
            yield _whole(after, first, end)
        first, end = place, place + 1
    if first >= 0:
        yield _whole(after, first, end)


def _whole(cells: list[Cell], first: int, end: int) -> tuple[int, int]:
    while first > 0 and not cells[first][0]:
        first -= 1
    while end < len(cells) and not cells[end][0]:
        end += 1
    return first, end


def _cells(text: str, number: int) -> list[Cell]:
    if text.isascii() or (len(text) == cell_len(text) and all(map(get_character_cell_size, text))):
        return [(character, number) for character in text]
    cells: list[Cell] = []
    for character in text:
        width = get_character_cell_size(character)
        if width:
            cells += [(character, number), ("", number)][:width]
        elif cells:  # a mark on the character before it
            at = -1 if cells[-1][0] or len(cells) == 1 else -2
            cells[at] = (cells[at][0] + character, number)
    return cells


def _codes_of(style: Style, system: ColorSystem) -> _Codes:
    colour = ";".join(style.color.downgrade(system).get_ansi_codes()) if style.color else ""
    ground = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False)) if style.bgcolor else ""
    return style_codes(style), colour, ground
