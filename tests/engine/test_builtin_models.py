"""The models that come with the program: all are offered, described, load, and are what their cards say."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.engine.model.locate import BUILTIN_MODELS, builtin_names, locate
from neuron_tui.engine.model.opened import open_model
from neuron_tui.engine.model.weights import Weights
from neuron_tui.store import open_run
from neuron_tui.store.runs import options

POSITIONS = "model.decoder.embed_positions.weight"

LARGEST = 8 << 20
"""Bytes of a model, at most: everyone who installs the program carries it."""


def test_every_model_is_offered_by_the_form() -> None:
    assert sorted(options.BUILTIN_MODELS) == list(builtin_names())


@pytest.mark.parametrize("name", builtin_names())
def test_a_model_is_whole_small_and_described(name: str) -> None:
    files = {path.name: path.stat().st_size for path in (BUILTIN_MODELS / name).iterdir()}
    assert set(files) == {"README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert sum(files.values()) < LARGEST
    card = " ".join((BUILTIN_MODELS / name / "README.md").read_text(encoding="utf-8").split())
    identity = open_model(name, allow_pickle=False).identity
    assert f" # {name} " in card
    assert f"{identity.layers} layers of {identity.neurons:,} ReLU neurons, width {identity.width}" in card


def test_one_of_them_embeds_no_positions() -> None:
    weights = {name: Weights(locate(name, allow_pickle=False)) for name in builtin_names()}
    tables = {name: held.read(POSITIONS, torch.device("cpu"), torch.float32) for name, held in weights.items()}
    assert [name for name, table in tables.items() if not table.any()] == ["pocket-opt-nopos"]


def test_it_follows_position_all_the_same(tmp_path: Path) -> None:
    """As its card says: positional neurons in layers 0 and 1, none of them oscillatory."""
    asked = ExtractionRequest(
        model="pocket-opt-nopos",
        corpus=("builtin:math", "builtin:prose"),
        name="nopos",
        runs_dir=tmp_path,
        tokens=30_000,
        layers=(0, 1),
        device="cpu",
    )
    run = open_run(extract(asked))
    assert run.manifest.model.name == "pocket-opt-nopos"
    types = [
        record.position.type
        for layer in run.layers.values()
        for record in layer.records()
        if record.position is not None and record.position.type is not None
    ]
    assert len(types) >= 10
    assert "oscillatory" not in types
