"""The schema of a run's HDF5 files: every dataset with its shape, dtype, unit and meaning.

The writer, the reader, `neuron-tui check` and docs/format.md all follow from the tables here. Dimensions
are named by letters; `dimensions` of a file give their values:

    N neurons of the layer     D domains          T positions of a full-length sequence
    P positions of the corpus  S sequences        V tokens of the vocabulary
    K stored triggers          E stored effects   C stored contexts
    G1 G2 G3 distinct n-grams  W words of 64 neurons (ceil(N / 64))  B bytes of all tokens
    L1 L2 L3 stored triggers of all neurons      Q1 Q2 Q3 pages of 1024 of them (ceil(L / 1024))
    A1 A2 A3 distinct n-grams the layer detects  Z settings of the positional thresholds
    L layers of the run        X prefixes of the corpus  U suppressors  R positional neurons
    J tokens with a detector, layer by layer     Y token detectors of all layers
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

BINS = 8
"""Bins of each histogram of `covering` [Fig. 2, 12, 13]."""

ENOUGH_SEQUENCES = 30
"""Fewer full-length sequences give a neuron no positional type (ours)."""

LOOKUP_PAGE = 1024
"""Entries of a lookup between two entries of its table of pages."""

ACTIVATIONS_CHUNK = 1 << 15
"""Positions of `activations` that share a chunk."""

MAX_DIMENSION = 1 << 40


ALIVE_BIT = 1
TYPE_SHIFT = 1
TYPE_BITS = 0b111
DETECTOR_BITS = {n: 8 << n for n in ORDERS}
"""What the bits of `neurons/state` in facts.h5 are."""


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
            "Length of the shortest prefix of the ranking that holds 95% of `total`, in a variant its own share; 0 if"
            " total is 0.",
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
        Dataset(
            "first_active",
            ("N", "D"),
            "int64",
            "counted tokens",
            "Counted tokens of each domain up to and including the first active one, as the corpus has them; 0: none.",
            rows=1024,
        ),
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
        Dataset(
            "position/sensitivity",
            ("Z", str(len(TYPES)), str(len(STRENGTHS))),
            "int64",
            "neurons",
            "Neurons of each type and strength, by code, under each setting of the positional thresholds: the run's "
            "own, then one of them changed at a time.",
            optional=True,
        ),
        Dataset("effect/promoted_id", ("N", "E"), "int32", "token id", "Tokens with the highest score.", rows=64),
        Dataset("effect/promoted_score", ("N", "E"), "float32", "logit", "Their scores.", rows=64),
        Dataset("effect/suppressed_id", ("N", "E"), "int32", "token id", "Tokens with the lowest score.", rows=64),
        Dataset("effect/suppressed_score", ("N", "E"), "float32", "logit", "Their scores.", rows=64),
        Dataset(
            "effect/top_score",
            ("N", "K"),
            "float32",
            "logit",
            "Score of each token of `triggers/1/top_gram`; NaN where there are no more.",
            rows=64,
        ),
        Dataset(
            "effect/trigger_score",
            ("N",),
            "float64",
            "logit",
            "Mean of `top_score` over the covered tokens of a token detector; NaN for other neurons.",
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


def _by_order(name: str, meaning: str) -> Dataset:
    return Dataset(f"summary/{name}", ("L", str(len(ORDERS))), "int64", "n-grams", meaning)


FACTS = FileSchema(
    "facts",
    (
        Dataset("made_of", ("32",), "uint8", "byte", "SHA-256 of the files behind it: see below."),
        Dataset("vocabulary", ("32",), "uint8", "byte", "SHA-256 of the vocabulary; equal ones write tokens alike."),
        Dataset("layer", ("L",), "int64", "layer", "The run's layers, ascending: the order of all below."),
        Dataset("prefix", ("X",), "float64", "share", "How much of every domain each prefix of the corpus holds."),
        Dataset("summary/dead", ("L",), "int64", "neurons", "Dead neurons."),
        Dataset(
            "summary/mean_frequency_alive",
            ("L",),
            "float64",
            "share",
            "Mean frequency of the other neurons; NaN where there are none.",
        ),
        Dataset(
            "summary/detectors", ("L", str(len(ORDERS))), "int64", "neurons", "Detectors of tokens, bigrams, trigrams."
        ),
        _by_order("covered", "Distinct tokens, bigrams, trigrams with a detector in the layer."),
        _by_order("covered_cumulative", "Those with a detector in it or in a layer below."),
        _by_order("new_overall", "Those of the layer that no layer below detects."),
        _by_order("new_to_previous", "Those that the layer just below does not detect; -1 if it is not there."),
        *(
            Dataset(
                f"summary/covering/{n}",
                ("L", str(BINS)),
                "int64",
                "neurons",
                f"Alive neurons by `triggers/{n}/covering`, in the bins of the paper's histograms.",
            )
            for n in ORDERS
        ),
        Dataset("summary/suppressing", ("L",), "int64", "neurons", "Token detectors that suppress their triggers."),
        Dataset(
            "summary/positional",
            ("L", str(len(TYPES)), str(len(STRENGTHS))),
            "int64",
            "neurons",
            "Neurons of each positional type and strength, by code.",
        ),
        Dataset(
            "growth", ("L", "X"), "int64", "neurons", "Neurons of the layer that are dead on each prefix of the corpus."
        ),
        Dataset(
            "sensitivity",
            ("L", "Z", str(len(TYPES)), str(len(STRENGTHS))),
            "int64",
            "neurons",
            "`position/sensitivity` of each layer.",
            optional=True,
        ),
        Dataset("suppressors/layer", ("U",), "int32", "layer", "Layers of the neurons that suppress their triggers."),
        Dataset("suppressors/neuron", ("U",), "int32", "neuron", "Those neurons, strongest first."),
        Dataset("suppressors/score", ("U",), "float64", "logit", "Their `effect/trigger_score`."),
        Dataset("positional/start", ("L+1",), "int64", "place", "Where each layer begins below; the last entry is R."),
        Dataset("positional/neuron", ("R",), "int32", "neuron", "Positional neurons by layer, then neuron."),
        Dataset("positional/type", ("R",), "uint8", "code", "Their `position/type`."),
        Dataset("positional/strength", ("R",), "uint8", "code", "Their `position/strength`."),
        Dataset("positional/mutual_information", ("R",), "float64", "nats", "Their `position/mutual_information`."),
        Dataset(
            "neurons/state",
            ("L", "N"),
            "uint8",
            "bits",
            "Each neuron: bit 0 if it is alive, bits 1 to 3 its `position/type`, bits 4, 5, 6 if it is a detector of "
            "tokens, bigrams, trigrams.",
        ),
        Dataset(
            "neurons/strongest",
            ("Y",),
            "int32",
            "token id",
            "The first of the ranking of each token detector, by layer, then neuron.",
        ),
        Dataset("detected/start", ("L+1",), "int64", "place", "Where each layer begins below; the last entry is J."),
        Dataset("detected/token", ("J",), "int32", "token id", "Tokens with a detector in the layer, ascending."),
    ),
)


def describe() -> str:
    """The schema as Markdown tables, for docs/format.md."""
    lines: list[str] = []
    for schema, name in ((CORPUS, "corpus.h5"), (LAYER, "layers/layer_NNN.h5"), (FACTS, "facts.h5")):
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
