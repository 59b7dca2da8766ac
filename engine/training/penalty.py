"""What is added to the loss so that neurons become sparse and selective."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from transformers import OPTForCausalLM


class ActivationPenalty:
    """Sparsity penalty: the mean over tokens of sum_i a_i * |w_i|, added over layers with a weight for each.

    a_i is a neuron's activation, w_i its update (its column of the second FFN map). Weighing by |w_i| makes
    the penalty blind to scaling a neuron's input down and its output up. For a given update it is smallest when
    one neuron writes all of it (the triangle inequality): it favours a neuron for each thing worth writing.

    A second term, `margin`, is the mean of max(0, margin - |pre-activation|), which keeps neurons off the
    boundary between active and not.
    """

    def __init__(
        self, model: OPTForCausalLM, weights: tuple[float, ...], margin_weight: float = 0.0, margin: float = 0.0
    ) -> None:
        self._layers = list(model.model.decoder.layers)
        self._weights = weights
        self._margin_weight = margin_weight
        self._margin = margin
        self._terms: list[torch.Tensor] = []
        self._active: list[torch.Tensor] = []
        self.enabled = False
        self._handles = [
            layer.activation_fn.register_forward_hook(self._hook(index)) for index, layer in enumerate(self._layers)
        ]

    def _hook(self, index: int):  # noqa
        def note(module: object, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            if not self.enabled:
                return
            activations = output.reshape(-1, output.shape[-1])  # (B*T, F)
            norms = self._layers[index].fc2.weight.norm(dim=0)  # (F,)
            term = (activations.mean(0) @ norms) * self._weights[index]
            if self._margin_weight:
                term = term + self._margin_weight * (self._margin - inputs[0].abs()).relu().mean()
            self._terms.append(term)

        return note

    def take(self) -> torch.Tensor:
        """Return the penalty of the last forward pass and forget it."""
        total = sum(self._terms[1:], self._terms[0])
        self._terms.clear()
        return total

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self._handles:
            handle.remove()
