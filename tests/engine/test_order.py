"""The nested order: every n-gram of a corpus in the table, with the positions it has."""

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.engine.corpus.order import nested_order

BOS = 0
# Sequences of few tokens, so that n-grams repeat; 1 is never counted, as EOS and padding are.
CORPORA = st.lists(st.lists(st.integers(1, 5), min_size=0, max_size=12), min_size=1, max_size=8)


def laid_out(sequences: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tokens = np.array([t for s in sequences for t in [BOS, *s]], np.int32)
    start = np.concatenate([[0], np.cumsum([len(s) + 1 for s in sequences])])
    return tokens, tokens > 1, start


def grams_by_position(sequences: list[list[int]], n: int) -> dict[int, tuple[int, ...]]:
    """Each position's n-gram, told straight from the definition."""
    found, position = {}, 0
    for sequence in sequences:
        whole = [BOS, *sequence]
        for k in range(len(whole)):
            gram = tuple(whole[k - n + 1 : k + 1]) if k - n + 1 >= 0 else ()
            if len(gram) == n and all(t > 1 for t in gram):
                found[position] = gram
            position += 1
    return found


@given(CORPORA)
def test_every_counted_position_is_there_once(sequences: list[list[int]]) -> None:
    tokens, counted, start = laid_out(sequences)
    order = nested_order(tokens, counted, start)
    assert sorted(order.positions.tolist()) == np.flatnonzero(counted).tolist()


@given(CORPORA)
def test_the_tables_list_each_ngram_with_its_occurrences_in_order(sequences: list[list[int]]) -> None:
    order = nested_order(*laid_out(sequences))
    for n, grams in order.grams.items():
        counts = Counter(grams_by_position(sequences, n).values())
        assert [tuple(ids) for ids in grams.ids.tolist()] == sorted(counts)
        assert grams.occurrences.tolist() == [counts[g] for g in sorted(counts)]


@given(CORPORA)
def test_a_place_leads_to_the_ngram_of_its_position(sequences: list[list[int]]) -> None:
    order = nested_order(*laid_out(sequences))
    for n, grams in order.grams.items():
        expected = grams_by_position(sequences, n)
        for place, position in enumerate(order.positions.tolist()):
            row = grams.row[grams.run[place]]
            assert (tuple(grams.ids[row].tolist()) if row >= 0 else None) == expected.get(position)


@given(CORPORA)
def test_runs_nest_and_never_fall(sequences: list[list[int]]) -> None:
    order = nested_order(*laid_out(sequences))
    for n in (1, 2, 3):
        assert (np.diff(order.grams[n].run) >= 0).all()
    for narrow, wide in ((3, 2), (2, 1)):
        within = defaultdict(set)
        for a, b in zip(order.grams[narrow].run.tolist(), order.grams[wide].run.tolist(), strict=True):
            within[a].add(b)
        assert all(len(wides) == 1 for wides in within.values())


@given(CORPORA)
def test_seniority_prefers_rare_ngrams_then_small_ids(sequences: list[list[int]]) -> None:
    order = nested_order(*laid_out(sequences))
    for grams in order.grams.values():
        runs = np.flatnonzero(grams.row >= 0)
        by_seniority = grams.row[runs[np.argsort(-grams.seniority[runs])]]
        keys = [(int(grams.occurrences[r]), tuple(grams.ids[r].tolist())) for r in by_seniority]
        assert keys == sorted(keys)
        assert (grams.seniority[grams.row < 0] == -1).all()
