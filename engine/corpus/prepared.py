"""The corpus of a run as the layers see it: tokenised once, read back whenever the run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.engine.corpus.order import NestedOrder, nested_order
from neuron_tui.engine.corpus.tokenise import DomainTokens, SpecialTokens
from neuron_tui.store.check.numbers import corpus_contradictions
from neuron_tui.store.disk.hdf5 import reading
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.schema import CORPUS
from neuron_tui.store.runs.manifest import CORPUS_FILE, Manifest


@dataclass(frozen=True, slots=True)
class PreparedCorpus:
    """All sequences end to end: `tokens` (P,), `sequence_start` (S+1,), `sequence_domain` (S,), D `domains`."""

    tokens: npt.NDArray[np.int32]
    sequence_start: npt.NDArray[np.int64]
    sequence_domain: npt.NDArray[np.int32]
    order: NestedOrder
    domains: int

    @property
    def sequence_lengths(self) -> npt.NDArray[np.int64]:
        """Positions of each sequence, (S,)."""
        return np.diff(self.sequence_start)

    @property
    def positions(self) -> int:
        """P."""
        return len(self.tokens)


def join_domains(domains: Sequence[DomainTokens], special: SpecialTokens) -> PreparedCorpus:
    """Lay the domains' windows end to end and put their n-grams in order."""
    lengths = np.concatenate([d.lengths for d in domains])
    return _prepared(
        np.concatenate([d.tokens for d in domains]),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.repeat(np.arange(len(domains), dtype=np.int32), [len(d.lengths) for d in domains]),
        len(domains),
        special,
    )


def read_corpus(folder: Path, manifest: Manifest, special: SpecialTokens) -> PreparedCorpus:
    """The corpus of a run that goes on; raises RunDamagedError, also where run.json says otherwise of it."""
    with reading(folder / CORPUS_FILE, CORPUS) as file:
        for contradiction in corpus_contradictions(file, manifest, orders=()):
            raise damaged(folder / CORPUS_FILE, contradiction)
        return _prepared(
            file.read("tokens"),
            file.read("sequence_start"),
            file.read("sequence_domain"),
            file.dimensions["D"],
            special,
        )


def _prepared(
    tokens: npt.NDArray[np.int32],
    sequence_start: npt.NDArray[np.int64],
    sequence_domain: npt.NDArray[np.int32],
    domains: int,
    special: SpecialTokens,
) -> PreparedCorpus:
    order = nested_order(tokens, special.counted_positions(tokens, sequence_start), sequence_start)
    return PreparedCorpus(tokens, sequence_start, sequence_domain, order, domains)
