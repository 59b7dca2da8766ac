"""Every family that is read: each bit and value as plain hooks on transformers' whole forward pass see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from neuron_tui.engine.model.activity import choose_rule
from neuron_tui.engine.model.families import FAMILIES
from neuron_tui.engine.model.locate import locate
from neuron_tui.engine.model.refused import REFUSED
from neuron_tui.engine.model.weights import Weights
from neuron_tui.store.errors import CheckpointError, UsageError
from neuron_tui.store.runs.rule import Rule, parse_rule
from tests.engine.random_families import (
    WIDTH,
    Checkpoint,
    by_hooks,
    by_layers,
    differences,
    draw,
    layers_of,
    make,
    opened,
)

_OTHERWISE: dict[str, tuple[dict[str, Any], ...]] = {
    "opt": ({"do_layer_norm_before": True, "word_embed_proj_dim": WIDTH, "enable_bias": False},),
    "falcon": ({"alibi": True}, {"parallel_attn": False}, {"new_decoder_architecture": True, "num_kv_heads": 2}),
    "gpt_neox": ({"use_parallel_residual": False, "hidden_act": "relu"},),
    "llama": ({"hidden_act": "relu", "tie_word_embeddings": True, "num_key_value_heads": 1},),
    "mistral": ({"sliding_window": None},),
    "gpt2": ({"activation_function": "relu", "tie_word_embeddings": False},),
}
CASES = [
    *((family, {}) for family in sorted(FAMILIES)),
    *((family, options) for family, several in _OTHERWISE.items() for options in several),
]


@pytest.mark.parametrize(("family", "options"), CASES, ids=[f"{f}-{'-'.join(o) or 'plain'}" for f, o in CASES])
def test_each_bit_and_value_is_that_of_the_whole_forward_pass(
    family: str, options: dict[str, Any], tmp_path: Path
) -> None:
    assert differences(make(tmp_path, family, options), tmp_path) == []


@pytest.mark.parametrize("seed", (0, 1))
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_model_of_random_shape_and_options_is_alike_too(family: str, seed: int, tmp_path: Path) -> None:
    drawn = draw(family, seed)
    assert differences(make(tmp_path, family, drawn.values, seed), tmp_path, drawn.starts) == [], drawn


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_value_is_the_activated_gate_times_the_linear_half(family: str, tmp_path: Path) -> None:
    checkpoint = make(tmp_path, family, {})
    layers = layers_of(checkpoint.whole)
    for layer, seen in zip(layers, by_layers(checkpoint.model, tmp_path), strict=True):
        activation = layer.get_submodule(checkpoint.model.family.activation)
        with torch.inference_mode():
            value = activation(seen.pre) * (1 if seen.linear is None else seen.linear)
        assert torch.allclose(seen.value, value, atol=1e-5)
        assert seen.value.abs().max() > 1e-3


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_update_directions_and_unembedding_are_the_models_own_weights(family: str, tmp_path: Path) -> None:
    checkpoint = make(tmp_path, family, {})
    model, whole = checkpoint.model, checkpoint.whole
    layer = layers_of(whole)[1]
    write = layer.get_submodule(model.family.write)
    directions = model.update_directions(1, torch.device("cpu"))
    assert directions.shape == (model.width, model.neurons)
    with torch.no_grad():  # one neuron alone at 1 writes its direction
        for neuron in (0, model.neurons - 1):
            alone = torch.zeros(1, 2, model.neurons)
            alone[0, 0, neuron] = 1
            written = (
                nn.functional.linear(alone, write.weight) if isinstance(write, nn.Linear) else alone @ write.weight
            )
            assert torch.allclose(written[0, 0] - written[0, 1], directions[:, neuron], atol=1e-6)
    table = whole.get_output_embeddings().weight.detach()
    if family == "opt":
        table = table @ whole.model.decoder.project_out.weight.detach()
    assert torch.allclose(model.unembedding(torch.device("cpu")), table, atol=1e-6)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_read_directions_are_the_models_own_weights(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make(tmp_path, family, {})
    model = checkpoint.model
    layer = layers_of(checkpoint.whole)[1]
    read: list[str] = []
    plainly = Weights.read
    monkeypatch.setattr(Weights, "read", lambda self, name, *rest: read.append(name) or plainly(self, name, *rest))
    directions = model.read_directions(1, torch.device("cpu"))
    assert len(read) == 1 and read[0].endswith(f"{model.family.read}.weight")
    assert directions.shape == (model.width, model.neurons) and directions.dtype == torch.float32
    with torch.no_grad():  # each unit of the residual stream alone at 1 enters a neuron as much as its direction says
        entered = layer.get_submodule(model.family.read)(torch.eye(model.width + 1, model.width)[None])[0]
    entered = entered[:-1] - entered[-1]
    assert torch.allclose(entered[:, -model.neurons :], directions, atol=1e-6)
    assert model.family.fused == (entered.shape[1] == 2 * model.neurons)


def test_what_suits_a_family_is_chosen_and_what_it_cannot_have_is_refused() -> None:
    llama, gpt2 = FAMILIES["llama"], FAMILIES["gpt2"]
    assert choose_rule("auto", FAMILIES["opt"], "relu") == Rule("value")
    assert choose_rule("auto", FAMILIES["nemotron"], "relu2") == Rule("value")
    assert choose_rule("auto", gpt2, "gelu_new") == Rule("pre")
    assert choose_rule("auto", llama, "silu") == choose_rule("auto", llama, "relu") == Rule("poles")
    assert choose_rule("threshold:0.01", llama, "silu") == Rule("threshold", 0.01)
    for asked, family in (("poles", gpt2), ("gate", gpt2), ("pre", llama)):
        with pytest.raises(UsageError, match=f"--active {asked}: this model's feed-forward networks"):
            choose_rule(asked, family, "silu")


@pytest.mark.parametrize("text", ["", "relu", "threshold", "threshold:-1", "threshold:x", "pre:1", "threshold:inf"])
def test_a_rule_that_there_is_not_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_rule(text)


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    checkpoint = make(tmp_path, "llama", {})
    config = (checkpoint.folder / "config.json").read_text()
    for family in (*REFUSED, "no_such_family", 3):
        (checkpoint.folder / "config.json").write_text(config.replace('"llama"', json.dumps(family)))
        with pytest.raises(CheckpointError) as refused:
            opened(tmp_path)
        assert f"its model_type is {family!r}" in str(refused.value)
        assert REFUSED.get(family, "") in str(refused.value)
        assert "\nWhat can be read: arcee, bloom, " in str(refused.value)


def test_no_family_is_both_read_and_refused_and_known_ones_have_the_right_reason() -> None:
    assert not set(FAMILIES) & set(REFUSED)
    for reason, names in {
        "mixture of experts": ("mixtral", "gpt_oss", "glm4_moe", "ernie4_5_moe"),
        "an encoder": ("t5", "bart", "mbart", "pegasus", "whisper", "nllb-moe", "m2m_100"),
        "hybrid": ("jamba", "nemotron_h", "granitemoehybrid", "lfm2", "qwen3_next"),
        "images or sound": ("llava", "qwen2_vl", "qwen2_5_vl", "paligemma", "mistral3", "smolvlm"),
    }.items():
        for name in names:
            assert reason in REFUSED[name], name


@pytest.mark.parametrize("change", ["language_model.{}", "model.language_model.{}"])
def test_the_text_part_of_a_multimodal_gemma_3_is_read(change: str, tmp_path: Path) -> None:
    """As `language_model.model.layers` of the published checkpoints, and as transformers 5 saves them."""
    from safetensors.torch import load_file, save_file

    checkpoint = make(tmp_path, "gemma3_text", {})
    path = tmp_path / "model.safetensors"
    held = load_file(path)
    if change.startswith("model."):
        held = {name.removeprefix("model."): tensor for name, tensor in held.items()}
    vision = {"vision_tower.vision_model.encoder.layers.7.mlp.fc1.weight": torch.zeros(2, 2)}
    save_file({change.format(name): tensor for name, tensor in held.items()} | vision, path)
    text = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": text}))
    model = opened(tmp_path)
    assert model.model_type == "gemma3_text"
    assert differences(Checkpoint(tmp_path, checkpoint.whole, model), tmp_path) == []


def test_quantised_weights_and_too_many_layers_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    make(tmp_path, "llama", {})
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(config.replace("{", '{"quantization_config": {"bits": 4},', 1))
    with pytest.raises(CheckpointError, match="quantised"):
        opened(tmp_path)
    (tmp_path / "config.json").write_text(config.replace('"num_hidden_layers": 3', '"num_hidden_layers": 1000000'))
    with pytest.raises(CheckpointError, match="names 1,000,000 layers, and its weights are of 3"):
        opened(tmp_path)


def test_names_of_earlier_checkpoints_are_found(tmp_path: Path) -> None:
    """Without the prefix of the base model, as GPT-2's are; with another name of the unembedding, as Pythia's."""
    from safetensors.torch import load_file, save_file

    for family, change in (
        ("gpt2", lambda name: name.removeprefix("transformer.")),
        ("gpt_neox", lambda name: name.replace("lm_head", "embed_out")),
    ):
        checkpoint = make(tmp_path / family, family, {})
        path = checkpoint.folder / "model.safetensors"
        save_file({change(name): tensor for name, tensor in load_file(path).items()}, path)
        model = opened(checkpoint.folder)
        assert torch.equal(model.unembedding(torch.device("cpu")), checkpoint.whole.get_output_embeddings().weight)
        for mine, theirs in zip(by_layers(model, tmp_path), by_hooks(checkpoint), strict=True):
            assert torch.allclose(mine.value, theirs.value, atol=1e-5)


def test_an_adapter_and_a_trainers_folder_are_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter/adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"PEFT adapter.*\nMerge it"):
        locate(str(tmp_path / "adapter"), allow_pickle=False)
    for step in (500, 1500):
        (tmp_path / f"trainer/checkpoint-{step}").mkdir(parents=True)
    with pytest.raises(CheckpointError, match=r"Name one of them, such as .*checkpoint-1500"):
        locate(str(tmp_path / "trainer"), allow_pickle=False)
