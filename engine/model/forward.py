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

from neuron_tui.engine.model.opt import OptFamily
from neuron_tui.engine.model.residual import ResidualStream
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


class _Catcher(nn.Module):
    """Stands for the decoder's layers and keeps what it is called with."""

    def forward(self, hidden_states: torch.Tensor, **arguments: object) -> torch.Tensor:
        self.hidden_states, self.arguments = hidden_states, arguments
        raise _Captured


class _Stopped(Exception):  # noqa: N818 - not an error: the last layer's output is not needed
    """The activation has been seen."""


class LayerwiseForward:
    """Runs the corpus through one layer after another."""

    def __init__(self, family: OptFamily, name: str, device: torch.device, dtype: torch.dtype) -> None:
        """Ready to embed; no weight is loaded yet."""
        self._family, self._name = family, name
        self._device, self._dtype = device, dtype
        self._arguments: dict[tuple[int, int], dict[str, Any]] = {}

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
        decoder, catcher = self._family.decoder, _Catcher()
        names = self._family.stem_names()
        self._family.load(decoder, {name: name for name in names}, self._device, self._dtype)
        layers, decoder.layers = decoder.layers, nn.ModuleList([catcher])
        try:
            for batch in corpus:
                ids = torch.from_numpy(tokens[batch.start : batch.start + batch.tokens].astype(np.int64))
                try:
                    decoder(input_ids=ids.view(batch.sequences, -1).to(self._device), use_cache=False)
                except _Captured:
                    residual.put(batch.start, catcher.hidden_states)
                self._arguments.setdefault((batch.sequences, batch.length), catcher.arguments)
                tick(batch.tokens)
        finally:
            decoder.layers = layers
            for module in (decoder.embed_tokens, decoder.embed_positions, decoder.project_in):
                if module is not None:
                    module.to("meta")

    @torch.inference_mode()
    def run_layer(
        self,
        index: int,
        corpus: Sequence[Batch],
        residual: ResidualStream,
        on_activation: Callable[[Batch, torch.Tensor], None] | None,
        output_needed: bool,
        tick: Callable[[int], None],
    ) -> None:
        """Run every batch through one layer, its output replacing the residual stream.

        Parameters
        ----------
        on_activation
            Called with each batch and its (B * L, N) values after the activation function; None: nobody looks.
        output_needed
            False stops each batch after the activation and leaves the residual stream as it is.

        Raises
        ------
        CheckpointError
            The layer's weights cannot be used, or its output is not finite.
        """
        layer = self._family.load_layer(index, self._device, self._dtype)
        current: list[Batch] = []

        def see(_: nn.Module, __: object, values: torch.Tensor) -> None:
            if on_activation is not None:
                on_activation(current[0], values.reshape(-1, values.shape[-1]))
            if not output_needed:
                raise _Stopped

        hook = self._family.activation(layer).register_forward_hook(see)
        try:
            for batch in corpus:
                current[:] = [batch]
                states = residual.get(batch.start, batch.sequences, batch.length)
                try:
                    states = layer(states, **self._arguments[batch.sequences, batch.length])
                except _Stopped:
                    tick(batch.tokens)
                    continue
                if not bool(torch.isfinite(states).all()):
                    raise CheckpointError(
                        f"model {self._name}: layer {index} gives NaN or infinity in {self._dtype}\n"
                        "Use --dtype float32; if it stays, the checkpoint is broken."
                    )
                residual.put(batch.start, states)
                tick(batch.tokens)
        finally:
            hook.remove()
            self._family.release_layer(index)
