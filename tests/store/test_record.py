import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.errors import NeuronNotFoundError, RunDamagedError, RunPartialError
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.runs.manifest import FileEntry, layer_file, read_manifest, write_manifest
from tests.synthetic import PLANTED, build_run


def test_the_record_has_the_fields_of_the_contract_and_no_others(run: Run) -> None:
    record = run.layers[0].neuron(PLANTED.index("token, suppressing")).to_dict()
    assert list(record) == [
        *("layer", "neuron", "rule", "tokens", "count", "frequency", "dead", "bos_count"),
        *("domains", "triggers", "effect", "values", "weights", "position"),
    ]
    assert list(record["domains"]) == ["prose", "code", "math"]
    assert set(record["domains"]["prose"]) == {"tokens", "count"}
    assert list(record["triggers"]) == ["1", "2", "3"]
    assert set(record["triggers"]["1"]) == {"total", "covering", "detector", "covered", "top"}
    assert set(record["triggers"]["1"]["covered"][0]) == {"ids", "text"}
    assert set(record["triggers"]["2"]["top"][0]) == {"ids", "text", "active", "occurrences"}
    assert set(record["effect"]) == {"promoted", "suppressed", "trigger_score", "suppresses_triggers"}
    assert set(record["effect"]["promoted"][0]) == {"id", "text", "score"}
    assert set(record["values"]) == {"max", "mean_active", "histogram"}
    assert set(record["values"]["histogram"]) == {"edges", "counts"}
    assert set(record["weights"]) == {"norm", "cosine", "kurtosis", "token_frequency"}
    assert list(record["position"]) == ["mutual_information", "type", "strength", "frequency"]
    assert json.loads(json.dumps(record)) == record


def test_numbers_of_a_record_agree_with_each_other(run: Run) -> None:
    for layer in run.layers.values():
        for record in layer.records():
            assert record.count == sum(d.count for d in record.domains.values()) == record.triggers[1].total
            assert record.tokens == sum(d.tokens for d in record.domains.values()) == run.manifest.tokens
            assert record.frequency == record.count / record.tokens
            assert record.dead == (record.count == 0)
            assert record.position is not None
            assert len(record.position.frequency) == run.manifest.options.context_length - 1
            for n, triggers in record.triggers.items():
                assert all(len(t.ids) == len(t.forms) == n for t in triggers.top)
                assert bool(triggers.covered) == triggers.detector
                assert len(triggers.top) >= min(10, triggers.covering)
            assert (record.effect.trigger_score is not None) == record.triggers[1].detector
            scores = [s.score for s in record.effect.promoted]
            assert scores == sorted(scores, reverse=True)
            scores = [s.score for s in record.effect.suppressed]
            assert scores == sorted(scores)
            assert len(scores) >= 10


def test_one_record_is_that_of_all(run: Run) -> None:
    layer = run.layers[1]
    every = [record.to_dict() for record in layer.records()]
    assert every[5] == layer.neuron(5).to_dict()
    assert [r.to_dict() for r in layer.records(np.array([2, 9, 10]))] == [every[2], every[9], every[10]]


def test_curves_by_domain_make_up_the_overall_curve(run: Run) -> None:
    for record in run.layers[0].records():
        position = record.position
        assert position is not None
        assert position.sequences_by_domain == {"prose": 36, "code": 36, "math": 36}
        mean = np.mean([position.by_domain[name] for name in position.sequences_by_domain], axis=0)
        np.testing.assert_allclose(mean, position.frequency, atol=1e-12)


def test_curves_of_some_neurons_are_those_of_their_records(run: Run) -> None:
    layer, wanted = run.layers[2], np.array([0, 5, 6, 9, 23])
    curves = layer.frequencies(wanted)
    assert curves.shape == (5, run.manifest.options.context_length - 1)
    for neuron, curve in zip(wanted.tolist(), curves, strict=True):
        position = layer.neuron(neuron).position
        assert position is not None
        assert curve.tolist() == position.frequency.tolist()
    assert layer.frequencies(np.empty(0, np.int64)).shape == (0, run.manifest.options.context_length - 1)


def test_without_full_length_sequences_there_are_no_curves(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "short", layers=1, neurons=12, sequences=0))
    assert np.isnan(run.layers[0].frequencies(np.array([1, 2]))).all()


def test_a_corpus_without_full_length_sequences_leaves_position_out(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "short", layers=1, neurons=12, sequences=0))
    assert run.layers[0].neuron(0).position is None
    assert run.layers[0].neuron(0).to_dict()["position"] is None


def test_fewer_than_30_sequences_leave_every_type_out(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "few", layers=1, neurons=12, sequences=5))
    positions = [record.position for record in run.layers[0].records()]
    assert all(p is not None and p.type is None and p.strength is None and p.sequences == 15 for p in positions)


@pytest.mark.parametrize("neuron", [-1, 24])
def test_a_neuron_that_is_not_there_is_named_with_those_that_are(run: Run, neuron: int) -> None:
    with pytest.raises(NeuronNotFoundError, match=f"layer 0 has no neuron {neuron}\nIts neurons are 0 to 23"):
        run.layers[0].neuron(neuron)


def test_a_layer_that_is_not_there_is_named_with_those_that_are(run: Run) -> None:
    with pytest.raises(NeuronNotFoundError, match="the run demo has no layer 7\nIts finished layers: 0, 1, 2"):
        run.layer(7)


def test_a_layer_still_to_come_says_so(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "part", layers=3, neurons=12, finished=1))
    with pytest.raises(RunPartialError, match="layer 2 of the run part is not finished"):
        run.layer(2)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("position/type", 9, "a positional type or strength 9"),
        ("triggers/1/top_gram", 10**9, "a 1-gram that the corpus does not have"),
        ("effect/promoted_id", 10**9, "no token 1000000000 in a vocabulary"),
        ("effect/promoted_id", -1, "no token -1 in a vocabulary"),
    ],
)
def test_numbers_that_name_nothing_are_damage_not_a_crash(copy: Path, name: str, value: int, message: str) -> None:
    path = copy / layer_file(0)
    with h5py.File(path, "r+") as file:
        file[name][...] = value
    manifest = read_manifest(copy)
    entry = FileEntry(bytes=path.stat().st_size, sha256="0" * 64)
    write_manifest(copy, manifest.model_copy(update={"layers": {**manifest.layers, 0: entry}}))
    with pytest.raises(RunDamagedError, match=message):
        open_run(copy).layers[0].neuron(1)
    if name == "position/type":
        with pytest.raises(RunDamagedError, match="`position/type` holds an unknown code"):
            _ = read_table(open_run(copy)).type
