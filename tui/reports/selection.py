"""Which neurons a report is of, and why these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import NeuronNotFoundError
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import printable
from neuron_tui.store.wording import count_noun

ALL = "all"
MARKED = "marked"
"""What `chosen_by` says of neurons that no filter chose; anything else but nothing is the text of a filter."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Selection:
    """Neurons of a report: by layer, ascending.

    `chosen_by` is `ALL`, `MARKED`, the filter that they match, or empty. `heard` is called with the number of neurons
    written so far after each of them, if given; what it raises ends the report. `contexts`: records hold those of their
    neurons.
    """

    neurons: Mapping[int, npt.NDArray[np.int64]]
    chosen_by: str = ""
    heard: Callable[[int], None] | None = None
    contexts: bool = False

    def __len__(self) -> int:
        return sum(len(neurons) for neurons in self.neurons.values())

    def counted(self, items: Iterable[Item]) -> Iterator[Item]:
        """Hand items on, one a neuron, and tell `heard` as soon as each has been dealt with."""
        for written, item in enumerate(items, 1):
            yield item
            if self.heard is not None:
                self.heard(written)


def select(
    run: Run,
    neurons: Sequence[tuple[int, int]] | None,
    chosen_by: str = "",
    heard: Callable[[int], None] | None = None,
    contexts: bool = False,
) -> Selection:
    """The selection of some neurons of a run, or of all its finished layers' for None.

    Raises
    ------
    NeuronNotFoundError, RunPartialError
        The run has no such neuron, or not yet.
    """
    if neurons is None:
        every = {index: np.arange(layer.neurons) for index, layer in run.layers.items()}
        return Selection(every, chosen_by or ALL, heard, contexts)
    chosen: dict[int, set[int]] = {}
    for layer, neuron in neurons:
        size = run.layer(layer).neurons
        if not 0 <= neuron < size:
            raise NeuronNotFoundError(f"layer {layer} has no neuron {neuron}\nIts neurons are 0 to {size - 1:,}.")
        chosen.setdefault(layer, set()).add(neuron)
    by_layer = {layer: np.array(sorted(chosen[layer]), dtype=np.int64) for layer in sorted(chosen)}
    return Selection(by_layer, chosen_by, heard, contexts)


def phrase(count: int, chosen_by: str = "") -> str:
    """Neurons and why these, such as `37 neurons that match type:token`, `2 marked neurons`."""
    return "".join(phrase_parts(count, chosen_by))


def phrase_parts(count: int, chosen_by: str = "") -> tuple[str, str]:
    """The same as words of ours and, made visible, the text of the filter, which is not ours; that one may be empty."""
    if chosen_by == ALL:
        return f"all of its {count_noun(count, 'neuron')}", ""
    if chosen_by == MARKED:
        return count_noun(count, "marked neuron"), ""
    if not chosen_by.strip():
        return count_noun(count, "neuron"), ""
    return f"{count_noun(count, 'neuron')} that match{'es' if count == 1 else ''} ", printable(chosen_by.strip())
