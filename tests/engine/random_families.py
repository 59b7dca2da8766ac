"""Random models of every family, on disk and as transformers has them, and whether the engine sees the same in both."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from neuron_tui.engine.effects import TokenFrequency, layer_effects
from neuron_tui.engine.model.activity import Activations, active, watched
from neuron_tui.engine.model.causal import CausalModel
from neuron_tui.engine.model.forward import LayerwiseForward, batches
from neuron_tui.engine.model.kept import KeptStreams, StreamShape, Stretch
from neuron_tui.engine.model.locate import locate, read_config
from neuron_tui.engine.model.reading import LayerReader
from neuron_tui.engine.model.residual import ResidualMemory
from neuron_tui.engine.model.weights import Weights
from neuron_tui.store.runs.rule import Rule

VOCABULARY, WIDTH, NEURONS, CONTEXT, WINDOW = 67, 16, 24, 32, 4
STARTS = np.array([0, 12, 24, 36, 41])
"""Sequences of 12 tokens, longer than the window that sliding attention sees, and a short one."""

_GPT2 = {"n_embd": WIDTH, "n_layer": 3, "n_head": 2, "n_inner": NEURONS, "n_positions": CONTEXT}
_PLAIN = {
    **{"hidden_size": WIDTH, "num_hidden_layers": 3, "num_attention_heads": 2, "num_key_value_heads": 2},
    **{"intermediate_size": NEURONS, "max_position_embeddings": CONTEXT, "pad_token_id": 0, "sliding_window": WINDOW},
}
SHAPES: dict[str, dict[str, Any]] = {
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


@dataclass
class Checkpoint:
    """A random model on disk, and as transformers has it."""

    folder: Path
    whole: Any
    model: CausalModel


def make(folder: Path, family: str, options: dict[str, Any], seed: int = 0) -> Checkpoint:
    torch.manual_seed(seed)
    values = {**SHAPES.get(family, _PLAIN), "vocab_size": VOCABULARY, **options}
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


def layers_of(whole: Any) -> nn.ModuleList:
    return next(part for part in whole.base_model.modules() if isinstance(part, nn.ModuleList))


def tokens(model: CausalModel, starts: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).integers(0, model.vocabulary, starts[-1]).astype(np.int32)


def by_hooks(checkpoint: Checkpoint, starts: np.ndarray = STARTS) -> list[Activations]:
    """What hooks on the whole model's forward pass see of each layer, one sequence at a time."""
    layers, corpus = layers_of(checkpoint.whole), tokens(checkpoint.model, starts)
    seen: list[list[Activations]] = [[] for _ in layers]
    with ExitStack() as watching, torch.inference_mode():
        for layer, found in zip(layers, seen, strict=True):
            watching.enter_context(watched(layer, checkpoint.model.family, found.append))
        for start, stop in pairwise(starts):
            checkpoint.whole(torch.from_numpy(corpus[start:stop].astype(np.int64))[None], use_cache=False)
    return [joined(found) for found in seen]


def by_layers(model: CausalModel, scratch: Path, starts: np.ndarray = STARTS) -> list[Activations]:
    """What the engine sees of each layer, several sequences at a time."""
    cpu = torch.device("cpu")
    forward = LayerwiseForward(model, "model", cpu, torch.float32, tokens(model, starts))
    shape = StreamShape(Stretch(0, int(starts[-1])), model.width, torch.float32)
    residual = ResidualMemory(shape, cpu, cpu, KeptStreams(scratch, "0", model.width, torch.float32), keeps=False)
    corpus = batches(starts, 24)
    forward.embed(corpus, residual, lambda _: None)
    reader = LayerReader(model, cpu, torch.float32, ahead=False)
    result = []
    for index in range(len(model.layers)):
        seen: list[Activations] = []
        weights = reader.take(index, None).usable
        look = lambda _, found: seen.append(found)  # noqa: B023, E731
        forward.run_layer(index, weights, corpus, residual, look, True, lambda _: None)
        result.append(joined(seen))
    return result


def joined(parts: list[Activations]) -> Activations:
    linear = None if parts[0].linear is None else torch.cat([part.linear for part in parts])  # type: ignore[misc]
    return Activations(torch.cat([p.pre for p in parts]), linear, torch.cat([p.value for p in parts]))


def differences(checkpoint: Checkpoint, scratch: Path, starts: np.ndarray = STARTS) -> list[str]:
    """In what the engine's layers differ from the whole forward pass and from the whole model's weights, in words.

    Values may differ by 1e-5 of the largest of their layer, or by 1e-5 where that is more, and bits only where a value
    is so near to the rule's border.
    """
    model = checkpoint.model
    expected, found = by_hooks(checkpoint, starts), by_layers(model, scratch, starts)
    if not len(found) == len(expected) == len(model.layers):
        return [f"{len(found)} layers, and the whole model has {len(expected)}"]
    told: list[str] = []
    for index, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
        apart = [*_other_values(model, mine, theirs), *_other_bits(model, mine, theirs)]
        activation = layers_of(checkpoint.whole)[index].get_submodule(model.family.activation)
        with torch.inference_mode():
            value = activation(mine.pre) * (1 if mine.linear is None else mine.linear)
        if not _close(mine.value, value):
            apart.append("a value is not the activated gate times the linear half")
        told += [f"layer {index}: {what}" for what in (*apart, *_other_effects(checkpoint, index))]
    return told


def _border(values: torch.Tensor) -> float:
    return 1e-5 * max(1.0, float(values.abs().max()))


def _close(ours: torch.Tensor, wanted: torch.Tensor) -> bool:
    return ours.shape == wanted.shape and bool(((ours - wanted).abs() <= _border(wanted)).all())


def _other_values(model: CausalModel, mine: Activations, theirs: Activations) -> Iterator[str]:
    for kind in ("pre", "linear", "value"):
        ours, wanted = getattr(mine, kind), getattr(theirs, kind)
        if (ours is None, wanted is None) != (kind == "linear" and not model.family.gated,) * 2:
            yield f"{kind} is there, and should not, or the other way round"
        elif ours is not None and not (ours.shape[1] == model.neurons and _close(ours, wanted)):
            yield f"{kind} differs by up to {float((ours - wanted).abs().max()):.1e}"


def rules_of(model: CausalModel) -> list[Rule]:
    kinds = ("poles", "gate") if model.family.gated else ("pre",)
    return [Rule("value"), Rule("threshold", 0.05), *map(Rule, kinds)]


def _other_bits(model: CausalModel, mine: Activations, theirs: Activations) -> Iterator[str]:
    def away(values: torch.Tensor, border: float = 0) -> torch.Tensor:
        return (values - border).abs() > _border(values)

    for rule in rules_of(model):
        bits, whole = active(rule, mine), active(rule, theirs)
        if bits.shape != (len(mine.pre), model.neurons * rule.poles):
            yield f"{rule}: bits of the shape {tuple(bits.shape)}"
            continue
        sure = away(theirs.value, rule.threshold) if rule.kind in ("value", "threshold") else away(theirs.pre)
        if rule.poles == 2:
            assert theirs.linear is not None
            sure = (sure & away(theirs.linear)).repeat_interleave(2, dim=1)
        if wrong := int(((bits != whole) & sure).sum()):
            yield f"{rule}: {wrong} of {bits.numel()} bits differ"


def _other_effects(checkpoint: Checkpoint, index: int) -> Iterator[str]:
    """Promoted and suppressed tokens against the product of the weights that transformers has."""
    model, whole, cpu = checkpoint.model, checkpoint.whole, torch.device("cpu")
    write = layers_of(whole)[index].get_submodule(model.family.write)
    table = whole.get_output_embeddings().weight.detach()
    if (out := getattr(getattr(whole.base_model, "decoder", None), "project_out", None)) is not None:
        table = table @ out.weight.detach()
    columns = write.weight.detach() if isinstance(write, nn.Linear) else write.weight.detach().T
    product = (table @ columns).T
    poles = rules_of(model)[2].poles
    if poles == 2:  # the pole − writes the opposite
        product = torch.stack((product, -product), dim=1).flatten(0, 1)
    effects = layer_effects(
        model.update_directions(index, cpu),
        model.read_directions(index, cpu),
        model.unembedding(cpu),
        np.full((len(product), 1), -1, np.int64),
        TokenFrequency(np.arange(2), np.array([1, 2])),
    )
    for name, ids, scores, largest in (
        ("promoted", effects.promoted_id, effects.promoted_score, True),
        ("suppressed", effects.suppressed_id, effects.suppressed_score, False),
    ):
        best = product.topk(ids.shape[1], dim=1, largest=largest).values
        named = product.gather(1, torch.from_numpy(ids).long())
        if not (_close(torch.from_numpy(scores), best) and _close(named, best)):
            yield f"{name} tokens are not the product of the weights"


@dataclass(frozen=True)
class Drawn:
    """Values of a configuration, and where the sequences of a text start, the end of the last one included."""

    values: dict[str, Any]
    starts: np.ndarray


_NAMES = {
    "width": ("hidden_size", "n_embd", "d_model"),
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
    "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
    "key_heads": ("num_key_value_heads", "num_kv_heads"),
    "head_width": ("head_dim",),
    "neurons": ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"),
    "context": ("max_position_embeddings", "n_positions", "max_seq_len"),
    "vocabulary": ("vocab_size",),
}
_BOTH = (True, False)
_CHOICES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("tie_word_embeddings", "attention_bias", "mlp_bias", "use_bias", "bias", "enable_bias"), _BOTH),
    **dict.fromkeys(("use_qkv_bias", "qk_layernorm", "use_qk_norm", "use_parallel_residual", "parallel_attn"), _BOTH),
    **dict.fromkeys(("alibi", "new_decoder_architecture", "multi_query", "use_sliding_window"), _BOTH),
    **dict.fromkeys(("do_layer_norm_before", "layer_norm_elementwise_affine", "_remove_final_layer_norm"), _BOTH),
    **dict.fromkeys(("apply_residual_connection_post_layernorm", "scale_attn_by_inverse_layer_idx"), _BOTH),
    **dict.fromkeys(("scale_attn_weights", "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"), _BOTH),
    **dict.fromkeys(("final_logit_softcapping", "attn_logit_softcapping", "clip_qkv"), (None, 0.5, 5.0)),
    **dict.fromkeys(("embedding_multiplier", "residual_multiplier", "logits_scaling", "logit_scale"), (1.0, 0.4, 2.5)),
    "attention_multiplier": (1.0, 0.3),
    "query_pre_attn_scalar": (4, 9),
    "max_window_layers": (0, 1, 2),
}
_ACTIVATION_FIELDS = ("hidden_act", "hidden_activation", "activation_function", "activation")
_ACTIVATIONS = ("relu", "relu2", "silu", "gelu", "gelu_new", "gelu_pytorch_tanh")


def draw(family: str, seed: int) -> Drawn:
    """A random small configuration of a family: odd shapes, and each option that it has on or off."""
    rng = random.Random(f"{family} {seed}")
    default = CONFIG_MAPPING[family]().to_dict()
    heads = 4 if family == "codegen" else rng.randint(1, 4)
    shape = {
        **{"heads": heads, "key_heads": rng.choice([n for n in range(1, heads + 1) if heads % n == 0])},
        **{"layers": rng.randint(1, 4), "neurons": rng.randint(5, 40), "context": rng.randint(24, 40)},
        **{"head_width": (head_width := rng.choice((4, 8, 12))), "vocabulary": rng.randint(31, 97)},
    }
    shape["width"] = heads * head_width
    if default.get("head_dim") and family != "nemotron":
        shape["head_width"] = rng.choice((4, 8, 12))
    values: dict[str, Any] = {"pad_token_id": 0}
    for what, names in _NAMES.items():
        values |= {name: shape[what] for name in names if name in default}
    values |= {name: rng.choice(choices) for name, choices in _CHOICES.items() if name in default}
    values |= {name: rng.choice((default[name], *_ACTIVATIONS)) for name in _ACTIVATION_FIELDS if name in default}
    values |= _attention(rng, family, default, shape)
    lengths = [rng.randint(2, shape["context"]) for _ in range(3)]
    lengths = [length for length in lengths for _ in range(rng.randint(1, 3))]
    return Drawn(values, np.cumsum([0, *lengths]))


def _attention(rng: random.Random, family: str, default: dict[str, Any], shape: dict[str, int]) -> dict[str, Any]:
    """Windows, rotations and what else a family has of its own."""
    values: dict[str, Any] = {}
    layers = shape["layers"]
    if "sliding_window" in default:
        optional = default["sliding_window"] is None or family == "mistral"
        values["sliding_window"] = rng.choice((None, 2, 3, 5) if optional else (2, 3, 5))
    if "layer_types" in default and family != "smollm3" and rng.random() < 0.7:
        kinds = ("full_attention", "sliding_attention")
        values |= {"layer_types": [rng.choice(kinds) for _ in range(layers)]}
        values["sliding_window"] = rng.choice((2, 3, 5))
        values |= {"use_sliding_window": True} if "use_sliding_window" in default else {}
    if "no_rope_layers" in default:
        values["no_rope_layers"] = [rng.randint(0, 1) for _ in range(layers)]
    if "rotary_dim" in default:
        values["rotary_dim"] = rng.choice((2, 4))
    rope = default.get("rope_parameters")
    if isinstance(rope, dict) and "rope_theta" in rope:
        values["rope_parameters"] = rope | {"rope_theta": rng.choice((100.0, 10_000.0))}
        if "partial_rotary_factor" in rope:
            values["rope_parameters"]["partial_rotary_factor"] = rng.choice((0.5, 1.0))
        if family == "phi3" and rng.random() < 0.5:  # other rotations for texts longer than the original ones
            pairs = int(shape["head_width"] * values["rope_parameters"].get("partial_rotary_factor", 1)) // 2
            factors = {kind: [rng.uniform(1, 4) for _ in range(pairs)] for kind in ("short_factor", "long_factor")}
            values["rope_parameters"] |= {"rope_type": "longrope", **factors}
            values["original_max_position_embeddings"] = 10
        elif family not in ("falcon", "phi3") and rng.random() < 0.3:
            values["rope_parameters"] |= {"rope_type": "linear", "factor": 2.0}
    match family:
        case "gpt_neo":
            kinds = rng.choice((["global", "local"], ["local", "global"], ["local"], ["global"]))
            repeats = rng.randint(1, 2)
            values |= {"attention_types": [[kinds, repeats]], "num_layers": len(kinds) * repeats}
            values["window_size"] = rng.choice((2, 3, 5))
        case "opt":
            values["word_embed_proj_dim"] = rng.choice((shape["width"], 6, 10))
        case "mpt":
            values["attn_config"] = {"clip_qkv": rng.choice((None, 0.5)), "alibi_bias_max": rng.choice((4, 8))}
            values["attn_config"]["softmax_scale"] = rng.choice((None, 0.2))
        case "falcon":
            if rng.random() < 0.5:  # transformers' own layer fails for other mixtures of these
                values |= {"new_decoder_architecture": True, "parallel_attn": True}
                values["num_ln_in_parallel_attn"] = rng.choice((None, 1, 2))
            else:
                values |= {"new_decoder_architecture": False, "num_kv_heads": shape["heads"]}
    return values
