"""Which of the paper's models a run is of: told by its shape, which its name may confirm or contradict."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.wording import count_noun

VOCABULARY = 50_272
"""Tokens of the OPT models."""


@dataclass(frozen=True, slots=True)
class OptModel:
    """One of the paper's models: layers, neurons of each, width of the residual stream."""

    name: str
    layers: int
    neurons: int
    width: int

    @property
    def weights(self) -> int:
        """Weights of its FFNs, biases aside."""
        return 2 * self.layers * self.neurons * self.width


OPT_MODELS = (
    OptModel("opt-125m", 12, 3_072, 768),
    OptModel("opt-350m", 24, 4_096, 1_024),
    OptModel("opt-1.3b", 24, 8_192, 2_048),
    OptModel("opt-2.7b", 32, 10_240, 2_560),
    OptModel("opt-6.7b", 32, 16_384, 4_096),
    OptModel("opt-13b", 40, 20_480, 5_120),
    OptModel("opt-30b", 48, 28_672, 7_168),
    OptModel("opt-66b", 64, 36_864, 9_216),
)


def opt_model(labelled: LabelledRun) -> str | None:
    """Name of the paper's model that a run's has the shape and the vocabulary of, such as `opt-125m`, or None."""
    model, corpus = labelled.run.manifest.model, labelled.run.manifest.corpus
    if model.model_type != "opt" or corpus is None or corpus.vocabulary != VOCABULARY:
        return None
    shape = (model.layers, model.neurons, model.width)
    return next((one.name for one in OPT_MODELS if (one.layers, one.neurons, one.width) == shape), None)


def neurons_of(labelled: LabelledRun) -> int:
    """Neurons of the whole model."""
    return labelled.run.manifest.model.layers * labelled.run.manifest.model.neurons


def smaller_than(labelled: LabelledRun, name: str) -> bool:
    """Whether the FFNs of a run's model have fewer weights than those of one of the paper's models (ours).

    Weights, since a gated FFN of the same size has fewer neurons. Raises StopIteration if the paper has no such model.
    """
    model = labelled.run.manifest.model
    weights = (3 if model.gated else 2) * neurons_of(labelled) * model.width
    return weights < next(one for one in OPT_MODELS if one.name == name).weights


def first_third(labelled: LabelledRun) -> int:
    """How many layers the lower of the two stages of positional neurons has [§5.3]: a third, to the nearest."""
    return max(1, round(labelled.run.manifest.model.layers / 3))


def is_one_of(*names: str) -> Callable[[LabelledRun], bool]:
    """Whether a run's model is one of some of the paper's."""
    return lambda labelled: opt_model(labelled) in names


def recognised(labelled: LabelledRun) -> str:
    """How the model of a run was recognised, or that it was not, in a sentence."""
    called, taken_for, named = labelled.run.manifest.model.name, opt_model(labelled), _named(labelled)
    if taken_for is not None:
        told = f"as its name says ({called})" if named == taken_for else f"though its name is {called}"
        return f"{labelled.label}: the model is taken for {taken_for}, by its shape ({_shape(labelled)}), {told}."
    if named is not None:
        shape = _shape(labelled)
        return f"{labelled.label}: the model is called {called}, but its shape is another ({shape}): not {named}."
    only = "so only what it says of any model is checked"
    return f"{labelled.label}: none of the paper's models ({called}: {_shape(labelled)}), {only}."


def norm_not_after(labelled: LabelledRun) -> bool:
    """Whether LayerNorm may stand before each block, as in all of the paper's models but one."""
    return norm_before(labelled) is not False


def norm_after(labelled: LabelledRun) -> bool:
    """Whether LayerNorm stands after each block, as in OPT-350m."""
    return norm_before(labelled) is False


def norm_before(labelled: LabelledRun) -> bool | None:
    """Whether LayerNorm stands before each block [§6]; None if neither the run nor the model's shape says so."""
    said, known = labelled.run.manifest.model.norm_before, opt_model(labelled)
    return said if said is not None or known is None else known != "opt-350m"


def _named(labelled: LabelledRun) -> str | None:
    last = re.split(r"[/\\]", labelled.run.manifest.model.name.rstrip("/\\"))[-1].partition("@")[0].lower()
    return last if last in {one.name for one in OPT_MODELS} else None


def _shape(labelled: LabelledRun) -> str:
    model, corpus = labelled.run.manifest.model, labelled.run.manifest.corpus
    tokens = f", {count_noun(corpus.vocabulary, 'token')}" if corpus else ""
    return (
        f"{count_noun(model.layers, 'layer')} of {count_noun(model.neurons, 'neuron')}, width {model.width:,}{tokens}"
    )
