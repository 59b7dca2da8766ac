"""The record of a neuron: everything the run knows of it, in the shape that exports promise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.causal import CausalRecord
from neuron_tui.store.runs.rule import VALUE, Rule


@dataclass(frozen=True, slots=True)
class DomainCount:
    """Counted positions of a domain, and those where the neuron is active."""

    tokens: int
    count: int

    @property
    def frequency(self) -> float:
        """Active share of the domain's counted positions; 0 for an empty domain."""
        return self.count / self.tokens if self.tokens else 0.0


@dataclass(frozen=True, slots=True)
class Trigger:
    """An n-gram with the positions it has in the corpus and those of them where the neuron is active.

    `forms` is the tokeniser's own form of each token; `covered` says whether the neuron is active on enough of its
    positions: on 95% of them by the paper's thresholds [§4].
    """

    ids: tuple[int, ...]
    forms: tuple[str, ...]
    active: int
    occurrences: int
    covered: bool


@dataclass(frozen=True, slots=True)
class Triggers:
    """Triggers for one n: `top` is the beginning of the ranking, `covered` is empty unless `detector` [§4]."""

    total: int
    covering: int
    detector: bool
    covered: tuple[Trigger, ...]
    top: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class TokenScore:
    """A token, its tokeniser's form, and the neuron's score for it (update direction times unembedding)."""

    id: int
    form: str
    score: float

    def to_dict(self) -> dict[str, Any]:
        """The token as records have it, where forms are called `text`."""
        return {"id": self.id, "text": self.form, "score": self.score}


@dataclass(frozen=True, slots=True)
class Effect:
    """What the neuron writes [§4.4]; the last two are None unless it is a token detector."""

    promoted: tuple[TokenScore, ...]
    suppressed: tuple[TokenScore, ...]
    trigger_score: float | None
    suppresses_triggers: bool | None


@dataclass(frozen=True, slots=True)
class PositionProfile:
    """Activity by position [§5]: `frequency[p - 1]` is fr(p) for p = 1..T-1, as float64.

    `sequences` is the number of full-length sequences; with fewer than 30 a neuron has no type. `by_domain` holds
    the same curve over each domain's own full-length sequences, `sequences_by_domain` how many these are; a domain
    without any has no curve.
    """

    mutual_information: float
    type: str | None
    strength: str | None
    frequency: npt.NDArray[np.float64]
    sequences: int
    by_domain: dict[str, npt.NDArray[np.float64]]
    sequences_by_domain: dict[str, int]


@dataclass(frozen=True, slots=True)
class Values:
    """How strongly the neuron is active, over its active counted positions (ours).

    The value is what the second FFN map multiplies the update direction by; that of a pole − is turned round.
    `max` and `mean` are None if it never is. `counts[i]` is how many values are below `edges[i]` and at least
    `edges[i - 1]`; the first has no lower end, the last no upper one. Every run has the same edges.
    """

    max: float | None
    mean: float | None
    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """The values as records have them."""
        histogram = {"edges": self.edges.tolist(), "counts": self.counts.tolist()}
        return {"max": self.max, "mean_active": self.mean, "histogram": histogram}


@dataclass(frozen=True, slots=True)
class Weights:
    """What the neuron's weights alone say (ours); None where a number is not defined.

    `norm` is the length of its update direction, `cosine` that of read direction and update direction, `kurtosis` the
    excess kurtosis of its scores over the vocabulary, `token_frequency` their correlation with the logarithm of how
    often each token of the corpus occurs.
    """

    norm: float
    cosine: float | None
    kurtosis: float | None
    token_frequency: float | None


@dataclass(frozen=True, slots=True)
class NeuronRecord:
    """One neuron of a run; counts are of counted positions, `position` is None without full-length sequences.

    `neuron` is its row in the layer: by `rule` a neuron has one row, or one for each of its two poles. `thresholds` are
    those that its detectors and its positional type were told by. A run of an earlier version has no `values` and no
    `weights`. `causal` is what silencing it did, where that was measured and asked for.
    """

    layer: int
    neuron: int
    tokens: int
    count: int
    bos_count: int
    domains: dict[str, DomainCount]
    triggers: dict[int, Triggers]
    effect: Effect
    position: PositionProfile | None
    thresholds: Thresholds = PAPER
    rule: Rule = VALUE
    values: Values | None = None
    weights: Weights | None = None
    causal: tuple[CausalRecord, ...] = ()

    @property
    def name(self) -> str:
        """How people name it: `3:117`, or `3:117+` where neurons have poles."""
        return f"{self.layer}:{self.rule.name(self.neuron)}"

    @property
    def frequency(self) -> float:
        """Active share of the counted positions."""
        return self.count / self.tokens if self.tokens else 0.0

    @property
    def dead(self) -> bool:
        """Never active on a counted position [§3]."""
        return self.count == 0

    def to_dict(self) -> dict[str, Any]:
        """The record as plain Python values, as `export --format json` prints it."""
        position = None
        if self.position is not None:
            position = {
                "mutual_information": self.position.mutual_information,
                "type": self.position.type,
                "strength": self.position.strength,
                "frequency": self.position.frequency.tolist(),
            }
        return {
            "layer": self.layer,
            **self.rule.named(self.neuron),
            "rule": str(self.rule),
            "tokens": self.tokens,
            "count": self.count,
            "frequency": self.frequency,
            "dead": self.dead,
            "bos_count": self.bos_count,
            "domains": {name: asdict(domain) for name, domain in self.domains.items()},
            "triggers": {
                str(n): {
                    "total": t.total,
                    "covering": t.covering,
                    "detector": t.detector,
                    "covered": [{"ids": list(g.ids), "text": list(g.forms)} for g in t.covered],
                    "top": [
                        {
                            "ids": list(g.ids),
                            "text": list(g.forms),
                            "active": g.active,
                            "occurrences": g.occurrences,
                        }
                        for g in t.top
                    ],
                }
                for n, t in self.triggers.items()
            },
            "effect": {
                "promoted": [s.to_dict() for s in self.effect.promoted],
                "suppressed": [s.to_dict() for s in self.effect.suppressed],
                "trigger_score": self.effect.trigger_score,
                "suppresses_triggers": self.effect.suppresses_triggers,
            },
            "values": self.values and self.values.to_dict(),
            "weights": self.weights and asdict(self.weights),
            **({"causal": [one.to_dict(self.rule) for one in self.causal]} if self.causal else {}),
            "position": position,
        }
