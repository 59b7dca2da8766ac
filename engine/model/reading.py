"""Weights of one layer after another, the next one's read while this one computes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch

from neuron_tui.engine.model.causal import CausalModel


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """A layer's weights by their names in it: `held` as the checkpoint has them, in host memory, `usable` to compute.

    Where the layer computes in host memory in the checkpoint's own dtype, both are the same tensors.
    """

    held: dict[str, torch.Tensor]
    usable: dict[str, torch.Tensor]


class LayerReader:
    """Reads layers from the checkpoint onto a device.

    With `ahead`, the layer that follows is read by a thread of its own, through pinned memory and on a stream of its
    own where the device is a GPU: its weights take their place beside those of the layer that computes.
    """

    def __init__(self, model: CausalModel, device: torch.device, dtype: torch.dtype, ahead: bool) -> None:
        self._model, self._device, self._dtype = model, device, dtype
        self._pool = ThreadPoolExecutor(1) if ahead else None
        self._coming: tuple[int, Future[LayerWeights]] | None = None
        copies = ahead and device.type == "cuda"
        self._copies = torch.cuda.Stream(device) if copies else None  # type: ignore[no-untyped-call]

    def take(self, index: int, following: int | None) -> LayerWeights:
        """The weights of a layer; the `following` one is begun to be read. Raises CheckpointError."""
        coming, self._coming = self._coming, None
        weights = coming[1].result() if coming is not None and coming[0] == index else self._read(index)
        if self._copies is not None:
            computing = torch.cuda.current_stream(self._device)
            computing.wait_stream(self._copies)
            for tensor in weights.usable.values():
                tensor.record_stream(computing)
        if self._pool is not None and following is not None:
            self._coming = following, self._pool.submit(self._read, following)
        return weights

    def close(self) -> None:
        """Stop reading ahead."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @torch.inference_mode()
    def _read(self, index: int) -> LayerWeights:
        held = self._model.read_layer(index)
        if self._copies is None:
            return LayerWeights(held, self._model.usable_layer(index, held, self._device, self._dtype))
        held = {name: tensor.pin_memory() for name, tensor in held.items()}
        with torch.cuda.stream(self._copies):
            usable = self._model.usable_layer(index, held, self._device, self._dtype)
        return LayerWeights(held, usable)
