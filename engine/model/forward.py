"""The forward pass one layer at a time over a whole corpus: the model never exists whole.

Hidden states and whatever else a layer call takes (mask, positions) come from the model's own forward, which is
run once a batch with its layers replaced by one that keeps its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from neuron_tui.engine.model.activity import Activations, watched
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.residual import ResidualStream
from neuron_tui.engine.products import FastProducts
from neuron_tui.store.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive sequences of one length: their first position in the corpus, their number B and length L."""

    start: int
    sequences: int
    length: int

    @property
    def tokens(self) -> int:
        """Positions in the batch."""
        return self.sequences * self.length


def batches(sequence_start: npt.NDArray[np.int64], batch_tokens: int) -> list[Batch]:
    """Cut a corpus into batches of at most `batch_tokens` positions, at least one sequence each."""
    result: list[Batch] = []
    for start, length in zip(sequence_start[:-1].tolist(), np.diff(sequence_start).tolist(), strict=True):
        last = result[-1] if result else None
        if last and last.length == length and (last.sequences + 1) * length <= batch_tokens:
            result[-1] = Batch(last.start, last.sequences + 1, length)
        else:
            result.append(Batch(start, 1, length))
    return result


class _Captured(Exception):  # noqa: N818 - not an error: the way out of the model's forward
    """The model's own forward has reached its first layer."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What a layer is called with, beside the hidden states: masks, positions, whatever its model gives it."""

    arguments: tuple[Any, ...]
    named: dict[str, Any]


class _Catcher(nn.Module):
    """Stands for a layer and keeps what it is called with; the last one ends the forward pass."""

    def __init__(self, layer: nn.Module, last: bool) -> None:
        super().__init__()
        self._layer, self._last = [layer], last  # in a list, so that it is no part of this module

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the model asks its layer for
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["_layer"][0], name)

    def forward(self, hidden_states: torch.Tensor, *arguments: object, **named: object) -> torch.Tensor:
        self.hidden_states, self.call = hidden_states, _Call(arguments, named)
        if self._last:
            raise _Captured
        return hidden_states


def _put(layers: nn.ModuleList, modules: Sequence[nn.Module]) -> None:
    """Put modules in the places of layers."""
    for place, module in enumerate(modules):
        layers[place] = module


class _Stopped(Exception):  # noqa: N818 - not an error: the last layer's output is not needed
    """The activation has been seen."""


class LayerwiseForward:
    """Runs the corpus through one layer after another."""

    def __init__(self, model: CausalModel, name: str, device: torch.device, dtype: torch.dtype) -> None:
        """Ready to embed; no weight is loaded yet."""
        self._model, self._name = model, name
        self._device, self._dtype = device, dtype
        self._calls: dict[tuple[int, int], list[_Call]] = {}

    @torch.inference_mode()
    def embed(
        self,
        tokens: npt.NDArray[np.int32],
        corpus: Sequence[Batch],
        residual: ResidualStream,
        tick: Callable[[int], None],
    ) -> None:
        """Fill the residual stream with the first layer's input and learn how layers are called.

        `tick` is called with the positions of each finished batch.
        """
        model, layers = self._model, list(self._model.layers)
        catchers = [_Catcher(layer, layer is layers[-1]) for layer in layers]
        model.load_stem(self._device, self._dtype)
        _put(model.layers, catchers)
        try:
            for batch in corpus:
                ids = torch.from_numpy(tokens[batch.start : batch.start + batch.tokens].astype(np.int64))
                try:
                    model.base(input_ids=ids.view(batch.sequences, -1).to(self._device), use_cache=False)
                except _Captured:
                    residual.put(batch.start, catchers[0].hidden_states)
                self._calls.setdefault((batch.sequences, batch.length), [catcher.call for catcher in catchers])
                tick(batch.tokens)
        finally:
            _put(model.layers, layers)
            model.release_stem()

    @torch.inference_mode()
    def run_layer(
        self,
        index: int,
        corpus: Sequence[Batch],
        residual: ResidualStream,
        on_activation: Callable[[Batch, Activations], None] | None,
        output_needed: bool,
        tick: Callable[[int], None],
    ) -> None:
        """Run every batch through one layer, its output replacing the residual stream.

        Parameters
        ----------
        on_activation
            Called with each batch and the activations of its B * L positions; None: nobody looks.
        output_needed
            False stops each batch after the activation and leaves the residual stream as it is.

        Raises
        ------
        CheckpointError
            The layer's weights cannot be used, or its output is not finite.
        """
        layer = self._model.load_layer(index, self._device, self._dtype)
        current: list[Batch] = []

        def see(activations: Activations) -> None:
            if on_activation is not None:
                on_activation(current[0], activations)
            if not output_needed:
                raise _Stopped

        try:
            with watched(layer, self._model.family, see), FastProducts():
                for batch in corpus:
                    current[:] = [batch]
                    states = residual.get(batch.start, batch.sequences, batch.length)
                    call = self._calls[batch.sequences, batch.length][index]
                    try:
                        states = layer(states, *call.arguments, **call.named)
                    except _Stopped:
                        tick(batch.tokens)
                        continue
                    states = states[0] if isinstance(states, tuple) else states
                    if not bool(torch.isfinite(states).all()):
                        raise CheckpointError(
                            f"model {self._name}: layer {index} gives NaN or infinity in {self._dtype}\n"
                            "Use --dtype float32; if it stays, the checkpoint is broken."
                        )
                    residual.put(batch.start, states)
                    tick(batch.tokens)
        finally:
            self._model.release_layer(index)
