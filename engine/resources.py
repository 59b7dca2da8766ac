"""What an extraction takes of memory and disk: decided before it starts, and put into words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import torch

from neuron_tui.engine.effects import DEVICE_TILE_ELEMENTS, TILE_ELEMENTS
from neuron_tui.engine.free import all_memory, free_disk, free_memory
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.engine.model.residual import Place
from neuron_tui.engine.request import ExtractionRequest
from neuron_tui.store.disk.schema import STORED_CONTEXTS
from neuron_tui.store.errors import InputError, concerning
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.manifest import RunOptions
from neuron_tui.store.wording import size_text

_KEPT_BY_ITSELF = 256 << 20
"""`auto` keeps the bits of a run that has at most this many bytes of them."""

_BYTES_PER_CONTEXT = 272
"""A key, the bits and the values around."""

_SHARE_OF_FREE = 0.6
_PROCESS = 600 << 20
"""Python, torch, numba and what they work with, beside the buffers: the most that the peaks of real runs had above."""

_BYTES_PER_POSITION = 60
"""The nested order, its runs and tables, and the drawing of contexts."""

_WORKING_SPACE = 1 << 30
_MOST_WORKING_SPACE = 8 << 30
"""Bytes of the device for looking at a batch and for tiles of neurons."""

_BYTES_PER_NEURON = 4800
"""Stored per neuron, position curve aside, as measured on runs of 1M tokens."""

_BYTES_PER_POSITION_THERE = 80
"""The same on a device, where counting is done there."""

_SHARE_OF_DISK = 0.5
"""The residual stream is kept where those on the disk at once take at most this share of what is free."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Where the big buffers live and what the run will take, in bytes.

    `residual`: the place of the residual stream; `kept`: whether it is kept on disk at layers' ends, to go on from;
    `by_tensors`: whether activations are looked at and counted by torch, as on a GPU, or by compiled loops;
    `bits_in_file`, `bits_on_device`: whether the layer's bits are spilled, or stay where they are computed; `overlaps`:
    whether a layer is written while the next one computes, which takes a second set of buffers; `reads_ahead`: whether
    the next layer's weights are read meanwhile; `holds_unembedding`: whether the unembedding is read but once;
    `batch_tokens`: positions that go through a layer at a time; `working`: bytes of the device for tiles;
    `scratch_bytes`: files for the time being.
    """

    residual: Place
    kept: bool = False
    bits_in_file: bool = False
    by_tensors: bool = False
    bits_on_device: bool = False
    overlaps: bool = False
    reads_ahead: bool = False
    holds_unembedding: bool = True
    batch_tokens: int = 0
    working: int = _WORKING_SPACE
    host_bytes: int = 0
    device_bytes: int = 0
    scratch_bytes: int = 0
    disk_bytes: int = 0

    def describe(self) -> str:
        """Peak memory and disk in words."""
        where = {"device": "on the device", "memory": "in memory", "file": "in a file"}[self.residual]
        bits = "in a file" if self.bits_in_file else "on the device" if self.bits_on_device else "in memory"
        device = f"{size_text(self.device_bytes)} on the device, " if self.device_bytes else ""
        scratch = f", {size_text(self.scratch_bytes)} of it for the time being" if self.scratch_bytes else ""
        after = "goes on from the last layer whose output was kept" if self.kept else "passes through the layers again"
        return (
            f"Peak memory about {device}{size_text(self.host_bytes)} here (residual stream {where}, bits {bits}); "
            f"disk about {size_text(self.disk_bytes + self.scratch_bytes)}{scratch}.\n"
            f"After an interruption it {after}"
        )


@dataclass(frozen=True, slots=True)
class Sizes:
    """What an extraction's memory follows from.

    P `positions`, the residual stream's `width`, N `rows` and D `domains` of each of the `layers` that are written, T
    `context_length`, V `vocabulary`; `layer_weights` and `batch_tokens` are numbers of parameters and positions,
    `held` the bytes of a parameter in the checkpoint; `ranks` the processes that share the positions.
    """

    positions: int
    width: int
    rows: int
    layers: int
    layer_weights: int
    held: int
    batch_tokens: int
    context_length: int
    vocabulary: int
    domains: int
    dtype: torch.dtype
    keep_activations: bool
    ranks: int = 1

    @property
    def residual(self) -> int:
        """Bytes of a process's part of the residual stream."""
        return -(-self.positions // self.ranks) * self.width * self.dtype.itemsize

    @property
    def bits(self) -> int:
        """Bytes of a layer's bits."""
        return self.positions * 8 * -(-self.rows // 64)

    @property
    def own_bits(self) -> int:
        """Bytes of what a process sees of them on its positions."""
        return self.bits if self.ranks == 1 else -(-self.bits // self.ranks)

    @property
    def exchanged_bits(self) -> int:
        """Bytes of the bits on their way between processes, and of all of them where these are kept."""
        if self.ranks == 1:
            return 0
        return 3 * self.own_bits + (2 * self.bits if self.keep_activations else 0)

    @property
    def contexts(self) -> int:
        """Bytes of a layer's contexts as they are collected."""
        return self.rows * (1 + self.domains) * STORED_CONTEXTS * _BYTES_PER_CONTEXT

    @property
    def counts(self) -> int:
        """Bytes of a layer's counts: by position above all, and the stored n-grams."""
        return self.rows * (4 * self.domains * self.context_length + 8 * self.context_length + 5000)

    @property
    def tables(self) -> int:
        """Bytes of a layer's contexts as they are sorted to be written."""
        return 3 * self.rows * STORED_CONTEXTS * _BYTES_PER_CONTEXT

    @property
    def weights(self) -> int:
        """Bytes of a layer's weights in host memory, as in the checkpoint and, if that differs, as they compute."""
        converted = 0 if self.held == self.dtype.itemsize else self.dtype.itemsize
        return self.layer_weights * (self.held + converted)

    @property
    def unembedding(self) -> int:
        """Bytes of the unembedding."""
        return 4 * self.vocabulary * self.width

    def effects(self, on_gpu: bool) -> int:
        """Bytes that effects take: directions, and what is made of a tile of scores."""
        tile = DEVICE_TILE_ELEMENTS if on_gpu else TILE_ELEMENTS
        return 12 * self.width * self.rows + 3 * 4 * min(tile, self.rows * self.vocabulary)

    def with_batches_for(self, left: int) -> Sizes:
        """With batches halved, down to one sequence, until one fits into so many bytes."""
        smaller = self
        while smaller.batch > left and smaller.batch_tokens > self.context_length:
            smaller = replace(smaller, batch_tokens=max(smaller.batch_tokens // 2, self.context_length))
        return smaller

    @property
    def batch(self) -> int:
        """Bytes of one batch on its way through a layer."""
        return self.batch_tokens * (12 * self.width + 3 * self.rows) * self.dtype.itemsize


def resources_for(
    request: ExtractionRequest,
    model: OpenedModel,
    options: RunOptions,
    device: torch.device,
    positions: int,
    ranks: int = 1,
) -> Resources:
    """What an extraction on so many positions takes, of each of its processes.

    Raises
    ------
    InputError
        A layer's counts by position alone are more than this machine's memory.
    """
    rows = model.causal.neurons * options.rule.poles
    sizes = Sizes(
        positions=positions,
        width=model.causal.width,
        rows=rows,
        layers=len(options.layers),
        layer_weights=sum(p.numel() for p in model.causal.layers[0].parameters()),
        held=model.causal.bytes_of_a_weight(),
        batch_tokens=max(options.batch_tokens, options.context_length),
        context_length=options.context_length,
        vocabulary=model.causal.vocabulary,
        domains=len({argument.domain for argument in request.corpus_arguments}),
        dtype=getattr(torch, options.dtype),
        keep_activations=keeps_activations(options.keep_activations, positions, rows, len(options.layers)),
        ranks=ranks,
    )
    if sizes.counts > all_memory():
        with concerning("context-length"):
            raise InputError(
                f"sequences of {sizes.context_length:,} tokens take {size_text(sizes.counts)} of memory for the counts "
                f"of a layer, and this machine has {size_text(all_memory())}\nUse a shorter --context-length."
            )
    folder = run_folder(request.runs_dir, request.name)
    return plan_resources(sizes, device, request.memory, free_disk(folder)[1])


def keeps_activations(keep: Literal["auto", "always", "never"], positions: int, rows: int, layers: int) -> bool:
    """Whether the bits of every layer are stored with it."""
    return keep == "always" or (keep == "auto" and positions * rows * layers // 8 <= _KEPT_BY_ITSELF)


def plan_resources(of: Sizes, device: torch.device, memory: int | None, disk: int) -> Resources:
    """Decide where the residual stream and the bits live, and what is done ahead or twice.

    Parameters
    ----------
    memory
        Bytes that the residual stream and the counters may take of host memory; None: most of what is free.
    disk
        Bytes that the disk has free.
    """
    on_gpu = device.type == "cuda"
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    room = _Room(memory if memory is not None else int(free_memory() * _SHARE_OF_FREE / processes))
    there = _Room(int(0.9 * torch.cuda.mem_get_info(device)[0]) if on_gpu else 0)
    room.take(_BYTES_PER_POSITION * of.positions + of.contexts + of.tables + of.counts)
    weights = of.layer_weights * of.dtype.itemsize if on_gpu else of.weights
    if on_gpu:
        room.take(of.layer_weights * of.held)
        there.take(of.contexts + _BYTES_PER_POSITION_THERE * of.positions + _WORKING_SPACE)
    computing = there if on_gpu else room
    computing.take(weights)
    of = of.with_batches_for(computing.left)
    computing.take(max(of.effects(on_gpu), of.batch))
    holds_unembedding = computing.fits(of.unembedding)
    bits_on_device = there.fits(of.own_bits + of.exchanged_bits)
    if not bits_on_device:
        room.take(of.exchanged_bits)
    bits_in_file = not bits_on_device and not room.fits(of.own_bits)
    place: Place = "device" if there.fits(of.residual) else "memory" if room.fits(of.residual) else "file"
    # A layer on its way to the disk, beside the next one: its bits too, where these are written.
    second = of.contexts + of.counts + (of.own_bits if of.keep_activations else 0)
    overlaps = not (of.keep_activations and (on_gpu or bits_in_file)) and room.fits(second)
    reads_ahead = room.fits(of.layer_weights * of.held if on_gpu else weights)
    reads_ahead = reads_ahead and (not on_gpu or there.fits(weights))
    working = min(_MOST_WORKING_SPACE, _WORKING_SPACE + there.left // 2) if on_gpu else _WORKING_SPACE
    there.take(working - _WORKING_SPACE if on_gpu else 0)
    per_layer = of.rows * (_BYTES_PER_NEURON + 2 * of.context_length) + (of.bits // 2 if of.keep_activations else 0)
    stays = of.layers * per_layer + of.positions * 20
    bits_file = of.own_bits if bits_in_file else 0
    # The old one, the new one, and one that waits for the layer before to be written.
    kept = 3 * of.residual * of.ranks <= _SHARE_OF_DISK * (disk - stays - bits_file)
    streams = 3 if kept else 1 if place == "file" else 0
    return Resources(
        residual=place,
        kept=kept,
        bits_in_file=bits_in_file,
        by_tensors=on_gpu,
        bits_on_device=bits_on_device,
        overlaps=overlaps,
        reads_ahead=reads_ahead,
        holds_unembedding=holds_unembedding,
        batch_tokens=of.batch_tokens,
        working=working,
        # An unembedding that is not held is there while effects are computed.
        host_bytes=room.taken + _PROCESS + (0 if on_gpu or holds_unembedding else of.unembedding),
        device_bytes=there.taken if on_gpu else 0,
        scratch_bytes=streams * of.residual + bits_file,
        disk_bytes=stays,
    )


class _Room:
    """Memory that is shared out."""

    def __init__(self, size: int) -> None:
        self._size, self.taken = size, 0

    @property
    def left(self) -> int:
        """Bytes that nobody has."""
        return max(self._size - self.taken, 0)

    def take(self, size: int) -> None:
        """Take what has to be there in any case."""
        self.taken += size

    def fits(self, size: int) -> bool:
        """Take so many bytes if there are as many left."""
        if size > self.left:
            return False
        self.taken += size
        return True


def weakest(plans: Sequence[Resources], own: Resources) -> Resources:
    """What all processes of an extraction do: what every one of them can; `own` says what this one takes."""
    places: list[Place] = ["device", "memory", "file"]
    return replace(
        own,
        residual=max((plan.residual for plan in plans), key=places.index),
        kept=all(plan.kept for plan in plans),
        bits_in_file=any(plan.bits_in_file for plan in plans),
        bits_on_device=all(plan.bits_on_device for plan in plans),
        overlaps=all(plan.overlaps for plan in plans),
        working=min(plan.working for plan in plans),
    )


@contextmanager
def too_large_sequences_named(device: torch.device) -> Iterator[None]:
    """Turn the device's running out of memory, for one sequence too, into an InputError that says what to do."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise InputError(
            f"{device} has too little memory for a layer and one sequence\n"
            "Use a shorter --context-length, a smaller --dtype or another --device; finished layers are kept."
        ) from error
