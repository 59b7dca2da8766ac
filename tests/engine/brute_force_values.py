"""How strongly a neuron fires and what its weights say, in plain Python: loops, straight from the definitions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .brute_force import Text

Amounts = list[list[float | None]]
"""The value of one neuron by sequence and position, None where it is inactive."""

EDGES = [m * 2.0**k for k in range(-10, 14) for m in (1.0, 1.5)] + [2.0**14]


def values(text: Text, amounts: Amounts, signed: bool = False) -> dict[str, Any]:
    """Maximum, mean and histogram over the active counted positions."""
    edges = [-edge for edge in reversed(EDGES)] + EDGES if signed else EDGES
    found = [amount for s, p in text.counted_positions if (amount := amounts[s][p]) is not None]
    counts = [0] * (len(edges) + 1)
    for amount in found:
        # Below zero as above it: an edge belongs to what lies further out.
        reached = [e for e in edges if (e <= amount if e > 0 else e < amount if amount < 0 else True)]
        counts[len(reached)] += 1
    return {
        "max": max(found) if found else None,
        "mean_active": math.fsum(found) / len(found) if found else None,
        "histogram": {"edges": edges, "counts": counts},
    }


def weights(text: Text, score: Sequence[float], read: Sequence[float], update: Sequence[float]) -> dict[str, Any]:
    """Norm of the update direction, cosine with the read direction, and what the scores of all tokens look like."""
    norm, reads = math.dist(update, [0.0] * len(update)), math.dist(read, [0.0] * len(read))
    product = math.fsum(a * b for a, b in zip(read, update, strict=True))
    mean = math.fsum(score) / len(score)
    second, fourth = (math.fsum((s - mean) ** order for s in score) / len(score) for order in (2, 4))
    return {
        "norm": norm,
        "cosine": product / norm / reads if norm and reads else None,
        "kurtosis": fourth / second**2 - 3 if second else None,
        "token_frequency": _token_frequency(text, score),
    }


def _token_frequency(text: Text, score: Sequence[float]) -> float | None:
    occurrences = Counter(text.windows[s].ids[p] for s, p in text.counted_positions)
    tokens = list(occurrences)
    own, often = [score[t] for t in tokens], [math.log(occurrences[t]) for t in tokens]
    centred = [[x - math.fsum(column) / len(column) for x in column] for column in (own, often)]
    first, second = (math.sqrt(math.fsum(x * x for x in column)) for column in centred)
    if first < 1e-12 or second < 1e-12:
        return None
    return math.fsum(a * b for a, b in zip(*centred, strict=True)) / first / second


def highest(text: Text, amounts: Amounts, most: int = 20) -> list[list[float | None]]:
    """The values around the highest ones, best first: from 40 positions before to 23 after, None where inactive."""
    places = [(s, p) for s, p in text.counted_positions if amounts[s][p] is not None]
    places.sort(key=lambda place: -(amounts[place[0]][place[1]] or 0.0))  # a stable sort: the first of equal ones leads
    return [amounts[s][max(0, p - 40) : p + 24] for s, p in places[:most]]
