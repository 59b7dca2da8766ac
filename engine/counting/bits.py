"""Activity of one layer as packed bits: 64 neurons a word, a row of words a group of 64 neurons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.mapped import MappedFile

if TYPE_CHECKING:
    import torch

WORD = 64

Words = npt.NDArray[np.uint64]


def words_of(neurons: int) -> int:
    """How many words hold one position's bits."""
    return -(-neurons // WORD)


def pack(active: npt.NDArray[np.bool_]) -> Words:
    """Pack (B, N) bools into (B, W) words: bit b of word w is neuron 64 w + b; bits past N are 0."""
    rows, neurons = active.shape
    packed = np.packbits(active, axis=1, bitorder="little")
    width = words_of(neurons) * (WORD // 8)
    if packed.shape[1] != width:
        padded = np.zeros((rows, width), np.uint8)
        padded[:, : packed.shape[1]] = packed
        packed = padded
    return packed.view("<u8")


def pack_on_device(active: torch.Tensor) -> Words:
    """`pack` with the work done where the (B, N) bools are."""
    import torch  # counting again needs none: it reads bits that are there

    rows, neurons = active.shape
    padded = torch.nn.functional.pad(active, (0, words_of(neurons) * WORD - neurons))
    weights = torch.tensor([1 << bit for bit in range(8)], dtype=torch.uint8, device=active.device)
    packed = (padded.view(rows, -1, 8) * weights).sum(dim=-1, dtype=torch.uint8)
    words: Words = packed.cpu().numpy().view("<u8")
    return words


class ActiveBits:
    """The bits of a whole layer, (W, P) words, in memory or in a file of their own.

    One buffer serves every layer in turn; each position is written once a layer.
    """

    def __init__(self, neurons: int, positions: int, spill: Path | None = None) -> None:
        """Room for all; `spill` names a file to use instead of memory."""
        shape = (words_of(neurons), positions)
        self.neurons = neurons
        self._file = None if spill is None else MappedFile(spill, 8 * shape[0] * positions)
        self.words: Words = (
            np.zeros(shape, "<u8") if self._file is None else self._file.bytes.view("<u8").reshape(shape)
        )

    def put(self, start: int, packed: Words) -> None:
        """Store the words (B, W) of the positions from `start` on."""
        self.words[:, start : start + len(packed)] = packed.T

    def touched(self, words: int) -> None:
        """Say that so many words were read or written: those in a file do not stay in memory."""
        if self._file is not None:
            self._file.touched(8 * words)
