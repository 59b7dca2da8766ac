"""What a neuron writes: its update direction against the unembedding of every token [§4.4]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.store.disk.schema import STORED_EFFECTS

_TILE_ELEMENTS = 1 << 26


@dataclass(frozen=True, slots=True)
class LayerEffects:
    """Effects of a layer's N neurons.

    Ids (N, E) int32 and scores (N, E) float32 of the tokens with the highest and the lowest score, best first;
    `top_score` (N, K) float32: scores of the stored tokens that the neuron fires on, NaN where there are no more.
    """

    promoted_id: npt.NDArray[np.int32]
    promoted_score: npt.NDArray[np.float32]
    suppressed_id: npt.NDArray[np.int32]
    suppressed_score: npt.NDArray[np.float32]
    top_score: npt.NDArray[np.float32]


@torch.inference_mode()
def layer_effects(
    update_directions: torch.Tensor, unembedding: torch.Tensor, top_tokens: npt.NDArray[np.int64]
) -> LayerEffects:
    """Score every token for every neuron of a layer, in float32.

    Parameters
    ----------
    update_directions
        (width, N) columns of the second FFN map.
    unembedding
        (V, width) after the output projection where there is one; the final LayerNorm is left out (ours).
    top_tokens
        (N, K) ids of the tokens that each neuron fires on, -1 where there are no more.
    """
    vocabulary, neurons = len(unembedding), update_directions.shape[1]
    stored = min(STORED_EFFECTS, vocabulary)
    tile = max(1, _TILE_ELEMENTS // vocabulary)
    promoted: list[_Extremes] = []
    suppressed: list[_Extremes] = []
    top: list[npt.NDArray[np.float32]] = []
    for start in range(0, neurons, tile):
        scores = update_directions[:, start : start + tile].T @ unembedding.T  # (tile, V)
        promoted.append(_extremes(scores, stored, largest=True))
        suppressed.append(_extremes(scores, stored, largest=False))
        top.append(_of_tokens(scores, top_tokens[start : start + tile]))
    return LayerEffects(
        promoted_id=np.concatenate([ids for ids, _ in promoted]),
        promoted_score=np.concatenate([values for _, values in promoted]),
        suppressed_id=np.concatenate([ids for ids, _ in suppressed]),
        suppressed_score=np.concatenate([values for _, values in suppressed]),
        top_score=np.concatenate(top),
    )


_Extremes = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]


def _extremes(scores: torch.Tensor, stored: int, largest: bool) -> _Extremes:
    """Ids and scores (tile, stored), best first, equal ones by id; which of equals are the last is left open."""
    values, ids = scores.topk(stored, dim=1, largest=largest)
    by_id = ids.argsort(dim=1)
    values, ids = values.gather(1, by_id), ids.gather(1, by_id)
    best = values.argsort(dim=1, descending=largest, stable=True)
    ids, values = ids.gather(1, best), values.gather(1, best)
    return ids.cpu().numpy().astype(np.int32), values.cpu().numpy()


def _of_tokens(scores: torch.Tensor, tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Scores (tile, K) of some tokens of each neuron, NaN for -1."""
    ids = torch.from_numpy(tokens).to(scores.device)
    found = torch.where(ids >= 0, scores.gather(1, ids.clamp(min=0)), torch.nan)
    values: npt.NDArray[np.float32] = found.cpu().numpy()
    return values
