"""Sample contexts: active positions only, spread over domains, the same each time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_tui.engine.counting.contexts import activity_around, context_draw, draw, shares


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(0, 30))
def test_shares_are_equal_as_far_as_domains_reach(available: list[int], places: int) -> None:
    quota = shares(np.array(available), places)
    assert quota.sum() == min(places, sum(available))
    assert (quota <= available).all()
    # A domain that could take more has no less than any other, but for the one place that does not divide.
    room = [q for q, a in zip(quota.tolist(), available, strict=True) if q < a]
    assert not room or max(quota) - min(room) <= 1


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.sampled_from([0.0005, 0.01, 0.2, 1.0]))
def test_a_sample_is_active_distinct_spread_and_reproducible(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    length, domain_of_sequence = 50, np.repeat([0, 1, 2], [300, 60, 4])
    sequence = np.repeat(np.arange(len(domain_of_sequence), dtype=np.int32), length)
    domain = domain_of_sequence[sequence].astype(np.int32)
    positions = random.permutation(np.flatnonzero(np.arange(len(sequence)) % length != 0))
    plan = context_draw(positions, domain, sequence, 3)
    active = np.flatnonzero(random.random(len(positions)) < share)
    by_domain = np.bincount(domain[positions[active]], minlength=3)
    chosen = draw(active, by_domain, plan)
    assert set(chosen.tolist()) <= set(positions[active].tolist())
    assert len(set(chosen.tolist())) == len(chosen) == min(20, len(active))
    assert np.bincount(domain[chosen], minlength=3).tolist() == shares(by_domain, 20).tolist()
    # Another order of the same positions is only another way to walk through them.
    other = context_draw(np.sort(positions), domain, sequence, 3)
    again = draw(np.flatnonzero(np.isin(other.positions, positions[active])), by_domain, other)
    assert chosen.tolist() == again.tolist()


def test_activity_around_stays_in_its_sequence() -> None:
    sequence = np.repeat(np.arange(3, dtype=np.int32), 30)
    words = np.full(90, 1 << 5, np.uint64)
    words[31] = 0
    plan = context_draw(np.arange(90), np.zeros(90, np.int32), sequence, 1)
    masks = activity_around(words, 5, np.array([35, 0, 89]), plan)
    on = [{b - 40 + c for b in range(64) if int(mask) >> b & 1} for mask, c in zip(masks, (35, 0, 89), strict=True)]
    assert on == [set(range(30, 59)) - {31}, set(range(24)), set(range(60, 90))]
    assert activity_around(words, 4, np.array([35]), plan).tolist() == [0]
