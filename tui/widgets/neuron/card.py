"""A neuron on a card: what its pane shows, as lines of text laid out for a size.

The parts keep their places from neuron to neuron, so that nothing jumps while walking: each reserves its rows, but for
what silencing did, which only measured neurons have. The rows of the curve are left empty: it is drawn when the card is
shown, and again for each key that moves over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE
from neuron_tui.store.neurons.places import Address
from neuron_tui.store.neurons.samples import LINE, Samples
from neuron_tui.store.neurons.stored_contexts import Kind
from neuron_tui.store.notes.notebook import called_by
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun
from neuron_tui.tui.drawing.spans import BLANK, Line, wrap
from neuron_tui.tui.reports.neuron import NeuronView
from neuron_tui.tui.widgets.neuron.blocks import Block, Item, section, side_by_side
from neuron_tui.tui.widgets.neuron.card_causal import causal_lines
from neuron_tui.tui.widgets.neuron.card_head import coverage_line, head_lines
from neuron_tui.tui.widgets.neuron.card_lists import trigger_block, writes_block
from neuron_tui.tui.widgets.neuron.card_notes import note_lines
from neuron_tui.tui.widgets.neuron.card_position import curve_rows, sentence_rows
from neuron_tui.tui.widgets.neuron.card_values import value_lines, value_rows
from neuron_tui.tui.widgets.neuron.concordance import concordance
from neuron_tui.tui.widgets.neuron.context_text import EDGE
from neuron_tui.tui.widgets.neuron.passages import passages

TWO_COLUMNS = 72
"""Inner width from which the card has two columns."""

_LOW = 26
"""A pane of fewer lines has no room for values before the contexts: they come below."""


@dataclass(frozen=True, slots=True)
class CardShape:
    """What a card is laid out for: cells inside the pane, the n of its n-grams, whether lists are long, and contexts.

    `reach` is how much of a context is shown, `on` the n-gram they are to be of, empty for any, `kind` whether they are
    the sampled ones or those of the highest values.
    """

    width: int
    height: int
    order: int = 1
    long: bool = False
    reach: int = LINE
    on: tuple[int, ...] = ()
    kind: Kind = "contexts"

    def other_kind(self) -> CardShape:
        """The shape with contexts of the other kind."""
        return replace(self, kind="contexts" if self.kind == "highest" else "highest")


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of cells."""

    line: int
    x: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Card:
    """A neuron laid out for a shape: its lines, what the cursor can stand on, and where the curve goes.

    `view` is None if it could not be read, and the lines say why.
    """

    address: Address
    shape: CardShape
    view: NeuronView | None
    lines: tuple[Line, ...]
    items: tuple[Item, ...] = ()
    curve: Place | None = None

    @property
    def name(self) -> str:
        """How people name the neuron."""
        return "{}:{}".format(*self.address) if self.view is None else self.view.record.name

    @property
    def title(self) -> str:
        """Its name, and what people call it."""
        called = called_by(self.view.notes) if self.view is not None else ""
        return f"{self.name} · {printable(called)}" if called else self.name

    def with_curve(self, curve: Sequence[Line]) -> tuple[Line, ...]:
        """The lines with those of the curve in their place."""
        if self.curve is None or self.view is None:
            return self.lines
        top, bottom = self.curve.line, self.curve.line + self.curve.height
        rows = [(*line, *part) for line, part in zip(self.lines[top:bottom], curve, strict=True)]
        return (*self.lines[:top], *rows, *self.lines[bottom:])


def lay_out(view: NeuronView, shape: CardShape, samples: Samples | None = None) -> Card:
    """The card of a neuron; the samples are the view's by default. Below 30 cells, painting cuts what is too wide."""
    samples = samples or Samples([c.context for c in view.contexts], len(view.contexts))
    block, curve = (_wide if shape.width >= TWO_COLUMNS else _narrow)(view, shape, samples)
    return Card((view.layer, view.neuron), shape, view, tuple(block.lines), tuple(block.items), curve)


def _narrow(view: NeuronView, shape: CardShape, samples: Samples) -> tuple[Block, Place]:
    width = shape.width
    block = Block([*head_lines(view, width), *note_lines(view.notes, width, shape.height, whole=shape.long)])
    # Section lines, the header of the triggers, and the sentences on position are always there.
    values, silenced = value_rows(view, width, shape.height), causal_lines(view, width)
    free = shape.height - len(block.lines) - 5 - sentence_rows(width) - values
    block.add_block(trigger_block(view, shape.order, width, 50 if shape.long else _clamp(free // 4, 4, 12)))
    block.add_block(writes_block(view, width, 50 if shape.long else _clamp(free // 5, 4, 10)))
    block.add(*silenced)
    curve = Place(len(block.lines), 0, width, curve_rows(view, width, _clamp(free // 4, 5, 10)))
    block.add(*[BLANK] * curve.height, *value_lines(view, width, shape.height))
    block.add_block(_contexts(view, shape, samples, width))
    return block, curve


def _wide(view: NeuronView, shape: CardShape, samples: Samples) -> tuple[Block, Place]:
    left = (shape.width - 2) * 9 // 20
    right = shape.width - left - 2
    head = [*head_lines(view, shape.width), *note_lines(view.notes, shape.width, shape.height, whole=shape.long)]
    block = Block([*head, coverage_line(view, shape.width), BLANK])
    free = shape.height - len(block.lines) - 4
    silenced = causal_lines(view, left)
    triggers = 50 if shape.long else _clamp(free // 2, 5, 16)
    lists = trigger_block(view, shape.order, left, triggers)
    lists.add(BLANK)
    writes = 50 if shape.long else _clamp(free - triggers - len(silenced), 5, 30)
    lists.add_block(writes_block(view, left, writes))
    lists.add(*silenced)
    rows = curve_rows(view, right, _clamp(shape.height // 4, 5, 14))
    curve = Place(len(block.lines), left + 2, right, rows)
    values = value_lines(view, right, shape.height)
    below = shape.height < _LOW and shape.reach == LINE
    texts = Block([*[BLANK] * rows, *([] if below else values)])
    if shape.reach == LINE:
        texts.add_block(_contexts(view, shape, samples, right))
    texts.add(*(values if below else []))
    block.add_block(side_by_side(lists, texts, left))
    if shape.reach != LINE:  # text that is read takes the whole width, below the rest
        block.add_block(_contexts(view, shape, samples, shape.width))
    return block, curve


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _contexts(view: NeuronView, shape: CardShape, samples: Samples, width: int) -> Block:
    count, highest = len(samples.contexts), shape.kind == "highest"
    title = "Highest contexts" if highest else "Contexts"
    if highest and view.record.values is None:
        lines = wrap("This run keeps no values, and so no highest contexts.", width)
        return Block([section(title, "", width), *(((line, "dim"),) for line in lines)])
    if not samples.stored:
        return Block([section(title, "none: never active", width)])
    note = count_noun(count, "sample") + (", drawn by domain" if width >= 40 else "")
    if highest:
        note = f"{count:,} of {view.record.count:,}" + (" activations, highest first" if width >= 60 else "")
    if shape.on:
        title += f" of {view.triggers[len(shape.on)].shown_of(shape.on) or 'another n-gram'}"
        note = f"{count - samples.more:,} of {samples.stored:,}" + (
            (" highest" if highest else " samples") if width >= 40 else ""
        )
        note += f", {samples.more:,} more" if samples.more else ""
    block = Block([section(title, note, width)])
    if samples.partly_known:
        note = f"Activity is known {CONTEXT_BEFORE} tokens before and {CONTEXT_AFTER} after a sample, between {EDGE}."
        block.add(*(((line, "dim"),) for line in wrap(note, width)))
    contexts = [view.context_view(context) for context in samples.contexts]
    if shape.reach == LINE:
        block.add_block(concordance(contexts, width, by_domain=not highest))
    else:
        block.add_block(passages(contexts, width))
    return block
