"""What flowed through a model while it read a text: the residual stream, and what was written to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.store.errors import UsageError


@dataclass(slots=True)
class Trace:
    """Of a sequence of L tokens from position `first` on, on the device and in the dtype of the pass.

    `stream` holds the residual stream before each layer and after the last one, (L, width) each; `written` what each
    FFN's second map gave; `added` what of it was added to the stream, after the norm or factor that some families have
    there. `ending`: what stands between the stream and the unembedding, each module with what it was given.
    `unembedded` (L, V): what the unembedding made of it; `logits` (L, V): what the model made of that.
    """

    first: int = 0
    stream: list[torch.Tensor] = field(default_factory=list)
    written: list[torch.Tensor] = field(default_factory=list)
    added: list[torch.Tensor] = field(default_factory=list)
    ending: list[tuple[nn.Module, torch.Tensor]] = field(default_factory=list)
    unembedded: torch.Tensor = field(default_factory=lambda: torch.empty(0))
    logits: torch.Tensor = field(default_factory=lambda: torch.empty(0))

    def factor(self, position: int) -> float | None:
        """What the model multiplies its logits with at a position; None where it caps them, or does something else."""
        place = self.place(position)
        before, after = self.unembedded[place].double(), self.logits[place].double()
        largest = before.abs().argmax()
        factor = float(after[largest] / before[largest])
        return factor if torch.allclose(after, before * factor, rtol=1e-3, atol=1e-4) else None

    def place(self, position: int) -> int:
        """Where a position of the text stands here; raises UsageError for one that was not kept."""
        if position < self.first:
            raise UsageError(
                f"of a text this long only the last {len(self.logits):,} tokens can be looked into\nTake a shorter one."
            )
        return position - self.first


@contextmanager
def traced(model: CausalModel, first: int = 0) -> Iterator[Trace]:
    """Fill a trace with the next forward pass of one sequence, from a position on."""
    trace = Trace(first)

    def kept(whole: torch.Tensor) -> torch.Tensor:
        return whole[first:].clone() if first else whole

    factor, last = model.residual_factor, len(model.layers) - 1
    hooks = []

    def enters(_: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        trace.stream.append(kept((arguments[0] if arguments else named["hidden_states"])[0]))

    def leaves(_: nn.Module, __: tuple[Any, ...], output: Any) -> None:  # noqa: ANN401 - a tensor, or a tuple with it
        trace.stream.append(kept((output if isinstance(output, torch.Tensor) else output[0])[0]))

    def writes(_: nn.Module, __: object, output: torch.Tensor) -> None:
        trace.written.append(kept(output.reshape(-1, output.shape[-1])))

    def adds(_: nn.Module, __: object, output: torch.Tensor) -> None:
        trace.added.append(kept(output.reshape(-1, output.shape[-1]) * factor))

    def ends(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if len(trace.stream) == last + 2:
            trace.ending.append((module, kept(arguments[0][0])))

    def unembeds(_: nn.Module, __: object, output: torch.Tensor) -> None:
        trace.unembedded = kept(output[0])

    def concludes(_: nn.Module, __: object, output: Any) -> None:  # noqa: ANN401 - transformers is not typed
        trace.logits = kept(output.logits[0])

    for index, layer in enumerate(model.layers):
        hooks.append(layer.register_forward_pre_hook(enters, with_kwargs=True))
        if index == last:
            hooks.append(layer.register_forward_hook(leaves))
        hooks.append(layer.get_submodule(model.family.write).register_forward_hook(writes))
        hooks.append(layer.get_submodule(model.family.after_write or model.family.write).register_forward_hook(adds))
    inside = {id(part) for part in model.layers.modules()}
    outside = (part for part in model.base.modules() if id(part) not in inside and not list(part.children()))
    hooks.extend(part.register_forward_pre_hook(ends) for part in outside)
    hooks.append(model.whole.get_output_embeddings().register_forward_hook(unembeds))
    hooks.append(model.whole.register_forward_hook(concludes))
    try:
        yield trace
    finally:
        for hook in hooks:
            hook.remove()
