"""The schema of a run's HDF5 files: every dataset with its shape, dtype, unit and meaning.

The writer, the reader, `neuron-tui check` and docs/format.md all follow from the tables here. Dimensions
are named by letters; `dimensions` of a file give their values:

    N neurons of the layer     D domains          T positions of a full-length sequence
    P positions of the corpus  S sequences        V tokens of the vocabulary
    K stored triggers          E stored effects   C stored contexts
    G1 G2 G3 distinct n-grams  W words of 64 neurons (ceil(N / 64))  B bytes of all tokens
    L1 L2 L3 stored triggers of all neurons      Q1 Q2 Q3 pages of 1024 of them (ceil(L / 1024))
    A1 A2 A3 distinct n-grams the layer detects
    or a number, or a dimension plus or minus one
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

FORMAT_VERSION: Final = 2
"""2: positions by domain, and the lookup of triggers. Runs of version 1 are to be extracted again."""

STORED_TRIGGERS = 50
STORED_EFFECTS = 50
STORED_CONTEXTS = 20
CONTEXT_BEFORE = 40
CONTEXT_AFTER = 23
"""A context's mask has 64 bits: the positions from 40 before the sampled one to 23 after it."""

ORDERS = (1, 2, 3)
"""The n of the n-grams counted."""

TYPES = (None, "oscillatory", "both", "one", "other")
STRENGTHS = (None, "weak", "strong")
"""Positional types and strengths, by the code that stands for them in `position/type` and `position/strength`."""

ENOUGH_SEQUENCES = 30
"""Fewer full-length sequences give a neuron no positional type (ours)."""

LOOKUP_PAGE = 1024
"""Entries of a lookup between two entries of its table of pages."""

ACTIVATIONS_CHUNK = 1 << 15
"""Positions of `activations` that share a chunk."""

MAX_DIMENSION = 1 << 40


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of a file.

    `rows` is how many entries of the first dimension share a chunk (0: stored contiguously, uncompressed);
    `optional` says that a file may lack it.
    """

    name: str
    shape: tuple[str, ...]
    dtype: str
    unit: str
    meaning: str
    rows: int = 0
    optional: bool = False


@dataclass(frozen=True)
class FileSchema:
    """What one kind of file holds."""

    kind: str
    datasets: tuple[Dataset, ...]

    def names(self) -> frozenset[str]:
        """Names of all datasets, optional ones included."""
        return frozenset(d.name for d in self.datasets)

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name; raises KeyError."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Dataset]:
        return {d.name: d for d in self.datasets}


def resolve(shape: tuple[str, ...], dimensions: Mapping[str, int]) -> tuple[int, ...]:
    """Values of a symbolic shape; raises KeyError for a dimension without a value."""

    def value(term: str) -> int:
        if term.isdigit():
            return int(term)
        match = re.fullmatch(r"([A-Z]\d?)([+-]1)?", term)
        if match is None:
            raise KeyError(term)
        return dimensions[match[1]] + int(match[2] or 0)

    return tuple(value(term) for term in shape)


def _gram_tables(n: int) -> tuple[Dataset, ...]:
    return (
        Dataset(
            f"grams/{n}/ids",
            (f"G{n}", str(n)),
            "int32",
            "token id",
            f"The distinct {n}-grams of the corpus in lexicographic order; a row lists its tokens as read.",
            rows=8192,
        ),
        Dataset(
            f"grams/{n}/occurrences",
            (f"G{n}",),
            "int64",
            "positions",
            f"How many positions have that {n}-gram.",
            rows=8192,
        ),
    )


CORPUS = FileSchema(
    "corpus",
    (
        Dataset(
            "tokens",
            ("P",),
            "int32",
            "token id",
            "All sequences one after the other, each with its BOS.",
            8192,
        ),
        Dataset(
            "sequence_start",
            ("S+1",),
            "int64",
            "position",
            "Where each sequence begins in `tokens`; the last entry is P.",
        ),
        Dataset("sequence_domain", ("S",), "int32", "domain", "Index of each sequence's domain; never falling."),
        Dataset("domain_tokens", ("D",), "int64", "positions", "Counted positions of each domain."),
        *(table for n in ORDERS for table in _gram_tables(n)),
        Dataset("vocabulary/text", ("B",), "uint8", "byte", "All tokens as the tokeniser writes them, UTF-8.", 65536),
        Dataset("vocabulary/start", ("V+1",), "int64", "byte", "Where each token begins there; the last entry is B."),
    ),
)


def _trigger_tables(n: int) -> tuple[Dataset, ...]:
    return (
        Dataset(f"triggers/{n}/total", ("N",), "int64", "positions", f"Active positions that have a {n}-gram."),
        Dataset(
            f"triggers/{n}/covering",
            ("N",),
            "int64",
            f"{n}-grams",
            "Length of the shortest prefix of the ranking that holds 95% of `total`; 0 where total is 0.",
        ),
        Dataset(
            f"triggers/{n}/covered",
            ("N",),
            "int32",
            f"{n}-grams",
            "How many of the covering ones are covered if the neuron is a detector, else 0.",
        ),
        Dataset(
            f"triggers/{n}/detected",
            (f"A{n}",),
            "int64",
            f"row of grams/{n}",
            f"The distinct {n}-grams that a detector of the layer covers, ascending.",
        ),
        Dataset(
            f"triggers/{n}/first",
            ("N",),
            "int64",
            f"row of grams/{n}",
            "The first of the ranking, kept apart so that a table of all neurons opens fast; -1 where total is 0.",
        ),
        Dataset(
            f"triggers/{n}/top_gram",
            ("N", "K"),
            "int64",
            f"row of grams/{n}",
            "The first of the ranking, best first; -1 where there are no more.",
            rows=64,
        ),
        Dataset(
            f"triggers/{n}/top_active",
            ("N", "K"),
            "int64",
            "positions",
            "Positions of each of them where the neuron is active.",
            rows=64,
        ),
    )


def _lookup_tables(n: int) -> tuple[Dataset, ...]:
    return (
        Dataset(
            f"lookup/{n}/gram",
            (f"L{n}",),
            "int64",
            f"row of grams/{n}",
            f"All entries of `triggers/{n}/top_gram` by n-gram, then `active` (most first), then neuron.",
            rows=4096,
        ),
        Dataset(f"lookup/{n}/neuron", (f"L{n}",), "int32", "neuron", "The neuron of each.", rows=4096),
        Dataset(f"lookup/{n}/rank", (f"L{n}",), "uint8", "place", "Its place in that neuron's ranking.", rows=4096),
        Dataset(
            f"lookup/{n}/active",
            (f"L{n}",),
            "int64",
            "positions",
            "Positions of the n-gram where that neuron is active.",
            rows=4096,
        ),
        Dataset(
            f"lookup/{n}/page",
            (f"Q{n}",),
            "int64",
            f"row of grams/{n}",
            f"Every {LOOKUP_PAGE}th of `lookup/{n}/gram`, from the first.",
        ),
    )


LAYER = FileSchema(
    "layer",
    (
        Dataset("count", ("N", "D"), "int64", "positions", "Active counted positions by domain."),
        Dataset("bos_count", ("N",), "int64", "sequences", "Sequences whose BOS at position 0 is active."),
        *(table for n in ORDERS for table in _trigger_tables(n)),
        *(table for n in ORDERS for table in _lookup_tables(n)),
        Dataset(
            "position/active",
            ("N", "D", "T-1"),
            "int32",
            "sequences",
            "Full-length sequences of each domain active at positions 1 to T-1.",
            rows=8,
            optional=True,
        ),
        Dataset(
            "position/mutual_information",
            ("N",),
            "float64",
            "nats",
            "Mutual information of activity and position.",
            optional=True,
        ),
        Dataset(
            "position/type",
            ("N",),
            "uint8",
            "code",
            "0 none, 1 oscillatory, 2 both, 3 one, 4 other.",
            optional=True,
        ),
        Dataset("position/strength", ("N",), "uint8", "code", "0 none, 1 weak, 2 strong.", optional=True),
        Dataset("effect/promoted_id", ("N", "E"), "int32", "token id", "Tokens with the highest score.", rows=64),
        Dataset("effect/promoted_score", ("N", "E"), "float32", "logit", "Their scores.", rows=64),
        Dataset("effect/suppressed_id", ("N", "E"), "int32", "token id", "Tokens with the lowest score.", rows=64),
        Dataset("effect/suppressed_score", ("N", "E"), "float32", "logit", "Their scores.", rows=64),
        Dataset(
            "effect/trigger_score",
            ("N",),
            "float64",
            "logit",
            "Mean score over the covered tokens of a token detector; NaN for other neurons.",
        ),
        Dataset(
            "contexts/position",
            ("N", "C"),
            "int64",
            "position",
            "Active positions of the corpus drawn by domain; -1 where there are no more.",
            rows=64,
        ),
        Dataset(
            "contexts/active",
            ("N", "C"),
            "uint64",
            "bits",
            "Activity around each: bit b is the position 40 - b before it; 0 outside its sequence.",
            rows=64,
        ),
        Dataset(
            "activations",
            ("W", "P"),
            "uint64",
            "bits",
            "Activity at every position of the corpus: bit b of word w is neuron 64 w + b.",
            rows=1,
            optional=True,
        ),
    ),
)


def describe() -> str:
    """The schema as Markdown tables, for docs/format.md."""
    lines: list[str] = []
    for schema, name in ((CORPUS, "corpus.h5"), (LAYER, "layers/layer_NNN.h5")):
        lines += [
            f"## {name}",
            "",
            "| dataset | shape | dtype | unit | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        for d in schema.datasets:
            optional = " (may be absent)" if d.optional else ""
            lines.append(f"| `{d.name}` | {', '.join(d.shape)} | {d.dtype} | {d.unit} | {d.meaning}{optional} |")
        lines.append("")
    return "\n".join(lines)
