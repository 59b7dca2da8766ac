"""What an extraction takes of memory and disk: decided before it starts, and put into words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from neuron_tui.engine.effects import TILE_ELEMENTS
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.model.residual import Place
from neuron_tui.engine.request import ExtractionRequest
from neuron_tui.store.disk.schema import STORED_CONTEXTS
from neuron_tui.store.errors import DiskFullError, InputError
from neuron_tui.store.runs.manifest import RunOptions
from neuron_tui.store.wording import size_text

_KEPT_BY_ITSELF = 256 << 20
"""`auto` keeps the bits of a run that has at most this many bytes of them."""

_BYTES_PER_CONTEXT = 272
"""A key, the bits and the values around."""

_SHARE_OF_FREE = 0.6
_PROCESS = 650 << 20
"""Python, torch and what they work with, beside the buffers; found as the difference to peaks of real runs."""

_WORKING_SPACE = 1 << 30
_BYTES_PER_NEURON = 4800
"""Stored per neuron, position curve aside, as measured on runs of 1M tokens."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Where the big buffers live and what the run will take, in bytes.

    `residual` is the place of the residual stream, `bits_in_file` whether the layer's bits are spilled,
    `scratch` the size of both files.
    """

    residual: Place
    bits_in_file: bool
    host_bytes: int
    device_bytes: int
    scratch_bytes: int
    disk_bytes: int

    def describe(self) -> str:
        """Peak memory and disk in words."""
        where = {"device": "on the device", "memory": "in memory", "file": "in a file"}[self.residual]
        device = f"{size_text(self.device_bytes)} on the device, " if self.device_bytes else ""
        scratch = f", {size_text(self.scratch_bytes)} of it for the time being" if self.scratch_bytes else ""
        return (
            f"Peak memory about {device}{size_text(self.host_bytes)} here (residual stream {where}); "
            f"disk about {size_text(self.disk_bytes + self.scratch_bytes)}{scratch}"
        )


def resources_for(
    request: ExtractionRequest, model: OpenedModel, options: RunOptions, device: torch.device, positions: int
) -> Resources:
    """What an extraction on so many positions takes."""
    layer = model.causal.layers[0]
    return plan_resources(
        positions=positions,
        width=model.causal.width,
        neurons=model.causal.neurons * options.rule.poles,
        layers=len(options.layers),
        layer_weights=sum(p.numel() for p in layer.parameters()),
        context_length=options.context_length,
        dtype=getattr(torch, options.dtype),
        device=device,
        vocabulary=model.causal.vocabulary,
        domains=len({argument.domain for argument in request.corpus_arguments}),
        memory=request.memory,
        keep_activations=keeps_activations(
            options.keep_activations, positions, model.causal.neurons * options.rule.poles, len(options.layers)
        ),
    )


def keeps_activations(keep: Literal["auto", "always", "never"], positions: int, neurons: int, layers: int) -> bool:
    """Whether the bits of every layer are stored with it."""
    return keep == "always" or (keep == "auto" and positions * neurons * layers // 8 <= _KEPT_BY_ITSELF)


def plan_resources(
    *,
    positions: int,
    width: int,
    neurons: int,
    layers: int,
    layer_weights: int,
    context_length: int,
    dtype: torch.dtype,
    device: torch.device,
    vocabulary: int,
    domains: int,
    memory: int | None,
    keep_activations: bool,
) -> Resources:
    """Decide where the residual stream and the bits live.

    Parameters
    ----------
    positions, width, neurons, layers, layer_weights, context_length
        P, the residual stream's width, N, layers to write, parameters of one layer, T.
    vocabulary, domains
        V, D.
    memory
        Bytes that the residual stream and the counters may take of host memory; None: most of what is free.
    """
    limit = memory if memory is not None else int(_free_memory() * _SHARE_OF_FREE)
    item = torch.empty(0, dtype=dtype).element_size()
    residual = positions * width * item
    bits = positions * 8 * -(-neurons // 64)
    order = positions * 60  # the nested order, its runs and tables, and the drawing of contexts
    contexts = neurons * (1 + domains) * STORED_CONTEXTS * _BYTES_PER_CONTEXT
    weights = layer_weights * item
    place: Place = "memory"
    device_bytes = 0
    if device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
        device_bytes = weights + contexts + _WORKING_SPACE
        if residual < 0.9 * free - device_bytes:
            place, device_bytes = "device", device_bytes + residual
    host = order + 2 * contexts  # as they are kept, and sorted to be written
    bits_in_file = host + bits > limit
    host += 0 if bits_in_file else bits
    if place != "device" and host + residual > limit:
        place = "file"
    host += residual if place == "memory" else 0
    if device.type == "cpu":
        # Effects: the unembedding, and what is made of a tile of scores.
        host += weights + 4 * vocabulary * width + 3 * 4 * min(TILE_ELEMENTS, neurons * vocabulary)
    host += _PROCESS
    scratch = (residual if place == "file" else 0) + (bits if bits_in_file else 0)
    per_layer = neurons * (_BYTES_PER_NEURON + 2 * context_length) + (bits // 2 if keep_activations else 0)
    return Resources(place, bits_in_file, host, device_bytes, scratch, layers * per_layer + positions * 20)


def require_disk(folder: Path, needed: int) -> None:
    """Raise DiskFullError unless the disk below `folder` has that many bytes free."""
    there, free = free_disk(folder)
    if needed > free:
        raise DiskFullError(
            f"no space for the run on {there}: it needs about {size_text(needed)}, {size_text(free)} are free\n"
            "Free some space, choose another place with --runs-dir, or fewer --tokens."
        )


def free_disk(folder: Path) -> tuple[Path, int]:
    """The folder, or the first above it that there is, and the bytes that its disk has free."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return there, shutil.disk_usage(there).free


def _free_memory() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


@contextmanager
def too_large_batches_named(device: torch.device, batch_tokens: int) -> Iterator[None]:
    """Turn the device's running out of memory into an InputError that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"{device} has too little memory for batches of {batch_tokens:,} tokens\n"
            "Run the same command again with a smaller --batch-tokens; the finished layers are kept."
        ) from error
