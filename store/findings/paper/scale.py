"""Claims on models of several sizes: how dead neurons, detectors and oscillatory neurons change with scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from neuron_tui.store.findings.labelled_run import LabelledRun, notes_on
from neuron_tui.store.findings.paper.claim import Finding, Number, verdict_of
from neuron_tui.store.findings.paper.model import norm_before
from neuron_tui.store.findings.paper.needs import LACKING, Enough, Need
from neuron_tui.store.findings.paper.positions import oscillatory_neurons
from neuron_tui.store.wording import count_noun, percent

MOSTLY = 0.5
"""Kendall's rank correlation from which on a quantity counts as growing with size (ours)."""


@dataclass(frozen=True, slots=True)
class ScaleClaim:
    """A claim on how a quantity changes from smaller to larger models; size is the number of neurons.

    `grows` says in which direction, `shown` how a value reads.
    """

    name: str
    says: str
    reference: str
    needs: tuple[Need, ...]
    value: Callable[[LabelledRun], float]
    shown: Callable[[float], str]
    grows: bool

    def check(self, labelled_runs: Sequence[LabelledRun], enough: Enough) -> Finding:
        """Judge runs of models of at least two sizes: every two of them of different size are compared.

        Kendall's correlation of size and quantity decides: the pairs that agree with the claim less those that
        contradict it, over all. It holds from `MOSTLY` on, and does not at 0 or below; where every model has none of
        what is counted, it cannot be said.
        """
        ordered = sorted(labelled_runs, key=neurons_of)
        values = [self.value(one) for one in ordered]
        correlation = _kendall([neurons_of(one) for one in ordered], values) * (1 if self.grows else -1)
        holds = None if not any(values) else True if correlation >= MOSTLY else False if correlation <= 0 else None
        told = ", ".join(f"{one.label} {self.shown(value)}" for one, value in zip(ordered, values, strict=True))
        lacking = self._lacking(ordered, enough)
        begins = "So far, from" if lacking else "From"
        because = " ".join([*lacking, f"{begins} the smallest model to the largest: {told}."])
        numbers: dict[str, Number] = {one.label: value for one, value in zip(ordered, values, strict=True)}
        runs = ", ".join(one.label for one in ordered)
        verdict = verdict_of(holds, lacking)
        return Finding(runs, self.name, self.says, self.reference, verdict, because, numbers | {"kendall": correlation})

    def _lacking(self, runs: Sequence[LabelledRun], enough: Enough) -> list[str]:
        lacks = [
            f"{one.label}: {said[0].lower()}{said[1:]}"
            for one in runs
            for need in self.needs
            if (said := LACKING[need](one, enough))
        ]
        if len({one.run.manifest.corpus.file.sha256 if one.run.manifest.corpus else "" for one in runs}) > 1:
            told = [note for note in notes_on(runs) if note.startswith("The runs differ")]
            lacks += [f"It takes the same text for all. {' '.join(told)}"]
        return lacks


def neurons_of(labelled: LabelledRun) -> int:
    """Neurons of the whole model."""
    return labelled.run.manifest.model.layers * labelled.run.manifest.model.neurons


def families(runs: Sequence[LabelledRun]) -> list[list[LabelledRun]]:
    """Runs whose models may be compared in size: of one type, all with or all without position embeddings.

    Models with LayerNorm after each block are left out: the paper finds them to be unlike the others [§6]. What is of
    one size only is no family.
    """
    groups: dict[tuple[str, bool], list[LabelledRun]] = {}
    for one in runs:
        model = one.run.manifest.model
        if norm_before(one) is not False:
            groups.setdefault((model.model_type, model.positions is not False), []).append(one)
    return [group for group in groups.values() if len({neurons_of(one) for one in group}) > 1]


def _kendall(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Pairs in the same order less those in the opposite one, over those that differ in size; ascending sizes."""
    pairs = [
        (a, b) for (size_a, a), (size_b, b) in combinations(zip(sizes, values, strict=True), 2) if size_a != size_b
    ]
    return sum((b > a) - (b < a) for a, b in pairs) / len(pairs)


def _dead_share(labelled: LabelledRun) -> float:
    return sum(s.dead for s in labelled.summaries) / sum(s.neurons for s in labelled.summaries)


def _token_detectors(labelled: LabelledRun) -> float:
    return sum(s.detectors[1] for s in labelled.summaries)


def _counted(noun: str) -> Callable[[float], str]:
    return lambda value: count_noun(int(value), noun)


SCALE_CLAIMS = (
    ScaleClaim(
        "scale-dead",
        "Of larger models a larger share of the neurons is dead.",
        "§3, Fig. 1a",
        ("zeros", "dead text", "layers"),
        _dead_share,
        percent,
        grows=True,
    ),
    ScaleClaim(
        "scale-detectors",
        "Larger models have more token detectors.",
        "§4, Fig. 3a",
        ("text", "layers", "detector thresholds"),
        _token_detectors,
        _counted("token detector"),
        grows=True,
    ),
    ScaleClaim(
        "scale-oscillatory",
        "Larger models have fewer oscillatory neurons.",
        "§5, Fig. 8",
        ("sequences", "text", "context", "layers", "type thresholds"),
        oscillatory_neurons,
        _counted("oscillatory neuron"),
        grows=False,
    ),
)
