"""N-grams of one run in the table of another: by token id within a vocabulary, else by what the tokens read."""

from __future__ import annotations

import numpy as np

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.neurons.corpus import StoredCorpus
from neuron_tui.store.tokens import token_bytes


def same_vocabulary(first: StoredCorpus, second: StoredCorpus) -> bool:
    """Whether a token id means the same in both runs; raises RunDamagedError."""
    return first.spelling == second.spelling and first.vocabulary == second.vocabulary


def translated_grams(source: StoredCorpus, target: StoredCorpus, n: int) -> Int64s:
    """(G,) row of the target's n-gram table for each row of the source's, -1 where it does not have the n-gram.

    Raises RunDamagedError.
    """
    own, other = source.grams(n).ids.astype(np.int64), target.grams(n).ids.astype(np.int64)
    if not len(own) or not len(other):
        return np.full(len(own), -1, np.int64)
    if not same_vocabulary(source, target):
        numbers = _translated_tokens(source, target)
        own = numbers[own]
    base = np.int64(max(len(target.vocabulary), len(source.vocabulary)) + 1)
    weights = base ** np.arange(n - 1, -1, -1, dtype=np.int64)
    keys, wanted = other @ weights, np.where((own >= 0).all(axis=1), own @ weights, -1)
    # The tables are in lexicographic order, so the keys rise.
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where((keys[place] == wanted) & (wanted >= 0), place, -1)


def _translated_tokens(source: StoredCorpus, target: StoredCorpus) -> Int64s:
    """(V,) the target's token that reads as each of the source's does, the first of several; -1 for none."""
    numbers: dict[bytes, int] = {}
    for token, form in enumerate(target.vocabulary):
        numbers.setdefault(token_bytes(form, target.spelling), token)
    found = (numbers.get(token_bytes(form, source.spelling), -1) for form in source.vocabulary)
    return np.fromiter(found, np.int64, len(source.vocabulary))
