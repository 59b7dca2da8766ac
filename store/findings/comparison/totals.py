"""What all finished layers of a run hold together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neuron_tui.store.disk.schema import ENOUGH_SEQUENCES, ORDERS, TYPES
from neuron_tui.store.findings.aggregates import mean_frequency
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.measures.intervals import Interval, wilson


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `of` neurons."""

    part: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None of nothing."""
        return self.part / self.of if self.of else None

    @property
    def interval(self) -> Interval | None:
        """The 95% interval about it, as `wilson` has it; None about no share."""
        return wilson(self.part, self.of) if self.of else None

    def apart(self, other: Share) -> bool:
        """Whether the two have intervals that do not overlap."""
        if self.interval is None or other.interval is None:
            return False
        return self.interval[1] < other.interval[0] or other.interval[1] < self.interval[0]


@dataclass(frozen=True, slots=True)
class Totals:
    """One run in a row [§3-5]. Dictionaries are keyed by n of the n-grams, or by positional type, then strength.

    `layers` are the finished ones of the model's `model_layers`; `covered` are distinct n-grams with a detector;
    `suppressing` is of the token detectors. `positional` and `types` are None, and `information`, the mean mutual
    information of the positional neurons in nats, too, where the run has too few full-length sequences for types.
    """

    run: str
    model: str
    layers: int
    model_layers: int
    tokens: int
    context_length: int
    dead: Share
    mean_frequency: float | None
    detectors: Mapping[int, int]
    covered: Mapping[int, int]
    suppressing: Share
    positional: Share | None
    types: Mapping[str, Mapping[str, int]] | None
    information: float | None

    @property
    def neurons(self) -> int:
        """Neurons of the finished layers."""
        return self.dead.of


def has_types(labelled: LabelledRun) -> bool:
    """Whether a run has full-length sequences enough for positional types [§5]."""
    corpus = labelled.run.manifest.corpus
    return corpus is not None and corpus.full_sequences >= ENOUGH_SEQUENCES


def totals_of(labelled: LabelledRun) -> Totals:
    """What a run holds over all its finished layers; raises RunDamagedError."""
    summaries, manifest = labelled.summaries, labelled.run.manifest
    neurons = sum(s.neurons for s in summaries)
    detectors = {n: sum(s.detectors[n] for s in summaries) for n in ORDERS}
    typed = has_types(labelled)
    information = labelled.positional.mutual_information
    return Totals(
        run=labelled.label,
        model=manifest.model.name,
        layers=len(summaries),
        model_layers=manifest.model.layers,
        tokens=manifest.tokens,
        context_length=manifest.options.context_length,
        dead=Share(sum(s.dead for s in summaries), neurons),
        mean_frequency=mean_frequency(summaries),
        detectors=detectors,
        covered={n: summaries[-1].covered_cumulative[n] for n in ORDERS},
        suppressing=Share(sum(s.suppressing for s in summaries), detectors[1]),
        positional=Share(len(information), neurons) if typed else None,
        types=_types(labelled) if typed else None,
        information=float(information.mean()) if typed and len(information) else None,
    )


def _types(labelled: LabelledRun) -> dict[str, dict[str, int]]:
    return {
        kind: {name: sum(s.positional[kind][name] for s in labelled.summaries) for name in ("strong", "weak")}
        for kind in TYPES
        if kind is not None
    }
