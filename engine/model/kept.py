"""Residual streams kept on disk at a layer's end, from which an extraction that was killed goes on."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import TEMPORARY_SUFFIX, disk_full_named, reserve
from neuron_tui.store.disk.mapped import MappedFile
from neuron_tui.store.runs.folder import KEPT_PREFIX

_NAMED = re.compile(rf"{KEPT_PREFIX}([0-9a-f]+)-(\d+)-(\d+)-(\d+)")

_AT_ONCE = 4096
"""Positions that are read in one go."""

_TIMES = 20
"""Keeping waits until passing again would take so many times what keeping takes: a twentieth of the time at most."""

_EXPECTED_RATE = 500e6
_EXPECTED_SYNC = 0.05
"""Bytes a second, and seconds for the disk to have all of it, until the first stream was kept and timed."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive positions of the corpus, from `start` to `stop` - 1."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class StreamShape:
    """The stretch of a stream, the width of its states and their dtype."""

    stretch: Stretch
    width: int
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """Size of the stream."""
        return len(self.stretch) * self.width * self.dtype.itemsize


class KeptStreams:
    """The kept streams of a run, raw states a file: of which run, the input of which layer and stretch, says its name.

    A stretch is all of the corpus, or what one of several processes takes through the layers. What `run` stands for is
    the run as it was begun: of another one of the same name, the streams are others.
    """

    def __init__(self, folder: Path, run: str, width: int, dtype: torch.dtype) -> None:
        self._folder, self._run, self._row = folder, run, width * dtype.itemsize
        self._width, self._dtype = width, dtype

    def path(self, layer: int, stretch: Stretch) -> Path:
        """Where the input of a layer is kept."""
        return self._folder / f"{KEPT_PREFIX}{self._run}-{layer}-{stretch.start}-{stretch.stop}"

    def whole(self, stretch: Stretch) -> set[int]:
        """The layers whose input is there for all positions of a stretch."""
        parts: dict[int, list[Stretch]] = {}
        for layer, part in self._parts():
            parts.setdefault(layer, []).append(part)
        return {layer for layer, found in parts.items() if _cover(found, stretch)}

    def read(self, layer: int, stretch: Stretch, into: torch.Tensor) -> None:
        """Copy the input of a layer, (len(stretch), width), from whichever files hold it."""
        for found, part in self._parts():
            first, last = max(part.start, stretch.start), min(part.stop, stretch.stop)
            if found == layer and first < last:
                shape = StreamShape(part, self._width, self._dtype)
                states = MappedStates(self.path(layer, part), shape, new=False)
                for row in range(first, last, _AT_ONCE):
                    rows = min(_AT_ONCE, last - row)
                    into[row - stretch.start : row - stretch.start + rows] = states.get(row - part.start, rows)

    def forget_before(self, layer: int) -> None:
        """Delete the inputs of the layers before one."""
        for found, stretch in self._parts():
            if found < layer:
                changes.remove(self.path(found, stretch))

    def _parts(self) -> list[tuple[int, Stretch]]:
        """What is there: a file gets its name when the disk has all of it."""
        found = []
        for path in sorted(self._folder.glob(f"{KEPT_PREFIX}*")):
            named = _NAMED.fullmatch(path.name)
            if named is None or named[1] != self._run:
                continue
            layer, start, stop = (int(number) for number in named.groups()[1:])
            with contextlib.suppress(FileNotFoundError):  # another process has just deleted it
                if path.stat().st_size == (stop - start) * self._row:
                    found.append((layer, Stretch(start, stop)))
        return found

    def forget_others(self) -> None:
        """Delete what was kept of other runs of the name."""
        for path in self._folder.glob(f"{KEPT_PREFIX}*"):
            named = _NAMED.fullmatch(path.name)
            if named is not None and named[1] != self._run:
                changes.remove(path)


class StreamCopy:
    """A stream that is being kept: rows are written as they come, and it takes its name when all are on the disk."""

    def __init__(self, path: Path, shape: StreamShape) -> None:
        """Begin; raises DiskFullError."""
        self._path, self._partial = path, path.with_name(path.name + TEMPORARY_SUFFIX)
        self._row = shape.bytes // max(len(shape.stretch), 1)
        begin = time.perf_counter()
        reserve(self._partial, shape.bytes)
        self._descriptor: int | None = changes.open_file(self._partial)
        self._seconds = time.perf_counter() - begin

    def put(self, row: int, states: torch.Tensor) -> None:
        """Write (n, width) states from a row on; raises DiskFullError."""
        begin = time.perf_counter()
        raw = memoryview(states.cpu().contiguous().view(torch.uint8).numpy().reshape(-1).data)
        at = row * self._row
        assert self._descriptor is not None
        with disk_full_named(self._path):
            while raw:
                written = changes.write_at(self._descriptor, raw, at)
                raw, at = raw[written:], at + written
        self._seconds += time.perf_counter() - begin

    def finish(self) -> float:
        """Wait until the disk has all of it, and give it its name; the seconds that keeping it took."""
        begin = time.perf_counter()
        assert self._descriptor is not None
        with disk_full_named(self._path):
            changes.sync(self._descriptor)
            self._close()
            changes.rename(self._partial, self._path)
            changes.sync_folder(self._path.parent)  # before those that came before it go
        return self._seconds + time.perf_counter() - begin

    def abandon(self) -> None:
        """Leave nothing."""
        self._close()
        changes.remove(self._partial)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class MappedStates:
    """A stream in a file that is read and written where it lies."""

    def __init__(self, path: Path, shape: StreamShape, new: bool) -> None:
        """Map the file; a `new` one is made first, which raises DiskFullError."""
        self._path = path
        self._file = MappedFile(path, shape.bytes if new else None) if shape.bytes else None
        if self._file is None:  # a process without batches
            self.states = torch.empty((0, shape.width), dtype=shape.dtype)
        else:
            self.states = torch.from_numpy(self._file.bytes).view(shape.dtype).view(-1, shape.width)

    def get(self, row: int, rows: int) -> torch.Tensor:
        """(rows, width) states from a row on."""
        self._touched(rows)
        return self.states[row : row + rows]

    def put(self, row: int, states: torch.Tensor) -> None:
        """Write (n, width) states from a row on."""
        self.states[row : row + len(states)].copy_(states)
        self._touched(len(states))

    def move(self, path: Path) -> None:
        """Give the file another name, when the disk has all of it."""
        if self._file is None:
            return
        with disk_full_named(path):
            self._file.sync()
            changes.rename(self._path, path)
            changes.sync_folder(path.parent)
        self._path = path

    def _touched(self, rows: int) -> None:
        if self._file is not None:
            self._file.touched(rows * self.states[0].nbytes)


def _cover(parts: list[Stretch], stretch: Stretch) -> bool:
    reached = stretch.start
    for part in sorted(parts, key=lambda part: part.start):
        reached = max(reached, part.stop) if part.start <= reached else reached
    return reached >= stretch.stop


class Keeping:
    """Decides at which layers' ends the residual stream is kept, by what a kill would cost and what keeping costs."""

    def __init__(self, size: int) -> None:
        """For a stream of `size` bytes."""
        self._costs = _EXPECTED_SYNC + size / _EXPECTED_RATE
        self._lost = self._layer = 0.0

    def due(self) -> bool:
        """Whether the output of the layer that begins is to be kept."""
        return self._lost + self._layer >= _TIMES * self._costs

    def passed(self, seconds: float) -> None:
        """Take note of a layer's forward pass."""
        self._layer = seconds
        self._lost += seconds

    def kept(self, seconds: float) -> None:
        """Take note of a stream that was kept, and of what that took."""
        self._costs, self._lost = seconds, 0.0
