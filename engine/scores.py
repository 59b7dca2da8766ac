"""Scores of all tokens for the neurons of a layer, on a CPU: each is made, looked at and forgotten within a tile.

A tile of neurons and tokens stays in the processor's cache between the product that makes it and the compiled look
that takes from it all that is kept.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from neuron_tui.engine.compiled import Whole, compiled, compiled_sums, lowest_bit
from neuron_tui.engine.products import linear
from neuron_tui.store.arrays import Array, Floats, Int64s

_TOKENS = 1024
"""Tokens of a tile."""

_SUMS = 7
"""Of the scores' first four powers, and over the tokens that occur: of two powers, and of the score by the weight."""

Float32s = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScoreTables:
    """What is kept of the scores of N neurons; LayerEffects says what each is.

    Ids (N, E) int32 and scores (N, E) of the highest and the lowest, best first, equal ones by id; `top_score` (N, K);
    `kurtosis` and `token_frequency` (N,).
    """

    promoted_id: npt.NDArray[np.int32]
    promoted_score: Float32s
    suppressed_id: npt.NDArray[np.int32]
    suppressed_score: Float32s
    top_score: Float32s
    kurtosis: Float32s
    token_frequency: Float32s


def score_tables(
    directions: torch.Tensor,
    unembedding: torch.Tensor,
    stored: int,
    top_tokens: Int64s,
    occurring: Int64s,
    weights: Floats,
    elements: int,
) -> ScoreTables:
    """Score every token for every neuron.

    Parameters
    ----------
    directions, unembedding
        (N, width) and (V, width) float32, on the CPU.
    stored
        E, at most V.
    top_tokens
        (N, K) ids of tokens, -1 where there are no more.
    occurring, weights
        (M,) ids of the tokens that occur, and what their scores are correlated with, less its mean.
    elements
        Scores that a tile may have.
    """
    neurons, vocabulary = len(directions), len(unembedding)
    occurs, weight = np.zeros((2, vocabulary))
    occurs[occurring], weight[occurring] = 1, weights
    ids, best = np.zeros((2, neurons, stored), np.int32), np.full((2, neurons, stored), -np.inf, np.float32)
    top_score = np.full(top_tokens.shape, np.nan, np.float32)
    offset, sums = np.zeros(neurons), np.zeros((neurons, _SUMS))
    threads = torch.get_num_threads()
    tile = max(1, elements // min(_TOKENS, vocabulary))
    with ThreadPoolExecutor(threads) as pool:
        for row in range(0, neurons, tile):
            own = directions[row : row + tile].contiguous()
            many = len(own)
            # The product of a single row adds up in another order than that of many would for this row.
            own = own.repeat(2, 1) if many == 1 else own
            share = -(-many // threads)
            for token in range(0, vocabulary, _TOKENS):
                scores = linear(own, unembedding[token : token + _TOKENS]).numpy()[:many]
                if token == 0:
                    offset[row : row + tile] = scores[:, 0]

                def look(begin: int, row: int = row, token: int = token, scores: Float32s = scores) -> None:
                    part = scores[begin : begin + share]  # noqa: B023 - used up before it changes
                    _keep_extremes(part, row + begin, token, ids, best)
                    _keep_scores(part, row + begin, token, top_tokens, top_score)
                    _add_powers(part, row + begin, token, offset, occurs, weight, sums)

                for _ in pool.map(look, range(0, many, share)):
                    pass
    return ScoreTables(
        promoted_id=ids[0],
        promoted_score=best[0],
        suppressed_id=ids[1],
        suppressed_score=-best[1],
        top_score=top_score,
        kurtosis=_excess_kurtosis(sums, vocabulary),
        token_frequency=_correlation(sums, len(occurring), weights),
    )


@compiled
def _keep_extremes(scores: Array, first_row: Whole, first_token: Whole, ids: Array, best: Array) -> None:
    """Put scores (R, T) in their places among the highest so far, and negative ones among those of the lowest."""
    last = ids.shape[2] - 1
    for place in range(len(scores)):
        row = first_row + place
        high, low = best[0, row, last], -best[1, row, last]
        for begin in range(0, scores.shape[1], 64):
            some = scores[place, begin : begin + 64]
            word = np.uint64(0)
            for at in range(len(some)):
                word |= np.uint64((some[at] > high) | (some[at] < low)) << np.uint64(at)
            while word:
                better = begin + lowest_bit(word)
                word &= word - np.uint64(1)
                for side in range(2):
                    score = scores[place, better] if side == 0 else -scores[place, better]
                    if score <= best[side, row, last]:
                        continue
                    rank = last
                    while rank > 0 and best[side, row, rank - 1] < score:  # those as high stay before it
                        best[side, row, rank] = best[side, row, rank - 1]
                        ids[side, row, rank] = ids[side, row, rank - 1]
                        rank -= 1
                    best[side, row, rank], ids[side, row, rank] = score, first_token + better
                high, low = best[0, row, last], -best[1, row, last]


@compiled
def _keep_scores(scores: Array, first_row: Whole, first_token: Whole, tokens: Array, kept: Array) -> None:
    """Keep the scores (R, T) of some tokens of each row."""
    for place in range(len(scores)):
        for at in range(tokens.shape[1]):
            token = tokens[first_row + place, at] - first_token
            if 0 <= token < scores.shape[1]:
                kept[first_row + place, at] = scores[place, token]


@compiled_sums
def _add_powers(
    scores: Array, first_row: Whole, first_token: Whole, offset: Array, occurs: Array, weight: Array, sums: Array
) -> None:
    """Add up powers of scores (R, T) less the offset of their row, which keeps equal ones apart from rounding."""
    tokens = scores.shape[1]
    here, weights = occurs[first_token : first_token + tokens], weight[first_token : first_token + tokens]
    for place in range(len(scores)):
        row = first_row + place
        away = offset[row]
        one = two = three = four = own = own_two = weighted = 0.0
        for token in range(tokens):
            score = scores[place, token] - away
            square = score * score
            one += score
            two += square
            three += square * score
            four += square * square
            own += here[token] * score
            own_two += here[token] * square
            weighted += weights[token] * score
        sums[row, 0] += one
        sums[row, 1] += two
        sums[row, 2] += three
        sums[row, 3] += four
        sums[row, 4] += own
        sums[row, 5] += own_two
        sums[row, 6] += weighted


def _excess_kurtosis(sums: Floats, vocabulary: int) -> Float32s:
    mean, two, three, four = sums[:, :4].T / vocabulary
    second = two - mean**2
    fourth = four - 4 * mean * three + 6 * mean**2 * two - 3 * mean**4
    with np.errstate(invalid="ignore"):
        found: Float32s = (fourth / second**2 - 3).astype(np.float32)
    return found


def _correlation(sums: Floats, occurring: int, weights: Floats) -> Float32s:
    own, own_two, weighted = sums[:, 4:].T
    with np.errstate(invalid="ignore"):
        spread = np.sqrt((own_two - own**2 / occurring) * (weights**2).sum())
        found: Float32s = (weighted / spread).astype(np.float32)
    return found
