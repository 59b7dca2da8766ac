"""Similar neurons: every measure is what counting by hand gives, twins are found, and chance is told from likeness."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.errors import InputError, NeuronNotFoundError, UsageError
from neuron_tui.store.findings.similarity import search
from neuron_tui.store.findings.similarity.activity import ActivityMeasure, _transposed
from neuron_tui.store.findings.similarity.asked import layers_named, neuron_named, stored_measure
from neuron_tui.store.findings.similarity.measure import Measure
from neuron_tui.store.findings.similarity.position import PositionMeasure
from neuron_tui.store.findings.similarity.search import Found, best_places, find_similar, place_dict
from neuron_tui.store.findings.similarity.translation import translated_grams
from neuron_tui.store.findings.similarity.universal import universal_neurons
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.runs.manifest import layer_file
from neuron_tui.store.runs.rule import Rule
from tests.store.planting import list_again, swap_tokens
from tests.store.twins import packed, unpacked, with_neurons_in_another_order
from tests.synthetic import build_run

STORED = ("triggers", "position", "activity")
Places = dict[tuple[int, int], tuple[int, int]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the run `first` and the run `second`, whose neurons are the first's in another order."""
    return tmp_path_factory.mktemp("similar")


@pytest.fixture(scope="module")
def first(folder: Path) -> Run:
    return open_run(build_run(folder / "first", layers=2, neurons=70, keep_activations=True))


@pytest.fixture(scope="module")
def places(folder: Path, first: Run) -> Places:
    return with_neurons_in_another_order(first.path, folder / "second")


@pytest.fixture(scope="module")
def second(folder: Path, places: Places) -> Run:
    return open_run(folder / "second")


def every(measure: Measure, of: tuple[int, int]) -> np.ndarray:
    """Similarity of a neuron to all rows of a run."""
    profile = measure.profiles(of[0], np.array([of[1]]))
    blocks = [block for layer in measure.target.layers for block in measure.blocks(layer)]
    return np.concatenate([measure.similarities(profile, block)[0] for block in blocks])


def records(run: Run) -> list[NeuronRecord]:
    return [record for layer in run.layers.values() for record in layer.records()]


def jaccard(one: NeuronRecord, other: NeuronRecord, n: int) -> float:
    a, b = ({t.forms: t.active / r.triggers[n].total for t in r.triggers[n].top} for r in (one, other))
    if not a or not b:
        return np.nan
    smaller = sum(min(a.get(gram, 0), b.get(gram, 0)) for gram in {*a, *b})
    return smaller / sum(max(a.get(gram, 0), b.get(gram, 0)) for gram in {*a, *b})


@pytest.mark.parametrize("n", [1, 2, 3])
def test_triggers_have_the_weighted_jaccard_index_of_their_shares(first: Run, second: Run, n: int) -> None:
    of, others = records(first), records(second)
    for target, held in ((first, of), (second, others)):
        for neuron in (1, 3, 20, 85):
            expected = [jaccard(of[neuron], other, n) for other in held]
            found = every(stored_measure("triggers", first, target, n), divmod(neuron, 70))
            np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_positions_have_the_correlation_of_their_curves(first: Run) -> None:
    curves = np.array([record.position.frequency for record in records(first) if record.position])
    expected = np.corrcoef(curves)
    for neuron in (0, 5, 6, 30, 100):
        np.testing.assert_allclose(
            every(stored_measure("position", first, first), divmod(neuron, 70)), expected[neuron], atol=1e-9
        )


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_activity_has_the_correlation_of_the_bits_at_counted_positions(first: Run) -> None:
    counted = first.corpus.counted()
    bits = np.concatenate(
        [unpacked(layer.columns("activations")["activations"])[:70][:, counted] for layer in first.layers.values()]
    )
    assert counted.sum() == first.manifest.tokens < len(counted)
    expected = np.corrcoef(bits)
    for neuron in (0, 2, 10, 69, 70, 139):
        np.testing.assert_allclose(
            every(ActivityMeasure(first, first), divmod(neuron, 70)), expected[neuron], atol=1e-9
        )


@pytest.mark.parametrize("positions", [1, 63, 64, 200])
def test_bits_by_position_become_bits_by_row(positions: int) -> None:
    bits = np.random.default_rng(0).random((64, positions)) < 0.5
    rows = _transposed(packed(bits)[0])
    # Words of a row hold positions as words of a position hold rows: the same packing the other way.
    wanted = packed(np.concatenate([bits, np.zeros((64, -positions % 64), bool)], axis=1).T).T
    np.testing.assert_array_equal(rows, wanted)


def found(by: str, source: Run, target: Run, of: tuple[int, int], permutations: int = 0) -> Found:
    return find_similar(stored_measure(by, source, target), of, list(target.layers), 5, permutations)


@pytest.mark.parametrize("by", STORED)
def test_a_twin_in_another_run_is_the_best_match_and_above_chance(
    by: str, first: Run, second: Run, places: Places
) -> None:
    neuron = {"triggers": (0, 20), "position": (0, 6), "activity": (1, 20)}[by]
    answer = found(by, first, second, neuron, permutations=99)
    best = answer.matches[0]
    assert (best.layer, best.row) == places[neuron]
    assert best.similarity == pytest.approx(1)
    assert answer.baseline is not None
    assert answer.baseline.p(best.similarity) == 0.01
    assert answer.baseline.quantile < best.similarity
    assert (answer.baseline.rows, answer.baseline.of) == (140, 140)
    assert [m.similarity for m in answer.matches] == sorted((m.similarity for m in answer.matches), reverse=True)
    assert answer == found(by, first, second, neuron, permutations=99)


@pytest.mark.parametrize("by", STORED)
def test_within_its_own_run_a_neuron_is_not_its_own_match(by: str, first: Run) -> None:
    answer = found(by, first, first, (0, 20))
    assert answer.matches
    assert (0, 20) not in [(match.layer, match.row) for match in answer.matches]
    assert answer.baseline is None


@pytest.mark.parametrize("by", STORED)
def test_a_dead_neuron_is_like_no_other(by: str, first: Run) -> None:
    answer = found(by, first, first, (0, 0), permutations=9)
    assert (answer.matches, answer.compared, answer.baseline) == ((), 0, None)


def test_unrelated_bits_are_not_above_chance(first: Run, folder: Path) -> None:
    path = folder / "noise"
    shutil.copytree(first.path, path)
    random = np.random.default_rng(0)
    for layer in first.layers:
        with h5py.File(path / layer_file(layer), "r+") as file:
            bits = unpacked(file["activations"][...])
            file["activations"][...] = packed(np.stack([random.permutation(row) for row in bits]))
    list_again(path)
    measure = ActivityMeasure(first, open_run(path))
    chances = []
    for row in range(12, 40):
        answer = find_similar(measure, (0, row), [0, 1], 1, permutations=19)
        if answer.baseline is not None:
            chances.append(answer.baseline.p(answer.matches[0].similarity))
    assert len(chances) > 15
    assert np.mean(np.array(chances) <= 0.05) <= 0.15
    assert np.median(chances) > 0.2


def test_unrelated_triggers_are_not_above_chance(first: Run, folder: Path) -> None:
    other = open_run(build_run(folder / "other", layers=2, neurons=70, seed=9))
    chances = []
    for row in range(12, 60):  # they fire on tokens drawn at random
        answer = find_similar(stored_measure("triggers", first, other), (0, row), [0, 1], 1, permutations=19)
        if answer.baseline is not None:
            chances.append(answer.baseline.p(answer.matches[0].similarity))
    assert len(chances) > 30
    assert np.mean(np.array(chances) <= 0.05) <= 0.15


def test_tokens_are_told_by_what_they_read_where_vocabularies_differ(first: Run, folder: Path, places: Places) -> None:
    swapped = folder / "swapped"
    shutil.copytree(folder / "second", swapped)
    swap_tokens(swapped, 10, 11)
    run = open_run(swapped)
    there = translated_grams(first.corpus, run.corpus, 1)
    for row in np.flatnonzero(np.isin(first.corpus.grams(1).ids[:, 0], (10, 11, 12))).tolist():
        own, other = first.corpus.grams(1).ids[row, 0], run.corpus.grams(1).ids[there[row], 0]
        assert first.corpus.form(int(own)) == run.corpus.form(int(other))
    with_one = next(
        (layer, row)
        for layer in first.layers
        for row in range(12, 70)
        if 11 in [trigger.ids[0] for trigger in first.layers[layer].neuron(row).triggers[1].top]
    )
    by_text = jaccard(
        first.layers[with_one[0]].neuron(with_one[1]), run.layers[places[with_one][0]].neuron(places[with_one][1]), 1
    )
    values = every(stored_measure("triggers", first, run), with_one)
    layer, row = places[with_one]
    assert values[layer * 70 + row] == pytest.approx(by_text)
    assert by_text < 1


def test_a_sample_of_rows_is_set_up_to_all_of_them(first: Run, second: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found("position", first, second, (0, 6), permutations=50).baseline
    monkeypatch.setattr(PositionMeasure, "sampled", 20)
    sampled = found("position", first, second, (0, 6), permutations=50).baseline
    assert whole is not None and sampled is not None
    assert (sampled.rows, sampled.of, whole.rows) == (20, 140, 140)
    monkeypatch.setattr(search, "_set_up", lambda best, times: best)
    bare = found("position", first, second, (0, 6), permutations=50).baseline
    assert bare is not None
    assert bare.mean < sampled.mean


@pytest.mark.parametrize("by", STORED)
def test_universal_neurons_are_the_twins_that_are_each_others_best(
    by: str, first: Run, second: Run, places: Places, folder: Path
) -> None:
    third = folder / f"third-{by}"
    more = with_neurons_in_another_order(second.path, third, seed=8)
    runs = [second, open_run(third)]
    answer = universal_neurons([stored_measure(by, first, run) for run in runs], permutations=9)
    assert answer.others == ("second", f"third-{by}")
    assert len(answer.neurons) > 20
    assert answer.searched >= answer.mutual >= len(answer.neurons)
    for neuron in answer.neurons:
        twins = [(twin.match.layer, twin.match.row) for twin in neuron.twins]
        assert all(twin.match.similarity > twin.by_chance for twin in neuron.twins)
        if by == "activity":
            assert twins == [places[neuron.of], more[places[neuron.of]]]
    lowest = [neuron.lowest for neuron in answer.neurons]
    assert all(a >= b for a, b in pairwise(lowest))


def test_curves_of_other_lengths_and_bits_of_other_texts_are_refused(first: Run, folder: Path) -> None:
    longer = open_run(build_run(folder / "longer", layers=1, neurons=12, context_length=80, keep_activations=True))
    with pytest.raises(InputError, match="first has sequences of 64 positions and longer of 80"):
        stored_measure("position", first, longer)
    with pytest.raises(InputError, match="first and longer have not read the same tokens"):
        stored_measure("activity", first, longer)
    short = open_run(build_run(folder / "short", layers=1, neurons=12, sequences=0))
    with pytest.raises(InputError, match="the run short has no full-length sequence"):
        stored_measure("position", short, short)
    with pytest.raises(InputError, match="the run short keeps no activations"):
        stored_measure("activity", short, short)


def test_neurons_and_layers_are_named_as_everywhere(first: Run) -> None:
    assert neuron_named(first, "1:13") == (1, 13)
    with pytest.raises(NeuronNotFoundError, match="the run first has no layer 7"):
        neuron_named(first, "7:1")
    with pytest.raises(UsageError, match="names no neuron"):
        neuron_named(first, "13")
    assert (layers_named(first, None), layers_named(first, "1")) == ([0, 1], [1])
    with pytest.raises(UsageError, match="--layer x"):
        layers_named(first, "x")


def test_a_place_names_the_pole_where_neurons_have_two() -> None:
    assert place_dict((3, 7), Rule("poles")) == {"layer": 3, "neuron": 3, "pole": "-"}
    assert place_dict((3, 7), Rule("value")) == {"layer": 3, "neuron": 7}


def test_a_search_is_stopped_between_layers_and_between_permutations(first: Run) -> None:
    class EnoughError(Exception):
        pass

    for most in (1, 5):
        left = iter(range(most))

        def tick(done: int, of: int, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise EnoughError

        with pytest.raises(EnoughError):
            find_similar(stored_measure("triggers", first, first), (0, 20), [0, 1], 5, 50, tick=tick)


def test_the_best_are_the_highest_and_equal_ones_stand_in_order() -> None:
    values = np.array([0.1, np.nan, 0.5, 0.9, 0.5, 0.5])
    assert best_places(values, 3).tolist() == [3, 2, 4]
    assert best_places(values, 99).tolist() == [3, 2, 4, 5, 0]
    assert best_places(values[:0], 3).tolist() == []
