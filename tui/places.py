"""Places in a run as people write them: `3:117`, `117`, `3:`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLACE = re.compile(r"\s*(?:(\d{1,6})\s*[: ]\s*)?(\d{1,9})?\s*")


def find_place(text: str, layers: Sequence[int], neurons: int, here: int) -> int | str:
    """Row of the run's table that a place means, or, in words, why there is no such place.

    Parameters
    ----------
    text
        Layer and neuron with a colon between them; without a layer the one `here` is meant, without a neuron the first.
    layers
        The layers of the table, in its order.
    neurons
        How many neurons each layer has.
    """
    match = _PLACE.fullmatch(text)
    if match is None:
        return "not a place such as 3:117"
    layer, neuron = int(match[1] or here), int(match[2] or 0)
    if layer not in layers:
        return f"the run has no layer {layer}; it has {layers[0]} to {layers[-1]}"
    if neuron >= neurons:
        return f"a layer has neurons 0 to {neurons - 1:,}"
    return layers.index(layer) * neurons + neuron
