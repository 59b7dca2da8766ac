"""What each part of a model adds to a logit on the direct way: through the final norm, unembedded [after §4.4]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from neuron_tui.engine.asking.held_still import held_still
from neuron_tui.engine.asking.reading import Reading
from neuron_tui.engine.asking.trace import Trace
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.store.arrays import Floats
from neuron_tui.store.runs.rule import Rule


@dataclass(frozen=True, slots=True)
class DirectWay:
    """Contributions to the logits of T tokens at one position, float64; norms are held as the whole stream has them.

    `logits` (T,): what the parts add up to, before the model scales or caps it. `embedding` (T,): what the stream
    begins with. `attention` and `feed_forward` (layers, T): what each layer adds. `bias` (T,): of the final norm and
    the unembedding. `rows`: by layer (n, T), of its active rows in the order of the reading; what the FFN adds beside
    them is its bias and what inactive neurons write.
    """

    logits: Floats
    capped: bool
    embedding: Floats
    attention: Floats
    feed_forward: Floats
    bias: Floats
    rows: dict[int, Floats]


@torch.inference_mode()
def direct_way(
    model: CausalModel,
    rule: Rule,
    reading: Reading,
    trace: Trace,
    position: int,
    targets: Sequence[int],
    layers: Sequence[int] | None = None,
) -> DirectWay:
    """Split the logits of some tokens at a position of a text that was read.

    Parameters
    ----------
    trace
        Of the same pass as `reading`.
    targets
        T tokens.
    layers
        Those whose rows are wanted; None for all.

    Raises
    ------
    ValueError
        The model has norms after its blocks, and so no direct way; see `CausalModel.adds_up`.
    """
    if not model.adds_up:
        raise ValueError("the model has norms on its residual stream: nothing adds up to a logit on a direct way")
    place = trace.place(position)
    head, factor = model.whole.get_output_embeddings(), trace.factor(position)
    scale = 1.0 if factor is None else factor
    towards = head.weight[list(targets)].double() * scale  # (T, width)
    bias = torch.zeros(len(targets), dtype=torch.float64, device=towards.device)
    if head.bias is not None:
        bias += head.bias[list(targets)].double() * scale
    for module, given in reversed(trace.ending):
        if isinstance(module, nn.Linear):
            towards = towards @ module.weight.double()
            continue
        norm = held_still(module, given[place])
        bias += towards @ norm.bias
        towards = norm.back(towards)
    stream = torch.stack([states[place] for states in trace.stream]).double()
    added = torch.stack([states[place] for states in trace.added]).double()
    attention = stream.diff(dim=0) - added
    wanted = range(len(added)) if layers is None else layers
    rows = {layer: _rows(model, rule, reading, trace, layer, position, towards) for layer in wanted}
    embedding, of_attention, of_added = (part @ towards.T for part in (stream[0], attention, added))
    return DirectWay(
        logits=(embedding + of_attention.sum(0) + of_added.sum(0) + bias).cpu().numpy(),
        capped=factor is None,
        embedding=embedding.cpu().numpy(),
        attention=of_attention.cpu().numpy(),
        feed_forward=of_added.cpu().numpy(),
        bias=bias.cpu().numpy(),
        rows=rows,
    )


def _rows(
    model: CausalModel,
    rule: Rule,
    reading: Reading,
    trace: Trace,
    layer: int,
    position: int,
    towards: torch.Tensor,
) -> Floats:
    """(n, T) what the active rows of a layer add: value times update direction."""
    active, values = reading.layers[layer].at(position)
    if model.family.after_write:
        written = trace.written[layer][trace.place(position)]
        norm = model.part_of_layer(layer, model.family.after_write, written.device, written.dtype)
        towards = held_still(norm, written).back(towards)
    directions = model.written_by(layer, active // rule.poles, towards.device).double()  # (n, width)
    signs = torch.from_numpy(1 - 2 * (active % rule.poles)).to(directions)
    own = torch.from_numpy(values).to(directions) * signs * model.residual_factor
    found: Floats = ((directions @ towards.T) * own[:, None]).cpu().numpy()
    return found
