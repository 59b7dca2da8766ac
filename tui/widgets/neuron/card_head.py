"""The top of a neuron's card: what it is, how often it is active, in which domains, and what covers its activations."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.wording import GRAM_NAMES, percent, share_text, signed
from neuron_tui.tui.drawing.spans import BLANK, Line, bar, fit, wrap
from neuron_tui.tui.reports.neuron import DomainRow, NeuronView, TriggerList
from neuron_tui.tui.reports.neuron_text import describe_activity, describe_bos, sparkline

_BAR = 4
_COUNT, _SHARE = 7, 7
_FEW_LINES = 2
"""Lines that domains with their counts may take; beyond them they are told more shortly."""


def head_lines(view: NeuronView, width: int) -> list[Line]:
    """The head; room is kept for sentences of a usual length, so that what follows does not jump."""
    record = view.record
    title = _title(view)
    lines: list[Line] = [((line, "strong"),) for line in wrap(title, width)]
    lines += [((line, ""),) for line in wrap(" ".join(activity(record)), width)]
    lines += [BLANK] * (_sentence_rows(width) - len(lines))
    return [*lines, *domain_lines(view.domains, width)]


def _sentence_rows(width: int) -> int:
    """Lines for a detector's title and its activity, or for the evidence of a dead neuron that is active on BOS."""
    detector, active, dead = (-(-cells // max(1, width)) for cells in (95, 35, 125))
    return max(detector + active, 1 + dead)


def activity(record: NeuronRecord) -> list[str]:
    """How often the neuron is active, as sentences; of a dead one the evidence."""
    if record.dead:
        return describe_activity(record)
    # What detectors cover stands above the triggers, what the neuron does to them in the title.
    active = f"Active {record.count:,} of {record.tokens:,} ({percent(record.frequency)})."
    return [active, *describe_bos(record)]


def _title(view: NeuronView) -> str:
    """The headline as a sentence, with what a token detector does to its triggers."""
    title, score = view.headline, view.record.effect.trigger_score
    if score is not None:
        verb = "suppresses" if score < 0 else "promotes" if score > 0 else "neither promotes nor suppresses"
        token, _, rest = title.replace(", suppresses its triggers", "").partition(" detector")
        title = f"{token} detector, {verb} its triggers (mean score {signed(score)}){rest}"
    return f"{title[0].upper()}{title[1:]}."


def domain_lines(domains: Sequence[DomainRow], width: int) -> list[Line]:
    """Domains in columns: bar and share, and the counts where there is room or they are the evidence of no activity."""
    highest = max((d.share for d in domains), default=0.0) or 1.0
    room = min(max((cell_len(d.name) for d in domains), default=0), max(4, width // 3))
    # As wide as they can get, so that columns stay where they are from neuron to neuron.
    counts = max((2 * len(f"{d.tokens:,}") + 1 for d in domains), default=0)
    evidence = max((len(_none_of(d)) for d in domains), default=0)

    def item(domain: DomainRow, full: bool) -> str:
        if not domain.count:
            return f"{fit(domain.name, room)} {fit(_none_of(domain), size - room - 1)}"
        share = fit(percent(domain.share), _SHARE, "right")
        text = f"{fit(domain.name, room)} {bar(domain.share / highest, _BAR)} {share}"
        return fit(f"{text} {domain.count:,}/{domain.tokens:,}" if full else text, size)

    for full in (True, False):
        size = room + 1 + max(_BAR + 1 + _SHARE + (counts + 1 if full else 0), evidence)
        columns = max(1, (width + 2) // (size + 2))
        rows = -(-len(domains) // columns)
        if rows <= _FEW_LINES or not full:
            break
    items = [item(domain, full) for domain in domains]
    return [(("  ".join(items[row * columns : (row + 1) * columns]), "dim"),) for row in range(rows)]


def _none_of(domain: DomainRow) -> str:
    """That a neuron was active on none of a domain's tokens, and the rate that this bounds by the rule of three."""
    return f"0/{domain.tokens:,}" + (f" <{percent(3 / domain.tokens)}" if domain.tokens else "")


def coverage_line(view: NeuronView, width: int) -> Line:
    """What covers enough of the activations, for each n: a curve of the first n-grams together, and how many it takes.

    Enough is what the thresholds of the run say, the paper's 95%.
    """
    share = share_text(view.record.thresholds.coverage)
    label = f"Covering {share}:  " if width >= 96 else f"{share}:  "
    fixed = len(label) + sum(len(name) + 3 + _COUNT for name in GRAM_NAMES.values()) + 4
    room = max(2, min(16, (width - fixed) // 3))
    parts = []
    for triggers in view.triggers.values():
        count = f"{triggers.covering:,}" if triggers.total else "–"
        parts.append(f"{triggers.name}s {fit(coverage_curve(triggers, room), room)} {fit(count, _COUNT)}")
    return ((label, "dim"), ("  ".join(parts), ""))


def coverage_curve(triggers: TriggerList, width: int) -> str:
    """Share of the activations that the first 1, 2, 3, ... stored n-grams hold together, as blocks."""
    if not triggers.total:
        return ""
    together = [row.together for row in triggers.rows]
    # On from where all are covered the curve is flat: it is drawn so, and does not end early.
    together += together[-1:] * (width - len(together)) if together else []
    return sparkline(together, width)
