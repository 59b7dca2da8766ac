"""The corpus of a run as stored: its tokens, its n-grams, and the text around a position."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.hdf5 import reading
from neuron_tui.store.manifest import CORPUS_FILE, Manifest
from neuron_tui.store.schema import CONTEXT_AFTER, CONTEXT_BEFORE, CORPUS
from neuron_tui.store.tokens import token_bytes

Int64s = npt.NDArray[np.int64]

_BLOCK = 65536
"""Positions that share a chunk of `tokens`: read once for all contexts in it."""


@dataclass(frozen=True, slots=True)
class Grams:
    """All n-grams of the corpus: `ids` (G, n) int32 in lexicographic order, `occurrences` (G,) int64."""

    ids: npt.NDArray[np.int32]
    occurrences: Int64s


@dataclass(frozen=True, slots=True)
class Context:
    """Tokens around a position where a neuron is active.

    `text` holds the tokeniser's forms, `active` says for each whether the neuron is active there, `focus` is the
    index of the sampled one; `offset` is that token's position in its sequence.
    """

    domain: str
    offset: int
    text: tuple[str, ...]
    active: tuple[bool, ...]
    focus: int


class StoredCorpus:
    """Reads corpus.h5 of a run; nothing is loaded before it is asked for."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._path = folder / CORPUS_FILE
        self._domains = tuple(d.name for d in manifest.corpus.domains) if manifest.corpus else ()
        self.byte_level = bool(manifest.corpus and manifest.corpus.byte_level)
        self._grams: dict[int, Grams] = {}

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokeniser's form of every token, by id."""
        with reading(self._path, CORPUS) as file:
            return file.read_texts("vocabulary")

    def form(self, token: int) -> str:
        """The tokeniser's form of one token; raises RunDamagedError if the vocabulary lacks it."""
        if not 0 <= token < len(self.vocabulary):
            raise RunDamagedError(
                f"{self._path}: no token {token} in a vocabulary of {len(self.vocabulary)}\nExtract the run again."
            )
        return self.vocabulary[token]

    def grams(self, n: int) -> Grams:
        """The table of n-grams, n = 1, 2, 3."""
        if n not in self._grams:
            with reading(self._path, CORPUS) as file:
                self._grams[n] = Grams(file.read(f"grams/{n}/ids"), file.read(f"grams/{n}/occurrences"))
        return self._grams[n]

    def find_grams(self, text: str) -> dict[int, Int64s]:
        """Rows of the 1-, 2- and 3-gram tables whose tokens together read exactly `text`."""
        # Bytes, because a character may be split between two tokens.
        wanted = text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "surrogatepass")
        raw = [token_bytes(form, self.byte_level) for form in self.vocabulary]
        lengths = np.array([len(part) for part in raw])
        starts = [i for i, part in enumerate(raw) if part and wanted.startswith(part)]
        found: dict[int, Int64s] = {}
        for n in (1, 2, 3):
            ids = self.grams(n).ids
            # Lengths and first tokens leave few candidates; only those are put together.
            likely = np.isin(ids[:, 0], starts) & (lengths[ids].sum(axis=1) == len(wanted))
            rows = np.flatnonzero(likely)
            match = [b"".join(raw[t] for t in ids[row]) == wanted for row in rows.tolist()]
            found[n] = rows[np.array(match, dtype=bool)]
        return found

    def contexts(self, positions: Int64s, masks: npt.NDArray[np.uint64]) -> list[Context]:
        """Text around sampled positions, cut at the ends of their sequences.

        Parameters
        ----------
        positions
            (C,) positions of the corpus, in any order.
        masks
            (C,) activity around each, as `contexts/active` stores it.

        Returns
        -------
        One context a position, in the order given.

        Raises
        ------
        RunDamagedError
            A position or a token that the corpus does not have.
        """
        order = np.argsort(positions, kind="stable")
        found: list[Context | None] = [None] * len(positions)
        with reading(self._path, CORPUS) as file:
            starts, domains = file.read("sequence_start"), file.read("sequence_domain")
            if len(positions) and not 0 <= positions.min() <= positions.max() < starts[-1]:
                raise RunDamagedError(f"{self._path}: no position {positions.max()}\nExtract the run again.")
            blocks = np.split(order, np.flatnonzero(np.diff(positions[order] // _BLOCK)) + 1) if len(order) else []
            for block in blocks:
                sequences = np.searchsorted(starts, positions[block], side="right") - 1
                begins = np.maximum(starts[sequences], positions[block] - CONTEXT_BEFORE)
                ends = np.minimum(starts[sequences + 1], positions[block] + CONTEXT_AFTER + 1)
                first = int(begins.min())
                ids = file.read("tokens", slice(first, int(ends.max())))
                for place, sequence, begin, end in zip(block.tolist(), sequences, begins, ends, strict=True):
                    position, mask = int(positions[place]), int(masks[place])
                    shift = int(begin) - position + CONTEXT_BEFORE
                    found[place] = Context(
                        domain=self._domains[int(domains[sequence])],
                        offset=position - int(starts[sequence]),
                        text=tuple(self.form(i) for i in ids[begin - first : end - first].tolist()),
                        active=tuple(bool(mask >> (shift + j) & 1) for j in range(int(end - begin))),
                        focus=position - int(begin),
                    )
        return [context for context in found if context is not None]


def _from_bytes(text: str) -> bool:
    # A terminal hands over bytes that are no character as U+DC80 to U+DCFF.
    return all(0xDC80 <= ord(c) <= 0xDCFF for c in text if 0xD800 <= ord(c) <= 0xDFFF)
