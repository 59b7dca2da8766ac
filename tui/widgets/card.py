"""A neuron on a card: what its pane shows, as lines of text laid out for a size.

The parts keep their places from neuron to neuron, so that nothing jumps while walking: each reserves its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from neuron_tui.store import words
from neuron_tui.tui.charts import position_chart
from neuron_tui.tui.reading import NeuronView
from neuron_tui.tui.spans import BLANK, Line, bar, beside, fit, fit_line, width_of, wrap, wrap_items
from neuron_tui.tui.widgets.card_lists import trigger_lines, writes_lines
from neuron_tui.tui.widgets.concordance import concordance

TWO_COLUMNS = 72
"""Inner width from which the card has two columns."""


@dataclass(frozen=True, slots=True)
class CardShape:
    """What a card is laid out for: cells inside the pane, the n of its n-grams, and whether lists are long."""

    width: int
    height: int
    order: int = 1
    long: bool = False


@dataclass(frozen=True, slots=True)
class _Rows:
    triggers: int
    writes: int
    chart: int


def lay_out(view: NeuronView, shape: CardShape) -> tuple[Line, ...]:
    """The card of a neuron; each line takes at most the width of the shape."""
    lines = _wide(view, shape) if shape.width >= TWO_COLUMNS else _narrow(view, shape)
    return tuple(line if width_of(line) <= shape.width else fit_line(line, shape.width) for line in lines)


def section(title: str, note: str, width: int) -> Line:
    """The line above a part of the card: its title, a rule, a note at the right end."""
    note = fit(note, min(cell_len(note), max(0, width - cell_len(title) - 4))) if note else ""
    rule = width - cell_len(title) - cell_len(note) - (2 if note else 1)
    return ((title, "heading"), (" " + "─" * max(0, rule), "dim"), (f" {note}" if note else "", "dim"))


def _narrow(view: NeuronView, shape: CardShape) -> list[Line]:
    head = _head(view, shape.width, 9 if shape.width < 50 else 5)
    # Section lines, the header of the triggers, and two lines on position are always there.
    free = shape.height - len(head) - 7
    rows = _Rows(
        triggers=50 if shape.long else _clamp(free // 4, 4, 12),
        writes=50 if shape.long else _clamp(free // 5, 4, 10),
        chart=_clamp(free // 4, 5, 10),
    )
    return [
        *head,
        *trigger_lines(view, shape.order, shape.width, rows.triggers),
        *writes_lines(view, shape.width, rows.writes),
        *_position(view, shape.width, rows.chart, 3 if shape.width < 50 else 2),
        *_contexts(view, shape.width),
    ]


def _wide(view: NeuronView, shape: CardShape) -> list[Line]:
    head = _head(view, shape.width, 4)
    left = (shape.width - 2) * 9 // 20
    right = shape.width - left - 2
    free = shape.height - len(head) - 4
    triggers = 50 if shape.long else _clamp(free // 2, 5, 16)
    writes = 50 if shape.long else _clamp(free - triggers, 5, 30)
    lists = [*trigger_lines(view, shape.order, left, triggers), BLANK, *writes_lines(view, left, writes)]
    texts = [*_position(view, right, _clamp(shape.height // 4, 5, 14), 1), BLANK, *_contexts(view, right)]
    return [*head, BLANK, *beside(lists, texts, left)]


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _head(view: NeuronView, width: int, reserved: int) -> list[Line]:
    title = words.headline(view.record)
    title = title[0].upper() + title[1:] + "."
    lines: list[Line] = [((line, "strong"),) for line in wrap(title, width)]
    lines += [((line, ""),) for line in wrap(" ".join(words.describe_activity(view.record)), width)]
    lines += [((line, "dim"),) for line in wrap_items(_domain_items(view), width)]
    return lines + [BLANK] * (reserved - len(lines))


def _domain_items(view: NeuronView) -> list[str]:
    domains = view.record.domains
    highest = max((d.frequency for d in domains.values()), default=0.0) or 1.0
    return [
        f"{words.gram_text([name], False)} {bar(d.frequency / highest, 2)} {words.percent(d.frequency)}"
        for name, d in domains.items()
    ]


def _position(view: NeuronView, width: int, height: int, reserved: int) -> list[Line]:
    position = view.record.position
    sentences = [] if view.record.dead and position is not None else words.describe_position(view.record)
    lines: list[Line] = [((line, ""),) for line in wrap(" ".join(sentences), width)]
    lines += [BLANK] * (reserved - len(lines))
    if position is None:
        chart: list[Line] = [BLANK] * height
    else:
        chart = [((line, "bar"),) for line in position_chart(position.frequency, width, height)]
    note = "" if position is None else "share of sequences active" if width >= 40 else "share active"
    return [section("Position", note, width), *chart, *lines]


def _contexts(view: NeuronView, width: int) -> list[Line]:
    if not view.contexts:
        return [section("Contexts", "none: never active", width)]
    note = words.number(len(view.contexts), "sample") + (", drawn by domain" if width >= 40 else "")
    lines = concordance(view.contexts, width, view.byte_level)
    return [section("Contexts", note, width), *(fit_line(line, width) for line in lines)]
