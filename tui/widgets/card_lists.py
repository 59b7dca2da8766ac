"""The lists of a neuron's card: its triggers [§4], and the tokens it promotes and suppresses [§4.4]."""

from __future__ import annotations

from itertools import accumulate

from rich.cells import cell_len

from neuron_tui.store.record import TokenScore
from neuron_tui.store.tokens import visible_token
from neuron_tui.store.words import GRAM_NAMES, OWN_TRIGGER, gram_text, number, own_triggers, percent, signed
from neuron_tui.tui.reading import NeuronView
from neuron_tui.tui.spans import BLANK, Line, bar, beside, fit

_PERCENT = 6
_BAR = 5


def trigger_lines(view: NeuronView, order: int, width: int, rows: int) -> list[Line]:
    """The triggers for one n: active / occurrences, precision, and what they cover together so far."""
    triggers = view.record.triggers[order]
    lines = [_orders(order, triggers.covering, width)]
    shown = triggers.top[:rows]
    if not shown:
        why = "none: never active" if not view.record.count else f"none of its activations ends a {GRAM_NAMES[order]}"
        return [*lines, ((fit(why, width), "dim"),), *[BLANK] * rows]
    counts = [f"{t.active:,}/{t.occurrences:,}" for t in shown]
    count_width = max(9, *map(len, counts))
    bar_width = _BAR if width - count_width - 2 * (_PERCENT + 1) - 2 - _BAR >= 14 else 0
    name_width = max(4, width - count_width - 2 * (_PERCENT + 1) - 1 - (bar_width + 1 if bar_width else 0))
    titles = f"{fit('active/occurs', count_width, 'right')} {'prec.':>{_PERCENT}} {'cover':>{_PERCENT}}"
    if count_width < 13:
        titles = f"{fit('act./occ.', count_width, 'right')} {'prec.':>{_PERCENT}} {'cover':>{_PERCENT}}"
    lines.append(((" " * (name_width + 1) + titles, "column"),))
    covered = accumulate(t.active for t in shown)
    for place, (trigger, count, together) in enumerate(zip(shown, counts, covered, strict=True)):
        share = together / triggers.total
        role = "" if place < triggers.covering else "dim"
        lines.append(
            (
                (fit(gram_text(trigger.text, view.byte_level), name_width), role),
                (f" {count:>{count_width}} {percent(trigger.active / trigger.occurrences):>{_PERCENT}} ", role),
                (f"{percent(share):>{_PERCENT}}", role),
                (f" {bar(share, bar_width)}" if bar_width else "", "bar"),
            )
        )
    return lines + [BLANK] * (rows - len(shown))


def writes_lines(view: NeuronView, width: int, rows: int) -> list[Line]:
    """Promoted and suppressed tokens side by side, the neuron's own triggers marked in both."""
    own = own_triggers(view.record)
    left_width = (width - 2) // 2
    right_width = width - 2 - left_width
    effect = view.record.effect
    left = _scores("Promotes", effect.promoted[:rows], own, left_width, view.byte_level)
    right = _scores("Suppresses", effect.suppressed[:rows], own, right_width, view.byte_level)
    lines = beside(left, right, left_width)
    return lines + [BLANK] * (rows + 1 - len(lines))


def _scores(
    title: str, scores: tuple[TokenScore, ...], own: frozenset[int], width: int, byte_level: bool
) -> list[Line]:
    lines: list[Line] = [((title, "heading"), (" " + "─" * max(0, width - cell_len(title) - 1), "dim"))]
    for score in scores:
        value = signed(score.score)
        mark = f" {OWN_TRIGGER}" if score.id in own else "  "
        room = max(1, width - len(value) - 3)
        token = visible_token(score.text, byte_level)
        role = "strong" if score.id in own else ""
        lines.append(((fit(token, room), role), (mark, "mark"), (f" {value}", role)))
    return lines


def _orders(order: int, covering: int, width: int) -> Line:
    """`Triggers [1] 2 3` with the n in view in brackets, and how many n-grams cover 95%."""
    title = "Triggers"
    choice = "".join(f"[{n}]" if n == order else f" {n} " for n in GRAM_NAMES)
    verb = "covers" if covering == 1 else "cover"
    note = f"{number(covering, GRAM_NAMES[order])} {verb} 95%" if covering else ""
    if len(title) + len(choice) + len(note) + 4 > width:
        note = f"{covering:,} {verb} 95%" if covering else ""
    rule = max(0, width - len(title) - len(choice) - len(note) - (3 if note else 2))
    return ((title, "heading"), (f" {choice} ", "strong"), ("─" * rule, "dim"), (f" {note}" if note else "", "dim"))
