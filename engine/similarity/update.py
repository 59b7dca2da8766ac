"""Similarity by update: the cosine of two update directions [§4.4], or of what they do to the tokens (ours).

Within a model it is the cosine in the residual stream. Two models have no stream in common, but may have a vocabulary:
then it is the cosine of the scores of all tokens (update direction times unembedding), less their mean. With centred
unembeddings A and B that is a' A' B b, whose middle is one matrix, made once: no scores are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.errors import InputError
from neuron_tui.store.findings.similarity.measure import By
from neuron_tui.store.neurons.run import Run

_BLOCK = 4096
"""Rows that are compared in one go."""


@dataclass(frozen=True, slots=True)
class Written:
    """What some rows write: `own` (q, width) directions, `there` (q, width of the target) what they are held against.

    Both are scaled so that products with a block are cosines.
    """

    own: torch.Tensor
    there: torch.Tensor


class UpdateMeasure:
    """Profiles are `Written`, blocks are (r, width) directions of length 1, or whose scores have that length."""

    by: By = "update"
    sampled = 1 << 13
    held = 1 << 12

    def __init__(self, source: Run, target: Run, models: tuple[OpenedModel, OpenedModel], device: torch.device) -> None:
        """Raise InputError for models that write to different vocabularies, CheckpointError for unreadable weights."""
        self.source, self.target, self._models, self._device = source, target, models, device
        self._tables: tuple[torch.Tensor, torch.Tensor] | None = None
        if models[0].identity.digest == models[1].identity.digest:
            return
        if (models[0].vocabulary, models[0].spelling) != (models[1].vocabulary, models[1].spelling):
            raise InputError(
                f"{source.name} and {target.name} are of models with different vocabularies, so what their neurons "
                "write has no common scale\nCompare by triggers, which tells tokens by what they read."
            )
        first, second = (_centred(model.causal.unembedding(device)) for model in models)
        self._tables = first, second
        self._cross = first.T @ second
        self._metrics = first.T @ first, second.T @ second

    def profiles(self, layer: int, rows: Int64s) -> Written:
        """See `Measure`."""
        own = self._scaled(self._directions(0, layer, rows), 0)
        return Written(own, own if self._tables is None else own @ self._cross)

    def blocks(self, layer: int) -> Iterator[torch.Tensor]:
        """See `Measure`."""
        every = self._directions(1, layer, np.arange(self.target.manifest.rows))
        for first in range(0, len(every), _BLOCK):
            yield self._scaled(every[first : first + _BLOCK], 1)

    def size(self, block: torch.Tensor) -> int:
        """See `Measure`."""
        return len(block)

    def chosen(self, block: torch.Tensor, places: Int64s) -> torch.Tensor:
        """See `Measure`."""
        return block[torch.from_numpy(places).to(self._device)]

    def similarities(self, profiles: Written, block: torch.Tensor) -> Floats:
        """See `Measure`."""
        found: Floats = (profiles.there @ block.T).clamp(-1, 1).double().cpu().numpy()
        return found

    def permuted(self, profiles: Written, random: np.random.Generator) -> Written:
        """Within a model random directions; across models the scores of the rows with their tokens shuffled."""
        if self._tables is None:
            drawn = torch.from_numpy(random.standard_normal(tuple(profiles.own.shape))).to(profiles.own)
            return Written(profiles.own, drawn / drawn.norm(dim=1, keepdim=True))
        first, second = self._tables
        shuffled = torch.from_numpy(random.permutation(len(first))).to(self._device)
        return Written(profiles.own, (profiles.own @ first.T)[:, shuffled] @ second)

    def _directions(self, side: int, layer: int, rows: Int64s) -> torch.Tensor:
        """(q, width) update directions of some rows of a layer; that of a pole − is turned round."""
        run = (self.source, self.target)[side]
        run.layer(layer)  # which refuses one that the run does not have
        columns = self._models[side].causal.update_directions(layer, self._device)
        poles = run.manifest.rule.poles
        neurons = torch.from_numpy(rows // poles).to(self._device)
        signs = torch.from_numpy(1.0 - 2.0 * (rows % poles)).to(columns)
        turned: torch.Tensor = columns[:, neurons].T * signs[:, None]
        return turned

    def _scaled(self, directions: torch.Tensor, side: int) -> torch.Tensor:
        """Directions divided by their length, or by that of their scores; NaN for one that writes nothing."""
        if self._tables is None:
            lengths = directions.norm(dim=1, keepdim=True)
        else:
            lengths = (directions @ self._metrics[side] * directions).sum(dim=1, keepdim=True).clamp(min=0).sqrt()
        scaled: torch.Tensor = directions / lengths
        return scaled


def _centred(table: torch.Tensor) -> torch.Tensor:
    """The unembedding (V, width) less its mean over the vocabulary: scores by it have the mean 0."""
    return table - table.mean(dim=0)
