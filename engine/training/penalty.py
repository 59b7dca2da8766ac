"""What is added to the loss so that neurons become sparse and selective."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    import torch
    from transformers import OPTForCausalLM


class SparsityPenalty:
    """Penalty on the FFN activations of a model, collected while it runs forward.

    It is the mean over tokens of sum_i a_i * |w_i|, weighted for each layer; a_i is a neuron's activation, w_i
    its update direction (its column of the second FFN map). Weighing by |w_i| makes the penalty blind to scaling a
    neuron's input down and its output up. For a given update it is smallest when one neuron writes all of it
    (the triangle inequality): it favours a neuron of its own for each thing worth writing.

    Parameters
    ----------
    weights
        A weight for each layer, lowest first; empty for none.
    """

    def __init__(self, model: OPTForCausalLM, weights: tuple[float, ...]) -> None:
        self.share = 0.0
        """How much of the penalty applies; nothing is collected at 0."""
        self._terms: list[torch.Tensor] = []
        layers = model.model.decoder.layers
        self._hooks = [
            layer.activation_fn.register_forward_hook(self._collector(layer.fc2, weight))
            for layer, weight in zip(layers, weights or (0.0,) * len(layers), strict=True)
            if weight
        ]

    def take(self) -> torch.Tensor | None:
        """Return the penalty of the last forward pass, before `share`, and forget it; None if there is none."""
        if not self._terms:
            return None
        total = sum(self._terms[1:], start=self._terms[0])
        self._terms.clear()
        return total

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hook in self._hooks:
            hook.remove()

    def _collector(self, second_map: torch.nn.Linear, weight: float) -> _Hook:
        def collect(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            if not self.share:
                return
            mean_activation = output.reshape(-1, output.shape[-1]).mean(0)  # (F,)
            self._terms.append(weight * (mean_activation @ second_map.weight.norm(dim=0)))

        return collect


class _Hook(Protocol):
    def __call__(self, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None: ...
