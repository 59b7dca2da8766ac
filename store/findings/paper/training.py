"""The claim on moments of one training: oscillatory neurons come late [§5.4, Fig. 11]."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from neuron_tui.store.disk.schema import STRENGTHS
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Judgement, Number
from neuron_tui.store.findings.paper.positions import POSITION_NEEDS, oscillatory_neurons
from neuron_tui.store.findings.paper.several import Group, GroupClaim

EARLY = 0.5
"""Part of the longest training there is up to which a checkpoint is early (ours): 150,000 of the paper's 300,000."""

END = math.inf
"""Step of a training's end, whose name has no number."""

_STEP = re.compile(
    r"(?:global_?)?(?:steps?|batch(?:es)?|checkpoint|ckpt|iter(?:ation)?s?)[-_=]?(\d{1,12})(k?)(?![0-9a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The training that a name tells, and how many steps it had: `END` where the name has no step."""

    training: str
    step: float


def checkpoint_of(name: str) -> Checkpoint:
    """What a name such as `pythia-70m@step1000`, `mine/checkpoints/step_0000250` or `base-step-50k` says."""
    found = list(_STEP.finditer(name))
    if not found:
        return Checkpoint(_stem(name), END)
    last = found[-1]
    step = int(last[1]) * (1000 if last[2] else 1)
    return Checkpoint(_stem(name[: last.start()]) + name[last.end() :].rstrip("/\\"), step)


def trainings(runs: Group) -> list[Group]:
    """Runs that are checkpoints of one training, each training's by step.

    Their models have the same shape, and their names are the same but for a step: those of the models, or, where these
    have no step, those of the runs. A name without a step is that of the end if there are others with one. Two
    different steps make a training; the order in which runs are given says nothing.
    """
    stepped: dict[tuple[object, ...], list[tuple[float, LabelledRun]]] = {}
    ends: list[LabelledRun] = []
    for one in runs:
        names = _checkpoints(one)
        told = next(((place, name) for place, name in enumerate(names) if name.step < END), None)
        if told is None:
            ends.append(one)
        else:
            stepped.setdefault(_key(one, told[0], told[1]), []).append((told[1].step, one))
    for one in ends:
        keys = (_key(one, place, name) for place, name in enumerate(_checkpoints(one)))
        key = next((key for key in keys if key in stepped), None)
        if key is not None:
            stepped[key].append((END, one))
    ordered = (sorted(moments, key=lambda moment: moment[0]) for moments in stepped.values())
    return [[one for _, one in moments] for moments in ordered if len({step for step, _ in moments}) > 1]


def oscillatory_late(group: Group) -> Judgement:
    """The last checkpoint has oscillatory neurons, and the early ones have none, but strong positional ones.

    Early are those with at most `EARLY` of the last step that a name tells. The last of the early ones has to have the
    strong ones. Where the last checkpoint has no oscillatory neuron, nor any before, the training may be too short.
    """
    steps = [_step(one) for one in group]
    last = max(step for step in steps if step < END)
    early = [one for one, step in zip(group, steps, strict=True) if step <= EARLY * last]
    counts = [oscillatory_neurons(one) for one in group]
    strong = [int((one.positional.strength == STRENGTHS.index("strong")).sum()) for one in group]
    moments = zip(steps, counts, strong, strict=True)
    told = "; ".join(f"{_when(step)} {count or 'none'} and {of or 'none'}" for step, count, of in moments)
    because = f"Oscillatory neurons, and strong ones of any type: {told}."
    numbers: dict[str, Number] = {}
    for one, count, of in zip(group, counts, strong, strict=True):
        numbers |= {f"oscillatory_{one.label}": count, f"strong_{one.label}": of}
    if not early:
        return Judgement(None, f"{because} It takes a checkpoint of the first half of the training.", numbers)
    if any(counts[: len(early)]):
        return Judgement(
            False, f"{because} Oscillatory ones are there in the first half of the training.", numbers, ("layers",)
        )
    if not counts[-1]:
        why = "They are gone at the end." if any(counts) else "The training may be too short for them."
        return Judgement(None, f"{because} {why}", numbers)
    if not strong[len(early) - 1]:
        return Judgement(False, f"{because} In the first half no positional neuron is strong.", numbers)
    return Judgement(True, because, numbers)


def _checkpoints(labelled: LabelledRun) -> tuple[Checkpoint, Checkpoint]:
    """By the model's name, then by the run's."""
    return checkpoint_of(labelled.run.manifest.model.name), checkpoint_of(labelled.label)


def _step(labelled: LabelledRun) -> float:
    return min(checkpoint.step for checkpoint in _by_preference(_checkpoints(labelled)))


def _by_preference(names: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
    """The model's name alone where it has a step, since it decides."""
    return names[:1] if names[0].step < END else names


def _key(labelled: LabelledRun, place: int, name: Checkpoint) -> tuple[object, ...]:
    model = labelled.run.manifest.model
    shape = (model.model_type, model.layers, model.neurons, model.width, model.context_length, model.norm_before)
    return place, name.training, shape


def _stem(name: str) -> str:
    """A name without what stands between it and a step: `./mine/checkpoints/` and `mine@` are `mine`."""
    return re.sub(r"^(?:\./)+|(?:[/\\@_.:-]|(?<=[/\\])checkpoints?)+$", "", name)


def _when(step: float) -> str:
    return "at the end" if step == END else f"at step {int(step):,}"


def _trainings_with_positions(runs: Group) -> list[Group]:
    return trainings([one for one in runs if one.run.manifest.model.positions is not False])


OSCILLATORY_LATE = GroupClaim(
    "training-oscillatory",
    "Oscillatory neurons come late in training, other strong ones before.",
    "§5.4, Fig. 11",
    POSITION_NEEDS,
    _trainings_with_positions,
    oscillatory_late,
)
