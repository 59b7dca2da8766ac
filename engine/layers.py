"""The layers of a run, one after the other: forward, bits, counts, effects, file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from neuron_tui.engine.buffers import give_back_freed_memory
from neuron_tui.engine.corpus.prepared import PreparedCorpus
from neuron_tui.engine.counting.bits import ActiveBits, words_of
from neuron_tui.engine.counting.layer import CountingPlan, LayerCounts, count_layer
from neuron_tui.engine.counting.tiles import TileCounter
from neuron_tui.engine.effects import LayerEffects, TokenFrequency, layer_effects
from neuron_tui.engine.model.activity import Activations
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.forward import Batch, LayerwiseForward
from neuron_tui.engine.model.kept import KeptStreams, StreamShape, Stretch
from neuron_tui.engine.model.reading import LayerReader
from neuron_tui.engine.model.residual import ResidualFile, ResidualMemory, ResidualStream
from neuron_tui.engine.observing.device import DeviceObserver
from neuron_tui.engine.observing.host import HostObserver
from neuron_tui.engine.observing.observation import Observation
from neuron_tui.engine.progress import Progress, Stage
from neuron_tui.engine.resources import Resources
from neuron_tui.engine.stopwatch import Stopwatch
from neuron_tui.store.runs.rule import Rule


@dataclass(frozen=True, slots=True)
class LayerResult:
    """One layer, counted.

    `bits` and what was `seen` are overwritten by the next layer, or with two sets of buffers by the one after that.
    `most_tokens`: what batches had to be cut to, None where memory sufficed.
    """

    layer: int
    counts: LayerCounts
    seen: Observation
    effects: LayerEffects
    bits: ActiveBits
    most_tokens: int | None


@dataclass(frozen=True, slots=True)
class Pass:
    """What the pass over the layers works with."""

    model: CausalModel
    rule: Rule
    name: str
    device: torch.device
    dtype: torch.dtype
    corpus: PreparedCorpus
    plan: CountingPlan
    batches: list[Batch]
    resources: Resources
    scratch: Path

    @property
    def rows(self) -> int:
        """Rows of a layer: its neurons, or their poles."""
        return self.model.neurons * self.rule.poles

    @property
    def stream(self) -> StreamShape:
        """The residual stream of the corpus."""
        return StreamShape(Stretch(0, self.corpus.positions), self.model.width, self.dtype)


def run_layers(
    work: Pass, wanted: list[int], progress: Callable[[Progress], None], watch: Stopwatch
) -> Iterator[LayerResult]:
    """Extract the wanted layers, in order; the layers between them are only passed through.

    It begins with the embedding, or with a residual stream that was kept when the extraction was cut off before.

    Raises
    ------
    CheckpointError
        Weights or hidden states that are not finite.
    torch.OutOfMemoryError
        The device has no memory for one sequence.
    """
    if not wanted:
        return
    ticks = _Ticks(wanted, progress)
    forward = LayerwiseForward(work.model, work.name, work.device, work.dtype, work.corpus.tokens)
    kept = KeptStreams(work.scratch, work.model.width, work.dtype)
    residual = _residual(work, kept)
    begin = kept.newest(work.corpus.positions, wanted[0])
    if begin is None:
        begin = 0
        residual.begin(0)
        with watch.lap("embed"):
            forward.embed(work.batches, residual, ticks.of("embed", work.corpus.positions, None))
        residual.end(watch.seconds["embed"])
    else:
        residual.resume(begin)
    sets = [_Buffers.of(work, place) for place in range(2 if work.resources.overlaps else 1)]
    count, effects = _counter(work), _Effects(work)
    reader = LayerReader(work.model, work.device, work.dtype, work.resources.reads_ahead)
    try:
        for layer in range(begin, wanted[-1] + 1):
            counted, last = layer in wanted, layer == wanted[-1]
            with watch.lap("read"):
                weights = reader.take(layer, None if last else layer + 1)
            observer, bits = sets[wanted.index(layer) % len(sets)].begun() if counted else (None, None)
            if not last:
                residual.begin(layer + 1)
            before = watch.seconds.get("forward", 0.0)
            with watch.lap("forward"):
                forward.run_layer(
                    layer,
                    weights.usable,
                    work.batches,
                    residual,
                    None if observer is None or bits is None else _seeing(observer, bits, watch),
                    output_needed=not last,
                    tick=ticks.of("forward" if counted else "pass", work.corpus.positions, layer),
                )
            if not last:
                residual.end(watch.seconds["forward"] - before)
            if observer is not None and bits is not None:
                with watch.lap("count"):
                    counts = count(bits, ticks.of("count", work.rows, layer))
                with watch.lap("effects"):
                    found = effects.of(layer, weights.held, counts)
                yield LayerResult(layer, counts, observer.seen, found, bits, forward.most_tokens)
            # The layer that was yielded last may not be written yet: what leads to it stays.
            reached = kept.newest(work.corpus.positions, max((w for w in wanted if w <= layer), default=layer))
            if reached is not None:
                kept.forget_before(reached)
            del weights
            give_back_freed_memory()
    finally:
        reader.close()


@dataclass(frozen=True, slots=True)
class _Ticks:
    """Tells how far each stage is."""

    wanted: list[int]
    progress: Callable[[Progress], None]

    def of(self, stage: Stage, total: int, layer: int | None) -> Callable[[int], None]:
        """Tell of a stage of `total` units, from what is added to what is done of it."""
        done, place = 0, len([wanted for wanted in self.wanted if wanted < (layer or 0)])

        def tick(more: int) -> None:
            nonlocal done
            done += more
            self.progress(Progress(stage, done, total, layer, place, len(self.wanted)))

        return tick


def _residual(work: Pass, kept: KeptStreams) -> ResidualStream:
    keeps, place = work.resources.kept, work.resources.residual
    if place == "file":
        return ResidualFile(work.stream, work.device, work.scratch, kept, keeps)
    there = work.device if place == "device" else torch.device("cpu")
    return ResidualMemory(work.stream, work.device, there, kept, keeps)


@dataclass(frozen=True, slots=True)
class _Buffers:
    """What a layer's activations are collected in."""

    observer: HostObserver | DeviceObserver
    bits: ActiveBits

    @classmethod
    def of(cls, work: Pass, place: int) -> _Buffers:
        """One set; several have a `place` each."""
        spill = work.scratch / f"bits-{place}" if work.resources.bits_in_file else None
        bits = ActiveBits(work.rows, work.corpus.positions, spill)
        if work.device.type == "cuda":
            return cls(DeviceObserver(work.rule, bits, work.plan, work.device), bits)
        return cls(HostObserver(work.rule, bits, work.plan), bits)

    def begun(self) -> tuple[HostObserver | DeviceObserver, ActiveBits]:
        """Both, ready for another layer."""
        self.observer.begin()
        return self.observer, self.bits


def _seeing(
    observer: HostObserver | DeviceObserver, bits: ActiveBits, watch: Stopwatch
) -> Callable[[Batch, Activations], None]:
    def see(batch: Batch, activations: Activations) -> None:
        with watch.within("observe"):
            observer.see(batch, activations)
        bits.touched(batch.tokens * len(bits.words))

    return see


def _counter(work: Pass) -> Callable[[ActiveBits, Callable[[int], None]], LayerCounts]:
    if work.device.type == "cuda":
        tiles = TileCounter(work.plan, work.device)
        return lambda bits, tick: tiles.count(bits.words, work.rows, tick)
    threads = torch.get_num_threads()

    def count(bits: ActiveBits, tick: Callable[[int], None]) -> LayerCounts:
        def read(rows: int) -> None:
            bits.touched(work.corpus.positions * words_of(rows))
            tick(rows)

        return count_layer(bits.words, work.rows, work.plan, threads, read)

    return count


class _Effects:
    """Computes effects; the unembedding is read once, or for each layer where memory is short."""

    def __init__(self, work: Pass) -> None:
        self._work = work
        self._unembedding: torch.Tensor | None = None
        # Rows of the table of single tokens lead to their ids.
        self._grams = work.plan.order.grams[1]
        self._ids = self._grams.ids[:, 0].astype(np.int64)

    def of(self, layer: int, held: dict[str, torch.Tensor], counts: LayerCounts) -> LayerEffects:
        """Effects of a layer whose weights are `held` as the checkpoint has them."""
        model, device, rows = self._work.model, self._work.device, counts.triggers[1].top_gram
        unembedding = model.unembedding(device) if self._unembedding is None else self._unembedding
        if self._work.resources.holds_unembedding:
            self._unembedding = unembedding
        return layer_effects(
            model.update_directions(layer, device, held),
            model.read_directions(layer, device, held),
            unembedding,
            np.where(rows >= 0, self._ids[rows], -1),
            TokenFrequency(self._ids, self._grams.occurrences),
        )
