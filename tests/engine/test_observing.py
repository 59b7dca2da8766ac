"""What is seen of activations equals plain Python, by every rule, in any batches, on a CPU and in tensors."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_tui.engine.corpus.order import nested_order
from neuron_tui.engine.counting.bits import ActiveBits, DeviceBits
from neuron_tui.engine.counting.layer import CountingPlan, counting_plan
from neuron_tui.engine.counting.sampling import quotas, shares
from neuron_tui.engine.model.activity import Activations, active
from neuron_tui.engine.model.forward import Batch, batches
from neuron_tui.engine.observing.device import DeviceObserver
from neuron_tui.engine.observing.exact import BINS, add_exactly
from neuron_tui.engine.observing.host import HostObserver
from neuron_tui.engine.observing.observation import Observation
from neuron_tui.store.measures.value_edges import value_edges
from neuron_tui.store.runs.rule import Rule, parse_rule

from .brute_force_values import EDGES

CONTEXT, DOMAINS = 70, 3
RULES = ["value", "threshold:0.5", "pre", "gate", "poles"]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(0, 30))
def test_shares_are_equal_as_far_as_domains_reach(available: list[int], places: int) -> None:
    quota = shares(np.array(available), places)
    assert quota.sum() == min(places, sum(available))
    assert (quota <= available).all()
    # A domain that could take more has no less than any other, but for the one place that does not divide.
    room = [q for q, a in zip(quota.tolist(), available, strict=True) if q < a]
    assert not room or max(quota) - min(room) <= 1
    assert quotas(np.array([available]), places).tolist() == [quota.tolist()]


def test_edges_are_powers_of_two_and_half_way_between_them() -> None:
    assert value_edges(signed=False).tolist() == EDGES
    assert value_edges(signed=True).tolist() == [-edge for edge in reversed(EDGES)] + EDGES


def bins_of(values: list[float]) -> np.ndarray:
    bins = np.zeros(BINS, np.int64)
    for pattern in np.array(values, np.float32).view(np.int32).tolist():
        add_exactly(bins, pattern)
    return bins


@settings(deadline=None)  # the first one compiles
@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=40), st.randoms())
def test_sums_are_exact_and_do_not_depend_on_the_order(values: list[float], random: Any) -> None:
    bins = bins_of(values)
    random.shuffle(values)
    np.testing.assert_array_equal(bins_of(values), bins)
    assert sum(Fraction(int(count)) * Fraction(2) ** (8 * place - 149) for place, count in enumerate(bins)) == sum(
        map(Fraction, values)
    )


def corpus() -> CountingPlan:
    """Three domains of full-length sequences and shorter ones, a token in ten not counted."""
    random = np.random.default_rng(0)
    lengths = np.array([CONTEXT] * 5 + [9] + [CONTEXT] * 2 + [31] + [CONTEXT] * 3)
    start = np.concatenate([[0], np.cumsum(lengths)])
    tokens = random.integers(1, 10, start[-1]).astype(np.int32)
    tokens[start[:-1]] = 0
    domain = np.repeat([0, 1, 2], [6, 3, 3]).astype(np.int32)
    return counting_plan(nested_order(tokens, tokens > 1, start), start, domain, CONTEXT, DOMAINS)


def activations(positions: int, neurons: int, gated: bool) -> Activations:
    random = np.random.default_rng(neurons)
    pre = torch.from_numpy(random.normal(-0.5, 1, (positions, neurons)).astype(np.float32))
    pre[:, ::7] = -1.0  # dead ones
    pre[:, 1::7] -= 1.7  # few, so that not every place is taken
    linear = torch.from_numpy(random.normal(0, 1, (positions, neurons)).astype(np.float32)).round(decimals=1)
    if not gated:
        return Activations(pre, None, torch.relu(pre).round(decimals=1))
    return Activations(pre, linear, torch.nn.functional.silu(pre).round(decimals=1) * linear)


def seen(observer: Any, plan: CountingPlan, of: Activations, batch_tokens: int) -> Observation:
    for batch in batches(plan.sequence_start, batch_tokens):
        observer.see(batch, part(of, batch))
    found: Observation = observer.seen
    return found


def part(of: Activations, batch: Batch) -> Activations:
    here = slice(batch.start, batch.start + batch.tokens)
    return Activations(of.pre[here], None if of.linear is None else of.linear[here], of.value[here])


@pytest.mark.parametrize("neurons", [5, 100])
@pytest.mark.parametrize("rule", RULES)
def test_all_that_is_kept_equals_plain_python(rule: str, neurons: int) -> None:
    plan, settled = corpus(), parse_rule(rule)
    positions = len(plan.counted)
    of = activations(positions, neurons, gated=rule in ("gate", "poles"))
    bits = ActiveBits(neurons * settled.poles, positions)
    found = seen(HostObserver(settled, bits, plan), plan, of, 150)
    on, values = rows_of(settled, of)
    assert on.any(axis=0).sum() < neurons * settled.poles  # some are dead
    unpacked = (bits.words.T[:, :, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    np.testing.assert_array_equal(unpacked.reshape(positions, -1)[:, : on.shape[1]], on)
    assert not unpacked.reshape(positions, -1)[:, on.shape[1] :].any()
    of_position = np.repeat(plan.sequence_domain, np.diff(plan.sequence_start))
    count = np.stack([(on & plan.counted[:, None])[of_position == d].sum(axis=0) for d in range(DOMAINS)], axis=1)
    highest, sampled, best = found.highest, found.sampled(count), found.max()
    edges = found.edges.tolist()
    for row in range(on.shape[1]):
        places = [p for p in range(positions) if on[p, row] and plan.counted[p]]
        amounts = {p: float(values[p, row]) for p in places}
        assert found.total[row] == pytest.approx(math.fsum(amounts.values()), rel=1e-15)
        assert best[row] == max(amounts.values()) if places else np.isnan(best[row])
        counts = [0] * (len(edges) + 1)
        for amount in amounts.values():
            counts[sum(e <= amount if e > 0 else e < amount if amount < 0 else True for e in edges)] += 1
        assert found.histogram[row].tolist() == counts
        ranked = sorted(places, key=lambda p: (-amounts[p], p))[:20]
        assert [p for p in highest.position[row].tolist() if p >= 0] == ranked
        quota = shares(count[row], 20).tolist()
        drawn = []
        for domain, share in enumerate(quota):
            own = [p for p in places if of_position[p] == domain]
            drawn += sorted(own, key=lambda p: plan.priority[p])[:share]
        assert [p for p in sampled.position[row].tolist() if p >= 0] == sorted(drawn)
    for tables in (highest, sampled):
        assert_around(tables, plan, on, values)


def rows_of(rule: Rule, of: Activations) -> tuple[np.ndarray, np.ndarray]:
    on = active(rule, of).numpy()
    value = of.value.numpy()
    if rule.kind != "poles":
        return on, value
    return on, np.stack((value, -value), axis=-1).reshape(len(value), -1)


def assert_around(tables: Any, plan: CountingPlan, on: np.ndarray, values: np.ndarray) -> None:
    stored = iter(tables.value.tolist())
    for row, (positions, masks) in enumerate(zip(tables.position.tolist(), tables.active.tolist(), strict=True)):
        for position, mask in zip(positions, masks, strict=True):
            if position < 0:
                assert mask == 0
                continue
            sequence = int(np.searchsorted(plan.sequence_start, position, side="right")) - 1
            begin, end = plan.sequence_start[sequence : sequence + 2].tolist()
            around = [p for p in range(max(begin, position - 40), min(end, position + 24)) if on[p, row]]
            assert [position - 40 + b for b in range(64) if mask >> b & 1] == around
            assert [next(stored) for _ in around] == [float(values[p, row]) for p in around]
    assert next(stored, None) is None


@pytest.mark.parametrize("working", [1, 30_000, 1 << 30], ids=["a row at a time", "some", "all"])
@pytest.mark.parametrize("batch_tokens", [1, 300, 100_000])
@pytest.mark.parametrize("rule", RULES)
def test_tensors_see_the_same_in_any_batches(rule: str, batch_tokens: int, working: int) -> None:
    plan, settled = corpus(), parse_rule(rule)
    of = activations(len(plan.counted), 70, gated=rule in ("gate", "poles"))
    rows, cpu = 70 * settled.poles, torch.device("cpu")
    bits = [ActiveBits(rows, len(plan.counted)) for _ in range(2)]
    expected = seen(HostObserver(settled, bits[0], plan), plan, of, 150)
    assert_same(seen(DeviceObserver(settled, bits[1], plan, cpu, working), plan, of, batch_tokens), expected)
    np.testing.assert_array_equal(bits[0].words, bits[1].words)
    there = DeviceBits(rows, len(plan.counted), cpu)
    assert_same(seen(DeviceObserver(settled, there, plan, cpu, working), plan, of, batch_tokens), expected)
    np.testing.assert_array_equal(bits[0].words, there.words.numpy().view(np.uint64))


def assert_same(found: Observation, expected: Observation) -> None:
    np.testing.assert_array_equal(found.histogram, expected.histogram)
    np.testing.assert_array_equal(found.sums, expected.sums)
    count = np.full((len(found.sums), DOMAINS), 20)
    for one, other in ((found.highest, expected.highest), (found.sampled(count), expected.sampled(count))):
        for field in dataclasses.fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_tensors_see_the_same_in_half_precision(dtype: torch.dtype) -> None:
    plan, cpu = corpus(), torch.device("cpu")
    of = activations(len(plan.counted), 70, gated=False)
    of = Activations(of.pre.to(dtype), None, of.value.to(dtype))
    bits = [ActiveBits(70, len(plan.counted)) for _ in range(2)]
    expected = seen(HostObserver(Rule("value"), bits[0], plan), plan, of, 150)
    assert_same(seen(DeviceObserver(Rule("value"), bits[1], plan, cpu, 1 << 30), plan, of, 150), expected)
    np.testing.assert_array_equal(bits[0].words, bits[1].words)


@pytest.mark.parametrize("fails", ["bincount", "topk"])
def test_rows_that_the_device_has_no_memory_for_are_seen_in_halves_and_once(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, cpu = corpus(), torch.device("cpu")
    of = activations(len(plan.counted), 70, gated=False)
    bits = [ActiveBits(70, len(plan.counted)) for _ in range(2)]
    expected = seen(HostObserver(Rule("value"), bits[0], plan), plan, of, 300)
    observer, failed = DeviceObserver(Rule("value"), bits[1], plan, cpu, 1 << 30), []
    of_torch = torch if fails == "bincount" else torch.Tensor
    plain = getattr(of_torch, fails)

    def short_of_memory(values: torch.Tensor, *others: Any, **named: Any) -> Any:
        if len(failed) < 3:
            failed.append(len(values))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(values, *others, **named)

    monkeypatch.setattr(of_torch, fails, short_of_memory)
    assert_same(seen(observer, plan, of, 300), expected)
    assert len(failed) == 3


def test_a_layer_begins_with_nothing() -> None:
    plan = corpus()
    of = activations(len(plan.counted), 5, gated=False)
    observer = HostObserver(Rule("value"), ActiveBits(5, len(plan.counted)), plan)
    first = seen(observer, plan, of, 300)
    histogram, highest = first.histogram.copy(), first.highest
    observer.begin()
    assert not observer.seen.histogram.any() and not observer.seen.highest.active.any()
    again = seen(observer, plan, of, 300)
    np.testing.assert_array_equal(histogram, again.histogram)
    np.testing.assert_array_equal(highest.position, again.highest.position)
    np.testing.assert_array_equal(highest.value, again.highest.value)
