"""What all layers of a run hold together: the model's figures above the list of its layers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from neuron_tui.store.findings.aggregates import mean_frequency
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.measures.intervals import interval_text
from neuron_tui.store.wording import GRAM_NAMES, count_noun, percent, short_count
from neuron_tui.tui.drawing.spans import BLANK, Line, Span, plain
from neuron_tui.tui.widgets.painting import paint

LINES = 8
"""Lines of the totals, before anything is known of the layers too: nothing below them is to jump."""

_ROWS = 9
"""Lines of the pane that the list of layers gets first."""

_WIDE = 40
"""Cells from which on counts are written out."""

_GAP = 2
"""Least cells between a line and the interval that ends it."""


def positional(summary: LayerSummary) -> int:
    """Neurons of a layer with a positional type."""
    return sum(sum(strengths.values()) for strengths in summary.positional.values())


def total_lines(summaries: Sequence[LayerSummary], width: int) -> list[Line]:
    """The totals in `LINES` lines of `width` cells; large counts are shortened where there is no room for them."""
    neurons, dead = sum(s.neurons for s in summaries), sum(s.dead for s in summaries)
    found = {n: sum(s.detectors[n] for s in summaries) for n in GRAM_NAMES}
    suppress = sum(s.suppressing for s in summaries)
    frequency = mean_frequency(summaries)
    types = {kind: sum(sum(s.positional[kind].values()) for s in summaries) for kind in summaries[0].positional}
    oscillatory, both, one, other = (_fact(f"{_shown(count, width)} {kind}") for kind, count in types.items())
    suppressing = f" ({percent(suppress / found[1])})" if found[1] and width >= _WIDE else ""
    whose = "suppresses its" if suppress == 1 else "suppress their"
    return [
        _with_interval(
            (*_fact(f"{_shown(dead, width)} of {_shown(neurons, width)} dead"), (f" ({percent(dead / neurons)})", "")),
            interval_text(dead, neurons),
            width,
        ),
        (("others' mean frequency ", ""), (percent(frequency) if frequency is not None else "–", "strong")),
        (*_fact(count_noun(found[1], "token detector")), (",", "")),
        _with_interval(
            ((" ", ""), *_fact(f"{suppress:,} {whose} triggers"), (suppressing, "")),
            interval_text(suppress, found[1]) if found[1] else "",
            width,
        ),
        (*_fact(f"{_shown(found[2], width)} bigram"), (", ", ""), *_fact(f"{_shown(found[3], width)} trigram")),
        (*_fact(f"{_shown(sum(types.values()), width)} positional"), (":", "")),
        ((" ", ""), *oscillatory, (", ", ""), *both, (",", "")),
        ((" ", ""), *one, (", ", ""), *other),
    ]


def _fact(text: str) -> tuple[Span, Span]:
    """A count and what it counts."""
    count, _, what = text.partition(" ")
    return (count, "strong"), (f" {what}", "")


def _with_interval(line: Line, interval: str, width: int) -> Line:
    """A line with the interval of its share at the right edge, where there is room for it."""
    room = width - cell_len(plain(line)) - cell_len(interval)
    return (*line, (" " * room + interval, "dim")) if interval and room >= _GAP else line


def _shown(count: int, width: int) -> str:
    return f"{count:,}" if count < 1000 or width >= _WIDE else short_count(count)


class LayerTotals(Widget):
    """The lines, as many as leave room for the layers."""

    def __init__(self) -> None:
        super().__init__()
        self._summaries: tuple[LayerSummary, ...] = ()

    def show(self, summaries: Sequence[LayerSummary]) -> None:
        """Show what some layers hold together."""
        self._summaries = tuple(summaries)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Textual's way to ask how many lines there are."""
        return max(1, min(LINES, container.height - _ROWS))

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line."""
        width = self.size.width
        lines = total_lines(self._summaries, width - 1) if self._summaries else []
        line: Line = ((" ", ""), *lines[y]) if y < len(lines) else BLANK
        return paint(self, line, width, self.rich_style)
