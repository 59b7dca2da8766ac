"""Records of neurons with their stored contexts, a few neurons at a time, and contexts as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.run import Run
from neuron_tui.tui.reports.selection import Selection

_AT_ONCE = 64
"""Neurons whose contexts are read together, in one pass over the corpus."""

WithContexts = tuple[NeuronRecord, list[Context], list[Context]]
"""A record, the contexts of its neuron's highest values, highest first, and the sampled ones in the corpus's order."""


def with_contexts(run: Run, selection: Selection) -> Iterator[WithContexts]:
    """Records of the selected neurons with their contexts, by layer, then neuron; raises RunDamagedError."""
    return selection.counted(_with_contexts(run, selection))


def _with_contexts(run: Run, selection: Selection) -> Iterator[WithContexts]:
    for index, neurons in selection.neurons.items():
        layer = run.layer(index)
        for start in range(0, len(neurons), _AT_ONCE):
            some = neurons[start : start + _AT_ONCE]
            highest, sampled = (layer.contexts_of(some, kind=kind) for kind in ("highest", "contexts"))
            yield from zip(layer.records(some), highest, sampled, strict=True)


def context_data(context: Context) -> dict[str, Any]:
    """A context as plain Python values.

    `active` and `values` have an entry a token. Both are null where nothing is known, `values` also where it is not
    active; without values, in a run of an earlier version, `values` is null as a whole.
    """
    known = range(context.unknown_before, len(context.ids) - context.unknown_after)
    return {
        "domain": context.domain,
        "offset": context.offset,
        "focus": context.focus,
        "ids": list(context.ids),
        "text": list(context.forms),
        "active": [active if place in known else None for place, active in enumerate(context.active)],
        "values": list(context.values) or None,
    }
