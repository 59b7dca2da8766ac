"""The OPT family: where its layers, activation, FFN maps and projections are.

Covers LayerNorm before (125m, 1.3b to 66b) and after (350m) each block, embedding projections (350m), a removed
final LayerNorm, tied or separate unembedding, and weight names with and without the `model.` prefix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from neuron_tui.engine.model.weights import Weights
from neuron_tui.store.errors import CheckpointError


class OptFamily:
    """Names and shapes of one OPT checkpoint. `decoder` is the model's own code on the meta device, without data."""

    model_type = "opt"

    def __init__(self, name: str, config_values: dict[str, Any], weights: Weights) -> None:
        """Build the skeleton and check every weight's presence and shape; raises CheckpointError."""
        from transformers import OPTConfig
        from transformers.models.opt.modeling_opt import OPTDecoder

        try:
            self.config = OPTConfig(**config_values)
            self.config._attn_implementation = "sdpa"
            with torch.device("meta"):
                self.decoder: Any = OPTDecoder(self.config)
            self.decoder.train(False)
            if not self.layers:
                raise ValueError("it has no layers")
        except Exception as error:  # whatever transformers and torch make of such a config
            raise CheckpointError(
                f"model {name}: config.json does not describe an OPT model ({_in_one_line(error)})"
            ) from error
        if self.config.activation_function != "relu":
            raise CheckpointError(
                f"model {name}: its activation is {self.config.activation_function}; only ReLU is read yet, "
                "whose neurons are on or off\nChoose a model with ReLU, such as the OPT family."
            )
        self._name, self._weights = name, weights
        self._prefix = "model.decoder." if "model.decoder.embed_tokens.weight" in weights else "decoder."
        for key, parameter in self.decoder.state_dict().items():
            weights.expect(self._prefix + key, tuple(parameter.shape))

    @property
    def layers(self) -> nn.ModuleList:
        """The decoder layers, in order."""
        layers: nn.ModuleList = self.decoder.layers
        return layers

    @property
    def neurons(self) -> int:
        """N, neurons of a layer."""
        return int(self.config.ffn_dim)

    @property
    def width(self) -> int:
        """Width of the residual stream."""
        return int(self.config.hidden_size)

    @property
    def context_length(self) -> int:
        """Longest sequence the model can read."""
        return int(self.config.max_position_embeddings)

    @property
    def norm_before(self) -> bool:
        """Whether LayerNorm stands before each block; in OPT-350m it stands after [§6]."""
        return bool(self.config.do_layer_norm_before)

    def embeds_positions(self) -> bool:
        """Whether the table of position embeddings holds anything but zeros; raises CheckpointError [§5.4]."""
        return bool(
            self._weights.read(f"{self._prefix}embed_positions.weight", torch.device("cpu"), torch.float32).any()
        )

    @property
    def special_tokens(self) -> tuple[int, int, int | None]:
        """BOS, EOS and padding ids."""
        eos = self.config.eos_token_id
        bos, pad = self.config.bos_token_id, self.config.pad_token_id
        if bos is None or eos is None:
            raise CheckpointError(f"model {self._name}: config.json names no bos_token_id or no eos_token_id")
        return bos, eos[0] if isinstance(eos, list) else eos, pad

    def activation(self, layer: nn.Module) -> nn.Module:
        """The activation function between the two FFN maps of a layer."""
        module: nn.Module = layer.activation_fn  # type: ignore[assignment]
        return module

    def stem_names(self) -> list[str]:
        """Weights that turn tokens into the first residual stream, as the decoder calls them."""
        return [
            k for k in self.decoder.state_dict() if k.startswith(("embed_tokens.", "embed_positions.", "project_in."))
        ]

    def load(self, module: nn.Module, names: dict[str, str], device: torch.device, dtype: torch.dtype) -> None:
        """Give a module of the skeleton its weights; `names` maps its own names to the decoder's."""
        read = {own: self._weights.read(self._prefix + theirs, device, dtype) for own, theirs in names.items()}
        module.load_state_dict(read, assign=True, strict=False)

    def load_layer(self, index: int, device: torch.device, dtype: torch.dtype) -> nn.Module:
        """One layer with its weights on a device; raises CheckpointError for values that are not finite."""
        layer = self.layers[index]
        self.load(layer, {key: f"layers.{index}.{key}" for key in layer.state_dict()}, device, dtype)
        return layer

    def release_layer(self, index: int) -> None:
        """Forget a layer's weights."""
        self.layers[index].to("meta")

    def update_directions(self, index: int, device: torch.device) -> torch.Tensor:
        """Columns of the second FFN map, (width, N) float32 [§4.4]."""
        return self._weights.read(f"{self._prefix}layers.{index}.fc2.weight", device, torch.float32)

    def unembedding(self, device: torch.device) -> torch.Tensor:
        """The unembedding of every token after the output projection, if any: (V, width) float32 [§4.4].

        The final LayerNorm is left out (ours).
        """
        tied = self.config.tie_word_embeddings or "lm_head.weight" not in self._weights
        name = f"{self._prefix}embed_tokens.weight" if tied else "lm_head.weight"
        self._weights.expect(name, (self.config.vocab_size, int(self.config.word_embed_proj_dim or self.width)))
        table = self._weights.read(name, device, torch.float32)
        if self.decoder.project_out is None:
            return table
        return table @ self._weights.read(f"{self._prefix}project_out.weight", device, torch.float32)


FAMILIES: dict[str, Callable[[str, dict[str, Any], Weights], OptFamily]] = {"opt": OptFamily}


def family_of(name: str, config_values: dict[str, Any], weights: Weights) -> OptFamily:
    """The family that reads a checkpoint; raises CheckpointError for a `model_type` that none reads."""
    model_type = config_values.get("model_type")
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        raise CheckpointError(
            f"model {name}: its model_type is {model_type!r}; only {', '.join(FAMILIES)} can be read\n"
            "Name an OPT checkpoint, such as facebook/opt-125m."
        )
    return FAMILIES[model_type](name, config_values, weights)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
