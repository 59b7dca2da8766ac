"""Triggers of one neuron against a count in plain Python, for any activity on any small corpus."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neuron_tui.engine.corpus.order import nested_order
from neuron_tui.engine.counting.grams import COMMON, count_grams, covering_length, gram_walk
from neuron_tui.store.arrays import Int64s
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.trigger_tables import TriggerTables, covered_counts
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


def covering(active: list[int], thresholds: Thresholds = PAPER) -> int:
    often = np.array(sorted(count for count in active if count >= COMMON), np.int64)
    tally = np.bincount([count for count in active if count < COMMON], minlength=COMMON)
    return covering_length(often, tally, sum(active), *thresholds.coverage.as_integer_ratio())


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.integers(1, 200) | st.integers(400, 700), max_size=40), THRESHOLDS)
@example([5, 4, 1], Thresholds(coverage=Decimal(1)))
@example([95, 5], PAPER)
@example([COMMON, COMMON - 1, COMMON + 1], PAPER)
def test_covering_is_the_shortest_prefix_with_its_share(active: list[int], thresholds: Thresholds) -> None:
    assert covering(active, thresholds) == plain_covering(active, thresholds)


def test_covering_holds_at_the_very_edge() -> None:
    assert covering([19, 1]) == 1  # exactly 95%
    assert covering([18, 1, 1]) == 2
    assert covering([16_777_217] * 20) == 19  # past float32
    assert covering([]) == 0


@settings(deadline=None)  # the first call compiles
@given(CORPORA, st.just(PAPER) | THRESHOLDS, st.data())
def test_triggers_equal_a_plain_count(sequences: list[list[int]], thresholds: Thresholds, data: st.DataObject) -> None:
    tokens, counted, start = laid_out(sequences)
    order = nested_order(tokens, counted, start)
    on = {p for p in np.flatnonzero(counted).tolist() if data.draw(st.booleans())}
    bit = data.draw(st.integers(0, 63))
    words = np.zeros(len(tokens), np.uint64)
    words[list(on)] = np.uint64(1) << np.uint64(bit)
    found = count_grams(words, gram_walk(order), thresholds)
    for n in (1, 2, 3):
        grams = grams_by_position(sequences, n)
        occurrences = Counter(grams.values())
        active = Counter(g for p, g in grams.items() if p in on)
        ranking = sorted(active, key=lambda g: (-active[g], occurrences[g], g))
        length = plain_covering(list(active.values()), thresholds)
        precision, coverage = Fraction(thresholds.precision), Fraction(thresholds.coverage)
        covered = [g for g in ranking[:length] if Fraction(active[g], occurrences[g]) >= precision]
        few = 1 <= length <= thresholds.max_covering[n - 1]
        detector = few and sum(active[g] for g in covered) >= coverage * sum(active.values())
        ids, own = order.grams[n].ids, found[n]
        assert own.total[bit] == sum(active.values())
        assert own.covering[bit] == length
        tables = TriggerTables(own.total, own.covering, np.zeros(64, np.int32), own.gram, own.active)
        counts = covered_counts(n, tables, order.grams[n].occurrences, thresholds)
        assert counts[bit] == (len(covered) if detector else 0)
        assert [tuple(ids[r].tolist()) for r in own.gram[bit] if r >= 0] == ranking[:50]
        assert own.active[bit][own.gram[bit] >= 0].tolist() == [active[g] for g in ranking[:50]]
        assert not any(own.total[other] for other in range(64) if other != bit)


def covered(n: int, active: Int64s, total: int, length: int, occurrences: Int64s) -> int:
    """How many of one neuron's n-grams, the rows 0, 1, ... of the table, are covered."""
    stored = np.zeros((1, 50), np.int64)
    stored[0, : min(len(active), 50)] = active[:50]
    rows = np.where(stored > 0, np.arange(50), -1)
    tables = TriggerTables(np.array([total]), np.array([length]), np.zeros(1, np.int32), rows, stored)
    return int(covered_counts(n, tables, occurrences, PAPER)[0])


def test_a_detector_has_at_most_five_tokens_or_fifty_ngrams() -> None:
    for n, limit in ((1, 5), (2, 50), (3, 50)):
        for length, expected in ((limit, limit), (limit + 1, 0)):
            active = np.full(length, 100)
            assert covered(n, active, 100 * length, length, active) == expected


def test_covered_ngrams_must_hold_95_percent_by_themselves() -> None:
    # Two tokens cover the neuron; it is active on 94 of the second one's 100 positions, so only the first is covered.
    active = np.array([500, 94])
    assert covered(1, active, 594, 2, np.array([500, 100])) == 0
    assert covered(1, active, 594, 2, np.array([500, 98])) == 2
    # With little weight on the imprecise token the precise one carries the neuron alone.
    assert covered(1, np.array([5000, 94]), 5094 + 150, 2, np.array([5000, 100])) == 1
