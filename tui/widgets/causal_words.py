"""Below the causal table: the measurement under the cursor in words, and what all of them say together."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from textual.app import ComposeResult
from textual.containers import Vertical

from neuron_tui.store.findings.causal_summary import CausalSummary, causal_summary
from neuron_tui.store.neurons.causal import METHODS, CausalRecord
from neuron_tui.store.tokens import printable
from neuron_tui.tui.drawing.spans import wrap
from neuron_tui.tui.reports.causal_text import causal_note
from neuron_tui.tui.widgets.causal_list import moved, nats
from neuron_tui.tui.widgets.painting import TextLine

_ONE, _ALL = 2, 8
"""Lines for the measurement under the cursor, and for all of them at most."""

_EXPLANATION = (
    "The model reads contexts that end with a neuron's triggers, and random ones, as it is and with the neuron silent. "
    "Measured is whether a trigger is likelier to follow then, and what the silence costs on the token that does "
    "follow. It takes the model that the run was extracted from. On a command line: neuron-tui ablate {run}"
)


class CausalWords(Vertical):
    """Two lines on one measurement, then a line for each kind of neurons and way of silencing them."""

    def __init__(self) -> None:
        super().__init__(id="causal-words")
        self._one: CausalRecord | None = None
        self._found: list[tuple[str, CausalSummary]] = []
        self._nothing = ""

    def compose(self) -> ComposeResult:
        """The lines."""
        for place in range(_ONE):
            yield TextLine(id=f"causal-one-{place}")
        for place in range(_ALL):
            yield TextLine(id=f"causal-all-{place}")

    def show(self, records: Sequence[CausalRecord], one: CausalRecord | None) -> None:
        """Say what some measurements are together, and more of one of them."""
        methods = [method for method in METHODS if any(record.method == method for record in records)]
        self._found = [
            (f"{summary.kind} to {method}" if len(methods) > 1 else summary.kind, summary)
            for method in methods
            for summary in causal_summary(record for record in records if record.method == method)
        ]
        self._nothing = ""
        self.show_one(one)
        self._show_all()

    def _show_all(self) -> None:
        explained = wrap(self._nothing, max(20, self.size.width - 2))
        longest = max((len(name) for name, _ in self._found), default=0)
        for place in range(_ALL):
            line = self.query_one(f"#causal-all-{place}", TextLine)
            line.display = place < len(self._found) or place < len(explained)
            if place < len(explained):
                line.show_text(((f" {explained[place]}", "dim"),))
            elif place < len(self._found):
                name, summary = self._found[place]
                back = f"  {_likelier(summary)}"
                room = self.size.width - longest - len(back) - 1
                costs = next((text for text in _costs(summary) if len(text) <= room), "")
                line.show_text(((f" {name:<{longest}}", "heading"), (back, ""), (costs, "dim")))

    def explain(self, run: str) -> None:
        """Say what a measurement is, while there is none of a run."""
        self._nothing = _EXPLANATION.format(run=printable(run))
        self._found = []
        self._show_all()

    def show_one(self, record: CausalRecord | None) -> None:
        """Say more of one measurement."""
        self._one = record
        said = wrap(_words(record), max(20, self.size.width - 2)) if record is not None else []
        for place in range(_ONE):
            text = said[place] if place < len(said) else ""
            cut = "…" if place == _ONE - 1 and len(said) > _ONE else ""
            line = self.query_one(f"#causal-one-{place}", TextLine)
            line.display = record is not None
            line.show_text(((f" {text}{cut}", ""),))

    def on_resize(self) -> None:
        """Wrap what is said."""
        self.show_one(self._one)
        self._show_all()


def _words(record: CausalRecord) -> str:
    change = record.on_triggers.trigger_logprob
    which = f"{printable(record.where)}: " if record.where else ""
    return f"{which}{causal_note(record)}; log p {nats(change.before)} → {nats(change.after)}."


def _likelier(of: CausalSummary) -> str:
    low, high = of.interval
    share = f"{of.share:.0%}, {100 * low:.0f}–{high:.0%}"
    return f"{of.likelier:,} of {of.neurons:,} likelier ({share}), {of.less_likely:,} less"


def _costs(of: CausalSummary) -> tuple[str, ...]:
    """What it costs, the fullest first: the first that there is room for is shown."""
    loss = f"; loss {moved(of.loss_change)}"
    random = () if isnan(of.random_loss_change) else (f"{loss}, random {moved(of.random_loss_change)}",)
    return *random, loss
