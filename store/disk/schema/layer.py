"""The tables of a layer: counts, triggers, positions, effects, contexts, activations."""

from __future__ import annotations

from dataclasses import replace

from neuron_tui.store.disk.schema.dataset import Dataset, FileSchema
from neuron_tui.store.disk.schema.numbers import LOOKUP_CHUNK, LOOKUP_PAGE, ORDERS, STRENGTHS, TYPES


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
            rows=LOOKUP_CHUNK,
        ),
        Dataset(f"lookup/{n}/neuron", (f"L{n}",), "int32", "neuron", "The neuron of each.", rows=LOOKUP_CHUNK),
        Dataset(
            f"lookup/{n}/rank", (f"L{n}",), "uint8", "place", "Its place in that neuron's ranking.", rows=LOOKUP_CHUNK
        ),
        Dataset(
            f"lookup/{n}/active",
            (f"L{n}",),
            "int64",
            "positions",
            "Positions of the n-gram where that neuron is active.",
            rows=LOOKUP_CHUNK,
        ),
        Dataset(
            f"lookup/{n}/page",
            (f"Q{n}",),
            "int64",
            f"row of grams/{n}",
            f"Every {LOOKUP_PAGE}th of `lookup/{n}/gram`, from the first.",
        ),
    )


def _context_tables(name: str, meaning: str, flat: str) -> tuple[Dataset, ...]:
    return (
        Dataset(f"{name}/position", ("N", "C"), "int64", "position", meaning, rows=64),
        Dataset(
            f"{name}/active",
            ("N", "C"),
            "uint64",
            "bits",
            "Activity around each: bit b is the position 40 - b before it; 0 outside its sequence.",
            rows=64,
        ),
        Dataset(
            f"{name}/value",
            (flat,),
            "float32",
            "activation",
            f"Values at the bits of `{name}/active` that are 1: by neuron, context, then position.",
            rows=4096,
            optional=True,
        ),
        Dataset(
            f"{name}/value_start",
            ("N+1",),
            "int64",
            "row of value",
            f"Where each neuron's begin in `{name}/value`; the last entry is their number.",
            optional=True,
        ),
    )


_VALUES = (
    Dataset("values/max", ("N",), "float32", "activation", "The highest value where active; NaN if it never is."),
    Dataset(
        "values/sum",
        ("N",),
        "float64",
        "activation",
        "Sum of the values where active: divided by their count, the mean.",
    ),
    Dataset("values/edges", ("H",), "float64", "activation", "Edges of the histogram, rising; the same for every run."),
    Dataset(
        "values/histogram",
        ("N", "H+1"),
        "int64",
        "positions",
        "Values where active below the first edge, from each edge to the next, and from the last edge on.",
        rows=64,
    ),
    Dataset("weights/norm", ("N",), "float32", "weight", "Length of the update direction."),
    Dataset(
        "weights/cosine", ("N",), "float32", "cosine", "Cosine of read direction and update direction; NaN if one is 0."
    ),
    Dataset(
        "weights/kurtosis",
        ("N",),
        "float32",
        "kurtosis",
        "Excess kurtosis of the scores over the vocabulary; NaN if all are equal.",
    ),
    Dataset(
        "weights/token_frequency",
        ("N",),
        "float32",
        "correlation",
        "Correlation of the scores with the logarithm of how often each token of the corpus occurs; NaN if undefined.",
    ),
)
"""Of runs of earlier versions there are none."""

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
        *(replace(table, optional=True) for table in _VALUES),
        *_context_tables(
            "contexts", "Active positions of the corpus drawn by domain; -1 where there are no more.", "X"
        ),
        *(
            replace(table, optional=True)
            for table in _context_tables(
                "highest",
                "Counted positions with the highest values, highest first; -1 where there are no more.",
                "Y",
            )
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

POSITION_TABLES = tuple(
    f"position/{name}" for name in ("active", "mutual_information", "type", "strength", "sensitivity")
)
"""Datasets that are there where the corpus has full-length sequences, and then all of them."""

VALUE_TABLES = (
    *(table.name for table in _VALUES),
    *(f"contexts/{name}" for name in ("value", "value_start")),
    *(f"highest/{name}" for name in ("position", "active", "value", "value_start")),
)
"""Datasets that are there all or none, in a run of an earlier version."""

CHANGED = (
    *(f"triggers/{n}/{name}" for n in ORDERS for name in ("covering", "covered", "detected")),
    "effect/trigger_score",
    *("position/type", "position/strength", "position/sensitivity"),
)
"""Datasets that follow from thresholds: `covering` from the coverage alone, positional ones where there are any."""

OVERLAY = FileSchema(
    "variant",
    tuple(
        replace(dataset, optional=dataset.optional or dataset.name.endswith("/covering"))
        for dataset in LAYER.datasets
        if dataset.name in CHANGED
    ),
)
"""A layer of a variant; all other datasets are those of its run."""
