"""Tiny OPT checkpoints as they lie on the Hugging Face hub: every shape of the family, every file layout.

Weights come from seeded generators, texts from a seeded grammar of invented words.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import OPTConfig, OPTForCausalLM, PreTrainedTokenizerFast

Layout = Literal["safetensors", "sharded safetensors", "bin", "sharded bin"]
Vocabulary = Literal["fast", "hub", "own bos"]

BYTES_AND_SPECIAL = 260
PAD, EOS = 1, 2


@dataclass(frozen=True, slots=True)
class Shape:
    """What varies between OPT checkpoints; `projection` is word_embed_proj_dim where it is not the width."""

    layers: int = 3
    width: int = 32
    heads: int = 4
    neurons: int = 24
    context: int = 40
    norm_before: bool = True
    remove_final_norm: bool = False
    projection: int | None = None
    tied: bool = True
    bias: bool = True
    affine: bool = True
    activation: str = "relu"
    extra_rows: int = 0


def words(seed: int, count: int) -> str:
    """Text of invented words with punctuation, digits, line ends and characters of several bytes."""
    draw = random.Random(seed)
    lexicon = ["".join(draw.choices("abdeilmnorst", k=draw.randint(1, 4))) for _ in range(60)]
    lexicon += ["été", "日本", "🙂", "x=1;", "(", ")", "\n", "2026", "the", "of"]
    weights = [1 / rank for rank in range(1, len(lexicon) + 1)]
    return " ".join(draw.choices(lexicon, weights, k=count))


def build_tokenizer(kind: Vocabulary, size: int, folder: Path) -> None:
    """Save a byte-level BPE tokeniser that AutoTokenizer loads from `folder`, next to an OPT config.

    `</s>` is EOS with id 2 and `<pad>` has id 1, as in OPT. BOS is `</s>` too, but `<s>` (id 0) for "own bos". "hub" is
    what facebook/opt-* have: vocab.json, merges.txt and a GPT2Tokenizer that adds BOS unless told not to.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([words(seed, 400) for seed in range(15)], trainer)
    assert tokenizer.get_vocab_size() == size
    if kind == "hub":
        _save_as_on_hub(tokenizer, folder)
        return
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>" if kind == "own bos" else "</s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    ).save_pretrained(folder)


def _save_as_on_hub(tokenizer: Tokenizer, folder: Path) -> None:
    model = json.loads(tokenizer.to_str())["model"]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    special = {"bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}
    entries = {
        name: {"content": form, "single_word": False, "lstrip": False, "rstrip": False, "normalized": True}
        for name, form in special.items()
    }
    typed = {name: entry | {"__type": "AddedToken"} for name, entry in entries.items()}
    settings = {
        "errors": "replace",
        "add_prefix_space": False,
        "add_bos_token": True,
        "tokenizer_class": "GPT2Tokenizer",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | typed), encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(entries), encoding="utf-8")


def write_config(shape: Shape, vocabulary: int, folder: Path, *, bos: int = EOS, dtype: str = "float32") -> None:
    """config.json in the words of the hub's OPT repositories: what has its default there is not said."""
    config: dict[str, Any] = {
        "_remove_final_layer_norm": shape.remove_final_norm,
        "activation_dropout": 0.0,
        "activation_function": shape.activation,
        "architectures": ["OPTForCausalLM"],
        "attention_dropout": 0.1,
        "bos_token_id": bos,
        "do_layer_norm_before": shape.norm_before,
        "dropout": 0.1,
        "eos_token_id": EOS,
        "ffn_dim": shape.neurons,
        "hidden_size": shape.width,
        "init_std": 0.02,
        "layerdrop": 0.0,
        "max_position_embeddings": shape.context,
        "model_type": "opt",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "pad_token_id": PAD,
        "prefix": "</s>",
        "torch_dtype": dtype,
        "transformers_version": "4.21.0.dev0",
        "use_cache": True,
        "vocab_size": vocabulary + shape.extra_rows,
        "word_embed_proj_dim": shape.projection or shape.width,
    }
    config |= {} if shape.tied else {"tie_word_embeddings": False}
    config |= {} if shape.bias else {"enable_bias": False}
    config |= {} if shape.affine else {"layer_norm_elementwise_affine": False}
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def random_opt(folder: Path, seed: int, tokens: Sequence[int]) -> OPTForCausalLM:
    """A model of the shape that `folder`'s config.json says, whose neurons look at tokens, at positions or at anything.

    A neuron's row of the first FFN map is in turn: the embedding of one of `tokens` (so that it tends to detect it),
    the embedding of a position, random. Position embeddings are waves, so that some neurons are positional.
    """
    config = OPTConfig.from_pretrained(folder)
    model = OPTForCausalLM(config).eval()
    draw = torch.Generator().manual_seed(seed)
    decoder = model.model.decoder
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=draw)
            if "layer_norm" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.1 * noise)
            elif "embed_tokens" in name:
                parameter.copy_(noise)
            elif "embed_positions" in name:
                place = torch.arange(parameter.shape[0])[:, None]
                wave = (torch.arange(parameter.shape[1]) % 5 + 1)[None, :]
                parameter.copy_(1.5 * torch.sin(2 * torch.pi * place * wave / parameter.shape[0] + noise[:1]))
            elif "fc" not in name:
                parameter.copy_(noise / parameter.shape[1] ** 0.5)
            else:
                parameter.copy_(noise * (0.5 if "fc2" in name else 1) / parameter.shape[1] ** 0.5)
        embeddings = decoder.embed_tokens.weight
        if decoder.project_in is not None:
            embeddings = embeddings @ decoder.project_in.weight.T
        for layer in decoder.layers:
            for neuron in range(config.ffn_dim):
                if neuron % 3 == 0:
                    chosen = tokens[int(torch.randint(len(tokens), (1,), generator=draw))]
                    layer.fc1.weight[neuron] = embeddings[chosen] / 2
                elif neuron % 3 == 1:
                    place = int(torch.randint(2, config.max_position_embeddings, (1,), generator=draw))
                    layer.fc1.weight[neuron] = decoder.embed_positions.weight[place] / 2
    return model


SHARES = (None, 0.02, 0.3, 0.01, 0.5, 0.0, None, 0.2, 0.1, 0.9, 0.4, 1.0)
"""Shares of the positions where the neurons of a settled model are active, in turn.

None looks for the widest gap, which lies between a neuron's own token and the others.
"""


def settle(model: OPTForCausalLM, sequences: Iterable[Sequence[int]]) -> None:
    """Move the biases of the first FFN maps so that no value before the activation comes near zero on `sequences`.

    Zero falls in the middle of a wide gap between the values of a neuron, so rounding cannot flip an activation; the
    place of the gap gives each neuron a share of active positions out of `SHARES`.
    """
    sequences = list(sequences)
    for layer in model.model.decoder.layers:
        values = preactivations(model, layer, sequences)
        with torch.no_grad():
            for neuron in range(values.shape[1]):
                ordered = values[:, neuron].unique()
                layer.fc1.bias[neuron] -= _gap(ordered, SHARES[neuron % len(SHARES)])


def preactivations(model: OPTForCausalLM, layer: torch.nn.Module, sequences: Iterable[Sequence[int]]) -> torch.Tensor:
    """Values before the activation in one layer at all positions of the sequences, (P, N)."""
    seen: list[torch.Tensor] = []
    handle = layer.activation_fn.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    with torch.no_grad():
        for sequence in sequences:
            model.model(input_ids=torch.tensor([sequence]), use_cache=False)
    handle.remove()
    return torch.cat(seen)


def _gap(ordered: torch.Tensor, share: float | None) -> float:
    if share in (0.0, 1.0):
        return float(ordered[-1] + 0.5 if share == 0.0 else ordered[0] - 0.5)
    low, high = len(ordered) // 2, len(ordered) - 2
    if share is not None:
        wanted, around = round((1 - share) * high), 1 + len(ordered) // 50
        low, high = max(0, wanted - around), min(high, wanted + around)
    gaps = ordered[low + 1 : high + 2] - ordered[low : high + 1]
    best = low + int(gaps.argmax())
    return float((ordered[best] + ordered[best + 1]) / 2)


def save(
    model: OPTForCausalLM,
    folder: Path,
    layout: Layout = "safetensors",
    *,
    prefix: Literal["model.decoder.", "decoder."] = "model.decoder.",
    head: bool | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the weights as the hub holds them.

    `head` says whether lm_head.weight is in the file; by default only where it is not the token embedding.
    """
    tied = model.lm_head.weight is model.model.decoder.embed_tokens.weight
    state = {
        name.replace("model.decoder.", prefix): value.detach().to(dtype).clone().contiguous()
        for name, value in model.state_dict().items()
        if name != "lm_head.weight" or (not tied if head is None else head)
    }
    if layout == "safetensors":
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    elif layout == "bin":
        torch.save(state, folder / "pytorch_model.bin")
    else:
        _save_shards(state, folder, "safetensors" if layout == "sharded safetensors" else "bin")


def _save_shards(state: dict[str, torch.Tensor], folder: Path, suffix: str, shards: int = 3) -> None:
    stem = "model" if suffix == "safetensors" else "pytorch_model"
    place: dict[str, str] = {}
    for shard in range(shards):
        file = f"{stem}-{shard + 1:05d}-of-{shards:05d}.{suffix}"
        # Every third tensor: a layer's weights end up in different files, as at the borders of real shards.
        part = dict(list(state.items())[shard::shards])
        place |= dict.fromkeys(part, file)
        if suffix == "safetensors":
            save_file(part, folder / file, metadata={"format": "pt"})
        else:
            torch.save(part, folder / file)
    size = sum(value.numel() * value.element_size() for value in state.values())
    index = {"metadata": {"total_size": size}, "weight_map": place}
    (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
