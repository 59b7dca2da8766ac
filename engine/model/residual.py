"""The residual stream of the whole corpus between two layers: on the device, in host memory, or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch

from neuron_tui.store.disk.files import reserve

Place = Literal["device", "memory", "file"]


class ResidualStream:
    """(P, width) hidden states, written in place batch by batch: a layer's output replaces its input."""

    def __init__(
        self, positions: int, width: int, dtype: torch.dtype, device: torch.device, place: Place, file: Path
    ) -> None:
        """Room for the corpus; `file` is used only if `place` is "file"."""
        self._device = device
        shape = (positions, width)
        if place == "file":
            size = positions * width
            reserve(file, size * dtype.itemsize)
            flat = torch.from_file(str(file), shared=True, size=size, dtype=dtype)
            self._states = flat.view(shape)
        else:
            self._states = torch.empty(shape, dtype=dtype, device=device if place == "device" else "cpu")

    def get(self, start: int, sequences: int, length: int) -> torch.Tensor:
        """Hidden states of consecutive sequences, (B, L, width), on the device."""
        return self._states[start : start + sequences * length].view(sequences, length, -1).to(self._device)

    def put(self, start: int, states: torch.Tensor) -> None:
        """Store (B, L, width) hidden states from position `start` on."""
        flat = states.reshape(-1, states.shape[-1])
        self._states[start : start + len(flat)].copy_(flat)
