from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.findings.aggregates_cache import summarise_layers
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.findings.summary import HISTOGRAM_BOUNDS, histogram
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.runs.manifest import read_manifest, write_manifest
from tests.synthetic import build_run

BINS = {
    1: [(1, 5), (6, 10), (11, 20), (21, 50), (51, 200), (201, 1000), (1001, 2000), (2001, 10**9)],
    2: [(1, 50), (51, 100), (101, 200), (201, 500), (501, 1000), (1001, 2000), (2001, 5000), (5001, 10**9)],
    3: [(1, 50), (51, 100), (101, 200), (201, 500), (501, 1000), (1001, 5000), (5001, 20_000), (20_001, 10**9)],
}
"""Figures 2, 12 and 13: first and last value of each bin."""


@pytest.fixture(scope="module")
def layers(run: Run) -> list[list[NeuronRecord]]:
    return [list(layer.records()) for layer in run.layers.values()]


def covered(records: list[NeuronRecord], n: int) -> set[tuple[int, ...]]:
    return {gram.ids for record in records for gram in record.triggers[n].covered}


def test_every_number_of_a_layer_equals_a_plain_recount_of_its_records(
    run: Run, layers: list[list[NeuronRecord]]
) -> None:
    for index, (summary, records) in enumerate(zip(summarise_layers(run), layers, strict=True)):
        alive = [r for r in records if not r.dead]
        assert (summary.layer, summary.neurons) == (index, len(records))
        assert summary.dead == len(records) - len(alive)
        assert summary.mean_frequency_alive == pytest.approx(sum(r.frequency for r in alive) / len(alive))
        assert summary.suppressing == sum(r.effect.suppresses_triggers is True for r in records)
        for n in (1, 2, 3):
            here = covered(records, n)
            below = [covered(lower, n) for lower in layers[:index]]
            assert summary.detectors[n] == sum(r.triggers[n].detector for r in records)
            assert summary.covered[n] == len(here)
            assert summary.covered_cumulative[n] == len(here.union(*below))
            assert summary.new_overall[n] == len(here.difference(*below))
            assert summary.new_to_previous[n] == len(here - below[-1] if below else here)
            assert summary.covering_histogram[n] == tuple(
                sum(low <= r.triggers[n].covering <= high for r in alive) for low, high in BINS[n]
            )
        for kind, by_strength in summary.positional.items():
            for strength, count in by_strength.items():
                here_too = [r.position for r in records if r.position is not None]
                assert count == sum((p.type, p.strength) == (kind, strength) for p in here_too)
        assert sum(sum(s.values()) for s in summary.positional.values()) > 0


@pytest.mark.parametrize("n", [1, 2, 3])
def test_each_bin_holds_its_first_and_its_last_value(n: int) -> None:
    for place, (low, high) in enumerate(BINS[n]):
        expected = tuple(2 if i == place else 0 for i in range(8))
        assert histogram(np.array([low, high]), n) == expected
    assert len(HISTOGRAM_BOUNDS[n]) == 7
    assert sum(histogram(np.array([0, 0]), n)) == 0


def test_a_layer_whose_lower_neighbour_is_not_in_the_run_has_nothing_new_to_it(copy: Path) -> None:
    manifest = read_manifest(copy)
    kept = {layer: entry for layer, entry in manifest.layers.items() if layer != 1}
    write_manifest(copy, manifest.model_copy(update={"layers": kept}))
    first, third = summarise_layers(open_run(copy))
    assert first.new_to_previous[1] == first.covered[1]
    assert third.layer == 2
    assert third.new_to_previous == {1: None, 2: None, 3: None}
    assert third.new_overall[1] <= third.covered[1]


def test_a_layer_with_only_dead_neurons_has_no_mean_frequency(tmp_path: Path) -> None:
    (summary,) = summarise_layers(open_run(build_run(tmp_path / "dead", layers=1, neurons=1)))
    assert (summary.dead, summary.mean_frequency_alive) == (1, None)


def test_info_has_the_fields_of_the_contract(run: Run) -> None:
    info = run_info(run)
    assert list(info) == [
        "name",
        "variant_of",
        "model",
        "context_length",
        "tokens",
        "domains",
        "state",
        "thresholds",
        "usage",
        "layers",
    ]
    assert info["tokens"] == sum(info["domains"].values())
    assert info["state"] == "complete"
    layer = info["layers"][0]
    assert list(layer) == [
        *("layer", "neurons", "dead", "mean_frequency_alive", "detectors", "covered", "covered_cumulative"),
        *("new_overall", "new_to_previous", "covering_histogram", "suppressing", "positional", "intervals"),
    ]
    assert list(layer["detectors"]) == ["1", "2", "3"]
    assert all(len(bins) == 8 for bins in layer["covering_histogram"].values())
    assert {kind: list(s) for kind, s in layer["positional"].items()} == {
        kind: ["strong", "weak"] for kind in ("oscillatory", "both", "one", "other")
    }


def test_info_gives_every_share_of_neurons_its_interval(run: Run) -> None:
    for layer in run_info(run)["layers"]:
        found = layer["intervals"]
        assert found["dead"] == list(wilson(layer["dead"], layer["neurons"]))
        assert found["detectors"] == {n: list(wilson(k, layer["neurons"])) for n, k in layer["detectors"].items()}
        assert found["suppressing"] == list(wilson(layer["suppressing"], layer["detectors"]["1"]))


def test_of_no_detectors_there_is_no_interval(tmp_path: Path) -> None:
    (layer,) = run_info(open_run(build_run(tmp_path / "dead", layers=1, neurons=1)))["layers"]
    assert layer["intervals"]["suppressing"] is None
    assert layer["intervals"]["dead"] == [pytest.approx(0.025), 1.0]


def test_a_partial_run_is_summarised_as_far_as_it_goes(tmp_path: Path) -> None:
    info = run_info(open_run(build_run(tmp_path / "part", layers=3, neurons=12, finished=2)))
    assert (info["state"], [layer["layer"] for layer in info["layers"]]) == ("partial", [0, 1])
    info = run_info(open_run(build_run(tmp_path / "none", layers=3, neurons=12, finished=0)))
    assert (info["state"], info["layers"]) == ("partial", [])
