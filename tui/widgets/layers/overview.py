"""A run in a few sentences: what its neurons are, where in depth they are, and what to look at first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from neuron_tui.store.findings.summary import LayerSummary
from neuron_tui.store.wording import count_noun, percent, show_layers
from neuron_tui.tui.drawing.spans import BLANK, wrap
from neuron_tui.tui.widgets.layers.totals import positional
from neuron_tui.tui.widgets.painting import paint

_MOST = 0.5
"""Share of some neurons from which on a part of the model is said to hold most of them."""

_KEYS = "o: the order of the model. i: hides this text. ?: all keys."


def overview(summaries: Sequence[LayerSummary], tokens: int, noun: str = "neuron") -> list[str]:
    """Sentences on a run whose finished layers hold what `summaries` say, counted on `tokens` tokens.

    `noun` is what has a row: a neuron, or a pole of one.
    """
    neurons, dead = sum(s.neurons for s in summaries), sum(s.dead for s in summaries)
    detectors = {n: sum(s.detectors[n] for s in summaries) for n in summaries[0].detectors}
    suppress = sum(s.suppressing for s in summaries)
    types = {kind: sum(sum(s.positional[kind].values()) for s in summaries) for kind in summaries[0].positional}
    by_position = sum(types.values())
    never = f"{dead:,} are dead ({percent(dead / neurons)}): never active on {count_noun(tokens, 'token')}"
    sentences = [
        f"Of {count_noun(neurons, noun)} in {count_noun(len(summaries), 'layer')}, "
        f"{never}{_where(summaries, lambda s: s.dead)}."
        if dead
        else f"All {count_noun(neurons, noun)} in {count_noun(len(summaries), 'layer')} are active somewhere "
        f"in {count_noun(tokens, 'token')}: none is dead."
    ]
    if any(detectors.values()):
        against = "suppresses the tokens it fires on" if suppress == 1 else "suppress the tokens they fire on"
        sentences.append(
            f"{count_noun(detectors[1], 'token detector')}{_where(summaries, lambda s: s.detectors[1])}"
            f"{f'; {suppress:,} {against} (▼)' if suppress else ''}. "
            f"{count_noun(detectors[2], 'bigram detector')}, {count_noun(detectors[3], 'trigram detector')}."
        )
    if by_position:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in types.items() if count)
        sentences.append(
            f"{count_noun(by_position, noun)} depend{'s' if by_position == 1 else ''} on position"
            f"{_where(summaries, positional)}: {kinds}."
        )
    return [*sentences, f"{_first(suppress, sum(detectors.values()), by_position)} {_KEYS}"]


def _first(suppress: int, detectors: int, by_position: int) -> str:
    """What to look at first."""
    if suppress:
        return "Look first at the neurons that suppress (▼): the list begins with them."
    if detectors:
        return "Look first at the detectors: the list begins with them."
    if by_position:
        return "Look first at the positional neurons: the list begins with them."
    return "No neuron is a detector or positional; more tokens may show some."


def _where(summaries: Sequence[LayerSummary], count: Callable[[LayerSummary], int]) -> str:
    """Which layer, or which third of the layers, holds most of what is counted; empty if none does."""
    counts = {s.layer: count(s) for s in summaries}
    total, size = sum(counts.values()), -(-len(counts) // 3)
    if not total or len(counts) < 2:
        return ""
    layer = max(counts, key=counts.__getitem__)
    if counts[layer] > _MOST * total:
        return (
            f", {'all' if counts[layer] == total else 'most'} in layer {layer}" if total > 1 else f", in layer {layer}"
        )
    order = list(counts)
    for name, part in (("first", order[:size]), ("middle", order[size:-size]), ("last", order[-size:])):
        if sum(counts[one] for one in part) > _MOST * total:
            return f", most in the {name} layers ({show_layers(part)})"
    return ", spread over all depths"


class Overview(Widget):
    """The sentences above the panes; nothing where they are not asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._sentences: list[str] = []

    def show_text(self, sentences: Sequence[str]) -> None:
        """Show other sentences."""
        if list(sentences) != self._sentences:
            self._sentences = list(sentences)
            self.refresh(layout=True)

    def _lines(self, width: int) -> list[str]:
        return [line for sentence in self._sentences for line in wrap(sentence, max(20, width - 2))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Textual's way to ask how many lines there are."""
        return max(1, len(self._lines(width)))

    def render_line(self, y: int) -> Strip:
        """Textual's way to ask for a line."""
        width = self.size.width
        lines = self._lines(width)
        return paint(self, ((f" {lines[y]}", ""),) if y < len(lines) else BLANK, width, self.rich_style)
