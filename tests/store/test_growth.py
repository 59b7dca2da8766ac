"""Dead neurons by prefix of the corpus: counted plainly, and at its ends."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_tui.store import Run
from neuron_tui.store.measures.growth import GROWTH, dead_by_prefix, prefix_tokens


def test_the_prefixes_are_geometric_from_a_thousandth_to_all() -> None:
    assert 1 / 1100 < GROWTH[0] < 1 / 900
    assert GROWTH[-1] == 1
    steps = np.array(GROWTH[1:]) / np.array(GROWTH[:-1])
    assert ((steps > 1.3) & (steps <= 1.5)).all()


def test_a_prefix_takes_the_same_share_of_every_domain() -> None:
    tokens = [1_000_003, 1, 2048 * 7]
    prefixes = prefix_tokens(tokens)
    assert prefixes.shape == (len(GROWTH), 3)
    assert prefixes[-1].tolist() == tokens
    for share, row in zip(GROWTH, prefixes.tolist(), strict=True):
        assert row == [int(share * t) for t in tokens]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 10**7), min_size=1, max_size=4))
def test_dead_neurons_are_those_that_no_domain_has_woken(seed: int, tokens: list[int]) -> None:
    draw = np.random.default_rng(seed)
    late = np.exp(draw.uniform(0, 1, (30, len(tokens))) * np.log(tokens)).astype(np.int64)
    first = np.where(draw.random(late.shape) < 0.4, 0, np.clip(late, 1, tokens))
    first[0] = 0
    expected = []
    for share in GROWTH:
        held = [int(share * t) for t in tokens]
        alive = [any(0 < f <= h for f, h in zip(row, held, strict=True)) for row in first.tolist()]
        expected.append(alive.count(False))
    found = dead_by_prefix(first, tokens)
    assert found.dtype == np.int64
    assert found.tolist() == expected
    assert found[-1] == (first == 0).all(axis=1).sum() >= 1


def test_the_whole_corpus_leaves_the_dead_neurons_of_the_run(run: Run) -> None:
    corpus = run.manifest.corpus
    assert corpus is not None
    for layer in run.layers.values():
        columns = layer.columns("first_active", "count")
        found = dead_by_prefix(columns["first_active"], [domain.tokens for domain in corpus.domains])
        assert found[-1] == (columns["count"].sum(axis=1) == 0).sum()
        assert found[0] > found[-1]
        assert (np.diff(found) <= 0).all()
