"""The tables of facts.h5: what figures, comparisons and findings need of all layers together."""

from __future__ import annotations

from neuron_tui.store.disk.schema.dataset import Dataset, FileSchema
from neuron_tui.store.disk.schema.numbers import BINS, ORDERS, STRENGTHS, TYPES

FACTS_FILE = "facts.h5"

ALIVE_BIT = 1
TYPE_SHIFT = 1
TYPE_BITS = 0b111
DETECTOR_BITS = {n: 8 << n for n in ORDERS}
"""What the bits of `neurons/state` in facts.h5 are."""


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
