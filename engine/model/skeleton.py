"""A model of transformers without its weights: its own code, with parameters that take no memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import CRITICAL
from typing import Any

import torch
from torch import nn


@contextmanager
def _parameters_on_meta() -> Iterator[None]:
    """Have modules built with parameters on the meta device; buffers, which are computed and not read, stay real."""
    register = nn.Module.register_parameter

    def on_meta(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        if parameter is not None and parameter.device.type != "meta":
            parameter = nn.Parameter(parameter.to("meta"), requires_grad=parameter.requires_grad)
        register(module, name, parameter)

    nn.Module.register_parameter = on_meta  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def skeleton(model_type: str, config_values: dict[str, Any]) -> Any:  # noqa: ANN401 - transformers is not typed
    """The causal language model that config.json describes, without weights; raises what transformers makes of it."""
    from transformers import AutoModelForCausalLM, logging
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    before = logging.get_verbosity()
    logging.set_verbosity(CRITICAL)  # what it makes of a config is raised
    try:
        with _parameters_on_meta(), warnings.catch_warnings(action="ignore"):
            values = {key: value for key, value in config_values.items() if key not in ("model_type", "torch_dtype")}
            config = CONFIG_MAPPING[model_type](**values)
            model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    finally:
        logging.set_verbosity(before)
    return model.train(False)


def names_in_checkpoint(model: Any, held: Iterator[str]) -> dict[str, str]:  # noqa: ANN401 - as above
    """The checkpoint's name of each weight of a skeleton, for those it has.

    Names that transformers itself changes on loading are changed as it does, and the prefix of the base model may be
    there or not, and the part of a multimodal model that reads text may be named as such (Gemma 3).
    """
    from transformers.conversion_mapping import get_model_conversion_mapping

    prefix, changes = f"{model.base_model_prefix}.", get_model_conversion_mapping(model)
    own = set(model.state_dict())
    found: dict[str, str] = {}
    for name in held:
        renamed = name
        for change in changes:
            renamed, _ = change.rename_source_key(renamed)
        alone = renamed.replace("language_model.", "", 1)
        for candidate in (renamed, prefix + renamed, renamed.removeprefix(prefix), alone):
            if candidate in own:
                found.setdefault(candidate, name)
                break
    return found


def to_meta(module: nn.Module) -> None:
    """Forget the weights of a module; its buffers stay."""
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            setattr(part, name, nn.Parameter(parameter.to("meta"), requires_grad=False))
