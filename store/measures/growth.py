"""Dead neurons against the size of the corpus: how many would be dead had the run seen less of it (ours, after §3)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s

_WHOLE: Final = 2048

_PARTS: Final = tuple(sorted({_WHOLE >> halvings for halvings in range(11)} | {3 << power for power in range(10)}))
"""2, 3, 4, 6, 8, 12, ... 1536, 2048 parts of 2048: whole numbers, so that a prefix is one without rounding twice."""

GROWTH: Final = tuple(parts / _WHOLE for parts in _PARTS)
"""(X,) shares of the corpus, rising in steps of a half and a third from 1/1024 to 1; all exact in binary."""


def prefix_tokens(domain_tokens: npt.ArrayLike) -> Int64s:
    """Counted tokens of each domain in each prefix: the same share of every domain, rounded down.

    Parameters
    ----------
    domain_tokens
        (D,) counted tokens of each domain.

    Returns
    -------
    (X, D) int64; its last row is `domain_tokens`.
    """
    tokens = np.asarray(domain_tokens, np.int64)
    prefixes: Int64s = np.array(_PARTS, np.int64)[:, None] * tokens // _WHOLE
    return prefixes


def dead_by_prefix(first: npt.ArrayLike, domain_tokens: npt.ArrayLike) -> Int64s:
    """How many neurons are never active on a counted position of each prefix, in whole numbers [§3].

    Parameters
    ----------
    first
        (N, D) `first_active`: counted tokens of a domain up to and including the first active one, 0 for none.
    domain_tokens
        (D,) counted tokens of each domain.

    Returns
    -------
    (X,) int64 neurons, never rising; the last is the number of dead neurons.
    """
    seen = np.asarray(first, np.int64)
    never = np.iinfo(np.int64).max
    at = np.where(seen > 0, seen, never)
    return np.array([(at > prefix).all(axis=1).sum() for prefix in prefix_tokens(domain_tokens)], np.int64)
