"""Every family that is read: each bit and value as plain hooks on transformers' whole forward pass see them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from neuron_tui.engine.model.activity import Activations, active, choose_rule, signed, watched
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.families import FAMILIES, REFUSED
from neuron_tui.engine.model.forward import LayerwiseForward, batches
from neuron_tui.engine.model.locate import locate, read_config
from neuron_tui.engine.model.residual import ResidualStream
from neuron_tui.engine.model.weights import Weights
from neuron_tui.store.errors import CheckpointError, UsageError
from neuron_tui.store.runs.rule import Rule, parse_rule

VOCABULARY, WIDTH, NEURONS, CONTEXT, WINDOW = 67, 16, 24, 32, 4
STARTS = np.array([0, 12, 24, 36, 41])
"""Sequences of 12 tokens, longer than the window that sliding attention sees, and a short one."""

_GPT2 = {"n_embd": WIDTH, "n_layer": 3, "n_head": 2, "n_inner": NEURONS, "n_positions": CONTEXT}
_PLAIN = {
    **{"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "num_key_value_heads": 2},
    **{"intermediate_size": NEURONS, "max_position_embeddings": CONTEXT, "pad_token_id": 0, "sliding_window": WINDOW},
}
_SHAPES: dict[str, dict[str, Any]] = {
    "opt": {
        **{"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": NEURONS},
        **{"max_position_embeddings": CONTEXT, "word_embed_proj_dim": 12, "do_layer_norm_before": False},
    },
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gptj": {**_GPT2, "rotary_dim": 4},
    "codegen": {**_GPT2, "n_head": 4, "rotary_dim": 4},
    "gpt_neo": {
        **{"hidden_size": WIDTH, "num_layers": 2, "num_heads": 2, "intermediate_size": NEURONS},
        **{"attention_types": [[["global", "local"], 1]], "window_size": WINDOW, "max_position_embeddings": CONTEXT},
    },
    "bloom": {"hidden_size": WIDTH, "n_layer": 3, "n_head": 2},
    "mpt": {"d_model": WIDTH, "n_layers": 3, "n_heads": 2, "max_seq_len": CONTEXT},
    "falcon": {"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "alibi": False},
}
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


@dataclass
class Checkpoint:
    """A random model on disk, and as transformers has it."""

    folder: Path
    whole: Any
    model: CausalModel


def make(folder: Path, family: str, options: dict[str, Any], seed: int = 0) -> Checkpoint:
    torch.manual_seed(seed)
    values = {**_SHAPES.get(family, _PLAIN), "vocab_size": VOCABULARY, **options}
    with warnings.catch_warnings(action="ignore"):
        whole = AutoModelForCausalLM.from_config(CONFIG_MAPPING[family](**values)).eval()
    with torch.no_grad():
        for parameter in whole.parameters():
            parameter.normal_(0, 0.3)
    whole.save_pretrained(folder)
    return Checkpoint(folder, whole, opened(folder))


def opened(folder: Path) -> CausalModel:
    files = locate(str(folder), allow_pickle=False)
    return CausalModel(files.name, read_config(files), Weights(files))


def tokens() -> np.ndarray:
    return np.random.default_rng(1).integers(0, VOCABULARY, STARTS[-1]).astype(np.int32)


def by_hooks(checkpoint: Checkpoint) -> list[Activations]:
    """What hooks on the whole model's forward pass see of each layer, one sequence at a time."""
    base = checkpoint.whole.base_model
    layers = next(part for part in base.modules() if isinstance(part, nn.ModuleList))
    seen: list[list[Activations]] = [[] for _ in layers]
    watching = [
        watched(layer, checkpoint.model.family, found.append) for layer, found in zip(layers, seen, strict=True)
    ]
    for one in watching:
        one.__enter__()
    with torch.inference_mode():
        for start, stop in pairwise(STARTS):
            checkpoint.whole(torch.from_numpy(tokens()[start:stop].astype(np.int64))[None], use_cache=False)
    for one in watching:
        one.__exit__(None, None, None)
    return [joined(found) for found in seen]


def by_layers(model: CausalModel, scratch: Path) -> list[Activations]:
    """What the engine sees of each layer, several sequences at a time."""
    forward = LayerwiseForward(model, "model", torch.device("cpu"), torch.float32)
    residual = ResidualStream(
        int(STARTS[-1]), model.width, torch.float32, torch.device("cpu"), "memory", scratch / "residual"
    )
    corpus = batches(STARTS, 24)
    forward.embed(tokens(), corpus, residual, lambda _: None)
    result = []
    for index in range(len(model.layers)):
        seen: list[Activations] = []
        forward.run_layer(index, corpus, residual, lambda _, found: seen.append(found), True, lambda _: None)  # noqa: B023
        result.append(joined(seen))
    return result


def joined(parts: list[Activations]) -> Activations:
    linear = None if parts[0].linear is None else torch.cat([part.linear for part in parts])  # type: ignore[misc]
    return Activations(torch.cat([p.pre for p in parts]), linear, torch.cat([p.value for p in parts]))


@pytest.mark.parametrize(("family", "options"), CASES, ids=[f"{f}-{'-'.join(o) or 'plain'}" for f, o in CASES])
def test_each_bit_and_value_is_that_of_the_whole_forward_pass(
    family: str, options: dict[str, Any], tmp_path: Path
) -> None:
    checkpoint = make(tmp_path, family, options)
    model = checkpoint.model
    expected, found = by_hooks(checkpoint), by_layers(model, tmp_path)
    assert len(found) == len(expected) == len(model.layers)
    kinds = ("poles", "gate") if model.family.gated else ("pre",)
    rules = [Rule("value"), Rule("threshold", 0.05), *map(Rule, kinds)]
    for mine, theirs in zip(found, expected, strict=True):
        for kind in ("pre", "linear", "value"):
            ours, wanted = getattr(mine, kind), getattr(theirs, kind)
            assert (ours is None) == (wanted is None) == (kind == "linear" and not model.family.gated)
            if ours is not None:
                assert ours.shape == (STARTS[-1], model.neurons)
                assert torch.allclose(ours, wanted, atol=1e-5), kind
        clear = torch.min(mine.pre.abs(), mine.value.abs()) > 1e-5  # rounding decides no bit
        for rule in rules:
            bits, whole = active(rule, mine), active(rule, theirs)
            assert bits.shape == (STARTS[-1], model.neurons * rule.poles)
            sure = clear if rule.poles == 1 else clear.repeat_interleave(2, dim=1)
            assert torch.equal(bits & sure, whole & sure), rule


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_value_is_the_activated_gate_times_the_linear_half(family: str, tmp_path: Path) -> None:
    checkpoint = make(tmp_path, family, {})
    layers = next(part for part in checkpoint.whole.base_model.modules() if isinstance(part, nn.ModuleList))
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
    layer = next(part for part in whole.base_model.modules() if isinstance(part, nn.ModuleList))[1]
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
    layer = next(part for part in checkpoint.whole.base_model.modules() if isinstance(part, nn.ModuleList))[1]
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


def test_a_pole_writes_against_the_other() -> None:
    directions = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert signed(directions, Rule("poles")).tolist() == [[1, -1, 2, -2], [3, -3, 4, -4]]
    assert signed(directions, Rule("gate")) is directions


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


@pytest.mark.parametrize("family", sorted(REFUSED))
def test_what_cannot_be_read_is_named_with_the_reason(family: str, tmp_path: Path) -> None:
    checkpoint = make(tmp_path, "llama", {})
    config = (checkpoint.folder / "config.json").read_text()
    (checkpoint.folder / "config.json").write_text(config.replace('"llama"', f'"{family}"'))
    with pytest.raises(CheckpointError) as refused:
        opened(tmp_path)
    assert REFUSED[family] in str(refused.value)
    assert "gpt_neox" in str(refused.value)


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
