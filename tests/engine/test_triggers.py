"""Triggers of one neuron against a count in plain Python, for any activity on any small corpus."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from neuron_tui.engine.corpus.order import nested_order
from neuron_tui.engine.counting.triggers import count_triggers, covered_length, covering_length
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from tests.engine.test_order import CORPORA, grams_by_position, laid_out

SHARES = st.decimals("0.0001", 1, places=4)
THRESHOLDS = st.builds(
    Thresholds,
    coverage=SHARES,
    max_covering=st.tuples(*[st.integers(1, 50)] * 3),
    precision=SHARES,
)


def plain_covering(active: list[int], thresholds: Thresholds = PAPER) -> int:
    total, reached, length = sum(active), 0, 0
    for count in sorted(active, reverse=True):
        if Fraction(reached) >= Fraction(thresholds.coverage) * total:
            break
        reached, length = reached + count, length + 1
    return length


@given(st.lists(st.integers(1, 200), max_size=40), THRESHOLDS)
@example([5, 4, 1], Thresholds(coverage=Decimal(1)))
@example([95, 5], PAPER)
def test_covering_is_the_shortest_prefix_with_its_share(active: list[int], thresholds: Thresholds) -> None:
    found = covering_length(np.array(active, np.int64), sum(active), thresholds)
    assert found == plain_covering(active, thresholds)


def test_covering_holds_at_the_very_edge() -> None:
    assert covering_length(np.array([19, 1]), 20) == 1  # exactly 95%
    assert covering_length(np.array([18, 1, 1]), 20) == 2
    assert covering_length(np.array([16_777_217] * 20), 20 * 16_777_217) == 19  # past float32
    assert covering_length(np.array([], np.int64), 0) == 0


@given(CORPORA, st.just(PAPER) | THRESHOLDS, st.data())
def test_triggers_equal_a_plain_count(sequences: list[list[int]], thresholds: Thresholds, data: st.DataObject) -> None:
    tokens, counted, start = laid_out(sequences)
    order = nested_order(tokens, counted, start)
    on = {p for p in np.flatnonzero(counted).tolist() if data.draw(st.booleans())}
    places = np.flatnonzero(np.isin(order.positions, list(on)))
    found = count_triggers(places, order.grams, thresholds)
    for n in (1, 2, 3):
        grams = grams_by_position(sequences, n)
        occurrences = Counter(grams.values())
        active = Counter(g for p, g in grams.items() if p in on)
        ranking = sorted(active, key=lambda g: (-active[g], occurrences[g], g))
        covering = plain_covering(list(active.values()), thresholds)
        precision, coverage = Fraction(thresholds.precision), Fraction(thresholds.coverage)
        covered = [g for g in ranking[:covering] if Fraction(active[g], occurrences[g]) >= precision]
        few = 1 <= covering <= thresholds.max_covering[n - 1]
        detector = few and sum(active[g] for g in covered) >= coverage * sum(active.values())
        ids = order.grams[n].ids
        assert found[n].total == sum(active.values())
        assert found[n].covering == covering
        assert found[n].covered == (len(covered) if detector else 0)
        assert [tuple(ids[r].tolist()) for r in found[n].gram] == ranking[:50]
        assert found[n].active.tolist() == [active[g] for g in ranking[:50]]


def test_a_detector_has_at_most_five_tokens_or_fifty_ngrams() -> None:
    for n, limit in ((1, 5), (2, 50), (3, 50)):
        for length, expected in ((limit, limit), (limit + 1, 0)):
            active = np.full(length, 100)
            rows = np.arange(length)
            assert covered_length(n, rows[:50], active[:50], 100 * length, length, active) == expected


def test_covered_ngrams_must_hold_95_percent_by_themselves() -> None:
    # Two tokens cover the neuron; it is active on 94 of the second one's 100 positions, so only the first is covered.
    active, occurrences, rows = np.array([500, 94]), np.array([500, 100]), np.arange(2)
    assert covered_length(1, rows, active, 594, 2, occurrences) == 0
    assert covered_length(1, rows, active, 594, 2, np.array([500, 98])) == 2
    # With little weight on the imprecise token the precise one carries the neuron alone.
    assert covered_length(1, rows, np.array([5000, 94]), 5094 + 150, 2, np.array([5000, 100])) == 1
