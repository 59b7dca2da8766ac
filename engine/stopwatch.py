"""Where the time of an extraction goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Stopwatch:
    """Seconds by kind of work, the work on a device included: `lap` waits for it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.seconds: dict[str, float] = {}
        self._events: list[tuple[str, torch.cuda.Event, torch.cuda.Event]] = []

    @contextmanager
    def lap(self, kind: str) -> Iterator[None]:
        """Time a stretch of work to its end, on the device too."""
        begin = time.perf_counter()
        yield
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
            self._read_events()
        self.add(kind, time.perf_counter() - begin)

    @contextmanager
    def within(self, kind: str) -> Iterator[None]:
        """Time one of many short parts of a lap, without making the device wait for the host."""
        if self._device.type != "cuda":
            begin = time.perf_counter()
            try:
                yield
            finally:
                self.add(kind, time.perf_counter() - begin)
            return
        begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begun.record()
        try:
            yield
        finally:
            ended.record()
            self._events.append((kind, begun, ended))

    def add(self, kind: str, seconds: float) -> None:
        """Add seconds to those of a kind of work."""
        self.seconds[kind] = self.seconds.get(kind, 0.0) + seconds

    def _read_events(self) -> None:
        for kind, begun, ended in self._events:
            self.add(kind, begun.elapsed_time(ended) / 1000)
        self._events.clear()
