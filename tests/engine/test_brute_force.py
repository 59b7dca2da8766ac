"""Every record of a run equals a count in plain Python, whatever the model's shape and however it was extracted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from neuron_tui.engine.extraction import extract
from neuron_tui.store import open_run
from neuron_tui.store.findings.run_info import run_info

from . import brute_force_summary
from .brute_force import Record
from .cases import FAMILY, Case, Key, build, expected_records, extracted, request, stored_records
from .checkpoints import Layout, Shape
from .comparing import assert_same

CLEAR_OF_ZERO = 1e-5
"""No value before an activation may come nearer to zero: rounding, other in every batch shape, could flip it."""


@pytest.mark.parametrize("name", FAMILY)
def test_every_record_equals_brute_force(name: str, tmp_path: Path) -> None:
    case = FAMILY[name]
    corpus = build(case, tmp_path)
    expected, nearest = expected_records(case, tmp_path, corpus)
    assert nearest > CLEAR_OF_ZERO
    run = extract(request(case, tmp_path, corpus, tmp_path / "runs"))
    found = stored_records(run)
    assert found.keys() == expected.keys()
    for key, record in expected.items():
        assert_same(found[key], record)
    first = next(iter(expected.values()))
    info = run_info(open_run(run))
    assert info["state"] == "complete"
    assert info["tokens"] == first["tokens"]
    assert info["domains"] == {name: domain["tokens"] for name, domain in first["domains"].items()}
    if case.layers is None:
        assert [without_mean(layer) for layer in info["layers"]] == [
            without_mean(layer) for layer in brute_force_summary.layers(expected)
        ]


def without_mean(layer: dict[str, object]) -> dict[str, object]:
    """A summary with its mean rounded and without the intervals, so that it can be compared as a whole."""
    mean = layer["mean_frequency_alive"]
    kept = {name: value for name, value in layer.items() if name != "intervals"}
    return kept | {"mean_frequency_alive": round(mean, 12) if isinstance(mean, float) else mean}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", ["more neurons than a word of bits", "LayerNorm after, with projections"])
def test_every_record_from_a_gpu_equals_brute_force(name: str, tmp_path: Path) -> None:
    case = FAMILY[name]
    corpus = build(case, tmp_path)
    expected, _ = expected_records(case, tmp_path, corpus)
    asked = request(case, tmp_path, corpus, tmp_path / "runs", device="cuda", dtype="float32")
    found = extracted(asked)
    assert found.keys() == expected.keys()
    for key, record in expected.items():
        assert_same(found[key], record)


def test_the_cases_show_what_is_counted(tmp_path: Path) -> None:
    """The comparison would prove little if no neuron were dead, a detector or positional."""
    case = FAMILY["more neurons than a word of bits"]
    records = expected_records(case, tmp_path, build(case, tmp_path))[0].values()
    assert any(r["dead"] for r in records)
    assert any(r["position"]["type"] for r in records)
    assert {r["effect"]["suppresses_triggers"] for r in records} == {True, False, None}
    for n in ("1", "2", "3"):
        assert any(r["triggers"][n]["detector"] and r["count"] > 3 for r in records)
        assert any(r["triggers"][n]["covering"] > 20 for r in records)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Case, Path, tuple[str, ...], dict[Key, Record]]]:
    """A case that has been extracted in the ordinary way."""
    folder = tmp_path_factory.mktemp("base")
    case = FAMILY["LayerNorm after, with projections"]
    corpus = build(case, folder)
    yield case, folder, corpus, extracted(request(case, folder, corpus, folder / "runs"))


Base = tuple[Case, Path, tuple[str, ...], dict[Key, Record]]


@pytest.mark.parametrize("batch_tokens", [1, 60, 100_000])
def test_records_do_not_depend_on_the_batch(base: Base, batch_tokens: int, tmp_path: Path) -> None:
    case, folder, corpus, records = base
    assert extracted(request(case, folder, corpus, tmp_path, batch_tokens=batch_tokens)) == records


def test_records_do_not_depend_on_memory(base: Base, tmp_path: Path) -> None:
    case, folder, corpus, records = base
    assert extracted(request(case, folder, corpus, tmp_path, memory=1)) == records


@pytest.mark.parametrize("keep", ["always", "never"])
def test_records_do_not_depend_on_kept_activations(base: Base, keep: str, tmp_path: Path) -> None:
    case, folder, corpus, records = base
    run = extract(request(case, folder, corpus, tmp_path, keep_activations=keep))
    assert stored_records(run) == records
    kept = [layer.columns("activations") for layer in open_run(run).layers.values()]
    assert [bool(columns) for columns in kept] == [keep == "always"] * len(kept)


def test_a_layer_extracted_alone_is_the_same(base: Base, tmp_path: Path) -> None:
    case, folder, corpus, records = base
    for layer in range(case.shape.layers):
        found = extracted(request(case, folder, corpus, tmp_path, name=f"layer_{layer}", layers=(layer,)))
        assert found == {key: record for key, record in records.items() if key[0] == layer}


def test_a_run_extracted_twice_is_not_touched(base: Base) -> None:
    case, folder, corpus, records = base
    before = {path: path.stat().st_mtime_ns for path in (folder / "runs" / "x").rglob("*.h5")}
    assert extracted(request(case, folder, corpus, folder / "runs")) == records
    assert {path: path.stat().st_mtime_ns for path in before} == before


LAYOUTS: list[tuple[Layout, str, bool]] = [
    ("safetensors", "decoder.", False),
    ("sharded safetensors", "model.decoder.", True),
    ("bin", "model.decoder.", True),
    ("sharded bin", "decoder.", False),
]


@pytest.mark.parametrize(("layout", "prefix", "head"), LAYOUTS)
def test_every_file_layout_gives_the_same_records(layout: Layout, prefix: str, head: bool, tmp_path: Path) -> None:
    small = Case(Shape(layers=2, neurons=8), "fast", 300, FAMILY["some layers"].corpus, tokens=300)
    records = []
    for name, case in (("plain", small), ("other", replace(small, layout=layout, prefix=prefix, head=head))):
        folder = tmp_path / name
        folder.mkdir()
        corpus = build(case, folder)
        records.append(extracted(request(case, folder, corpus, tmp_path / "runs", name=name, allow_pickle=True)))
    assert records[0] == records[1]
