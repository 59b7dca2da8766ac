"""What a layer's feed-forward network computes for each neuron, and which of it makes the neuron active."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from neuron_tui.engine.model.families import Family
from neuron_tui.store.errors import UsageError, concerning
from neuron_tui.store.runs.rule import AUTO, Rule, parse_rule


@dataclass(frozen=True, slots=True)
class Activations:
    """Of B positions and N neurons, (B, N) each: what goes into the activation function, the linear half, the value.

    `pre` is the gate where the FFN is gated; `linear` is None where it is not.
    """

    pre: torch.Tensor
    linear: torch.Tensor | None
    value: torch.Tensor

    def narrowed(self, first: int, last: int) -> Activations:
        """Those of neurons `first` to `last` - 1."""
        linear = None if self.linear is None else self.linear[:, first:last]
        return Activations(self.pre[:, first:last], linear, self.value[:, first:last])


@contextmanager
def watched(layer: nn.Module, family: Family, see: Callable[[Activations], None]) -> Iterator[None]:
    """Call `see` with the activations of each forward pass of a layer, just before they are written."""
    seen: dict[str, torch.Tensor] = {}

    def keep_pre(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        seen["pre"] = arguments[0]

    def keep_linear(_: nn.Module, __: object, output: torch.Tensor) -> None:
        seen["linear"] = output.chunk(2, dim=-1)[1] if family.fused else output

    def tell(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        value, linear = arguments[0], seen.get("linear")
        flat = [None if one is None else one.reshape(-1, one.shape[-1]) for one in (seen["pre"], linear, value)]
        see(Activations(*flat))  # type: ignore[arg-type]

    hooks = [
        layer.get_submodule(family.activation).register_forward_pre_hook(keep_pre),
        layer.get_submodule(family.write).register_forward_pre_hook(tell),
    ]
    if family.gated:
        hooks.append(layer.get_submodule(family.read).register_forward_hook(keep_linear))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def active(rule: Rule, of: Activations) -> torch.Tensor:
    """Which rows are active, (B, N) bool; with poles (B, 2 N), a neuron's pole + before its pole −."""
    match rule.kind:
        case "pre" | "gate":
            return of.pre > 0
        case "poles":
            assert of.linear is not None
            signs = torch.stack((of.linear > 0, of.linear < 0), dim=-1)
            return (signs & (of.pre > 0).unsqueeze(-1)).flatten(-2)
    return of.value > rule.threshold


def row_values(rule: Rule, of: Activations) -> torch.Tensor:
    """Values of the rows, (B, N) float32; with poles (B, 2 N), that of a neuron's pole − turned round."""
    value = of.value.float()
    return (torch.stack((value, -value), dim=-1).flatten(-2) if rule.poles == 2 else value) + 0.0  # -0 becomes 0


_ZERO_BELOW = ("relu", "relu2", "relusquaredactivation")
"""Activation functions that make 0 of all that is not above 0."""


def zero_when_off(rule: Rule, family: Family, activation: str) -> bool:
    """Whether the value of a neuron none of whose rows is active is 0."""
    if activation not in _ZERO_BELOW or rule.threshold > 0:
        return False
    return rule.kind in ("gate", "poles") if family.gated else rule.kind in ("value", "threshold", "pre")


def choose_rule(asked: str, family: Family, activation: str) -> Rule:
    """The rule that an extraction asks for, or what suits the family; raises UsageError for one that it cannot have."""
    exact = activation in _ZERO_BELOW
    if asked == AUTO:
        return Rule("poles" if family.gated else "value" if exact else "pre")
    rule = parse_rule(asked)
    if rule.kind in ("poles", "gate") and not family.gated:
        with concerning("active"):
            raise UsageError(f"--active {asked}: this model's feed-forward networks have no gate\nUse value or pre.")
    if rule.kind == "pre" and family.gated:
        with concerning("active"):
            raise UsageError(f"--active {asked}: this model's feed-forward networks are gated\nUse gate or poles.")
    return rule
