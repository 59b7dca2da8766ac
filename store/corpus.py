"""The corpus of a run as stored: its tokens, its n-grams, and the text around a position."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.hdf5 import reading
from neuron_tui.store.manifest import CORPUS_FILE, Manifest
from neuron_tui.store.schema import CONTEXT_AFTER, CONTEXT_BEFORE, CORPUS
from neuron_tui.store.tokens import decode

Int64s = npt.NDArray[np.int64]


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
            raw = file.read("vocabulary")
        return tuple(form.decode("utf-8", "surrogatepass") for form in raw.tolist())

    def grams(self, n: int) -> Grams:
        """The table of n-grams, n = 1, 2, 3."""
        if n not in self._grams:
            with reading(self._path, CORPUS) as file:
                self._grams[n] = Grams(file.read(f"grams/{n}/ids"), file.read(f"grams/{n}/occurrences"))
        return self._grams[n]

    def find_grams(self, text: str) -> dict[int, Int64s]:
        """Rows of the 1-, 2- and 3-gram tables whose tokens together read exactly `text`."""
        lengths = np.array([len(decode([form], self.byte_level)) for form in self.vocabulary])
        starts = {
            i for i, form in enumerate(self.vocabulary) if form and text.startswith(decode([form], self.byte_level))
        }
        found: dict[int, Int64s] = {}
        for n in (1, 2, 3):
            ids = self.grams(n).ids
            # Lengths and first tokens leave few candidates; only those are decoded.
            likely = np.isin(ids[:, 0], list(starts)) & (lengths[ids].sum(axis=1) == len(text))
            rows = np.flatnonzero(likely)
            match = [decode([self.vocabulary[t] for t in ids[row]], self.byte_level) == text for row in rows.tolist()]
            found[n] = rows[np.array(match, dtype=bool)]
        return found

    def contexts(self, positions: Int64s, masks: npt.NDArray[np.uint64]) -> list[Context]:
        """Text around sampled positions, cut at the ends of their sequences.

        Parameters
        ----------
        positions
            (C,) positions of the corpus; negative ones are left out.
        masks
            (C,) activity around each, as `contexts/active` stores it.
        """
        result = []
        with reading(self._path, CORPUS) as file:
            starts = file.read("sequence_start")
            domains = file.read("sequence_domain")
            for position, mask in zip(positions.tolist(), masks.tolist(), strict=True):
                if position < 0:
                    continue
                sequence = int(np.searchsorted(starts, position, side="right")) - 1
                begin = max(int(starts[sequence]), position - CONTEXT_BEFORE)
                end = min(int(starts[sequence + 1]), position + CONTEXT_AFTER + 1)
                ids = file.read("tokens", slice(begin, end)).tolist()
                shift = begin - position + CONTEXT_BEFORE
                result.append(
                    Context(
                        domain=self._domains[int(domains[sequence])],
                        offset=position - int(starts[sequence]),
                        text=tuple(self.vocabulary[i] for i in ids),
                        active=tuple(bool(mask >> (shift + j) & 1) for j in range(len(ids))),
                        focus=position - begin,
                    )
                )
        return result
