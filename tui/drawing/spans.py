"""Lines of plain text with roles: what panes are written in before they become cells of a terminal.

A span is a text and the role it plays; a line is a sequence of spans. Nothing here is markup, so no token can
act as such, and widths are those of a terminal's cells, not of characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size

from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import percent

Span = tuple[str, str]
"""Text and the role it plays: heading, dim, strong, active, focus, bar, mark, bad, column, cursor, blurred or none."""

Line = tuple[Span, ...]

BLANK: Line = ()
ELLIPSIS = "…"


def plain(line: Line) -> str:
    """The text of a line without its roles."""
    return "".join(text for text, _ in line)


def text_of(lines: Iterable[Line]) -> str:
    """Lines as text for a file or a pipe: without roles, and without blanks at their ends."""
    return "".join(plain(line).rstrip() + "\n" for line in lines)


def message(text: str) -> str:
    """A message that may quote names and paths, made safe to show; its lines stay lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def width_of(line: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def fit(text: str, width: int, align: str = "left") -> str:
    """A text in exactly `width` cells: padded with spaces, or cut with an ellipsis at the end."""
    cells = cell_len(text)
    if cells > width:
        if width <= 0:
            return ""
        return set_cell_size(set_cell_size(text, width - 1).rstrip() + ELLIPSIS, width)
    padding = " " * (width - cells)
    return padding + text if align == "right" else text + padding


def fit_end(text: str, width: int) -> str:
    """A text in exactly `width` cells, aligned right; what is too long is cut at its beginning."""
    cells = cell_len(text)
    if cells <= width:
        return " " * (width - cells) + text
    if width <= 0:
        return ""
    kept = text
    while kept and cell_len(kept) > width - 1:
        kept = kept[max(1, (cell_len(kept) - width + 1) // 2) :]
    return " " * (width - 1 - cell_len(kept)) + ELLIPSIS + kept


def fit_line(line: Line, width: int) -> Line:
    """A line in exactly `width` cells; what is too long is cut with an ellipsis."""
    if width <= 0:
        return BLANK
    used = 0
    spans: list[Span] = []
    for text, role in line:
        cells = cell_len(text)
        if used + cells > width:
            spans.append((fit(text, width - used) if width > used else "", role))
            if width == used and spans:
                # Full to the brim with more to come: the last cell says so.
                return _with_ellipsis(spans, width)
            return tuple(spans)
        spans.append((text, role))
        used += cells
    return (*spans, (" " * (width - used), ""))


def _with_ellipsis(spans: Sequence[Span], width: int) -> Line:
    kept = [span for span in spans if span[0]]
    if not kept:
        return BLANK
    text, role = kept[-1]
    before = sum(cell_len(t) for t, _ in kept[:-1])
    return (*kept[:-1], (set_cell_size(text, width - before - 1) + ELLIPSIS, role))


def short_percent(share: float) -> str:
    """A share as a percentage in at most six cells: `38%`, `3.5%`, `.42%`, `.0042%`."""
    value = 100 * share
    if value >= 10:
        return f"{value:.0f}%" if value < 99.5 or value == 100 else ">99%"
    if 0 < value < 0.001:
        return "<.001%"
    return percent(share).replace("0.", ".", 1) if value < 1 else percent(share)


def short_score(score: float) -> str:
    """A score in at most five cells: `−.081`, `+1.23`, `−.001` for what is nearer to 0 than that."""
    size = abs(score)
    digits = f"{max(size, 0.001 if score else 0.0):.3f}".removeprefix("0") if size < 0.9995 else f"{size:.3g}"
    return f"{'−' if score < 0 else '+'}{digits[:4]}"


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        joined = f"{current} {word}" if current else word
        if cell_len(joined) <= width:
            current = joined
            continue
        if current:
            lines.append(current)
        *full, current = chop_cells(word, max(1, width)) or [""]
        lines += full
    return [*lines, current] if current else lines


def wrap_items(items: Iterable[str], width: int, gap: str = "  ") -> list[str]:
    """Items one after the other, a new line before each that would not fit."""
    lines: list[str] = []
    for item in items:
        if lines and cell_len(lines[-1]) + len(gap) + cell_len(item) <= width:
            lines[-1] += gap + item
        else:
            lines.append(item)
    return lines


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int, gap: int = 2) -> list[Line]:
    """Two blocks of lines side by side; the left one takes `left_width` cells."""
    rows = max(len(left), len(right))
    return [
        (
            *fit_line(left[i] if i < len(left) else BLANK, left_width),
            (" " * gap, ""),
            *(right[i] if i < len(right) else BLANK),
        )
        for i in range(rows)
    ]


Block = tuple[list[Line], int]
"""Lines, and the cells that they take."""


def joined(left: Block, right: Block, gap: int = 2) -> Block:
    """Two blocks side by side as one."""
    return beside(left[0], right[0], left[1], gap), left[1] + gap + right[1]


def bar(share: float, width: int) -> str:
    """A share between 0 and 1 as a bar of `width` cells, in eighths of a cell; anything above 0 shows."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    if share > 0 and eighths == 0:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)
