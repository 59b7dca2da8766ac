"""The residual stream between two layers: on the device, in host memory, or in a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Literal

import torch

from neuron_tui.engine.buffers import lock_pages, unlock_pages
from neuron_tui.engine.model.kept import Keeping, KeptStreams, MappedStates, StreamCopy, StreamShape

Place = Literal["device", "memory", "file"]


class ResidualStream(ABC):
    """Hidden states of a stretch of the corpus, batch by batch: a layer's output takes the place of its input."""

    def __init__(self, shape: StreamShape, device: torch.device) -> None:
        self._shape, self._device = shape, device

    def get(self, start: int, sequences: int, length: int) -> torch.Tensor:
        """Hidden states of consecutive sequences from a position of the corpus on, (B, L, width), on the device."""
        row = start - self._shape.stretch.start
        return self._read(row, sequences * length).view(sequences, length, -1).to(self._device, non_blocking=True)

    def put(self, start: int, states: torch.Tensor) -> None:
        """Store (B, L, width) hidden states from position `start` on."""
        self._write(start - self._shape.stretch.start, states.reshape(-1, states.shape[-1]))

    @abstractmethod
    def resume(self, layer: int) -> None:
        """Take up the kept input of a layer."""

    @property
    @abstractmethod
    def due(self) -> bool:
        """Whether it is worth it to keep the input of the layer that comes next."""

    @abstractmethod
    def begin(self, layer: int, keep: bool) -> None:
        """Have what is put from now on be the input of `layer`; `keep` it, as all processes do."""

    @abstractmethod
    def end(self, seconds: float) -> None:
        """Have all of it; it took so many seconds to compute. What was kept has its name now."""

    def close(self) -> None:  # noqa: B027 - not every stream has something to close
        """Leave nothing half written."""

    @abstractmethod
    def _read(self, row: int, rows: int) -> torch.Tensor: ...

    @abstractmethod
    def _write(self, row: int, states: torch.Tensor) -> None: ...


class ResidualMemory(ResidualStream):
    """A stream on the device or in host memory; with `keeps` a copy is kept now and then."""

    def __init__(
        self, shape: StreamShape, device: torch.device, place: torch.device, kept: KeptStreams, keeps: bool
    ) -> None:
        """Room for all."""
        super().__init__(shape, device)
        self._states = torch.empty((len(shape.stretch), shape.width), dtype=shape.dtype, device=place)
        self._locked = device.type == "cuda" and place.type == "cpu" and lock_pages(self._states)
        self._kept, self._keeping = kept, Keeping(shape.bytes) if keeps else None
        self._copy: StreamCopy | None = None

    def resume(self, layer: int) -> None:
        """Copy the kept input of a layer from the disk."""
        self._kept.read(layer, self._shape.stretch, self._states)

    @property
    def due(self) -> bool:
        """Whether a kill would cost much more by now than keeping does."""
        return self._keeping is not None and self._keeping.due()

    def begin(self, layer: int, keep: bool) -> None:
        """Have what is put be copied to the disk as well, to `keep` it."""
        if keep and len(self._shape.stretch):
            self._copy = StreamCopy(self._kept.path(layer, self._shape.stretch), self._shape)

    def end(self, seconds: float) -> None:
        """Finish the copy, if there is one."""
        if self._keeping is None:
            return
        self._keeping.passed(seconds)
        if self._copy is not None:
            self._keeping.kept(self._copy.finish())
            self._copy = None

    def close(self) -> None:
        """Give up a copy that is not finished."""
        if self._copy is not None:
            self._copy.abandon()
        if self._locked:
            unlock_pages(self._states)

    def _read(self, row: int, rows: int) -> torch.Tensor:
        return self._states[row : row + rows]

    def _write(self, row: int, states: torch.Tensor) -> None:
        self._states[row : row + len(states)].copy_(states)
        if self._copy is not None:
            self._copy.put(row, states)


class ResidualFile(ResidualStream):
    """A stream in a file; with `keeps` each layer's output is a new file, and its input stays until it is forgotten."""

    def __init__(self, shape: StreamShape, device: torch.device, scratch: Path, kept: KeptStreams, keeps: bool) -> None:
        """Nothing is reserved before it begins."""
        super().__init__(shape, device)
        self._scratch, self._kept, self._keeps = scratch, kept, keeps
        self._layer = 0
        self._input: MappedStates | None = None
        self._output: MappedStates | None = None

    def resume(self, layer: int) -> None:
        """Read the kept input of a layer where it lies, or put it together from the parts there are."""
        path = self._kept.path(layer, self._shape.stretch)
        if self._keeps and path.exists():
            self._input = MappedStates(path, self._shape, new=False)
            return
        self._input = MappedStates(self._path("residual"), self._shape, new=True)
        self._kept.read(layer, self._shape.stretch, self._input.states)
        self._output = self._input

    @property
    def due(self) -> bool:
        """Whether there is room for another file: it costs nothing more."""
        return self._keeps

    def begin(self, layer: int, keep: bool) -> None:
        """Have what is put go into another file, or into the one there is."""
        self._layer = layer
        if self._keeps:
            self._output = MappedStates(self._path(f"residual-{layer}"), self._shape, new=True)
        elif self._input is None:
            self._input = self._output = MappedStates(self._path("residual"), self._shape, new=True)

    def end(self, seconds: float) -> None:
        """Keep the file that was written; it is what is read from now on."""
        assert self._output is not None
        if self._keeps:
            self._output.move(self._kept.path(self._layer, self._shape.stretch))
            self._input = self._output

    def _path(self, name: str) -> Path:
        return self._scratch / f"{name}-{self._shape.stretch.start}-{self._shape.stretch.stop}"

    def _read(self, row: int, rows: int) -> torch.Tensor:
        assert self._input is not None
        return self._input.get(row, rows)

    def _write(self, row: int, states: torch.Tensor) -> None:
        assert self._output is not None
        self._output.put(row, states)
