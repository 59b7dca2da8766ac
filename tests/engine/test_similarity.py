"""Neurons that write alike: cosines as the whole weights give them, twins across models, and models that are gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from neuron_tui.engine.extraction import extract
from neuron_tui.engine.model.of_run import open_model_of
from neuron_tui.engine.similarity.update import UpdateMeasure
from neuron_tui.store import open_run
from neuron_tui.store.errors import CheckpointError, InputError
from neuron_tui.store.findings.similarity.search import find_similar
from neuron_tui.store.findings.similarity.universal import universal_neurons
from neuron_tui.store.runs.rule import Rule

from ..tui.command import Command, command
from .cases import Case, build, request, two_domains
from .checkpoints import Shape
from .random_families import Checkpoint, make

__all__ = ["command"]

CPU = torch.device("cpu")
CASE = Case(Shape(layers=2, neurons=40, context=28), "fast", 320, two_domains, tokens=400)
WEIGHTS = "model.safetensors"


def run_of(checkpoint: Checkpoint, name: str, rule: str = "poles") -> Any:
    """As much of a run as the measure asks."""
    rows = checkpoint.model.neurons * Rule(rule).poles
    layers = {i: SimpleNamespace(index=i) for i in range(len(checkpoint.model.layers))}
    manifest = SimpleNamespace(rows=rows, rule=Rule(rule))
    return SimpleNamespace(name=name, manifest=manifest, layers=layers, layer=layers.__getitem__)


def model_of(checkpoint: Checkpoint, digest: str, vocabulary: tuple[str, ...] = ("a",)) -> Any:
    identity = SimpleNamespace(digest=digest)
    return SimpleNamespace(causal=checkpoint.model, identity=identity, vocabulary=vocabulary, spelling="bytes")


def rows_by_hand(checkpoint: Checkpoint, layer: int) -> np.ndarray:
    """(2 N, width) what the poles of each neuron write."""
    columns = checkpoint.model.update_directions(layer, CPU).double().numpy().T
    return np.stack([columns, -columns], axis=1).reshape(-1, columns.shape[1])


def cosines(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    return others @ one / np.linalg.norm(others, axis=1) / np.linalg.norm(one)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Checkpoint]:
    return [make(tmp_path_factory.mktemp(f"llama-{seed}"), "llama", {}, seed) for seed in (0, 1)]


def every(measure: UpdateMeasure, layer: int, row: int) -> np.ndarray:
    profile = measure.profiles(layer, np.array([row]))
    return np.concatenate(
        [measure.similarities(profile, block)[0] for index in measure.target.layers for block in measure.blocks(index)]
    )


def test_within_a_model_it_is_the_cosine_of_directions_and_minus_it_for_the_other_pole(
    checkpoints: list[Checkpoint],
) -> None:
    one = checkpoints[0]
    run = run_of(one, "one")
    measure = UpdateMeasure(run, run, (model_of(one, "a"), model_of(one, "a")), CPU)
    directions = np.concatenate([rows_by_hand(one, layer) for layer in run.layers])
    for row in (0, 7):
        expected = cosines(directions[run.manifest.rows + row], directions)
        np.testing.assert_allclose(every(measure, 1, row), expected, atol=1e-6)
    assert every(measure, 1, 6)[run.manifest.rows + 7] == pytest.approx(-1)


def test_across_models_it_is_the_correlation_of_the_scores_of_all_tokens(checkpoints: list[Checkpoint]) -> None:
    first, second = checkpoints
    runs = run_of(first, "one"), run_of(second, "two")
    measure = UpdateMeasure(*runs, (model_of(first, "a"), model_of(second, "b")), CPU)
    scores = [
        np.concatenate([rows_by_hand(one, layer) for layer in run.layers])
        @ one.model.unembedding(CPU).double().numpy().T
        for one, run in zip(checkpoints, runs, strict=True)
    ]
    centred = [part - part.mean(axis=1, keepdims=True) for part in scores]
    for row in (0, 5):
        expected = cosines(centred[0][runs[0].manifest.rows + row], centred[1])
        np.testing.assert_allclose(every(measure, 1, row), expected, atol=1e-5)


def test_models_that_write_to_other_vocabularies_are_refused(checkpoints: list[Checkpoint]) -> None:
    first, second = checkpoints
    models = model_of(first, "a"), model_of(second, "b", ("x", "y"))
    with pytest.raises(InputError, match="one and two are of models with different vocabularies"):
        UpdateMeasure(run_of(first, "one"), run_of(second, "two"), models, CPU)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Runs `one` and `two` of a model and of one whose neurons stand in another order and whose stream is rotated."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "first").mkdir()
    corpus = build(CASE, folder / "first")
    shutil.copytree(folder / "first", folder / "second")
    weights = load_file(folder / "first" / WEIGHTS)
    torch.manual_seed(3)
    rotation, _ = torch.linalg.qr(torch.randn(CASE.shape.width, CASE.shape.width))
    order = torch.randperm(CASE.shape.neurons)
    for name in list(weights):
        if name.endswith("fc2.weight"):
            weights[name] = (2 * rotation.T @ weights[name][:, order]).contiguous()
        elif name.endswith(("fc1.weight", "fc1.bias")):
            weights[name] = weights[name][order].contiguous()
        elif name.endswith("embed_tokens.weight"):
            weights[name] = (weights[name] @ rotation).contiguous()
    save_file(weights, folder / "second" / WEIGHTS)
    for name, model in (("one", "first"), ("two", "second")):
        extract(request(CASE, folder / model, corpus, folder / "runs", name=name))
    return folder, np.argsort(order.numpy())


def test_a_neuron_of_a_rotated_model_is_found_by_what_it_does_to_the_tokens(pair: tuple[Path, np.ndarray]) -> None:
    folder, place = pair
    first, second = (open_run(folder / "runs" / name) for name in ("one", "two"))
    models = open_model_of(first, False), open_model_of(second, False)
    measure = UpdateMeasure(first, second, models, CPU)
    for layer, row in ((0, 3), (1, 30)):
        found = find_similar(measure, (layer, row), [0, 1], 3, permutations=99)
        assert (found.matches[0].layer, found.matches[0].row) == (layer, place[row])
        assert found.matches[0].similarity == pytest.approx(1, abs=1e-5)
        assert found.baseline is not None
        assert found.baseline.p(found.matches[0].similarity) == 0.01
        assert found.baseline.quantile < 0.9
    universal = universal_neurons([measure])
    assert len(universal.neurons) > 0.9 * 2 * CASE.shape.neurons
    for neuron in universal.neurons:
        match = neuron.twins[0].match
        assert (match.layer, match.row) == (neuron.of[0], place[neuron.of[1]])


def test_a_model_that_is_gone_or_changed_is_told(pair: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder = tmp_path / "second"
    run = open_run(pair[0] / "runs" / "two")
    shutil.copytree(pair[0] / "second", folder)
    made_of = run.manifest.model.model_copy(update={"name": str(folder)})
    run.manifest = run.manifest.model_copy(update={"model": made_of})
    open_model_of(run, False)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dropout": 0.3}))
    with pytest.raises(CheckpointError, match="is not the one that the run two was made of"):
        open_model_of(run, False)
    shutil.rmtree(folder)
    with pytest.raises(
        CheckpointError, match=r"the run two needs its model again: model .*: there is no such directory\nPut"
    ):
        open_model_of(run, False)


def test_the_command_asks_the_engine(command: Command, pair: tuple[Path, np.ndarray]) -> None:
    folder, place = pair
    done = command(
        *("similar", "one", "1:30", "--by", "update", "--in", "two", "--layer", "1", "--top", 2, "--json"),
        *("--permutations", 19, "--runs-dir", folder / "runs"),
    )
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["by"], found["compared"]) == ("update", CASE.shape.neurons)
    assert [(m["layer"], m["neuron"]) for m in found["matches"][:1]] == [(1, int(place[30]))]
    assert found["matches"][0]["p"] == 0.05
