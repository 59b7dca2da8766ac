"""What a neuron writes: its update direction against the unembedding of every token [§4.4], and its weights (ours)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.engine.scores import Float32s, ScoreTables, score_tables
from neuron_tui.store.arrays import Floats, Int64s
from neuron_tui.store.disk.schema import STORED_EFFECTS

TILE_ELEMENTS = 1 << 22
"""Scores that are made in one go on a CPU, whose cache holds them."""

DEVICE_TILE_ELEMENTS = 1 << 26
"""And on a device."""

Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True)
class TokenFrequency:
    """How often tokens occur among the counted positions: distinct `ids` and `occurrences` (M,), all above 0."""

    ids: Int64s
    occurrences: Int64s


@dataclass(frozen=True, slots=True)
class LayerEffects:
    """Effects of the N rows of a layer: its neurons, or their poles + and − in turn.

    Ids (N, E) int32 and scores (N, E) float32 of the tokens with the highest and the lowest score, best first;
    `top_score` (N, K) float32: scores of the stored tokens that the row fires on, NaN where there are no more.

    Of the weights, (N,) float32, NaN where it is not defined: `norm` of the update direction; `cosine` of read and
    update direction; excess `kurtosis` of the scores over the vocabulary; `token_frequency`: correlation of the scores
    of the tokens that occur with the logarithm of how often they do.
    """

    promoted_id: npt.NDArray[np.int32]
    promoted_score: Float32s
    suppressed_id: npt.NDArray[np.int32]
    suppressed_score: Float32s
    top_score: Float32s
    norm: Float32s
    cosine: Float32s
    kurtosis: Float32s
    token_frequency: Float32s

    @classmethod
    def nothing(cls) -> LayerEffects:
        """Effects of no rows."""
        none: Any = np.zeros(0, np.float32)
        return cls(**{field.name: none for field in fields(cls)})


@torch.inference_mode()
def layer_effects(
    update_directions: torch.Tensor,
    read_directions: torch.Tensor,
    unembedding: torch.Tensor,
    top_tokens: Int64s,
    frequency: TokenFrequency,
    neurons: slice = slice(None),
) -> LayerEffects:
    """Score every token for some neurons of a layer, in float32.

    Parameters
    ----------
    update_directions, read_directions
        (width, neurons) columns of the second FFN map, and rows of the first, or of a gated one's linear half.
    unembedding
        (V, width) after the output projection where there is one; the final LayerNorm is left out (ours).
    top_tokens
        (N, K) ids of the tokens that each row fires on, -1 where there are no more. With twice as many rows as neurons,
        each neuron has a pole + and a pole −, which writes the opposite.
    neurons
        Which they are; `top_tokens` are of these alone.
    """
    vocabulary, some = len(unembedding), update_directions[:, neurons]
    poles = len(top_tokens) // some.shape[1] if some.shape[1] else 1
    own = top_tokens.reshape(some.shape[1], -1)
    tables = (_compiled if unembedding.device.type == "cpu" else _by_torch)(
        some, unembedding, min(STORED_EFFECTS, vocabulary), own, frequency
    )
    # Of the whole layer, so that rounding does not depend on which neurons are asked for.
    norms = update_directions.norm(dim=0)
    cosine = (update_directions * read_directions).sum(dim=0) / (norms * read_directions.norm(dim=0))
    whole = LayerEffects(
        **{field.name: getattr(tables, field.name) for field in fields(ScoreTables)},
        norm=_plain(norms[neurons]),
        cosine=_plain(cosine[neurons]),
    )
    return whole if poles == 1 else _with_poles(whole)


def _compiled(
    directions: torch.Tensor, unembedding: torch.Tensor, stored: int, tokens: Int64s, frequency: TokenFrequency
) -> ScoreTables:
    ids, weights = frequency.ids, _centred_logarithms(frequency)
    return score_tables(directions.T, unembedding, stored, tokens, ids, weights, TILE_ELEMENTS)


def _by_torch(
    directions: torch.Tensor, unembedding: torch.Tensor, stored: int, tokens: Int64s, frequency: TokenFrequency
) -> ScoreTables:
    tile = max(1, DEVICE_TILE_ELEMENTS // len(unembedding))
    occurring = _Occurring(frequency, unembedding.device)
    parts = []
    for start in range(0, len(tokens), tile):
        scores = directions[:, start : start + tile].T @ unembedding.T  # (tile, V)
        promoted, suppressed = (_extremes(scores, stored, largest) for largest in (True, False))
        parts.append(
            ScoreTables(
                *promoted,
                *suppressed,
                top_score=_of_tokens(scores, tokens[start : start + tile]),
                token_frequency=_plain(occurring.correlation(scores)),
                kurtosis=_plain(_excess_kurtosis(scores)),  # the last: it overwrites the scores
            )
        )
    names = [field.name for field in fields(ScoreTables)]
    return ScoreTables(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _with_poles(of: LayerEffects) -> LayerEffects:
    """Rows for the poles of each neuron: the pole − promotes what the neuron suppresses."""

    def rows(plus: npt.NDArray[Number], minus: npt.NDArray[Number]) -> npt.NDArray[Number]:
        return np.stack((plus, minus), axis=1).reshape(2 * len(plus), *plus.shape[1:])

    top = np.stack(np.split(of.top_score, 2, axis=1), axis=1)  # (neurons, 2, K)
    top[:, 1] *= -1
    return LayerEffects(
        promoted_id=rows(of.promoted_id, of.suppressed_id),
        promoted_score=rows(of.promoted_score, -of.suppressed_score),
        suppressed_id=rows(of.suppressed_id, of.promoted_id),
        suppressed_score=rows(of.suppressed_score, -of.promoted_score),
        top_score=top.reshape(2 * len(top), -1),
        norm=rows(of.norm, of.norm),
        cosine=rows(of.cosine, of.cosine),
        kurtosis=rows(of.kurtosis, of.kurtosis),
        token_frequency=rows(of.token_frequency, -of.token_frequency),
    )


def _centred_logarithms(frequency: TokenFrequency) -> Floats:
    logarithms: Floats = np.log(frequency.occurrences)
    if len(logarithms):
        logarithms -= logarithms[0]  # equal ones are then 0, whatever the rounding of their mean
        logarithms -= logarithms.mean()
    return logarithms


class _Occurring:
    """Correlates scores with the logarithm of how often tokens occur."""

    def __init__(self, frequency: TokenFrequency, device: torch.device) -> None:
        self._ids = torch.from_numpy(frequency.ids).to(device)
        self._centred = torch.from_numpy(_centred_logarithms(frequency)).to(device, torch.float32)

    def correlation(self, scores: torch.Tensor) -> torch.Tensor:
        """Pearson's correlation of (N, V) scores, (N,); NaN where all tokens occur as often, or have one score."""
        own = scores.index_select(1, self._ids)
        own -= own.mean(dim=1, keepdim=True)
        found: torch.Tensor = own @ self._centred / (own.norm(dim=1) * self._centred.norm())
        return found


def _excess_kurtosis(scores: torch.Tensor) -> torch.Tensor:
    """Excess kurtosis of (N, V) scores, (N,), which are overwritten; NaN where all are equal."""
    scores -= scores.mean(dim=1, keepdim=True)
    fourth, second = (torch.linalg.vector_norm(scores, order, dim=1).double() ** order for order in (4, 2))
    found: torch.Tensor = scores.shape[1] * fourth / second**2 - 3
    return found


def _plain(values: torch.Tensor) -> Float32s:
    plain: Float32s = values.float().cpu().numpy()
    return plain


_Extremes = tuple[npt.NDArray[np.int32], Float32s]


def _extremes(scores: torch.Tensor, stored: int, largest: bool) -> _Extremes:
    """Ids and scores (tile, stored), best first, equal ones by id; which of equals are the last is left open."""
    values, ids = scores.topk(stored, dim=1, largest=largest)
    by_id = ids.argsort(dim=1)
    values, ids = values.gather(1, by_id), ids.gather(1, by_id)
    best = values.argsort(dim=1, descending=largest, stable=True)
    ids, values = ids.gather(1, best), values.gather(1, best)
    return ids.cpu().numpy().astype(np.int32), values.cpu().numpy()


def _of_tokens(scores: torch.Tensor, tokens: Int64s) -> Float32s:
    """Scores (tile, K) of some tokens of each neuron, NaN for -1."""
    ids = torch.from_numpy(tokens).to(scores.device)
    found = torch.where(ids >= 0, scores.gather(1, ids.clamp(min=0)), torch.nan)
    values: Float32s = found.cpu().numpy()
    return values
