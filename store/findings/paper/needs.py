"""What it takes to judge a claim, and how a run is told to lack it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.measures.threshold_wording import counted_with
from neuron_tui.store.measures.thresholds import PAPER, THRESHOLDS
from neuron_tui.store.wording import count_noun

Need = Literal[
    "zeros",
    "dead text",
    "text",
    "layers",
    "bottom half",
    "sequences",
    "context",
    "detector thresholds",
    "type thresholds",
]


@dataclass(frozen=True, slots=True)
class Enough:
    """How many tokens a run must have, for claims on dead neurons and for all others."""

    dead: int
    other: int


PAPERS: Final = Enough(dead=20_000_000, other=5_000_000)
"""What the paper's own numbers rest on, or a little more."""


def amount(labelled: LabelledRun, enough: Enough) -> str:
    """How much text a run rests on, and for which claims that is enough, in a sentence."""
    manifest = labelled.run.manifest
    have, length, whole = manifest.tokens, manifest.options.context_length, manifest.model.context_length
    papers = f"the paper took over {PAPERS.other:,}, and over {PAPERS.dead:,} for dead neurons"
    if have >= max(enough.dead, enough.other):
        told = "as many as the paper took" if have >= PAPERS.dead else f"taken for enough here; {papers}"
    elif have >= enough.other:
        told = f"enough but for claims on dead neurons, which take {enough.dead:,}"
    elif have >= PAPERS.other:
        told = f"fewer than the {enough.other:,} that are to be enough here; {papers}"
    else:
        told = f"few: {papers}"
    reads = "all" if length == whole else f"of the {whole:,}"
    tokens = count_noun(have, "token")
    return f"{labelled.label}: {tokens}, {told}; sequences of {length:,} positions, {reads} the model reads."


def _zeros(labelled: LabelledRun, _enough: Enough) -> str:
    rule, model = labelled.run.manifest.rule, labelled.run.manifest.model
    if rule.silent_when_off and model.activation.startswith("relu") and not model.gated:
        return ""
    return f"It takes neurons that write nothing when they are off; here one is active if {rule.words}."


def _dead_text(labelled: LabelledRun, enough: Enough) -> str:
    return _tokens(labelled, enough.dead)


def _text(labelled: LabelledRun, enough: Enough) -> str:
    return _tokens(labelled, enough.other)


def _tokens(labelled: LabelledRun, least: int) -> str:
    have = labelled.run.manifest.tokens
    return "" if have >= least else f"It takes {count_noun(least, 'token')}, and there are {have:,}."


def _layers(labelled: LabelledRun, _enough: Enough) -> str:
    done, there_are = len(labelled.layers), labelled.run.manifest.model.layers
    return "" if done == there_are else f"It takes all {count_noun(there_are, 'layer')}, and {done:,} are there."


def _bottom_half(labelled: LabelledRun, _enough: Enough) -> str:
    done, there_are = labelled.lower, -(-labelled.run.manifest.model.layers // 2)
    if done == there_are:
        return ""
    return f"It takes all {count_noun(there_are, 'layer')} of the bottom half, and {done:,} are there."


def _sequences(labelled: LabelledRun, _enough: Enough) -> str:
    corpus = labelled.run.manifest.corpus
    have = corpus.full_sequences if corpus else 0
    if have >= ENOUGH_SEQUENCES:
        return ""
    return (
        f"It takes {ENOUGH_SEQUENCES} full-length sequences, and there {'is' if have == 1 else 'are'} {have or 'none'}."
    )


def _context(labelled: LabelledRun, _enough: Enough) -> str:
    have, whole = labelled.run.manifest.options.context_length, labelled.run.manifest.model.context_length
    return (
        "" if have == whole else f"It takes sequences of {whole:,} positions, all the model reads; these have {have:,}."
    )


def _thresholds(group: Literal["detectors", "types"]) -> Callable[[LabelledRun, Enough], str]:
    def lacking(labelled: LabelledRun, _enough: Enough) -> str:
        own = labelled.run.manifest.thresholds
        changed = {name: getattr(own, name) for name, one in THRESHOLDS.items() if one.group == group}
        told = counted_with(PAPER.model_copy(update=changed)).partition(";")[0]
        return f"It takes the paper's thresholds; the run was {told}." if told else ""

    return lacking


LACKING: dict[Need, Callable[[LabelledRun, Enough], str]] = {
    "zeros": _zeros,
    "dead text": _dead_text,
    "text": _text,
    "layers": _layers,
    "bottom half": _bottom_half,
    "sequences": _sequences,
    "context": _context,
    "detector thresholds": _thresholds("detectors"),
    "type thresholds": _thresholds("types"),
}
"""What a run lacks of each need, in a sentence; empty where it lacks nothing.

`context`: with shorter sequences than the model reads, positional neurons of its later positions are not seen.
"""
