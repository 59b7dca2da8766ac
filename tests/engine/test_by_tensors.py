"""An extraction as on a GPU, with torch on a CPU in its place, gives the files that compiled loops give."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from neuron_tui.engine import resources
from neuron_tui.engine.extraction import extract

from .cases import FAMILY, build, request

CASES = ["LayerNorm after, with projections", "own unembedding, half precision", "more neurons than a word of bits"]


def datasets(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.mark.parametrize("on_device", [True, False], ids=["bits there", "bits here"])
@pytest.mark.parametrize("name", CASES)
def test_files_are_the_same(name: str, on_device: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = FAMILY[name]
    corpus = build(case, tmp_path)
    asked = request(case, tmp_path, corpus, tmp_path / "compiled", keep_activations="always")
    compiled = extract(asked)
    plan = resources.plan_resources

    def as_on_a_gpu(sizes: Any, device: torch.device, memory: int | None, disk: int) -> resources.Resources:
        on_a_gpu = {"by_tensors": True, "bits_on_device": on_device, "overlaps": False, "working": 200_000}
        return replace(plan(sizes, device, memory, disk), **on_a_gpu)

    monkeypatch.setattr(resources, "plan_resources", as_on_a_gpu)
    tensors = extract(asked.model_copy(update={"runs_dir": tmp_path / "tensors"}))
    layers = sorted(path.name for path in (compiled / "layers").iterdir())
    assert layers
    for layer in layers:
        expected, found = datasets(compiled / "layers" / layer), datasets(tensors / "layers" / layer)
        assert found.keys() == expected.keys()
        for key, values in expected.items():
            np.testing.assert_array_equal(found[key], values, err_msg=key)
