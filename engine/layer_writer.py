"""Layers on their way to the disk, while the next one computes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from neuron_tui.engine.layers import LayerResult, Pass
from neuron_tui.engine.writing import write_layer
from neuron_tui.store.runs.manifest import Manifest, Usage, write_manifest


class LayerWriter:
    """Writes one layer after the other in a thread of its own, and lists each in run.json once its file is there.

    Leaving its block waits for the last one, also where an error or an interruption ends the block.
    """

    def __init__(self, folder: Path, manifest: Manifest, work: Pass, usage: Callable[[], Usage]) -> None:
        """For a run that has `manifest` so far.

        Where memory is not short, a layer may still be on its way when `write` returns. `usage` is asked, after each
        layer, what the extraction has taken so far.
        """
        self._folder, self._manifest, self._plan = folder, manifest, work.plan
        self._keep, self._overlaps, self._usage = work.keep_activations, work.resources.overlaps, usage
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None
        self.seconds = 0.0

    def __enter__(self) -> LayerWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        with self._pool:
            if kind is None:
                self._wait()

    def has(self, layer: int, wait: bool) -> bool:
        """Whether a layer's file is there, and run.json lists it; `wait` for one that is on its way."""
        if wait:
            self._wait()
        return layer in self._manifest.layers

    def write(self, result: LayerResult) -> None:
        """Begin to write a layer, when the one before is there; raises what writing that one raised."""
        self._wait()
        self._last = self._pool.submit(self._write, result)
        if not self._overlaps:
            self._wait()

    def _wait(self) -> None:
        if self._last is not None:
            self._last.result()

    def _write(self, result: LayerResult) -> None:
        begin = time.perf_counter()
        entry = write_layer(self._folder, result, self._plan, self._keep)
        self.seconds += time.perf_counter() - begin
        options = self._manifest.options
        if result.most_tokens is not None:  # whoever goes on begins with batches that fit
            options = options.model_copy(update={"batch_tokens": min(options.batch_tokens, result.most_tokens)})
        layers = self._manifest.layers | {result.layer: entry}
        changes = {"layers": layers, "options": options, "usage": self._usage()}
        manifest = self._manifest.model_copy(update=changes)
        write_manifest(self._folder, manifest)
        self._manifest = manifest
