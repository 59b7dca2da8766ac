"""The lists of a neuron's card: its triggers [§4], and the tokens it promotes and suppresses [§4.4]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from neuron_tui.store.wording import GRAM_NAMES, count_noun, percent, share_text, short_count, signed
from neuron_tui.tui.drawing.spans import BLANK, Line, bar, fit, short_percent
from neuron_tui.tui.reports.neuron import EffectRow, NeuronView, TriggerRow
from neuron_tui.tui.reports.neuron_text import OWN_TRIGGER
from neuron_tui.tui.widgets.neuron.blocks import PROMOTED, SUPPRESSED, TRIGGER, Block, Item, side_by_side

COVERED, COVERING = "●", "○"
"""Marks of the covering n-grams: active on enough of its own positions to be covered, or not."""

_PERCENT, _SHORT_PERCENT = 6, 5
_BAR = 5
_NAME = 6
"""Cells that an n-gram should have: for them numbers are told more shortly."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """The numbers of a trigger: how wide the counts are, and how fully all are told."""

    counts: int
    short_counts: bool = False
    short_shares: bool = False
    precision: bool = True
    bar: bool = False

    @property
    def width(self) -> int:
        """Cells of all of them, with the gap before each."""
        share = (_SHORT_PERCENT if self.short_shares else _PERCENT) + 1
        return self.counts + 1 + share * (1 + self.precision) + (_BAR + 1 if self.bar else 0)

    @property
    def titles(self) -> str:
        """What stands above them."""
        share = _SHORT_PERCENT if self.short_shares else _PERCENT
        counts = fit("active/occurs" if self.counts >= 13 else "act./occ.", self.counts, "right")
        return f" {counts}" + (f" {'prec.':>{share}}" if self.precision else "") + f" {'cover':>{share}}"

    def of(self, trigger: TriggerRow) -> str:
        """Those of one trigger, without the bar."""
        text = f" {_counts(trigger, self.short_counts):>{self.counts}}"
        if self.precision:
            text += self._share(trigger.precision)
        return text + self._share(trigger.together)

    def _share(self, share: float) -> str:
        width, told = (_SHORT_PERCENT, short_percent) if self.short_shares else (_PERCENT, percent)
        text = told(share)
        return f" {text if len(text) <= width else '<.01%':>{width}}"


def _counts(trigger: TriggerRow, short: bool) -> str:
    number_of = short_count if short else "{:,}".format
    return f"{number_of(trigger.active)}/{number_of(trigger.occurrences)}"


def _columns(shown: Sequence[TriggerRow], width: int) -> _Columns:
    """The fullest numbers that leave the n-grams some room."""
    exact, short = (max(9, *(len(_counts(t, how)) for t in shown)) for how in (False, True))
    choices = (
        _Columns(exact),
        _Columns(exact, short_shares=True),
        _Columns(short, short_counts=True, short_shares=True),
        _Columns(short, short_counts=True, short_shares=True, precision=False),
    )
    found = next((c for c in choices if width - c.width - 1 >= _NAME), choices[-1])
    with_bar = replace(found, bar=True)
    return with_bar if width - with_bar.width - 1 >= 2 * _NAME + 1 else found


def trigger_block(view: NeuronView, order: int, width: int, rows: int) -> Block:
    """The triggers for one n: active / occurrences, precision, and what they cover together so far."""
    triggers = view.triggers[order]
    block = Block([_orders(order, triggers.covering, share_text(view.record.thresholds.coverage), width)])
    shown = triggers.rows[:rows]
    if not shown:
        why = "none: never active" if not view.record.count else f"none of its activations ends a {GRAM_NAMES[order]}"
        block.add(((fit(why, width), "dim"),), *[BLANK] * rows)
        return block
    columns = _columns(shown, width)
    names = max(1, width - columns.width - 1)
    block.add(((" " * (names + 1) + columns.titles, "column"),))
    for place, trigger in enumerate(shown):
        mark = (COVERED if trigger.covered else COVERING) if trigger.covering else " "
        role = "" if trigger.covering else "dim"
        block.items.append(Item(TRIGGER, place, len(block.lines), 0, width, trigger.ids, trigger.forms))
        block.add(
            (
                (mark, "mark"),
                (fit(" ".join(trigger.shown), names), role),
                (columns.of(trigger), role),
                (f" {bar(trigger.together, _BAR)}" if columns.bar else "", "bar"),
            )
        )
    block.add(*[BLANK] * (rows - len(shown)))
    return block


def writes_block(view: NeuronView, width: int, rows: int) -> Block:
    """Promoted and suppressed tokens side by side, the neuron's own triggers marked in both."""
    left_width = (width - 2) // 2
    right_width = width - 2 - left_width
    left = _scores(PROMOTED, "Promotes", view.promoted[:rows], left_width)
    right = _scores(SUPPRESSED, "Suppresses", view.suppressed[:rows], right_width)
    block = side_by_side(left, right, left_width)
    block.add(*[BLANK] * (rows + 1 - len(block.lines)))
    return block


def _scores(part: str, title: str, scores: tuple[EffectRow, ...], width: int) -> Block:
    block = Block([((title, "heading"), (" " + "─" * max(0, width - cell_len(title) - 1), "dim"))])
    for place, score in enumerate(scores):
        value = signed(score.score)
        mark = f" {OWN_TRIGGER}" if score.own else "  "
        room = max(1, width - len(value) - 3)
        role = "strong" if score.own else ""
        block.items.append(Item(part, place, len(block.lines), 0, width, (score.id,), (score.form,)))
        block.add(((fit(score.shown, room), role), (mark, "mark"), (f" {value}", role)))
    return block


def _orders(order: int, covering: int, share: str, width: int) -> Line:
    """`Triggers [1] 2  3` with the n in view in brackets, and how many n-grams cover that share of the activations."""
    title = "Triggers"
    choice = "".join(f"[{n}]" if n == order else f" {n} " for n in GRAM_NAMES)
    verb = "covers" if covering == 1 else "cover"
    few = f"{covering:,} {verb} {share}"
    notes = [f"{count_noun(covering, GRAM_NAMES[order])} {verb} {share}", few, f"{share} at {covering:,}"]
    room = width - len(title) - len(choice) - 3
    note = next((note for note in notes if len(note) <= room), "") if covering else ""
    rule = max(0, width - len(title) - len(choice) - len(note) - (3 if note else 2))
    return ((title, "heading"), (f" {choice} ", "strong"), ("─" * rule, "dim"), (f" {note}" if note else "", "dim"))
