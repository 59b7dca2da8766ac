"""Contexts as a neuron's pane wants them: of one n-gram or any, a line of each or all the text around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE
from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.stored_contexts import Kind

Ids = tuple[int, ...]

LINE, PASSAGE, SEQUENCE = REACHES = range(3)
"""How much of each context is shown: a line, the text that is stored around it, its whole sequence."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Contexts to show; `stored` is how many the neuron has in store, `more` how many here are not among those."""

    contexts: Sequence[Context]
    stored: int
    more: int = 0

    @property
    def partly_known(self) -> bool:
        """Whether of some text it is not known where the neuron is active."""
        return any(context.unknown_before or context.unknown_after for context in self.contexts)


def read_samples(
    run: Run, layer: int, neuron: int, stored: Sequence[Context], reach: int, on: Ids, kind: Kind = "contexts"
) -> Samples:
    """Contexts of a neuron that reach as far as asked for, only those of the n-gram `on` unless it is empty.

    `stored` are the sampled ones that came with the neuron; those of the highest values are read here. To be called in
    a thread. Raises RunDamagedError.
    """
    if kind == "highest":
        highest = run.layer(layer).contexts(neuron, *_around(run, reach), kind)
        return Samples([c for c in highest if not on or is_on(c, on)], len(highest))
    if reach != SEQUENCE and not on:
        return Samples(stored, len(stored))
    where, (before, after) = run.layer(layer), _around(run, reach)
    if not on:
        return Samples(where.contexts(neuron, before, after), len(stored))
    contexts = where.contexts_on(neuron, on, before, after)
    return Samples(contexts, len(stored), len(contexts) - sum(is_on(c, on) for c in stored))


def _around(run: Run, reach: int) -> tuple[int, int]:
    length = run.manifest.options.context_length
    return (length, length) if reach == SEQUENCE else (CONTEXT_BEFORE, CONTEXT_AFTER)


def is_on(context: Context, ids: Ids) -> bool:
    """Whether an n-gram ends at the sampled token of a context."""
    start = context.focus + 1 - len(ids)
    return start >= 0 and context.ids[start : context.focus + 1] == ids
