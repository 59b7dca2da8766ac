"""One checkpoint of a family: its skeleton, checked against the weights, and the parts of it that are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from neuron_tui.engine.model.described import context_length_of, refuse_other_sizes, said_of_language
from neuron_tui.engine.model.families import FAMILIES, Family
from neuron_tui.engine.model.refused import REFUSED
from neuron_tui.engine.model.skeleton import names_in_checkpoint, skeleton, to_meta
from neuron_tui.engine.model.weights import Weights
from neuron_tui.store.errors import CheckpointError

_ACTIVATION_FIELDS = ("hidden_activation", "activation_function", "hidden_act", "activation")


class CausalModel:
    """Names and shapes of one checkpoint. `base` is the model's own code without weights, the unembedding left out."""

    def __init__(self, name: str, config_values: dict[str, Any], weights: Weights) -> None:
        """Build the skeleton and check every weight's presence and shape; raises CheckpointError."""
        self.model_type, self.family = _family(name, config_values)
        values = config_values["text_config"] if config_values["model_type"] == "gemma3" else config_values
        values = said_of_language(values)
        try:
            refuse_other_sizes(name, self.model_type, values, weights)
            self._model = skeleton(self.model_type, values)
            self.config = self._model.config
            self.base: Any = self._model.base_model
            if not len(self.layers):
                raise ValueError("it has no layers")
            self._write_shape()
        except CheckpointError:
            raise
        except Exception as error:  # whatever transformers and torch make of such a config
            what = "an OPT model" if self.model_type == "opt" else f"a model of the type {self.model_type}"
            raise CheckpointError(
                f"model {name}: config.json does not describe {what} ({_in_one_line(error)})"
            ) from error
        self.context_length = context_length_of(name, self.config)
        """Longest sequence the model can read."""
        self._name, self._weights = name, weights
        self._prefix = f"{self._model.base_model_prefix}."
        self._names = names_in_checkpoint(self._model, iter(weights.names()))
        # Known from now on: while a stand-in takes a layer's place, another thread may read the next one's weights.
        self._prefixes = [self._path_of(layer) for layer in self.layers]
        self._own_names = [[own for own, _ in layer.named_parameters()] for layer in self.layers]

    @property
    def layers(self) -> nn.ModuleList:
        """The decoder layers, in order."""
        lists = (part for part in self.base.modules() if isinstance(part, nn.ModuleList))
        return next(lists, nn.ModuleList())

    @property
    def neurons(self) -> int:
        """N, neurons of a layer."""
        return self._write_shape()[1]

    @property
    def width(self) -> int:
        """Width of the residual stream."""
        return self._write_shape()[0]

    @property
    def vocabulary(self) -> int:
        """V, tokens that the model has an embedding for."""
        return len(self._model.get_input_embeddings().weight)

    @property
    def activation_name(self) -> str:
        """The activation function as the configuration names it, else as the code does."""
        names = (getattr(self.config, field, None) for field in _ACTIVATION_FIELDS)
        activation = self.layers[0].get_submodule(self.family.activation)
        return next((str(name) for name in names if name), type(activation).__name__.lower())

    @property
    def norm_before(self) -> bool:
        """Whether a norm stands before each block; in OPT-350m it stands after [§6]."""
        said = self.family.norm_before
        return bool(getattr(self.config, said)) if isinstance(said, str) else said

    @property
    def adds_up(self) -> bool:
        """Whether layers add to the residual stream and no norm stands on it before the final one.

        OPT-350m's stands there, and BLOOM's where its residual connection starts behind a norm.
        """
        on_stream = bool(getattr(self.config, "apply_residual_connection_post_layernorm", False))
        return not on_stream and (self.norm_before or bool(self.family.after_write))

    @property
    def residual_factor(self) -> float:
        """What an FFN's output is multiplied with before it is added to the residual stream."""
        return float(getattr(self.config, "residual_multiplier", 1.0))

    @property
    def logit_cap(self) -> float | None:
        """What a model's logits never go beyond, by a hyperbolic tangent; None where it caps none."""
        cap = getattr(self.config, "final_logit_softcapping", None)
        return None if cap is None else float(cap)

    def bytes_of_a_weight(self) -> int:
        """Bytes that a parameter of a layer takes in the checkpoint; raises CheckpointError if it cannot be read."""
        key = self._name_of(self._layer_prefix(0) + self._own_names[0][0])
        return self._weights.held([key])[key].element_size()

    def embeds_positions(self) -> bool:
        """Whether the model is told positions: by a table of anything but zeros, or another way [§5.4].

        Raises
        ------
        CheckpointError
            The table cannot be read.
        """
        if not self.family.learned_positions:
            return True
        key = f"{self._prefix}{self.family.learned_positions}.weight"
        return bool(self._read(key, torch.device("cpu"), torch.float32).any())

    def stem(self) -> dict[str, nn.Parameter]:
        """Weights of the base model outside its layers, by name: what turns tokens into the first residual stream."""
        inside = {id(parameter) for parameter in self.layers.parameters()}
        return {name: one for name, one in self.base.named_parameters() if id(one) not in inside}

    def load_stem(self, device: torch.device, dtype: torch.dtype) -> None:
        """Give the base model its weights outside the layers."""
        read = {name: self._read(self._prefix + name, device, dtype) for name in self.stem()}
        self.base.load_state_dict(read, assign=True, strict=False)
        _buffers_to(self.base, device)

    def release_stem(self) -> None:
        """Forget these weights."""
        for name in list(self.stem()):
            owner, _, own = name.rpartition(".")
            part = self.base.get_submodule(owner)
            setattr(part, own, nn.Parameter(getattr(part, own).to("meta"), requires_grad=False))

    def load_head(self, device: torch.device, dtype: torch.dtype) -> None:
        """Give the unembedding its weights; where it shares those of the embedding, `load_stem` has to come first."""
        head = self._model.get_output_embeddings()
        for name, _ in list(head.named_parameters(recurse=False)):
            shared = name == "weight" and self._shares_embedding
            weight = (
                self._model.get_input_embeddings().weight.detach()
                if shared
                else self._read(f"lm_head.{name}", device, dtype)
            )
            setattr(head, name, nn.Parameter(weight, requires_grad=False))

    @property
    def whole(self) -> Any:  # noqa: ANN401 - transformers is not typed
        """The model's own code, unembedding included; its weights are those that were put there."""
        return self._model

    @property
    def _shares_embedding(self) -> bool:
        return bool(self.config.tie_word_embeddings) or "lm_head.weight" not in self._names

    def read_layer(self, index: int) -> dict[str, torch.Tensor]:
        """A layer's weights by their names in it, as the checkpoint has them; raises CheckpointError."""
        prefix = self._layer_prefix(index)
        names = {self._name_of(prefix + name): name for name in self._own_names[index]}
        return {names[key]: tensor for key, tensor in self._weights.held(names).items()}

    def usable_layer(
        self, index: int, held: dict[str, torch.Tensor], device: torch.device, dtype: torch.dtype
    ) -> dict[str, torch.Tensor]:
        """Weights that `read_layer` gave, on a device in a dtype; raises CheckpointError for values not finite."""
        prefix = self._layer_prefix(index)
        return {
            name: self._weights.usable(self._name_of(prefix + name), tensor, device, dtype)
            for name, tensor in held.items()
        }

    def put_layer(self, index: int, weights: dict[str, torch.Tensor], device: torch.device) -> nn.Module:
        """One layer with its weights, ready to run on the device that they are on."""
        layer = self.layers[index]
        layer.load_state_dict(weights, assign=True, strict=False)
        _buffers_to(layer, device)
        return layer

    def release_layer(self, index: int) -> None:
        """Forget a layer's weights."""
        to_meta(self.layers[index])

    def update_directions(
        self, index: int, device: torch.device, held: dict[str, torch.Tensor] | None = None
    ) -> torch.Tensor:
        """Update directions of neurons, (width, N) float32 [§4.4]; `held`: what `read_layer` gave, if it did."""
        found = self._part_of_layer(index, self.family.write, device, held)
        return found.T.contiguous() if self._transposed else found

    def written_by(self, index: int, neurons: npt.NDArray[np.integer[Any]], device: torch.device) -> torch.Tensor:
        """Update directions of some neurons, (n, width); from the checkpoint where the layer is not in memory."""
        there: Any = self.layers[index].get_submodule(self.family.write).weight
        rows = torch.from_numpy(neurons.astype(np.int64)).to(device)
        if there.is_meta:
            return self.update_directions(index, device)[:, rows].T
        chosen: torch.Tensor = there[rows] if self._transposed else there[:, rows].T
        return chosen

    def part_of_layer(self, index: int, path: str, device: torch.device, dtype: torch.dtype) -> nn.Module:
        """A part of a layer with its weights, read from the checkpoint where the layer is not in memory."""
        part = self.layers[index].get_submodule(path)
        for name, parameter in list(part.named_parameters()):
            if parameter.is_meta:
                read = self._read(f"{self._layer_prefix(index)}{path}.{name}", device, dtype)
                part.load_state_dict({name: read}, assign=True, strict=False)
        return part

    def read_directions(
        self, index: int, device: torch.device, held: dict[str, torch.Tensor] | None = None
    ) -> torch.Tensor:
        """What a layer's neurons are read from the residual stream with, (width, N) float32; no other weight is read.

        A neuron's row of the first FFN map; of a gated FFN that of the linear half, not of the gate. A norm before
        the map, and its bias, are left out (ours). Raises CheckpointError if the weight cannot be read.
        """
        found = self._part_of_layer(index, self.family.read, device, held)
        rows = found.T if self._transposed else found
        return (rows.chunk(2)[1] if self.family.fused else rows).T.contiguous()

    def unembedding(self, device: torch.device) -> torch.Tensor:
        """The unembedding of every token after the output projection, if any: (V, width) float32 [§4.4].

        The final norm, and what scales or caps the logits, are left out (ours).
        """
        key = "lm_head.weight"
        if self._shares_embedding:
            embeddings = self._model.get_input_embeddings()
            key = next(name for name, part in self._model.named_modules() if part is embeddings) + ".weight"
        shape = tuple(self._model.get_output_embeddings().weight.shape)
        self._weights.expect(self._name_of(key), shape)
        table = self._read(key, device, torch.float32)
        if not self.family.project_out or _part(self.base, self.family.project_out) is None:
            return table
        return table @ self._read(f"{self._prefix}{self.family.project_out}.weight", device, torch.float32)

    def _layer_prefix(self, index: int) -> str:
        return self._prefixes[index]

    def _path_of(self, layer: nn.Module) -> str:
        return f"{next(name for name, part in self._model.named_modules() if part is layer)}."

    @property
    def _transposed(self) -> bool:
        """Whether the FFN maps hold their weights as (inputs, outputs): transformers' Conv1D does."""
        return not isinstance(self.layers[0].get_submodule(self.family.write), nn.Linear)

    def _write_shape(self) -> tuple[int, int]:
        """(width, N) of the second FFN map."""
        write: Any = self.layers[0].get_submodule(self.family.write)
        first, second = write.weight.shape
        return (second, first) if self._transposed else (first, second)

    def _part_of_layer(
        self, index: int, part: str, device: torch.device, held: dict[str, torch.Tensor] | None
    ) -> torch.Tensor:
        name = f"{part}.weight"
        key = self._layer_prefix(index) + name
        if held is None:
            return self._read(key, device, torch.float32)
        return self._weights.usable(self._name_of(key), held[name], device, torch.float32)

    def _name_of(self, key: str) -> str:
        """The checkpoint's name of a weight."""
        return self._names.get(key, key)

    def _read(self, key: str, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
        return self._weights.read(self._name_of(key), device, dtype)


def _family(name: str, config_values: dict[str, Any]) -> tuple[str, Family]:
    """The family that reads a checkpoint; raises CheckpointError for a `model_type` that none reads."""
    model_type = config_values.get("model_type")
    if isinstance(model_type, str) and model_type == "gemma3" and isinstance(config_values.get("text_config"), dict):
        model_type = "gemma3_text"
    if "quantization_config" in config_values:
        raise CheckpointError(
            f"model {name}: its weights are quantised, and bits are read from plain ones\n"
            "Name the checkpoint that it was quantised from, or save it dequantised."
        )
    if isinstance(model_type, str) and model_type in FAMILIES:
        return model_type, FAMILIES[model_type]
    why = REFUSED.get(model_type, "") if isinstance(model_type, str) else ""
    raise CheckpointError(
        f"model {name}: its model_type is {model_type!r}" + (f": {why}" if why else "") + "\n"
        f"What can be read: {', '.join(sorted(FAMILIES))}."
    )


def _part(module: Any, path: str) -> Any:  # noqa: ANN401 - transformers is not typed
    """A part by its path, None where the model has none there."""
    for name in path.split("."):
        module = getattr(module, name, None)
    return module


def _buffers_to(module: nn.Module, device: torch.device) -> None:
    for part in module.modules():
        for name, buffer in part.named_buffers(recurse=False):
            if buffer.device.type != "meta" and buffer.device != device:
                part._buffers[name] = buffer.to(device)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
