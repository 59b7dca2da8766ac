"""What a claim of the paper is, and how it is decided whether a run bears it out.

A claim looks at the numbers of a run and judges. Where the run lacks what it takes to judge (text, layers, sequences,
the paper's thresholds) the verdict is "cannot be said", but for judgements that more of it could not undo: a neuron
once active stays alive however much text is added, and a layer over a limit stays over it whatever the other layers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.needs import LACKING, Enough, Need

Verdict = Literal["holds", "does not hold", "cannot be said"]
VERDICTS: tuple[Verdict, ...] = ("holds", "does not hold", "cannot be said")

Number = int | float | str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What can be said of one claim of the paper on one run, or on several that it compares.

    `run` labels the run, or all of them, joined by commas. `name` and `claim` are the claim's name and sentence,
    `reference` its place in the paper, `because` says why in a sentence or two, and `numbers` holds what it rests on.
    """

    run: str
    name: str
    claim: str
    reference: str
    verdict: Verdict
    because: str
    numbers: Mapping[str, Number]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a claim fares on the numbers there are: `holds` is None where they do not decide it.

    `despite` are needs whose lack changes nothing: more of it could not undo this judgement.
    """

    holds: bool | None
    because: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    despite: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper on one model; `applies` says on which."""

    name: str
    says: str
    reference: str
    needs: tuple[Need, ...]
    applies: Callable[[LabelledRun], bool]
    judge: Callable[[LabelledRun], Judgement]

    def check(self, labelled: LabelledRun, enough: Enough) -> Finding:
        """Judge a run that the claim applies to; raises RunDamagedError."""
        if blind := LACKING["sequences"](labelled, enough) if "sequences" in self.needs else "":
            judged, lacking = Judgement(None, ""), [blind]
        else:
            judged = self.judge(labelled)
            needs = [need for need in self.needs if need not in judged.despite]
            lacking = [sentence for need in needs if (sentence := LACKING[need](labelled, enough))]
        verdict = verdict_of(judged.holds, lacking)
        because = because_of(lacking, judged.because)
        return Finding(labelled.label, self.name, self.says, self.reference, verdict, because, judged.numbers)


def verdict_of(holds: bool | None, lacking: list[str]) -> Verdict:
    """The verdict on a judgement, in view of what it lacks."""
    if holds is None or lacking:
        return "cannot be said"
    return "holds" if holds else "does not hold"


def because_of(lacking: list[str], because: str) -> str:
    """The reason of a verdict: what is lacking, then what there is nevertheless."""
    if not lacking:
        return because
    return " ".join([*lacking, f"So far: {because[0].lower()}{because[1:]}"] if because else lacking)
