"""The corpus of a run as stored: its tokens, its n-grams, and the text around a position."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE, CORPUS, ORDERS
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.stated import refuse_another_corpus
from neuron_tui.store.runs.manifest import CORPUS_FILE, Manifest
from neuron_tui.store.tokens import Spelling, token_bytes

_BLOCK = 8192
"""Positions that share a chunk of `tokens`: read once for all contexts in it."""


@dataclass(frozen=True, slots=True)
class Grams:
    """All n-grams of the corpus: `ids` (G, n) int32 in lexicographic order, `occurrences` (G,) int64."""

    ids: npt.NDArray[np.int32]
    occurrences: Int64s


@dataclass(frozen=True, slots=True)
class Context:
    """Tokens around a position where a neuron is active.

    `ids` are the tokens, `forms` the tokeniser's forms, `active` says for each whether the neuron is active there,
    `focus` is the index of the sampled one; `offset` is that token's position in its sequence. The activity of the
    first `unknown_before` and the last `unknown_after` tokens is not known: the run does not keep it so far away.
    `values` is the neuron's value at each token, None where it is inactive or its value is not kept; empty if none is.
    """

    domain: str
    offset: int
    ids: tuple[int, ...]
    forms: tuple[str, ...]
    active: tuple[bool, ...]
    focus: int
    unknown_before: int = 0
    unknown_after: int = 0
    values: tuple[float | None, ...] = ()


class StoredCorpus:
    """Reads corpus.h5 of a run; nothing is loaded before it is asked for."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._path = folder / CORPUS_FILE
        self._domains = tuple(d.name for d in manifest.corpus.domains) if manifest.corpus else ()
        self.spelling: Spelling = manifest.corpus.spelling if manifest.corpus else "spaces"
        self._corpus = manifest.corpus
        self._grams: dict[int, Grams] = {}

    def refuse_another(self, manifest: Manifest) -> None:
        """Raise RunDamagedError unless run.json and corpus.h5 say the same of the tokens, sequences and domains."""
        with reading_finished(self._path, CORPUS) as file:
            refuse_another_corpus(file, manifest)

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokeniser's form of every token, by id."""
        with reading_finished(self._path, CORPUS) as file:
            return file.read_texts("vocabulary")

    @cached_property
    def _sequences(self) -> tuple[Int64s, npt.NDArray[np.int32]]:
        """Where each sequence begins (and the last ends), and its domain."""
        with reading_finished(self._path, CORPUS) as file:
            return file.read("sequence_start"), file.read("sequence_domain")

    def sequence_starts(self) -> Int64s:
        """(S + 1,) where each sequence begins, and the last ends; raises RunDamagedError."""
        return self._sequences[0]

    def domain_stretches(self) -> list[tuple[int, int]]:
        """First position of each domain, and the one after its last."""
        starts, domains = self._sequences
        edges = starts[np.searchsorted(domains, np.arange(len(self._domains) + 1))].tolist()
        return list(pairwise(edges))

    def tokens(self) -> npt.NDArray[np.int32]:
        """(P,) the token at every position; raises RunDamagedError."""
        with reading_finished(self._path, CORPUS) as file:
            return file.read("tokens")

    def counted(self) -> npt.NDArray[np.bool_]:
        """(P,) which positions are counted: neither the first of a sequence nor a special token."""
        special = [] if self._corpus is None else [self._corpus.bos, self._corpus.eos, self._corpus.pad]
        kept: npt.NDArray[np.bool_] = ~np.isin(self.tokens(), [token for token in special if token is not None])
        kept[self._sequences[0][:-1]] = False
        return kept

    def same_positions(self, other: StoredCorpus) -> bool:
        """Whether another run reads the same token ids in the same sequences; raises RunDamagedError."""
        mine, theirs = self._corpus, other._corpus
        if mine is None or theirs is None or mine.positions != theirs.positions or mine.sequences != theirs.sequences:
            return False
        return mine.file.sha256 == theirs.file.sha256 or (
            np.array_equal(self._sequences[0], other._sequences[0])
            and np.array_equal(self.tokens(), other.tokens())
            and np.array_equal(self.counted(), other.counted())
        )

    def endings(self, ids: tuple[int, ...], first: int, stop: int) -> Int64s:
        """Positions from `first` to `stop` - 1 at which an n-gram ends, ascending; raises RunDamagedError."""
        before = len(ids) - 1
        begin = max(first - before, 0)
        with reading_finished(self._path, CORPUS) as file:
            tokens = file.read("tokens", slice(begin, stop))
        if len(tokens) <= before:
            return np.empty(0, np.int64)
        found = np.ones(len(tokens) - before, dtype=bool)
        for place, token in enumerate(ids):
            found &= tokens[place : len(tokens) - before + place] == token
        ends = np.flatnonzero(found) + begin + before
        starts, _ = self._sequences  # an n-gram lies within one sequence
        whole: Int64s = ends[starts[np.searchsorted(starts, ends, side="right") - 1] <= ends - before]
        return whole

    def form(self, token: int) -> str:
        """The tokeniser's form of one token; raises RunDamagedError if the vocabulary lacks it."""
        if not 0 <= token < len(self.vocabulary):
            raise RunDamagedError(
                f"{self._path}: no token {token} in a vocabulary of {len(self.vocabulary)}\nExtract the run again."
            )
        return self.vocabulary[token]

    def _forms(self, tokens: list[int]) -> tuple[str, ...]:
        vocabulary = self.vocabulary
        if not 0 <= min(tokens) <= max(tokens) < len(vocabulary):
            return tuple(map(self.form, tokens))  # says which one is not there
        return tuple([vocabulary[token] for token in tokens])

    def grams(self, n: int) -> Grams:
        """The table of n-grams, n = 1, 2, 3."""
        if n not in self._grams:
            with reading_finished(self._path, CORPUS) as file:
                grams = Grams(file.read(f"grams/{n}/ids"), file.read(f"grams/{n}/occurrences"))
                tokens = file.dimensions["V"]
            if grams.ids.min(initial=0) < 0 or grams.ids.max(initial=-1) >= tokens:
                raise damaged(self._path, f"`grams/{n}/ids` holds a token that the vocabulary does not")
            if grams.occurrences.min(initial=1) < 1:
                raise damaged(self._path, f"`grams/{n}/occurrences` holds a number below 1")
            self._grams[n] = grams
        return self._grams[n]

    def size(self, n: int) -> int:
        """How many distinct n-grams there are, without reading them."""
        return self._sizes[n]

    @cached_property
    def _sizes(self) -> dict[int, int]:
        with reading_finished(self._path, CORPUS) as file:
            # A table is there, which a dimension alone is not.
            return {n: file.dimensions[f"G{n}"] for n in ORDERS if f"grams/{n}/occurrences" in file}

    def find_gram(self, ids: tuple[int, ...]) -> int | None:
        """Row of an n-gram in the table of its n, None if the corpus does not have it; raises RunDamagedError."""
        n = len(ids)
        if n not in self._grams:  # a large table takes longer to read than these few rows of it
            with reading_finished(self._path, CORPUS) as file:
                return _bisected(
                    ids, file.dimensions[f"G{n}"], lambda row: file.read(f"grams/{n}/ids", slice(row, row + 1))[0]
                )
        table = self._grams[n].ids
        return _bisected(ids, len(table), table.__getitem__)

    def occurrences(self, n: int, row: int) -> int:
        """How often the n-gram of a row occurs; raises RunDamagedError."""
        if n in self._grams:
            return int(self._grams[n].occurrences[row])
        with reading_finished(self._path, CORPUS) as file:
            return int(file.read(f"grams/{n}/occurrences", slice(row, row + 1))[0])

    def gram(self, n: int, row: int) -> tuple[int, ...]:
        """The tokens of the n-gram in a row of the table of its n; raises RunDamagedError."""
        if n in self._grams:
            return tuple(self._grams[n].ids[row].tolist())
        with reading_finished(self._path, CORPUS) as file:
            return tuple(file.read(f"grams/{n}/ids", slice(row, row + 1))[0].tolist())

    def fewest_tokens(self, text: str) -> tuple[int, ...]:
        """A text cut into the fewest tokens of the vocabulary, the longest first; bytes that no token has are left out.

        That is what tokenisers do with most words, and no more than likely: their own rules are not in a run.
        """
        wanted = _raw(text)
        longest = max(map(len, self._tokens_of_bytes), default=0)
        fewest: list[tuple[int, int]] = [(0, 0)] * (len(wanted) + 1)
        """Tokens from each byte on, and the bytes of the first of them, 0 where none begins."""
        for at in range(len(wanted) - 1, -1, -1):
            ways = [
                (fewest[at + length][0] + 1, -length)
                for length in range(1, min(longest, len(wanted) - at) + 1)
                if wanted[at : at + length] in self._tokens_of_bytes
            ]
            count, length = min(ways, default=(fewest[at + 1][0] + 1000, 0))
            fewest[at] = (count, -length)
        tokens, at = [], 0
        while at < len(wanted):
            length = fewest[at][1]
            if length:
                tokens.append(self._tokens_of_bytes[wanted[at : at + length]][0])
            at += length or 1
        return tuple(tokens)

    def find_grams(self, text: str) -> dict[int, Int64s]:
        """Rows of the 1-, 2- and 3-gram tables whose tokens together read exactly `text`, ascending."""
        # Bytes, because a character may be split between two tokens.
        wanted = _raw(text)
        found: dict[int, Int64s] = {}
        for n in ORDERS:
            rows = (self.find_gram(ids) for ids in self._spellings(wanted, n))
            found[n] = np.array(sorted(row for row in rows if row is not None), np.int64)
        return found

    def _spellings(self, wanted: bytes, n: int, first: bool = True) -> Iterator[tuple[int, ...]]:
        """Every way to write some bytes as n tokens; the first of them is not empty."""
        for length in (len(wanted),) if n == 1 else range(len(wanted) + 1):
            tokens = self._tokens_of_bytes.get(wanted[:length], ()) if length or not first else ()
            if not tokens:
                continue
            rests = [()] if n == 1 else list(self._spellings(wanted[length:], n - 1, first=False))
            for token, rest in product(tokens, rests):
                yield token, *rest

    @cached_property
    def _tokens_of_bytes(self) -> dict[bytes, tuple[int, ...]]:
        found: dict[bytes, tuple[int, ...]] = {}
        for token, form in enumerate(self.vocabulary):
            raw = token_bytes(form, self.spelling)
            found[raw] = (*found.get(raw, ()), token)
        return found

    def contexts(
        self,
        positions: Int64s,
        masks: npt.NDArray[np.uint64],
        before: int = CONTEXT_BEFORE,
        after: int = CONTEXT_AFTER,
    ) -> list[Context]:
        """Text around sampled positions, cut at the ends of their sequences.

        Parameters
        ----------
        positions
            (C,) positions of the corpus, in any order.
        masks
            (C,) activity around each, as `contexts/active` stores it.
        before, after
            How many tokens are wanted on either side; beyond what a mask holds their activity is not known.

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
        starts, domains = self._sequences
        with reading_finished(self._path, CORPUS) as file:
            if len(positions) and not 0 <= positions.min() <= positions.max() < starts[-1]:
                raise RunDamagedError(f"{self._path}: no position {positions.max()}\nExtract the run again.")
            blocks = np.split(order, np.flatnonzero(np.diff(positions[order] // _BLOCK)) + 1) if len(order) else []
            for block in blocks:
                sequences = np.searchsorted(starts, positions[block], side="right") - 1
                begins = np.maximum(starts[sequences], positions[block] - before)
                ends = np.minimum(starts[sequences + 1], positions[block] + after + 1)
                first = int(begins.min())
                ids = file.read("tokens", slice(first, int(ends.max())))
                for place, sequence, begin, end in zip(block.tolist(), sequences, begins, ends, strict=True):
                    position, mask = int(positions[place]), int(masks[place])
                    # Bits of the mask, which begins 40 positions before; Python's own shifts take any number of places.
                    bits = mask >> max(0, int(begin) - position + CONTEXT_BEFORE)
                    unknown_before = max(0, position - CONTEXT_BEFORE - int(begin))
                    around = ids[begin - first : end - first].tolist()
                    found[place] = Context(
                        domain=self._domains[int(domains[sequence])],
                        offset=position - int(starts[sequence]),
                        ids=tuple(around),
                        forms=self._forms(around),
                        active=tuple(bool(bits << unknown_before >> j & 1) for j in range(int(end - begin))),
                        focus=position - int(begin),
                        unknown_before=unknown_before,
                        unknown_after=max(0, int(end) - position - CONTEXT_AFTER - 1),
                    )
        return [context for context in found if context is not None]


def _bisected(ids: tuple[int, ...], size: int, row_of: Callable[[int], npt.NDArray[np.int32]]) -> int | None:
    """Place of `ids` among rows in lexicographic order, of which there are `size`."""
    at = bisect_left(range(size), ids, key=lambda row: tuple(row_of(row).tolist()))
    return at if at < size and tuple(row_of(at).tolist()) == ids else None


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "surrogatepass")


def _from_bytes(text: str) -> bool:
    # A terminal hands over bytes that are no character as U+DC80 to U+DCFF.
    return all(0xDC80 <= ord(c) <= 0xDCFF for c in text if 0xD800 <= ord(c) <= 0xDFFF)
