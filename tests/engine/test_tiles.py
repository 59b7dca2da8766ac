"""Counting by tiles, as on a GPU, gives what counting neuron by neuron gives."""

import dataclasses

import numpy as np
import pytest
import torch

from neuron_tui.engine.corpus.order import nested_order
from neuron_tui.engine.counting import segments, tiles
from neuron_tui.engine.counting.bits import ActiveBits, pack
from neuron_tui.engine.counting.layer import LayerCounts, count_layer, counting_plan
from neuron_tui.engine.counting.tiles import TileCounter
from neuron_tui.store.measures.thresholds import PAPER, Thresholds

LOOSE = Thresholds.model_validate({"coverage": "0.6", "max_covering": (10, 20, 30), "precision": "0.5"})


def assert_same(a: LayerCounts, b: LayerCounts) -> None:
    tables = [(f"triggers {n}", a.triggers[n], b.triggers[n]) for n in (1, 2, 3)]
    for name, one, other in (("", a, b), *tables):
        for field in dataclasses.fields(one):
            if field.name != "triggers":
                values = getattr(one, field.name), getattr(other, field.name)
                np.testing.assert_array_equal(*values, err_msg=f"{name} {field.name}")


def assert_same_first(
    found: np.ndarray, active: np.ndarray, counted: np.ndarray, domain_of_position: np.ndarray
) -> None:
    for neuron, row in enumerate(found.tolist()):
        for domain, first in enumerate(row):
            own = active[counted & (domain_of_position == domain), neuron].tolist()
            assert first == (own.index(True) + 1 if True in own else 0), (neuron, domain)


@pytest.fixture(params=[5, segments.CAP], ids=["most counts listed", "as it is"])
def cap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """From which count on n-grams are listed: in a corpus as small as these no count is near to the real one."""
    monkeypatch.setattr(segments, "CAP", request.param)
    return request.param


@pytest.mark.parametrize("working", [1, 20_000, 1 << 30], ids=["a neuron at a time", "some", "all"])
@pytest.mark.parametrize("thresholds", [PAPER, LOOSE], ids=["the paper's thresholds", "others"])
@pytest.mark.parametrize(
    ("neurons", "sequences", "vocabulary"), [(70, 60, 30), (64, 3, 5), (5, 40, 400), (130, 1, 3), (20, 90, 4)]
)
def test_tiles_count_what_single_neurons_count(
    neurons: int, sequences: int, vocabulary: int, thresholds: Thresholds, working: int, cap: int
) -> None:
    random = np.random.default_rng(neurons)
    context = 32
    lengths = np.full(sequences, context)
    lengths[-1] = 7
    start = np.concatenate([[0], np.cumsum(lengths)])
    tokens = random.integers(1, vocabulary, start[-1]).astype(np.int32)
    tokens[start[:-1]] = 0
    domain = np.sort(random.integers(0, 3, sequences)).astype(np.int32)
    order = nested_order(tokens, tokens > 1, start)
    plan = counting_plan(order, start, domain, context, 3, thresholds)
    # Every kind of neuron: dead, of one token, of one position, seldom and often active.
    position = np.arange(start[-1]) - np.repeat(start[:-1], lengths)
    active = random.random((start[-1], neurons)) < random.choice([0, 0.01, 0.1, 0.5, 0.97], neurons)
    active[:, ::4] = tokens[:, None] == random.integers(0, vocabulary, len(range(0, neurons, 4)))
    active[:, 1::4] |= position[:, None] == random.integers(0, context, len(range(1, neurons, 4)))
    bits = ActiveBits(neurons, int(start[-1]))
    bits.put(0, pack(active).T)
    seen: list[int] = []
    one_by_one = count_layer(bits.words, neurons, plan, 1, lambda _: None)
    counter = TileCounter(plan, torch.device("cpu"), working)
    tiled = counter.count(bits.words, neurons, seen.append)
    assert_same(tiled, counter.count(torch.from_numpy(bits.words.view(np.int64)), neurons, lambda _: None))
    assert_same(one_by_one, tiled)
    assert sum(seen) == neurons
    assert one_by_one.count.sum() > 0
    assert_same_first(one_by_one.first_active, active, tokens > 1, np.repeat(domain, lengths))


def test_a_tile_that_the_device_has_no_memory_for_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    start = np.arange(0, 340, 34)
    tokens = random.integers(1, 9, start[-1]).astype(np.int32)
    tokens[start[:-1]] = 0
    order = nested_order(tokens, tokens > 0, start)
    plan = counting_plan(order, start, np.zeros(9, np.int32), 34, 1, PAPER)
    bits = ActiveBits(200, int(start[-1]))
    bits.put(0, pack(random.random((start[-1], 200)) < 0.3).T)
    plain, failed = tiles.unpack_rows, []

    def unpack_rows(words: torch.Tensor) -> torch.Tensor:
        if len(words) > 1 and words.shape[1] > len(start):
            failed.append(len(words))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(words)

    monkeypatch.setattr(tiles, "unpack_rows", unpack_rows)
    seen: list[int] = []
    tiled = TileCounter(plan, torch.device("cpu"), 1 << 24).count(bits.words, 200, seen.append)
    assert failed[0] == 4 and seen == [64, 64, 64, 8]
    assert_same(count_layer(bits.words, 200, plan, 1, lambda _: None), tiled)
