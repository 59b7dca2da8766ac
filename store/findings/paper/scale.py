"""Claims on models of several sizes: how dead neurons, detectors and oscillatory neurons change with scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from neuron_tui.store.findings.aggregates import mean_frequency
from neuron_tui.store.findings.figures.covering import bin_names
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Finding, Number, verdict_of
from neuron_tui.store.findings.paper.covering import COVERING_NEEDS, mean_class
from neuron_tui.store.findings.paper.model import neurons_of, norm_not_after
from neuron_tui.store.findings.paper.needs import Enough, Need
from neuron_tui.store.findings.paper.positions import POSITION_NEEDS, oscillatory_neurons
from neuron_tui.store.findings.paper.several import lacking_of
from neuron_tui.store.wording import GRAM_NAMES, count_noun, percent

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
    measure: str = ""
    """What the value is, where `shown` does not say it."""

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
        lacking = lacking_of(ordered, self.needs, enough)
        begins = "So far, from" if lacking else "From"
        of = f", {self.measure}" if self.measure else ""
        because = " ".join([*lacking, f"{begins} the smallest model to the largest{of}: {told}."])
        numbers: dict[str, Number] = {one.label: value for one, value in zip(ordered, values, strict=True)}
        runs = ", ".join(one.label for one in ordered)
        verdict = verdict_of(holds, lacking)
        return Finding(runs, self.name, self.says, self.reference, verdict, because, numbers | {"kendall": correlation})


def families(runs: Sequence[LabelledRun]) -> list[list[LabelledRun]]:
    """Runs whose models may be compared in size: of one type, all with or all without position embeddings.

    Models with LayerNorm after each block are left out: the paper finds them to be unlike the others [§6]. What is of
    one size only is no family.
    """
    groups: dict[tuple[str, bool], list[LabelledRun]] = {}
    for one in runs:
        model = one.run.manifest.model
        if norm_not_after(one):
            groups.setdefault((model.model_type, model.positions is not False), []).append(one)
    return [group for group in groups.values() if len({neurons_of(one) for one in group}) > 1]


def ends_of_families(runs: Sequence[LabelledRun]) -> list[tuple[LabelledRun, LabelledRun]]:
    """The smallest and the largest model of each family; of several runs of these the first that was given."""
    return [(min(group, key=neurons_of), max(group, key=neurons_of)) for group in families(runs)]


def _kendall(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Pairs in the same order less those in the opposite one, over those that differ in size; ascending sizes."""
    pairs = [
        (a, b) for (size_a, a), (size_b, b) in combinations(zip(sizes, values, strict=True), 2) if size_a != size_b
    ]
    return sum((b > a) - (b < a) for a, b in pairs) / len(pairs)


def _dead_share(labelled: LabelledRun) -> float:
    return sum(s.dead for s in labelled.summaries) / sum(s.neurons for s in labelled.summaries)


def _detectors(n: int) -> Callable[[LabelledRun], float]:
    return lambda labelled: sum(s.detectors[n] for s in labelled.summaries)


def _frequency(labelled: LabelledRun) -> float:
    return mean_frequency(labelled.summaries) or 0.0


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
        "scale-frequency",
        "In larger models alive neurons are active less often.",
        "§3, Fig. 1b",
        ("text", "layers"),
        _frequency,
        percent,
        grows=False,
        measure="share of the tokens that an alive neuron is active on, on average",
    ),
    *(
        ScaleClaim(
            f"scale-covering-{n}",
            f"In larger models fewer {GRAM_NAMES[n]}s cover a neuron.",
            reference,
            COVERING_NEEDS,
            partial(mean_class, n=n),
            "{:.2f}".format,
            grows=False,
            measure=f"mean class of neurons of the bottom half from 1 ({least} {GRAM_NAMES[n]}s) to 8 ({most})",
        )
        for n, reference, (least, *_, most) in (
            (1, "§4.1, Fig. 2", bin_names(1)),
            (2, "App. A.1, Fig. 12", bin_names(2)),
            (3, "App. A.1, Fig. 13", bin_names(3)),
        )
    ),
    ScaleClaim(
        "scale-detectors",
        "Larger models have more token detectors.",
        "§4, Fig. 3a",
        ("text", "layers", "detector thresholds"),
        _detectors(1),
        _counted("token detector"),
        grows=True,
    ),
    ScaleClaim(
        "scale-trigrams",
        "Larger models have more trigram detectors.",
        "App. A.2, Fig. 14a",
        ("text", "layers", "detector thresholds"),
        _detectors(3),
        _counted("trigram detector"),
        grows=True,
    ),
    ScaleClaim(
        "scale-oscillatory",
        "Larger models have fewer oscillatory neurons.",
        "§5, Fig. 8",
        POSITION_NEEDS,
        oscillatory_neurons,
        _counted("oscillatory neuron"),
        grows=False,
    ),
)
