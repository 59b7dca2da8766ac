"""A device that runs out of memory gets smaller batches; the numbers stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from neuron_tui.engine import products
from neuron_tui.engine.extraction import extract
from neuron_tui.store.errors import InputError
from neuron_tui.store.runs.manifest import read_manifest

from .cases import Case, build, request, stored_records, two_domains
from .checkpoints import Shape

SHAPE = Shape(layers=3, width=16, heads=2, neurons=28, context=24)
CASE = Case(SHAPE, "fast", 300, two_domains, tokens=900)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    folder = tmp_path_factory.mktemp("made")
    return folder, build(CASE, folder)


def memory_for(sequences: int, at: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have a map of the layers run out of memory with more sequences than that; says with how many it did."""
    inputs = {"first": SHAPE.width, "last": SHAPE.neurons}[at]
    plain, failed = products.linear, []

    def linear(given: torch.Tensor, *of: torch.Tensor | None) -> torch.Tensor:
        found = given.numel() // given.shape[-1] // SHAPE.context
        if given.shape[-1] == inputs and found > sequences:
            failed.append(found)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(given, *of)

    monkeypatch.setattr(products, "linear", linear)
    return failed


@pytest.mark.parametrize("at", ["first", "last"])
@pytest.mark.parametrize("memory", [None, 1], ids=["in memory", "in files"])
def test_batches_are_halved_and_nothing_is_counted_twice(
    at: str, memory: int | None, made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"batch_tokens": 24 * 16, "memory": memory}
    expected = stored_records(extract(request(CASE, *made, tmp_path / "undisturbed", **options)))
    failed = memory_for(5, at, monkeypatch)
    said: list[str] = []
    folder = extract(request(CASE, *made, tmp_path / "runs", **options), announce=said.append)
    assert [line for line in said if "too little memory" in line] == [
        "cpu has too little memory for larger batches: going on with 96 tokens each."
    ]
    assert failed == [16, 8]  # never again once it is known
    assert read_manifest(folder).options.batch_tokens == 24 * 4
    assert stored_records(folder) == expected


def test_no_memory_for_one_sequence_is_said_and_finished_layers_stay(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_for(0, "last", monkeypatch)
    with pytest.raises(InputError, match="too little memory for a layer and one sequence"):
        extract(request(CASE, *made, tmp_path))
