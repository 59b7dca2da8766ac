"""The tables of corpus.h5: sequences, distinct n-grams, vocabulary."""

from __future__ import annotations

from neuron_tui.store.disk.schema.dataset import Dataset, FileSchema
from neuron_tui.store.disk.schema.numbers import ORDERS


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
