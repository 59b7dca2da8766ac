"""The layers of a run, one after the other: forward, bits, counts, effects, file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from neuron_tui.engine.buffers import give_back_freed_memory
from neuron_tui.engine.corpus.prepared import PreparedCorpus
from neuron_tui.engine.counting.bits import ActiveBits, DeviceBits, words_of
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
    bits: ActiveBits | DeviceBits
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
    kept = KeptStreams(work.scratch, work.model.width, work.dtype)
    reader = LayerReader(work.model, work.device, work.dtype, work.resources.reads_ahead)
    with closing(_residual(work, kept)) as residual, closing(reader):
        yield from _LayerLoop(work, wanted, _Ticks(wanted, progress), watch, kept, residual, reader).run()


@dataclass(frozen=True, slots=True)
class _LayerLoop:
    """The loop over the layers, with what it works on."""

    work: Pass
    wanted: list[int]
    ticks: _Ticks
    watch: Stopwatch
    kept: KeptStreams
    residual: ResidualStream
    reader: LayerReader

    def run(self) -> Iterator[LayerResult]:
        work, last = self.work, self.wanted[-1]
        forward = LayerwiseForward(work.model, work.name, work.device, work.dtype, work.corpus.tokens)
        begin = self._begin(forward)
        sets = [_Buffers.of(work, place) for place in range(2 if work.resources.overlaps else 1)]
        count, effects = _counter(work), _Effects(work)
        for layer in range(begin, last + 1):
            with self.watch.lap("read"):
                weights = self.reader.take(layer, layer + 1 if layer < last else None)
            buffers = sets[self.wanted.index(layer) % len(sets)] if layer in self.wanted else None
            self._pass(forward, layer, weights.usable, buffers)
            if buffers is not None:
                with self.watch.lap("count"):
                    counts = count(buffers.bits, self.ticks.of("count", work.rows, layer))
                with self.watch.lap("effects"):
                    found = effects.of(layer, weights.held, counts)
                yield LayerResult(layer, counts, buffers.observer.seen, found, buffers.bits, forward.most_tokens)
            # The layer that was yielded last may not be written yet: what leads to it stays.
            unwritten = max((wanted for wanted in self.wanted if wanted <= layer), default=layer)
            reached = self.kept.newest(work.corpus.positions, unwritten)
            if reached is not None:
                self.kept.forget_before(reached)
            del weights
            give_back_freed_memory()

    def _begin(self, forward: LayerwiseForward) -> int:
        """Fill the residual stream; the layer that it is the input of."""
        positions = self.work.corpus.positions
        begin = self.kept.newest(positions, self.wanted[0])
        if begin is not None:
            with self.watch.lap("resume"):
                self.residual.resume(begin)
            return begin
        self.residual.begin(0)
        with self.watch.lap("embed"):
            forward.embed(self.work.batches, self.residual, self.ticks.of("embed", positions, None))
        self.residual.end(self.watch.seconds["embed"])
        return 0

    def _pass(
        self, forward: LayerwiseForward, layer: int, weights: dict[str, torch.Tensor], buffers: _Buffers | None
    ) -> None:
        """Take the corpus through a layer, and what is seen of its activations into buffers."""
        last = layer == self.wanted[-1]
        if not last:
            self.residual.begin(layer + 1)
        before = self.watch.seconds.get("forward", 0.0)
        with self.watch.lap("forward"):
            forward.run_layer(
                layer,
                weights,
                self.work.batches,
                self.residual,
                None if buffers is None else buffers.seeing(self.watch),
                output_needed=not last,
                tick=self.ticks.of("pass" if buffers is None else "forward", self.work.corpus.positions, layer),
            )
        if not last:
            self.residual.end(self.watch.seconds["forward"] - before)


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
    bits: ActiveBits | DeviceBits

    @classmethod
    def of(cls, work: Pass, place: int) -> _Buffers:
        """One set; several have a `place` each."""
        resources, positions = work.resources, work.corpus.positions
        if resources.bits_on_device:
            there = DeviceBits(work.rows, positions, work.device)
            return cls(DeviceObserver(work.rule, there, work.plan, work.device, resources.working), there)
        bits = ActiveBits(work.rows, positions, work.scratch / f"bits-{place}" if resources.bits_in_file else None)
        if resources.by_tensors:
            return cls(DeviceObserver(work.rule, bits, work.plan, work.device, resources.working), bits)
        return cls(HostObserver(work.rule, bits, work.plan), bits)

    def seeing(self, watch: Stopwatch) -> Callable[[Batch, Activations], None]:
        """Begin a layer: what takes in its batches."""
        self.observer.begin()

        def see(batch: Batch, activations: Activations) -> None:
            with watch.within("observe"):
                self.observer.see(batch, activations)
            self.bits.touched(batch.tokens * len(self.bits.words))

        return see


def _counter(work: Pass) -> Callable[[ActiveBits | DeviceBits, Callable[[int], None]], LayerCounts]:
    if work.resources.by_tensors:
        tiles = TileCounter(work.plan, work.device, work.resources.working)
        return lambda bits, tick: tiles.count(bits.words, work.rows, tick)
    threads = torch.get_num_threads()

    def count(bits: ActiveBits | DeviceBits, tick: Callable[[int], None]) -> LayerCounts:
        assert isinstance(bits, ActiveBits)

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
