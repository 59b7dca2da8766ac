"""Claims on how the number of token detectors changes with depth, in smaller and in the largest models [§4.2]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.detectors import beyond, share_with_interval, too_few
from neuron_tui.store.findings.paper.model import norm_not_after, smaller_than
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.findings.paper.shape import Shape, Signs, fit
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.wording import percent

LARGEST_FROM = "opt-13b"
"""The smallest of what the paper calls the largest models."""

RISE_AND_FALL = (1, -1)
THREE_STAGES = (-1, 1, -1)
"""The three monotonic stages: many detectors in the very first layer, and fewer before there are most (ours)."""

_SHAPES: tuple[Signs, ...] = ((1,), (-1,), RISE_AND_FALL, (-1, 1), THREE_STAGES, (1, -1, 1))


def detector_stages(labelled: LabelledRun, signs: Signs) -> Judgement:
    """The number of token detectors goes up and down with depth in stages of these signs.

    The layers where it turns are those that make the smallest of the changes from turn to turn largest. It holds if
    each change surely has its direction (Newcombe's interval of the two layers' shares of detectors), and no move
    against it undoes over `BACK` of it. It does not hold if wherever the turns are a change surely has the other
    direction or is surely undone, or if the layers surely have another shape of up to three stages. (ours)
    """
    counts = [s.detectors[1] for s in labelled.summaries]
    if len(counts) <= len(signs):
        return Judgement(None, f"It takes {len(signs) + 1} layers to tell.")
    if not any(counts):
        return Judgement(None, "There is no token detector.", {"token_detectors": 0})
    neurons = labelled.summaries[0].neurons
    shape = fit(counts, neurons, signs)
    others = (fit(counts, neurons, one) for one in _SHAPES if one != signs and len(one) < len(counts))
    rather = None if shape.holds else next((other for other in others if other.holds), None)
    if shape.holds or rather is not None:
        holds: bool | None = shape.holds
        because = _told(labelled, counts, rather or shape)
    else:
        holds = False if shape.against or shape.broken else None
        because = _nearest(labelled, counts, shape)
    shown = rather or shape
    numbers: dict[str, Number] = {
        "token_detectors": sum(counts),
        "layers": ", ".join(str(labelled.layers[turn]) for turn in shown.places),
        "detectors_there": ", ".join(str(counts[turn]) for turn in shown.places),
        "undone": ", ".join(percent(stage.back) for stage in shown.stages),
    }
    return Judgement(holds, because, numbers)


def _told(labelled: LabelledRun, counts: Sequence[int], shape: Shape) -> str:
    words = ", then ".join("rise" if stage.sign > 0 else "fall" for stage in shape.stages)
    back = max(stage.back for stage in shape.stages)
    undone = f"; moves against that undo at most {percent(back)} of a stage" if back else ""
    return f"Token detectors {words}: {_turns_text(labelled, counts, shape)}{undone}."


def _nearest(labelled: LabelledRun, counts: Sequence[int], shape: Shape) -> str:
    near = f"Token detectors come nearest to it with {_turns_text(labelled, counts, shape)}"
    if (stage := shape.against) is not None:
        where = f"{labelled.layers[stage.first]} to {labelled.layers[stage.last]}"
        return f"{near}, but from layer {where} they surely {'fall' if stage.sign > 0 else 'rise'}."
    if (stage := shape.broken) is not None:
        where = f"{labelled.layers[stage.first]} and {labelled.layers[stage.last]}"
        return f"{near}, but between layers {where} a move the other way is {percent(stage.back)} of the change."
    return f"{near}. Too few to tell."


def _turns_text(labelled: LabelledRun, counts: Sequence[int], shape: Shape) -> str:
    return ", ".join(f"{counts[turn]:,} in layer {labelled.layers[turn]}" for turn in shape.places)


def many_in_first_layer(labelled: LabelledRun) -> Judgement:
    """The first layer surely has more of the token detectors than if every layer had as many (ours)."""
    first, total = labelled.summaries[0], sum(s.detectors[1] for s in labelled.summaries)
    if first.layer != 0 or not total:
        why = "There is no token detector." if first.layer == 0 else "Layer 0 is not there."
        return Judgement(None, why, {"token_detectors": total})
    here, even = first.detectors[1], 1 / labelled.run.manifest.model.layers
    low, high = wilson(here, total)
    holds = beyond(low, high, even)
    because = (
        f"In layer 0 are {share_with_interval(here, total, 'token detector')}; an equal part for every layer would be "
        f"{percent(even)}.{too_few(holds, even)}"
    )
    numbers: dict[str, Number] = {
        "token_detectors": total,
        "first_layer": here,
        "share_low": low,
        "share_high": high,
        "even_share": even,
    }
    return Judgement(holds, because, numbers)


def is_smaller(labelled: LabelledRun) -> bool:
    """Smaller than the models that the paper calls the largest, and not the odd one out."""
    return norm_not_after(labelled) and smaller_than(labelled, LARGEST_FROM)


def is_among_largest(labelled: LabelledRun) -> bool:
    """As large as the models that the paper calls the largest."""
    return norm_not_after(labelled) and not smaller_than(labelled, LARGEST_FROM)


_NEEDS: tuple[Need, ...] = ("text", "layers", "detector thresholds")

STAGES = (
    Claim(
        "detectors-rise-fall",
        "In smaller models token detectors rise in number with depth, then fall.",
        "§4.2, Fig. 3a",
        _NEEDS,
        is_smaller,
        partial(detector_stages, signs=RISE_AND_FALL),
    ),
    Claim(
        "detectors-three-stages",
        "In the largest models token detectors come in three monotonic stages.",
        "§4.2, Fig. 3a",
        _NEEDS,
        is_among_largest,
        partial(detector_stages, signs=THREE_STAGES),
    ),
    Claim(
        "detectors-first-layer",
        "The largest models have many token detectors in the very first layer.",
        "§4.2, Fig. 3a",
        _NEEDS,
        is_among_largest,
        many_in_first_layer,
    ),
)
