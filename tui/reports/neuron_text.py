"""What a neuron is, in plain words: one wording for the app, the reports and the command line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES, ORDERS, STRENGTHS, TYPES
from neuron_tui.store.measures.positional import on_ranges
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.table import NeuronTable
from neuron_tui.store.wording import GRAM_NAMES, count_noun, percent, share_text, signed

SUPPRESSES = "▼"
"""Mark of a token detector that suppresses its triggers."""


OWN_TRIGGER = "◂"
"""Mark of a promoted or suppressed token that is one of the neuron's own triggers."""


TYPE_MEANINGS = {
    "oscillatory": "switches on and off along the sequence",
    "both": "off over one range of positions, on over another",
    "one": "always off, or always on, over one range of positions",
    "other": "depends on position without a range of its own",
}
"""Positional types in a few words [§5]."""


_BLOCKS = "▁▂▃▄▅▆▇█"


def what(table: NeuronTable, row: int) -> str:
    """Short label of one row of the table, such as `token ▼`, `bigram`, `oscillatory` or `dead`; may be empty."""
    return label(
        bool(table.dead[row]),
        [n for n in ORDERS if table.covered[n][row] > 0],
        bool(table.trigger_score[row] < 0),
        TYPES[int(table.type[row])],
    )


def headline(record: NeuronRecord) -> str:
    """One line that says what a neuron is, such as `token detector, suppresses its triggers`."""
    if record.dead:
        return "dead"
    parts = [f"{GRAM_NAMES[n]} detector" for n, triggers in record.triggers.items() if triggers.detector]
    if record.effect.suppresses_triggers:
        parts.insert(1, "suppresses its triggers")
    position = record.position
    if position is not None and position.type is not None:
        parts.append(f"positional: {position.type}, {position.strength}")
    return ", ".join(parts) or "no detector, not positional"


def describe(record: NeuronRecord) -> list[str]:
    """What a neuron is, as sentences: what it detects, what it writes, how often it is on, and where."""
    return [*describe_activity(record), *([] if record.dead else describe_position(record))]


def describe_activity(record: NeuronRecord) -> list[str]:
    """The sentences of `describe` without those on position."""
    if record.dead:
        # Rule of three: with none of N seen, the true rate is below 3/N with 95% confidence.
        bound = f" (true rate below {percent(3 / record.tokens)})" if record.tokens else ""
        return [f"Never active on {count_noun(record.tokens, 'token')}{bound}.", *describe_bos(record)]
    return [
        *_detects(record),
        f"Active on {record.count:,} of {count_noun(record.tokens, 'token')} ({percent(record.frequency)}).",
        *describe_bos(record),
    ]


def describe_position(record: NeuronRecord) -> list[str]:
    """Whether and how a neuron depends on position, as sentences [§5]."""
    position = record.position
    if position is None:
        return ["No positional statistics: the run has no full-length sequence."]
    information = f"mutual information {position.mutual_information:.3f} nats"
    if position.type is not None and position.strength in STRENGTHS:
        return [
            f"Positional: {position.type}, {position.strength} ({information}).",
            f"{where_on(position.frequency).capitalize()}.",
        ]
    if position.sequences < ENOUGH_SEQUENCES:
        have = count_noun(position.sequences, "full-length sequence")
        return [f"No positional type: {have}, {ENOUGH_SEQUENCES} are needed ({information})."]
    return [f"Not positional ({information})."]


def own_triggers(record: NeuronRecord) -> frozenset[int]:
    """Tokens that are the neuron's own triggers: the covered ones of a token detector, else the covering ones."""
    tokens = record.triggers[1]
    chosen = tokens.covered if tokens.detector else tokens.top[: tokens.covering]
    return frozenset(trigger.ids[0] for trigger in chosen)


def where_on(frequency: npt.NDArray[np.float64], shown: int = 4) -> str:
    """The ranges in words: `on at 4-51, 168-214: 2 ranges, 11% of positions`."""
    ranges = on_ranges(frequency)
    if not ranges:
        return "on at no position more often than off"
    listed = [f"{a}-{b}" if a != b else str(a) for a, b in ranges[:shown]]
    more = ", …" if len(ranges) > shown else ""
    share = percent(sum(b - a + 1 for a, b in ranges) / len(frequency))
    return f"on at {', '.join(listed)}{more}: {count_noun(len(ranges), 'range')}, {share} of positions"


def sparkline(values: Sequence[float] | npt.NDArray[np.float64], width: int) -> str:
    """Shares between 0 and 1 as one line of at most `width` blocks; neighbours share a block by their mean."""
    parts = np.array_split(np.asarray(values, dtype=np.float64), min(width, len(values)))
    return "".join(_BLOCKS[min(7, int(8 * float(part.mean())))] for part in parts if len(part))


def label(dead: bool, orders: list[int], suppresses: bool, position_type: str | None) -> str:
    """Short label from its facts: dead, the n of which it is a detector, whether it suppresses, its positional type."""
    if dead:
        return "dead"
    parts = [GRAM_NAMES[orders[0]]] if orders else []
    if orders and orders[0] == 1 and suppresses:
        parts.append(SUPPRESSES)
    if position_type is not None:
        parts.append(position_type)
    return " ".join(parts)


def _detects(record: NeuronRecord) -> list[str]:
    sentences = []
    share = share_text(record.thresholds.coverage)
    for n, triggers in record.triggers.items():
        if triggers.detector:
            count = count_noun(triggers.covering, GRAM_NAMES[n])
            cover = "covers" if triggers.covering == 1 else "cover"
            sentences.append(f"{GRAM_NAMES[n].capitalize()} detector: {count} {cover} {share} of its activations.")
        if n == 1 and triggers.detector and record.effect.trigger_score is not None:
            mean = record.effect.trigger_score
            verb = "Suppresses" if mean < 0 else "Promotes" if mean > 0 else "Neither promotes nor suppresses"
            sentences.append(f"{verb} its triggers (mean score {signed(mean)}).")
    if sentences:
        return sentences
    needed = [count_noun(t.covering, GRAM_NAMES[n]) for n, t in record.triggers.items() if t.total]
    if not needed:
        return ["No n-gram detector."]
    listed = needed[0] if len(needed) == 1 else f"{', '.join(needed[:-1])} or {needed[-1]}"
    return [f"No n-gram detector: it takes {listed} to cover {share} of its activations."]


def describe_bos(record: NeuronRecord) -> list[str]:
    """A sentence on activity at position 0, where the BOS is if the model has one; none if there is none."""
    if not record.bos_count:
        return []
    return [f"Active at position 0 of {count_noun(record.bos_count, 'sequence')}, which is not counted."]
