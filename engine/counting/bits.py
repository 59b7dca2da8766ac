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


def pack_rows(active: torch.Tensor) -> torch.Tensor:
    """Pack (R, B) bools of R rows into (W, B) int64 words where they are: `pack` turned round."""
    import torch  # counting again needs none: it reads bits that are there

    rows, positions = active.shape
    padded = active.view(torch.uint8)
    if rows % WORD:
        padded = torch.nn.functional.pad(padded, (0, 0, 0, -rows % WORD))
    weights = torch.tensor([1 << bit for bit in range(8)], dtype=torch.uint8, device=active.device)
    packed = (padded.view(-1, 8, positions) * weights[:, None]).sum(dim=1, dtype=torch.uint8)  # (8 W, B)
    in_words = packed.reshape(-1, 8, positions).transpose(1, 2).clone(memory_format=torch.contiguous_format)
    return in_words.view(torch.int64).squeeze(-1)


def unpack_rows(words: torch.Tensor) -> torch.Tensor:
    """Whether each of 64 W rows is active, (64 W, B) uint8, 0 for no, of (W, B) int64 words: a byte a bit, no more."""
    import torch

    count, positions = words.shape
    plain = words.clone(memory_format=torch.contiguous_format)
    in_bytes = plain.view(torch.uint8).view(count, positions, 8).transpose(1, 2)  # (W, 8, B)
    masks = torch.tensor([1 << bit for bit in range(8)], dtype=torch.uint8, device=words.device)
    return (in_bytes.reshape(count * 8, 1, positions) & masks[:, None]).reshape(count * WORD, positions)


class ActiveBits:
    """The bits of a layer, (W, P) words, in memory or in a file of their own.

    One buffer serves every layer in turn; each position is written once a layer.
    """

    def __init__(self, neurons: int, positions: int, spill: Path | None = None, first: int = 0) -> None:
        """Room for `positions` of the corpus from the `first` on; `spill` names a file to use instead of memory."""
        shape = (words_of(neurons), positions)
        self.neurons, self.first = neurons, first
        self._file = None if spill is None else MappedFile(spill, 8 * shape[0] * positions)
        self.words: Words = (
            np.zeros(shape, "<u8") if self._file is None else self._file.bytes.view("<u8").reshape(shape)
        )

    @classmethod
    def of(cls, words: Words, neurons: int) -> ActiveBits:
        """Bits that there are already, (W, P) words from the beginning of the corpus on."""
        bits = cls(neurons, 0)
        bits.words = words
        return bits

    def put(self, start: int, packed: Words) -> None:
        """Store the words (W, B) of the positions from `start` on."""
        self.words[:, start - self.first : start - self.first + packed.shape[1]] = packed

    def here(self) -> Words:
        """All words in host memory."""
        return self.words

    def row(self, word: int) -> Words:
        """The (P,) words of 64 rows."""
        row: Words = self.words[word]
        return row

    def touched(self, words: int) -> None:
        """Say that so many words were read or written: those in a file do not stay in memory."""
        if self._file is not None:
            self._file.touched(8 * words)


class DeviceBits:
    """The bits of a whole layer where they are computed: (W, P) int64 words."""

    def __init__(self, neurons: int, positions: int, device: torch.device, first: int = 0) -> None:
        import torch

        self.neurons, self.first = neurons, first
        self.words = torch.zeros((words_of(neurons), positions), dtype=torch.int64, device=device)

    @classmethod
    def of(cls, words: torch.Tensor, neurons: int) -> DeviceBits:
        """Bits that there are already, (W, P) words from the beginning of the corpus on."""
        bits = cls(neurons, 0, words.device)
        bits.words = words
        return bits

    def put(self, start: int, packed: torch.Tensor) -> None:
        """Store the words (W, B) of the positions from `start` on."""
        self.words[:, start - self.first : start - self.first + packed.shape[1]] = packed

    def here(self) -> Words:
        """All words in host memory."""
        words: Words = self.words.cpu().numpy().view("<u8")
        return words

    def row(self, word: int) -> Words:
        """The (P,) words of 64 rows, in host memory."""
        row: Words = self.words[word].cpu().numpy().view("<u8")
        return row

    def touched(self, words: int) -> None:
        """Nothing of it lies in a file."""
