"""What the direct way alone says of silenced neurons: their writes taken from the logits, no later layer answering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from neuron_tui.engine.asking.asked_model import AskedModel
from neuron_tui.engine.asking.held_still import held_still
from neuron_tui.engine.asking.reading import Reading
from neuron_tui.engine.asking.silence import Silenced
from neuron_tui.engine.asking.trace import Trace


@torch.inference_mode()
def predicted_logits(
    model: AskedModel, reading: Reading, trace: Trace, position: int, silenced: Sequence[Silenced]
) -> torch.Tensor | None:
    """(V,) logits at a position without what silenced neurons write there directly; None without a direct way.

    What a smooth gate lets through where it is closed is left out: it is no row's.
    """
    causal = model.causal
    if not causal.adds_up:
        return None
    place = trace.place(position)
    less = torch.zeros_like(trace.stream[0][place], dtype=torch.float64)
    for layer in sorted({one.layer for one in silenced}):
        written = _taken(model, reading, layer, position, [one for one in silenced if one.layer == layer])
        if causal.family.after_write:
            given = trace.written[layer][place]
            norm = causal.part_of_layer(layer, causal.family.after_write, given.device, given.dtype)
            written = held_still(norm, given).through(written)
        less += written * causal.residual_factor
    for module, given in trace.ending:
        less = (
            module.weight.double() @ less
            if isinstance(module, nn.Linear)
            else held_still(module, given[place]).through(less)
        )
    head = causal.whole.get_output_embeddings()
    unembedded: torch.Tensor = trace.unembedded[place].double() - head.weight.double() @ less
    factor, cap = trace.factor(position), causal.logit_cap
    if factor is not None:
        return unembedded * factor
    return None if cap is None else (unembedded / cap).tanh() * cap


def _taken(
    model: AskedModel, reading: Reading, layer: int, position: int, silenced: Sequence[Silenced]
) -> torch.Tensor:
    """(width,) what silenced neurons of a layer write less there, float64."""
    rows, values = reading.layers[layer].at(position)
    poles = model.rule.poles
    value = dict(zip(rows.tolist(), values.tolist(), strict=True))
    less = np.zeros(len(silenced))
    for place, one in enumerate(silenced):
        own = {"": range(poles), "+": (0,), "-": (1,)}[one.pole]
        now = sum(value.get(one.neuron * poles + pole, 0.0) * (1 - 2 * pole) for pole in own)
        less[place] = now - one.mean
    device = next(iter(model.causal.whole.get_output_embeddings().parameters())).device
    directions = model.causal.written_by(layer, np.array([one.neuron for one in silenced]), device).double()
    return torch.from_numpy(less).to(directions) @ directions
