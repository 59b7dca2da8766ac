"""Products of float32 matrices on a CPU.

torch leaves them to MKL, which does not use all of a processor that Intel has not made: oneDNN, which torch holds too,
takes half the time there.
"""

from __future__ import annotations

import platform
from functools import partial

import torch
from torch import nn

_ONE_DNN = (
    platform.machine() in ("x86_64", "AMD64")
    and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
)


def linear(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """What torch's own `linear` gives, up to rounding: (..., K) inputs times the transposed (M, K) weight, (..., M)."""
    if _ONE_DNN and inputs.device.type == "cpu" and inputs.dtype == weight.dtype == torch.float32:
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
        return product
    return torch.nn.functional.linear(inputs, weight, bias)


def compute_quickly(module: nn.Module) -> None:
    """Have all linear maps of a module, which stay as they are, computed by `linear`."""
    for part in module.modules():
        if type(part) is nn.Linear:
            part.forward = partial(_forward, part)  # type: ignore[method-assign]


def _forward(of: nn.Linear, inputs: torch.Tensor) -> torch.Tensor:
    return linear(inputs, of.weight, of.bias)
