"""The layers pane: what share of each layer is dead, how often the others are on, what it detects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from neuron_tui.store.summary import LayerSummary
from neuron_tui.store.words import GRAM_NAMES, number, percent
from neuron_tui.tui.spans import BLANK, Line, bar, fit, short_percent
from neuron_tui.tui.widgets.painting import OneLine, Said
from neuron_tui.tui.widgets.rows import RowList


class LayerList(RowList):
    """All layers together in the first row, then one row a layer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("right,l", "choose", "its neurons", show=False)]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._layers: tuple[int, ...] = ()
        self._summaries: dict[int, LayerSummary] = {}

    def show_layers(self, layers: Sequence[int]) -> None:
        """The layers there are, before anything is known of them."""
        self._layers = tuple(layers)
        self.set_rows(len(layers) + 1, 0)

    def show_summaries(self, summaries: Sequence[LayerSummary]) -> None:
        """What each layer holds."""
        self._summaries = {summary.layer: summary for summary in summaries}
        self.refresh()

    def layer_at(self, row: int) -> int | None:
        """The layer of a row; None for all of them."""
        return self._layers[row - 1] if 0 < row <= len(self._layers) else None

    def select(self, layer: int | None) -> None:
        """Put the cursor on a layer; None for all of them."""
        self.move(self._layers.index(layer) + 1 if layer in self._layers else 0)

    def header_line(self, width: int) -> Line:
        """Titles of the columns."""
        return ((_cells(("l", "dead", "freq", "tok", "2g", "3g", "pos"), width), "column"),)

    def row_line(self, row: int, width: int) -> Line:
        """All layers, or one."""
        layer = self.layer_at(row)
        chosen = list(self._summaries.values()) if layer is None else [self._summaries.get(layer)]
        known = [summary for summary in chosen if summary is not None]
        name = "all" if layer is None else str(layer)
        if not known:
            return ((_cells((name, *[""] * 6), width + 1)[1:], ""),)
        neurons, dead = sum(s.neurons for s in known), sum(s.dead for s in known)
        detectors = [str(sum(s.detectors[n] for s in known)) for n in GRAM_NAMES]
        shares = (short_percent(dead / neurons), _mean_frequency(known))
        text = _cells((name, *shares, *detectors, str(sum(positional(s) for s in known))), width + 1)[1:]
        return ((text[:4], ""), (bar(dead / neurons, 1), "bar"), (text[5:], ""))


def _cells(texts: Sequence[str], width: int) -> str:
    name, dead, freq, *counts = texts
    room = max(4, (width - 16) // 4)
    shares = f" {fit(name, 3, 'right')}  {fit(dead, 5, 'right')}{fit(freq, 5, 'right')}"
    return shares + "".join(fit(count, room, "right") for count in counts)


def positional(summary: LayerSummary) -> int:
    """Neurons of a layer with a positional type."""
    return sum(sum(strengths.values()) for strengths in summary.positional.values())


def _mean_frequency(summaries: Sequence[LayerSummary]) -> str:
    alive = sum(s.neurons - s.dead for s in summaries)
    total = sum((s.mean_frequency_alive or 0.0) * (s.neurons - s.dead) for s in summaries)
    return short_percent(total / alive) if alive else "–"


def totals(summaries: Sequence[LayerSummary]) -> list[str]:
    """What the whole run holds, in a few words a line."""
    neurons, dead = sum(s.neurons for s in summaries), sum(s.dead for s in summaries)
    found = {n: sum(s.detectors[n] for s in summaries) for n in GRAM_NAMES}
    suppress = sum(s.suppressing for s in summaries)
    whose = "suppresses its" if suppress == 1 else "suppress their"
    return [
        f"{dead:,} of {neurons:,} dead ({percent(dead / max(1, neurons))})",
        f"{number(found[1], 'token detector')},",
        f"  {suppress:,} {whose} triggers",
        f"{found[2]:,} bigram, {found[3]:,} trigram ones",
        f"{sum(positional(s) for s in summaries):,} positional",
    ]


class LayerPane(Vertical):
    """The list with the run's totals below."""

    TOTALS = 5

    def compose(self) -> ComposeResult:
        """The list, then the totals."""
        yield LayerList(id="layer-list")
        for place in range(self.TOTALS):
            yield Said(id=f"total-{place}", classes="total")

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Layers"

    def show_summaries(self, summaries: Sequence[LayerSummary]) -> None:
        """Fill in what the layers hold."""
        self.query_one(LayerList).show_summaries(summaries)
        for place, text in enumerate(totals(summaries)):
            self.query_one(f"#total-{place}", Said).say(((f" {text}", "dim"),))


class LayerLine(OneLine):
    """The layers folded into one line, for narrow terminals; the arrows can be clicked."""

    class Switched(Message):
        """One of the arrows was clicked."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._which = ""
        self._summaries: list[LayerSummary] = []

    def show(self, layer: int | None, of: int, summaries: Sequence[LayerSummary]) -> None:
        """Show a layer, or all of them."""
        self._which = f"all {of} layers" if layer is None else f"layer {layer} of {of}"
        self._summaries = [s for s in summaries if layer is None or s.layer == layer]
        self.refresh()

    def line(self, width: int) -> Line:
        """`layer 1 of 6 ◂▸` and what the layer holds."""
        if not self._which:
            return BLANK
        known = self._summaries
        facts = ""
        if known:
            dead, neurons = sum(s.dead for s in known), sum(s.neurons for s in known)
            tokens, bigrams, trigrams = (sum(s.detectors[n] for s in known) for n in GRAM_NAMES)
            facts = (
                f"dead {percent(dead / neurons)}  freq {_mean_frequency(known)}  "
                f"tok {tokens}  2g {bigrams}  3g {trigrams}  pos {sum(positional(s) for s in known)}"
            )
        return ((f" {self._which} ", "strong"), ("◂▸", "mark"), (f"  {facts}", ""))

    def on_click(self, event: events.Click) -> None:
        """Switch the layer by its arrows."""
        arrows = len(self._which) + 2
        if event.x in (arrows, arrows + 1):
            self.post_message(self.Switched(1 if event.x > arrows else -1))
