"""The layers of a run, one after the other: forward, bits, counts, effects, file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import torch

from neuron_tui.engine.buffers import give_back_freed_memory
from neuron_tui.engine.corpus.prepared import PreparedCorpus
from neuron_tui.engine.counting.bits import ActiveBits, DeviceBits
from neuron_tui.engine.counting.layer import CountingPlan, LayerCounts, counting_plan
from neuron_tui.engine.effects import LayerEffects
from neuron_tui.engine.layer_counting import LayerCounting
from neuron_tui.engine.model.activity import Activations
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.forward import Batch, LayerwiseForward, batches
from neuron_tui.engine.model.kept import KeptStreams, StreamShape
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.model.reading import LayerReader
from neuron_tui.engine.model.residual import ResidualFile, ResidualMemory, ResidualStream
from neuron_tui.engine.observing.device import DeviceObserver
from neuron_tui.engine.observing.host import HostObserver
from neuron_tui.engine.observing.observation import Observation
from neuron_tui.engine.progress import Progress, Stage
from neuron_tui.engine.ranks.group import Ranks
from neuron_tui.engine.ranks.shares import share_of_batches, stretch_of
from neuron_tui.engine.resources import Resources, keeps_activations, weakest
from neuron_tui.engine.stopwatch import Stopwatch
from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named
from neuron_tui.store.runs.manifest import RunOptions
from neuron_tui.store.runs.rule import Rule

Written = Callable[[int, bool], bool]
"""Whether a layer is on the disk, once it was yielded; with True for the second argument, when it is there."""

_MOST_KEPT = 3
"""Kept streams that may be there at once: what a layer that is being written follows from, the input and the output."""


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
    ranks: Ranks = field(default_factory=Ranks)
    keep_activations: bool = True
    run: str = "0"

    @property
    def own_batches(self) -> list[Batch]:
        """What this process takes through the layers."""
        return share_of_batches(self.batches, self.ranks.count, self.ranks.rank)

    @property
    def rows(self) -> int:
        """Rows of a layer: its neurons, or their poles."""
        return self.model.neurons * self.rule.poles

    @property
    def stream(self) -> StreamShape:
        """The residual stream of what this process takes through the layers."""
        return StreamShape(stretch_of(self.own_batches), self.model.width, self.dtype)


def pass_over(
    model: OpenedModel,
    options: RunOptions,
    device: torch.device,
    corpus: PreparedCorpus,
    resources: Resources,
    scratch: Path,
    ranks: Ranks,
    run: str,
) -> Pass:
    """The pass of a model over a corpus; `run` stands for the run as it was begun."""
    if device.type == "cuda":
        torch.cuda.set_device(device)  # streams and events are the current device's
    with disk_full_named(scratch):
        changes.make_folders(scratch)
    rows = model.causal.neurons * options.rule.poles
    return Pass(
        model=model.causal,
        rule=options.rule,
        name=model.identity.name,
        device=device,
        dtype=getattr(torch, options.dtype),
        corpus=corpus,
        plan=counting_plan(
            corpus.order, corpus.sequence_start, corpus.sequence_domain, options.context_length, corpus.domains
        ),
        batches=batches(corpus.sequence_start, options.batch_tokens),
        resources=weakest(ranks.heard(resources), resources),
        scratch=scratch,
        ranks=ranks,
        run=run,
        keep_activations=keeps_activations(options.keep_activations, corpus.positions, rows, len(options.layers)),
    )


def run_layers(
    work: Pass,
    wanted: list[int],
    progress: Callable[[Progress], None],
    watch: Stopwatch,
    written: Written,
) -> Iterator[LayerResult]:
    """Extract the wanted layers, in order; the layers between them are only passed through.

    It begins with the embedding, or with a residual stream that was kept when the extraction was cut off before.
    `written` is asked whether a layer is on the disk, so that what leads to it need not be kept.

    Raises
    ------
    CheckpointError
        Weights or hidden states that are not finite.
    torch.OutOfMemoryError
        The device has no memory for one sequence.
    """
    if not wanted:
        return
    kept = KeptStreams(work.scratch, work.run, work.model.width, work.dtype)
    kept.forget_others()
    reader = LayerReader(work.model, work.device, work.dtype, work.resources.reads_ahead)
    with closing(_residual(work, kept)) as residual, closing(reader):
        yield from _LayerLoop(work, wanted, _Ticks(wanted, progress), watch, written, kept, residual, reader).run()


@dataclass(frozen=True, slots=True)
class _LayerLoop:
    """The loop over the layers, with what it works on."""

    work: Pass
    wanted: list[int]
    ticks: _Ticks
    watch: Stopwatch
    written: Written
    kept: KeptStreams
    residual: ResidualStream
    reader: LayerReader

    def run(self) -> Iterator[LayerResult]:
        work, last = self.work, self.wanted[-1]
        forward = LayerwiseForward(work.model, work.name, work.device, work.dtype, work.corpus.tokens)
        begin, keep = self._kept_by_all(self.wanted[0]), self._keeps()
        with work.ranks.together():
            self._begin(forward, begin, keep)
        sets = _buffers(work)
        counting = LayerCounting(work, self.watch)
        for layer in range(begin or 0, last + 1):
            keep = layer < last and self._keeps()
            buffers = sets[self.wanted.index(layer) % len(sets)] if layer in self.wanted else None
            with work.ranks.together():
                with self.watch.lap("read"):
                    weights = self.reader.take(layer, layer + 1 if layer < last else None)
                self._pass(forward, layer, weights.usable, buffers, keep)
            give_back_freed_memory()  # batches' buffers are not what counting and effects take
            if buffers is not None:
                tick = self.ticks.of("count", work.rows, layer)
                counted = counting.counted(layer, weights.held, buffers.bits, buffers.observer.seen, tick)
                if counted is not None:
                    yield LayerResult(layer, *counted, forward.most_tokens)
            self._forget(layer)
            del weights
            give_back_freed_memory()

    def _forget(self, layer: int) -> None:
        """Delete kept streams that nobody goes on from: what leads to a layer that is not written yet stays."""
        wait = len(self.kept.whole(self.work.stream.stretch)) >= _MOST_KEPT
        waiting = [wanted for wanted in self.wanted if wanted <= layer and not self.written(wanted, wait)]
        reached = self._kept_by_all(min(waiting, default=layer + 1))
        if reached is not None:
            self.kept.forget_before(reached)

    def _kept_by_all(self, most: int) -> int | None:
        """The highest layer, up to what the leader takes for `most`, whose input each process has of its stretch."""
        stretch = self.work.stream.stretch
        of_each = self.work.ranks.heard((self.kept.whole(stretch) if len(stretch) else None, most))
        needed = [layers for layers, _ in of_each if layers is not None]
        return max((layer for layer in set.intersection(*needed) if layer <= of_each[0][1]), default=None)

    def _begin(self, forward: LayerwiseForward, begin: int | None, keep: bool) -> None:
        """Fill the residual stream with the kept input of a layer, or by embedding."""
        if begin is not None:
            with self.watch.lap("resume"):
                self.residual.resume(begin)
            return
        self.residual.begin(0, keep)
        with self.watch.lap("embed"):
            tick = self.ticks.of("embed", len(self.work.stream.stretch), None)
            forward.embed(self.work.own_batches, self.residual, tick)
        self.residual.end(self.watch.seconds["embed"])

    def _keeps(self) -> bool:
        """Whether the residual stream is kept at the end of what begins: the leader says so."""
        return bool(self.work.ranks.heard(self.residual.due)[0])

    def _pass(
        self,
        forward: LayerwiseForward,
        layer: int,
        weights: dict[str, torch.Tensor],
        buffers: _Buffers | None,
        keep: bool,
    ) -> None:
        """Take the corpus through a layer, and what is seen of its activations into buffers."""
        last = layer == self.wanted[-1]
        if not last:
            self.residual.begin(layer + 1, keep)
        before = self.watch.seconds.get("forward", 0.0)
        with self.watch.lap("forward"):
            forward.run_layer(
                layer,
                weights,
                self.work.own_batches,
                self.residual,
                None if buffers is None else buffers.seeing(self.watch),
                output_needed=not last,
                tick=self.ticks.of("pass" if buffers is None else "forward", len(self.work.stream.stretch), layer),
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

    def seeing(self, watch: Stopwatch) -> Callable[[Batch, Activations], None]:
        """Begin a layer: what takes in its batches."""
        self.observer.begin()

        def see(batch: Batch, activations: Activations) -> None:
            with watch.within("observe"):
                self.observer.see(batch, activations)
            self.bits.touched(batch.tokens * len(self.bits.words))

        return see


def _buffers(work: Pass) -> list[_Buffers]:
    """What layers are collected in by turns: two sets where one layer is written while the next one computes.

    The bits are needed for that only if they are written. What was seen on a device is copied from it.
    """
    resources, stretch = work.resources, work.stream.stretch

    def bits(place: int) -> ActiveBits | DeviceBits:
        if resources.bits_on_device:
            return DeviceBits(work.rows, len(stretch), work.device, stretch.start)
        spilled = resources.bits_in_file and len(stretch) > 0
        spill = work.scratch / f"bits-{place}-{stretch.start}-{stretch.stop}" if spilled else None
        return ActiveBits(work.rows, len(stretch), spill, stretch.start)

    held = bits(0)
    if resources.by_tensors:
        return [_Buffers(DeviceObserver(work.rule, held, work.plan, work.device, resources.working), held)]
    sets = [held, bits(1) if work.keep_activations else held] if resources.overlaps else [held]
    assert all(isinstance(one, ActiveBits) for one in sets)
    return [_Buffers(HostObserver(work.rule, one, work.plan), one) for one in sets if isinstance(one, ActiveBits)]
