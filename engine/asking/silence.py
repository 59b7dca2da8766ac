"""Neurons whose values are replaced while a model reads: by zero, or by their mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from neuron_tui.engine.model.families import Family
from neuron_tui.store.arrays import Floats
from neuron_tui.store.errors import UsageError
from neuron_tui.store.neurons.run import Run


@dataclass(frozen=True, slots=True)
class Silenced:
    """A neuron of a layer that is silenced, or one of its poles.

    `pole` is `+` or `-` where only values of that pole are replaced, and empty for all values. `mean` is what takes
    their place: 0, or the mean of the neuron's (or pole's) part of its value over the tokens of a run.
    """

    layer: int
    neuron: int
    pole: str = ""
    mean: float = 0.0


def silenced_rows(run: Run, rows: Iterable[tuple[int, int]], mean: bool) -> list[Silenced]:
    """What it takes to silence rows, by layer and row: a neuron whose poles are both among them as a whole.

    With `mean` a row's value is replaced by its mean over the tokens of the run, 0 where it is inactive.

    Raises
    ------
    UsageError
        The run keeps no values, and so no mean.
    NeuronNotFoundError, RunPartialError, RunDamagedError
        A row is not there, or cannot be read.
    """
    by_layer: dict[int, set[int]] = {}
    for layer, row in rows:
        if layer >= run.manifest.model.layers or row >= run.manifest.rows:
            run.layer(layer).neuron(row)  # says that there is none
        by_layer.setdefault(layer, set()).add(row)
    found: list[Silenced] = []
    rule = run.manifest.rule
    for layer, own in sorted(by_layer.items()):
        means = _means(run, layer) if mean else np.zeros(run.manifest.rows)
        for row in sorted(own):
            neuron, pole = rule.row(row)
            if pole and row ^ 1 in own:
                if pole == "+":
                    found.append(Silenced(layer, neuron, "", float(means[row] - means[row + 1])))
                continue
            found.append(Silenced(layer, neuron, pole, float(means[row] * (-1 if pole == "-" else 1))))
    return found


def _means(run: Run, layer: int) -> Floats:
    """(rows,) mean value of each over the counted tokens of the run."""
    sums = run.layer(layer).columns("values/sum").get("values/sum")
    if sums is None:
        raise UsageError(f"the run {run.name} keeps no values, and so no mean\nExtract it again, or silence to zero.")
    return np.asarray(sums, np.float64) / max(run.manifest.tokens, 1)


@contextmanager
def silenced(layer: nn.Module, family: Family, neurons: Sequence[Silenced]) -> Iterator[None]:
    """Replace the values of some of a layer's neurons in each forward pass, before they are written [§4.4].

    A pole holds the neuron's value where the gate is open and the linear half has its sign, and 0 elsewhere: that part
    of the value is replaced. What else the neuron writes stays.
    """
    if not neurons:
        yield
        return
    linear: dict[str, torch.Tensor] = {}
    gate: dict[str, torch.Tensor] = {}

    def keep_gate(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        gate["pre"] = arguments[0]

    def keep_linear(_: nn.Module, __: object, output: torch.Tensor) -> None:
        linear["half"] = output.chunk(2, dim=-1)[1] if family.fused else output

    def replace(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        value = arguments[0].clone()
        for one in neurons:
            own = value[..., one.neuron]
            if not one.pole:
                own.fill_(one.mean)
                continue
            half = linear["half"][..., one.neuron]
            on = (gate["pre"][..., one.neuron] > 0) & (half > 0 if one.pole == "+" else half < 0)
            own.masked_fill_(on, 0)
            own.add_(one.mean)
        return (value, *arguments[1:])

    hooks = [layer.get_submodule(family.write).register_forward_pre_hook(replace)]
    if any(one.pole for one in neurons):
        hooks.append(layer.get_submodule(family.activation).register_forward_pre_hook(keep_gate))
        hooks.append(layer.get_submodule(family.read).register_forward_hook(keep_linear))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
