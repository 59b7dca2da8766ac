"""The layers of a run, one after the other: forward, bits, counts, effects, file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.engine.corpus.prepared import PreparedCorpus
from neuron_tui.engine.counting.bits import ActiveBits, Words
from neuron_tui.engine.counting.layer import CountingPlan, LayerCounts, count_layer
from neuron_tui.engine.counting.tiles import TileCounter
from neuron_tui.engine.effects import LayerEffects, TokenFrequency, layer_effects
from neuron_tui.engine.model.activity import Activations, active
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.forward import Batch, LayerwiseForward
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.model.residual import ResidualStream
from neuron_tui.engine.observing.device import DeviceObserver
from neuron_tui.engine.observing.host import HostObserver
from neuron_tui.engine.observing.observation import Observation
from neuron_tui.engine.progress import Progress, Stage
from neuron_tui.engine.resources import Resources
from neuron_tui.store.runs.rule import Rule


@dataclass(frozen=True, slots=True)
class LayerResult:
    """One layer, counted; `bits` and what was `seen` are overwritten by the next one."""

    layer: int
    counts: LayerCounts
    seen: Observation
    effects: LayerEffects
    bits: ActiveBits


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


def run_layers(work: Pass, wanted: list[int], progress: Callable[[Progress], None]) -> Iterator[LayerResult]:
    """Extract the wanted layers, in order; the layers between them are only passed through.

    Raises
    ------
    CheckpointError
        Weights or hidden states that are not finite.
    """
    if not wanted:
        return
    positions, rows = work.corpus.positions, work.rows
    forward = LayerwiseForward(work.model, work.name, work.device, work.dtype)
    residual = ResidualStream(
        positions, work.model.width, work.dtype, work.device, work.resources.residual, work.scratch / "residual"
    )
    bits = ActiveBits(rows, positions, work.scratch / "bits" if work.resources.bits_in_file else None)

    observer = _observer(work, bits)

    def ticks(stage: Stage, total: int, layer: int | None) -> Callable[[int], None]:
        done = 0

        def tick(more: int) -> None:
            nonlocal done
            done += more
            progress(Progress(stage, done, total, layer, len([w for w in wanted if w < (layer or 0)]), len(wanted)))

        return tick

    count = _counter(work)
    forward.embed(work.corpus.tokens, work.batches, residual, ticks("embed", positions, None))
    for layer in range(wanted[-1] + 1):
        counted = layer in wanted
        if counted:
            observer.begin()
        forward.run_layer(
            layer,
            work.batches,
            residual,
            observer.see if counted else None,
            output_needed=layer < wanted[-1],
            tick=ticks("forward" if counted else "pass", positions, layer),
        )
        if counted:
            counts = count(bits.words, rows, ticks("count", rows, layer))
            yield LayerResult(layer, counts, observer.seen, _effects(work, layer, counts), bits)


def _observer(work: Pass, bits: ActiveBits) -> HostObserver | DeviceObserver:
    if work.device.type == "cuda":
        return DeviceObserver(work.rule, bits, work.plan, work.device)
    return HostObserver(work.rule, bits, work.plan)


def _counter(work: Pass) -> Callable[[Words, int, Callable[[int], None]], LayerCounts]:
    if work.device.type == "cuda":
        return TileCounter(work.plan, work.device).count
    threads = torch.get_num_threads()
    return lambda words, neurons, tick: count_layer(words, neurons, work.plan, threads, tick)


def _effects(work: Pass, layer: int, counts: LayerCounts) -> LayerEffects:
    # Rows of the table of single tokens lead to their ids.
    grams, rows = work.plan.order.grams[1], counts.triggers[1].top_gram
    ids = grams.ids[:, 0].astype(np.int64)
    return layer_effects(
        work.model.update_directions(layer, work.device),
        work.model.read_directions(layer, work.device),
        work.model.unembedding(work.device),
        np.where(rows >= 0, ids[rows], -1),
        TokenFrequency(ids, grams.occurrences),
    )


def probe(
    model: OpenedModel,
    rule: Rule,
    device: torch.device,
    dtype: torch.dtype,
    tokens: npt.NDArray[np.int32],
    corpus: Sequence[Batch],
) -> float:
    """Seconds that one position will take in one layer, by timing the largest batch through the first layer.

    Counting is taken as a tenth of the forward pass, as benchmarks find it.

    Parameters
    ----------
    tokens, corpus
        (P,) token ids, and the batches they are taken in.
    """
    batch = max(corpus, key=lambda b: b.tokens)
    small = replace(batch, start=0)
    forward = LayerwiseForward(model.causal, model.identity.name, device, dtype)
    residual = ResidualStream(small.tokens, model.causal.width, dtype, device, "memory", Path("unused"))
    forward.embed(tokens[batch.start : batch.start + batch.tokens], [small], residual, lambda _: None)
    seconds = []

    def look(_: Batch, activations: Activations) -> None:
        active(rule, activations)

    for _ in range(3):
        begin = time.perf_counter()
        forward.run_layer(
            0,
            [small],
            residual,
            look,
            output_needed=True,
            tick=lambda _: None,
        )
        seconds.append(time.perf_counter() - begin)
    return 1.1 * min(seconds) / small.tokens
