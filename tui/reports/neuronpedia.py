"""Neurons of one layer as Neuronpedia's dashboards take them: a batch of features as SAEDashboard writes it.

`docs/exchange.md` says field by field where each number comes from.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TextIO

from neuron_tui.store.errors import InputError, RunDamagedError, UsageError
from neuron_tui.store.neurons.corpus import Context
from neuron_tui.store.neurons.record import TokenScore, Values
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.tokens import Spelling, token_bytes
from neuron_tui.store.wording import json_text
from neuron_tui.tui.reports.contexts_data import WithContexts, with_contexts
from neuron_tui.tui.reports.selection import Selection

SET_NAME = "neurons"
"""What the set is called that a layer's neurons are a source of: `3-neurons`."""

_WITHOUT_COUNTERPART = (
    *("neuron_alignment_indices", "neuron_alignment_values", "neuron_alignment_l1"),
    *("correlated_neurons_indices", "correlated_neurons_l1", "correlated_neurons_pearson"),
    *("correlated_features_indices", "correlated_features_l1", "correlated_features_pearson"),
    *("logits_hist_data_bar_heights", "logits_hist_data_bar_values", "decoder_weights_dist", "vector"),
)
"""Lists of a feature that say what a run does not keep: empty."""

_SCORES = 10
"""Promoted and suppressed tokens of a feature."""

_TOP = -1
"""What SAEDashboard writes as lower end and share of the group of highest activations."""


def write_neuronpedia(run: Run, selection: Selection, stream: TextIO) -> None:
    """Write one batch: a JSON object with the layer and its `features`, one a line.

    Raises
    ------
    UsageError
        The neurons are of several layers.
    InputError
        The run keeps no values.
    RunDamagedError
        A file of the run cannot be read, or a score is no number.
    """
    layers = list(selection.neurons)
    if len(layers) > 1:
        raise UsageError("a batch for Neuronpedia holds neurons of one layer\nChoose one, such as --where layer:3.")
    batch = {
        "model_id": run.manifest.model.name,
        "layer": layers[0] if layers else None,
        "sae_set": SET_NAME,
        "sae_id_suffix": None,
    }
    common = _common(run)
    stream.write(f'{json_text(batch)[:-1]}, "features": [')
    before = "\n"
    for found in with_contexts(run, selection):
        feature = _feature(found, run.corpus.spelling) | common
        try:
            stream.write(before + json_text(feature))
        except ValueError as error:
            name = found[0].name
            raise RunDamagedError(f"neuron {name}: a score that is no number\nExtract the run again.") from error
        before = ",\n"
    stream.write("\n]}\n")


def _common(run: Run) -> dict[str, Any]:
    corpus = run.manifest.corpus
    return {
        "n_prompts_total": corpus.sequences if corpus else 0,
        "n_tokens_in_prompt": run.manifest.options.context_length,
        "dataset": ", ".join(map(str, run.manifest.options.corpus)),
    }


def _feature(found: WithContexts, spelling: Spelling) -> dict[str, Any]:
    record, highest, sampled = found
    values = record.values
    if values is None:
        raise InputError("this run keeps no values, which Neuronpedia shows\nExtract it again, with --overwrite.")
    bars = _bars(values)
    top = values.max or 0.0
    # Of the sampled ones the group is all activations: from 0, or the lowest that is known, to the highest.
    low = min([0.0, *(value for context in sampled for value in context.values if value is not None)])
    return {
        "feature_index": record.neuron,
        **{name: [] for name in _WITHOUT_COUNTERPART},
        **_scores("neg", record.effect.suppressed, spelling),
        **_scores("pos", record.effect.promoted, spelling),
        "frac_nonzero": record.frequency,
        "freq_hist_data_bar_values": [middle for middle, _ in bars],
        "freq_hist_data_bar_heights": [count for _, count in bars],
        "activations": [
            *(_activation(context, (_TOP, top, _TOP), spelling) for context in highest),
            *(_activation(context, (low, top, 1.0), spelling) for context in sampled),
        ],
    }


def _scores(kind: str, scores: tuple[TokenScore, ...], spelling: Spelling) -> dict[str, Any]:
    return {
        f"{kind}_str": [_text(score.form, spelling) for score in scores[:_SCORES]],
        f"{kind}_values": [score.score for score in scores[:_SCORES]],
    }


def _bars(values: Values) -> list[tuple[float, int]]:
    """Middle and count of each bin that holds a value; an open bin stands at its one edge."""
    edges = values.edges.tolist()
    middles = [edges[0], *((low + high) / 2 for low, high in pairwise(edges)), edges[-1]]
    return [(middle, count) for middle, count in zip(middles, values.counts.tolist(), strict=True) if count]


def _activation(context: Context, group: tuple[float, float, float], spelling: Spelling) -> dict[str, Any]:
    low, high, share = group
    return {
        "bin_min": low,
        "bin_max": high,
        "bin_contains": share,
        "tokens": [_text(form, spelling) for form in context.forms],
        # There a value of 0 stands for not active.
        "values": [value or 0.0 for value in context.values],
        "qualifying_token_index": context.focus,
    }


def _text(form: str, spelling: Spelling) -> str:
    """What a token stands for; bytes that are no character by themselves become U+FFFD, as other tools have it."""
    return token_bytes(form, spelling).decode("utf-8", "replace")
