"""How long a position takes in a layer, found by taking a batch through one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.engine.model.activity import Activations, active
from neuron_tui.engine.model.forward import Batch, LayerwiseForward
from neuron_tui.engine.model.kept import KeptStreams, StreamShape, Stretch
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.model.reading import LayerReader
from neuron_tui.engine.model.residual import ResidualMemory
from neuron_tui.store.runs.rule import Rule


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
    own = tokens[batch.start : batch.start + batch.tokens]
    forward = LayerwiseForward(model.causal, model.identity.name, device, dtype, own)
    shape = StreamShape(Stretch(0, small.tokens), model.causal.width, dtype)
    kept = KeptStreams(Path("unused"), "0", shape.width, dtype)
    residual = ResidualMemory(shape, device, torch.device("cpu"), kept, keeps=False)
    forward.embed([small], residual, lambda _: None)
    weights = LayerReader(model.causal, device, dtype, ahead=False).take(0, None)
    seconds = []

    def look(_: Batch, activations: Activations) -> None:
        active(rule, activations)

    for _ in range(3):
        begin = time.perf_counter()
        forward.run_layer(0, weights.usable, [small], residual, look, output_needed=True, tick=lambda _: None)
        seconds.append(time.perf_counter() - begin)
    return 1.1 * min(seconds) / small.tokens
