"""The model to train: an OPT decoder as transformers knows it, freshly drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuron_tui.engine.training.tokenizer import END_ID, PAD_ID, SMALLEST_VOCABULARY
from neuron_tui.store.errors import UsageError

if TYPE_CHECKING:
    import torch
    from transformers import OPTForCausalLM


@dataclass(frozen=True, slots=True)
class ModelSize:
    """The shape of an OPT model: ReLU, learned positions, tied embeddings."""

    vocabulary: int
    width: int
    layers: int
    ffn: int
    heads: int
    context_length: int

    def __post_init__(self) -> None:
        for name in ("vocabulary", "width", "layers", "ffn", "heads"):
            if getattr(self, name) < 1:
                raise UsageError(f"--{name} must be 1 or more, not {getattr(self, name)}")
        if self.vocabulary < SMALLEST_VOCABULARY:
            raise UsageError(
                f"--vocabulary {self.vocabulary} is too small; it must hold all bytes: {SMALLEST_VOCABULARY} or more"
            )
        if self.context_length < 2:
            raise UsageError(f"--context-length must be 2 or more, not {self.context_length}")
        if self.width % self.heads:
            raise UsageError(f"--width {self.width} is not a multiple of --heads {self.heads}")


def new_model(
    size: ModelSize,
    seed: int,
    *,
    positions: bool = True,
    smooth_positions: float = 0.0,
    attention_from: int = 0,
    norm_before: bool = True,
) -> OPTForCausalLM:
    """Draw a model's weights from `seed`.

    Without `positions`, position embeddings are zero and take no gradient: the model is an ordinary OPT
    checkpoint that cannot tell positions apart but through attention. With `smooth_positions` above 0 they start as
    sinusoids of that root mean square instead of noise, and are learned from there. In layers below `attention_from`
    attention writes nothing, its output map is zero and takes no gradient: the FFN of layer 0 then sees a token
    and its position alone. LayerNorm stands before each block, or, without `norm_before`, after it as in OPT-350m [§6].
    """
    import torch
    from transformers import OPTConfig, OPTForCausalLM

    torch.manual_seed(seed)
    config = OPTConfig(
        vocab_size=size.vocabulary,
        hidden_size=size.width,
        word_embed_proj_dim=size.width,
        num_hidden_layers=size.layers,
        ffn_dim=size.ffn,
        num_attention_heads=size.heads,
        max_position_embeddings=size.context_length,
        activation_function="relu",
        do_layer_norm_before=norm_before,
        dropout=0.0,
        attention_dropout=0.0,
        pad_token_id=PAD_ID,
        bos_token_id=END_ID,
        eos_token_id=END_ID,
        tie_word_embeddings=True,
        use_cache=False,
    )
    model: OPTForCausalLM = OPTForCausalLM(config)
    decoder = model.model.decoder
    if smooth_positions:
        table = decoder.embed_positions.weight
        table.requires_grad_(False).copy_(_sinusoids(table.shape[0], size, smooth_positions))
        table.requires_grad_(True)
    frozen = [] if positions else [decoder.embed_positions.weight]
    for layer in decoder.layers[:attention_from]:
        frozen += [layer.self_attn.out_proj.weight, layer.self_attn.out_proj.bias]
    for parameter in frozen:
        parameter.requires_grad_(False).zero_()
    return model


def _sinusoids(rows: int, size: ModelSize, root_mean_square: float) -> torch.Tensor:
    """(rows, width) float32: sines, then cosines, of periods from a tenth of the context to four times it."""
    import torch

    halves = (size.width + 1) // 2
    periods = size.context_length * 0.1 * 40.0 ** torch.linspace(0, 1, halves)  # (halves,)
    angles = 2 * math.pi * torch.arange(rows)[:, None] / periods  # (rows, halves)
    amplitude = root_mean_square * math.sqrt(2)
    return amplitude * torch.cat([angles.sin(), angles.cos()], dim=1)[:, : size.width]
