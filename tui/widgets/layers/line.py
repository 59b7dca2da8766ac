"""The layers folded into one line, for narrow terminals."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from neuron_tui.store.findings.aggregates import mean_frequency
from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.wording import GRAM_NAMES, percent
from neuron_tui.tui.drawing.spans import BLANK, Line
from neuron_tui.tui.widgets.layers.totals import positional
from neuron_tui.tui.widgets.painting import OneLine


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

    def show(self, layer: int | None, done: int, of: int, summaries: Sequence[LayerSummary]) -> None:
        """Show a layer, or all that are done, of those the model has."""
        every = f"all {of} layers" if done == of else f"{done} of {of} layers"
        self._which = every if layer is None else f"layer {layer} of {of}"
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
            frequency = mean_frequency(known)
            facts = (
                f"dead {percent(dead / neurons)}  freq {percent(frequency) if frequency is not None else '–'}  "
                f"tok {tokens}  2g {bigrams}  3g {trigrams}  pos {sum(positional(s) for s in known)}"
            )
        return ((f" {self._which} ", "strong"), ("◂▸", "mark"), (f"  {facts}", ""))

    def on_click(self, event: events.Click) -> None:
        """Switch the layer by its arrows."""
        arrows = len(self._which) + 2
        if event.x in (arrows, arrows + 1):
            self.post_message(self.Switched(1 if event.x > arrows else -1))
