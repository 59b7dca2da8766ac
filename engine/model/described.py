"""What config.json says, held against the weights that are there before anything of its size takes memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import torch
from torch import nn

from neuron_tui.engine.model.skeleton import names_in_checkpoint, skeleton
from neuron_tui.engine.model.weights import Weights
from neuron_tui.store.errors import CheckpointError

_NUMBERED = re.compile(r"\.(\d+)\.")
_DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")
_LENGTH = 2048
"""Positions of a sequence where the configuration names no limit, as ALiBi has none."""

_LONGEST: Final = 1 << 24
"""Positions of a sequence at most: more than any model was made for."""

_LARGEST_TABLES: Final = 1 << 30
"""Bytes of all that a model computes and keeps beside its weights, at most: rotations and masks take megabytes."""

_NOT_ITS_OWN = (
    *("num_labels", "id2label", "label2id"),  # of models that tell classes apart
    *("auto_map", "sub_configs"),  # code of the checkpoint's
    *("attn_implementation", "_attn_implementation", "_attn_implementation_internal"),  # how it was once computed
    *("experts_implementation", "_experts_implementation"),
    *("return_dict", "output_attentions", "output_hidden_states", "torchscript"),
)
"""Fields that say nothing of what a language model is; some take memory or hours by themselves."""


def said_of_language(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a configuration without those that say nothing of what a language model computes."""
    return {name: value for name, value in values.items() if name not in _NOT_ITS_OWN}


def refuse_other_sizes(name: str, model_type: str, values: dict[str, Any], weights: Weights) -> None:
    """Raise CheckpointError if the model that a configuration describes does not fit the weights' names and shapes.

    Raises whatever transformers and torch make of a configuration that describes none. The model is only outlined: not
    a byte of it is there.
    """
    _refuse_other_depth(name, values, weights)
    with torch.device("meta"):
        outline = skeleton(model_type, values)
    names, prefix = names_in_checkpoint(outline, iter(weights.names())), f"{outline.base_model_prefix}."
    for key, parameter in outline.named_parameters():
        if key.startswith(prefix):
            weights.expect(names.get(key, key), tuple(parameter.shape))
    _refuse_large_tables(name, outline)


def context_length_of(name: str, config: Any) -> int:  # noqa: ANN401 - transformers is not typed
    """Longest sequence that a model can read, T; raises CheckpointError for one that is no length."""
    field, length = next(
        ((field, length) for field in _LENGTHS if (length := getattr(config, field, None)) is not None), ("", _LENGTH)
    )
    if not isinstance(length, int) or not 2 <= length <= _LONGEST:
        raise CheckpointError(
            f"model {name}: config.json says {field} {str(length)[:40]}, which is no length of a sequence\n"
            f"It has to be a whole number from 2 to {_LONGEST:,}: fetch config.json again, or correct it."
        )
    return int(length)


def _refuse_other_depth(name: str, values: dict[str, Any], weights: Weights) -> None:
    numbers = [int(found[1]) for key in weights.names() if (found := _NUMBERED.search(key))]
    there = max(numbers, default=-1) + 1
    said = max((depth for depth in _depths(values) if isinstance(depth, int)), default=0)
    if numbers and said > there:
        raise CheckpointError(
            f"model {name}: config.json names {said:,} layers, and its weights are of {there:,}\n"
            "Config and weights do not belong together: fetch both again."
        )


def _depths(values: dict[str, Any]) -> Iterator[object]:
    """How many layers a configuration says there are, and of how many it names the kind (GPT-Neo), if it does."""
    yield next((values[key] for key in _DEPTHS if key in values), None)
    kinds = values.get("attention_types")
    for one in kinds if isinstance(kinds, list) else ():
        match one:
            case [[*repeated], int(times)]:
                yield len(repeated) * times


def _refuse_large_tables(name: str, outline: nn.Module) -> None:
    size = sum(one.numel() * one.element_size() for one in outline.buffers())
    if size > _LARGEST_TABLES:
        raise CheckpointError(
            f"model {name}: by its config.json it computes tables of {size / 1e9:,.0f} GB for its positions\n"
            "No model does that: fetch config.json again, or name fewer positions there."
        )
