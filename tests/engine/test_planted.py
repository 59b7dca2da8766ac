"""Neurons planted by hand-set weights are found, named and counted by the whole path: extract, store, export."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import open_run
from neuron_tui.store.disk.schema import STORED_TRIGGERS
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.neurons.firing import firing_on

from . import brute_force, brute_force_summary, planted
from .brute_force import Record, Text
from .comparing import assert_same
from .planted import FORMS, ID, PLANTED, Plant

Named = Callable[[Record], object]

SEQUENCES = len(planted.sequences().windows)

PLANTS = [(layer, neuron, plant) for layer, plants in enumerate(PLANTED) for neuron, plant in enumerate(plants)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    planted.write_checkpoint(folder)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    return planted.write_corpus(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def text() -> Text:
    return planted.sequences()


@pytest.fixture(scope="module")
def expected(text: Text) -> dict[tuple[int, int], Record]:
    """Records from the letters alone: no tokeniser, no model."""
    return {(layer, neuron): expected_record(text, layer, neuron, plant) for layer, neuron, plant in PLANTS}


@pytest.fixture(scope="module")
def run(checkpoint: Path, corpus: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    return extract(ExtractionRequest(model=str(checkpoint), corpus=corpus, name="planted", runs_dir=runs, device="cpu"))


@pytest.fixture(scope="module")
def found(run: Path) -> dict[tuple[int, int], Record]:
    layers = open_run(run).layers
    return {(layer, neuron): layers[layer].neuron(neuron).to_dict() for layer, neuron, _ in PLANTS}


def expected_record(text: Text, layer: int, neuron: int, plant: Plant) -> Record:
    amounts = [[1.0 if plant.fires(window.ids, p) else None for p in range(len(window.ids))] for window in text.windows]
    score = [0.0] * len(FORMS)
    for letter, weight in plant.writes.items():
        score[ID[letter]] = weight
    return brute_force.record(text, layer, neuron, amounts, score)


def test_the_model_is_what_it_was_built_to_be(checkpoint: Path, text: Text) -> None:
    layers, nearest = brute_force.amounts(brute_force.load(checkpoint), text)
    assert nearest > 0.01
    for layer, neuron, plant in PLANTS:
        for window, sequence in zip(text.windows, layers[layer], strict=True):
            fires = [plant.fires(window.ids, p) for p in range(len(window.ids))]
            assert [position[neuron] is not None for position in sequence] == fires, f"{layer}:{neuron} {plant.name}"


def test_every_count_of_every_planted_neuron_is_exact(
    found: dict[tuple[int, int], Record], expected: dict[tuple[int, int], Record]
) -> None:
    for key, record in expected.items():
        assert_same(found[key], record)


def test_curves_by_domain_are_those_of_each_domains_sequences(run: Path, text: Text) -> None:
    layers = open_run(run).layers
    for layer, neuron, plant in PLANTS:
        active = [[plant.fires(window.ids, p) for p in range(len(window.ids))] for window in text.windows]
        position = layers[layer].neuron(neuron).position
        assert position is not None
        wanted = brute_force.curves_by_domain(text, active)
        assert {name: curve.tolist() for name, curve in position.by_domain.items()} == wanted, plant.name
        assert list(wanted) == ["long", "short"]
        assert sum(position.sequences_by_domain.values()) == position.sequences


def test_every_n_gram_leads_to_the_neurons_that_fire_on_it(
    run: Path, text: Text, expected: dict[tuple[int, int], Record]
) -> None:
    wanted: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    for (layer, neuron), record in expected.items():
        for triggers in record["triggers"].values():
            for rank, gram in enumerate(triggers["top"][:STORED_TRIGGERS]):
                found = (-gram["active"], layer, neuron, rank)
                wanted.setdefault(tuple(gram["ids"]), []).append(found)
    opened = open_run(run)
    for n in (1, 2, 3):
        for ids, occurrences in list(text.occurrences[n].items())[::7]:  # all of them take a minute
            firing = firing_on(opened, ids)
            assert firing.occurrences == occurrences
            columns = (-firing.active, firing.layer, firing.neuron, firing.rank)
            assert list(zip(*(column.tolist() for column in columns), strict=True)) == sorted(wanted.get(ids, []))


def detected(record: Record, n: int) -> set[str]:
    """What a neuron detects, as letters."""
    triggers = record["triggers"][str(n)]
    grams = {"".join(form.removeprefix("Ġ") for form in gram["text"]) for gram in triggers["covered"]}
    assert triggers["detector"] == bool(grams)
    return grams


def suppresses(record: Record) -> Any:
    return record["effect"]["suppresses_triggers"]


def position(record: Record) -> tuple[str | None, str | None]:
    return record["position"]["type"], record["position"]["strength"]


def positional(kind: str, strength: str) -> Named:
    return lambda r: position(r) == (kind, strength) and r["position"]["mutual_information"] > 0.05


def not_positional(record: Record) -> bool:
    return position(record) == (None, None) and record["position"]["mutual_information"] <= 0.05


NAMES: dict[str, Named] = {
    "dead": lambda r: r["dead"] and r["count"] == r["bos_count"] == 0 and r["triggers"]["1"]["top"] == [],
    "dead, but for BOS": lambda r: r["dead"] and r["count"] == 0 and r["bos_count"] == SEQUENCES,
    "token, suppressing": lambda r: len(detected(r, 1)) == 1 and suppresses(r) is True,
    "token, promoting": lambda r: len(detected(r, 1)) in (1, 2) and suppresses(r) is False,
    "set of three, suppressing": lambda r: len(detected(r, 1)) == 3 and suppresses(r) is True,
    "set of six": lambda r: r["triggers"]["1"]["covering"] == 6 and not detected(r, 1) and suppresses(r) is None,
    "bigram": lambda r: not detected(r, 1) and len(detected(r, 2)) == 1,
    "trigram": lambda r: not detected(r, 1) and len(detected(r, 3)) == 1,
    "frequent on a token, but missing it too often": (
        lambda r: r["triggers"]["1"]["covering"] == 1 and not detected(r, 1) and suppresses(r) is None
    ),
    "token, missing a few": (
        lambda r: len(detected(r, 1)) == 1 and 0 < r["count"] < r["triggers"]["1"]["top"][0]["occurrences"]
    ),
    "oscillatory, strong": positional("oscillatory", "strong"),
    "oscillatory, weak": positional("oscillatory", "weak"),
    "both, strong": positional("both", "strong"),
    "both, weak": positional("both", "weak"),
    "one, strong": positional("one", "strong"),
    "one, weak": positional("one", "weak"),
    "other, strong": positional("other", "strong"),
    "other, weak": positional("other", "weak"),
    "too little to be positional": lambda r: not_positional(r) and r["position"]["mutual_information"] > 1e-4,
    "always": lambda r: r["frequency"] == 1 and r["bos_count"] == SEQUENCES and not_positional(r),
}


@pytest.mark.parametrize("name", sorted({plant.name for _, _, plant in PLANTS}))
def test_each_kind_of_neuron_is_named(name: str, found: dict[tuple[int, int], Record]) -> None:
    for layer, neuron, plant in PLANTS:
        if plant.name == name:
            assert NAMES[name](found[layer, neuron]), f"{layer}:{neuron}"
            assert found[layer, neuron]["dead"] == name.startswith("dead")
            is_positional = position(found[layer, neuron])[0] is not None
            assert is_positional == name.startswith(("oscillatory", "both", "one", "other"))


def test_detectors_name_their_triggers(found: dict[tuple[int, int], Record]) -> None:
    assert detected(found[0, 2], 1) == detected(found[2, 0], 1) == {"a"}
    assert detected(found[0, 4], 1) == {"c", "d", "e"}
    assert detected(found[0, 6], 2) == {"pq"}
    assert detected(found[0, 7], 3) == {"pqr"}
    assert detected(found[1, 6], 3) == {"qrs"}
    assert detected(found[2, 7], 3) == {"rsp"}


def test_what_a_neuron_writes_is_named(found: dict[tuple[int, int], Record]) -> None:
    effect = found[0, 2]["effect"]
    assert (effect["suppressed"][0]["text"], effect["promoted"][0]["text"]) == ("Ġa", "Ġb")
    assert effect["suppressed"][0]["score"] == pytest.approx(-0.05, abs=1e-6)
    assert effect["trigger_score"] == pytest.approx(-0.05, abs=1e-6)
    assert found[0, 4]["effect"]["trigger_score"] == pytest.approx(-0.02, abs=1e-6)


def test_a_square_wave_has_its_shape_and_all_of_the_information(found: dict[tuple[int, int], Record]) -> None:
    profile = found[0, 10]["position"]
    assert profile["frequency"] == [float(p // 8 % 2) for p in range(1, 64)]
    assert profile["mutual_information"] == pytest.approx(0.6931, abs=1e-3)


def test_the_summary_of_the_layers_is_what_the_neurons_say(run: Path, expected: dict[tuple[int, int], Record]) -> None:
    info = run_info(open_run(run))
    assert info["state"] == "complete"
    for layer, wanted in zip(info["layers"], brute_force_summary.layers(expected), strict=True):
        mean = wanted.pop("mean_frequency_alive")
        assert layer.pop("mean_frequency_alive") == pytest.approx(mean, abs=1e-12)
        assert layer | {"intervals": None} == wanted | {"intervals": None}
    assert [layer["dead"] for layer in info["layers"]] == [2, 1, 3]
    assert [layer["detectors"]["1"] for layer in info["layers"]] == [4, 3, 6]
    assert [layer["suppressing"] for layer in info["layers"]] == [3, 2, 4]


def neuron_tui(*arguments: str) -> str:
    """Standard output of the program; what it says on the side is shown if it fails."""
    start = "from neuron_tui.tui.cli.main import main; main()"
    done = subprocess.run([sys.executable, "-c", start, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_command_line_tells_the_same(run: Path, found: dict[tuple[int, int], Record]) -> None:
    lines = neuron_tui("export", str(run), "--format", "jsonl", "--all").splitlines()
    assert [json.loads(line) for line in lines] == [found[key] for key in sorted(found)]
    one = neuron_tui("export", str(run), "--format", "json", "--neuron", "0:7", "--neuron", "2:3")
    assert json.loads(one) == [found[0, 7], found[2, 3]]
    assert json.loads(neuron_tui("info", str(run), "--json"))["layers"] == run_info(open_run(run))["layers"]
