"""Claims on which types of positional neurons smaller and larger models have [§5.3, Fig. 8]."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from neuron_tui.store.arrays import Int64s
from neuron_tui.store.disk.schema import TYPES
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.detectors import MOST, beyond, share_with_interval, too_few
from neuron_tui.store.findings.paper.model import first_third, is_one_of, norm_not_after, opt_model, smaller_than
from neuron_tui.store.findings.paper.positions import (
    POSITION_NEEDS,
    counts_of,
    difference_text,
    lowest_layers,
    types_text,
)
from neuron_tui.store.findings.paper.several import Group, GroupClaim
from neuron_tui.store.measures.intervals import newcombe, wilson
from neuron_tui.store.wording import percent

LARGER_FROM = "opt-6.7b"
"""The smallest of the models without oscillatory neurons."""

_NO_TYPE = "No neuron is positional, so there is no type to tell."


def mostly_oscillatory(labelled: LabelledRun) -> Judgement:
    """Oscillatory neurons are surely more than those of the most frequent other type: over half of the two (ours)."""
    counts = counts_of(labelled)
    numbers: dict[str, Number] = dict(counts)
    if not any(counts.values()):
        return Judgement(None, _NO_TYPE, numbers)
    oscillatory = counts.pop("oscillatory")
    rival = max(counts, key=lambda kind: counts[kind])
    of = oscillatory + counts[rival]
    low, high = wilson(oscillatory, of)
    holds = beyond(low, high, MOST)
    because = (
        f"Positional neurons: {types_text(labelled)}. Of oscillatory and {rival} together, oscillatory are "
        f"{share_with_interval(oscillatory, of, 'neuron')}.{too_few(holds, MOST)}"
    )
    return Judgement(holds, because, numbers | {"share_low": low, "share_high": high})


def none_oscillatory(labelled: LabelledRun) -> Judgement:
    """There are positional neurons, and none is oscillatory."""
    counts = counts_of(labelled)
    numbers: dict[str, Number] = dict(counts)
    if not any(counts.values()):
        return Judgement(None, _NO_TYPE, numbers)
    found = counts["oscillatory"] > 0
    return Judgement(not found, f"Positional neurons: {types_text(labelled)}.", numbers, ("layers",) if found else ())


def both_then_oscillatory(labelled: LabelledRun) -> Judgement:
    """Of `both` and oscillatory neurons, surely over half are `both` in the first third, and surely under half above.

    The third is rounded to the nearest.
    """
    told, numbers = [], dict[str, Number]()
    over = []  # whether `both` surely outnumbers, in each part
    places = (f"In {lowest_layers(first_third(labelled))}", "first_third"), ("above", "above")
    for (where, key), part in zip(places, _parts(labelled), strict=True):
        both, oscillatory = (int((part == TYPES.index(kind)).sum()) for kind in ("both", "oscillatory"))
        numbers |= {f"both_{key}": both, f"oscillatory_{key}": oscillatory}
        low, high = wilson(both, both + oscillatory)
        over.append(beyond(low, high, MOST))
        interval = f", 95% interval of the share {percent(low)} to {percent(high)}" if both + oscillatory else ""
        told.append(f"{where} {both:,} are of type both and {oscillatory:,} oscillatory{interval}")
    holds = False if over[0] is False or over[1] is True else None if None in over else True
    return Judgement(holds, f"{'; '.join(told)}.{too_few(holds, MOST)}", numbers)


def fewer_both_above(labelled: LabelledRun) -> Judgement:
    """The share of type `both` is surely lower among the positional neurons above the first third than in it."""
    counts = [(int((part == TYPES.index("both")).sum()), len(part)) for part in _parts(labelled)]
    (below_both, below), (above_both, above) = counts
    names = ("both_first_third", "positional_first_third", "both_above", "positional_above")
    numbers: dict[str, Number] = dict(zip(names, (below_both, below, above_both, above), strict=True))
    stages = lowest_layers(first_third(labelled))
    if not below or not above:
        return Judgement(None, f"Positional neurons: {below:,} in {stages} and {above:,} above.", numbers)
    difference, low, high = newcombe(below_both, below, above_both, above)
    holds = beyond(low, high, 0)
    because = (
        f"Of type both are {below_both:,} of the {below:,} positional neurons of {stages} "
        f"({percent(below_both / below)}), and {above_both:,} of the {above:,} above ({percent(above_both / above)}); "
        f"{difference_text(low, high)}.{' Too few to tell.' if holds is None else ''}"
    )
    numbers |= {"difference": difference, "difference_low": low, "difference_high": high}
    return Judgement(holds, because, numbers)


def from_both_to_one(group: Group) -> Judgement:
    """Of two models' positional neurons, a surely lower share is `both` in the second, and a surely higher `one`."""
    counts = [counts_of(one) for one in group]
    totals = [sum(own.values()) for own in counts]
    numbers: dict[str, Number] = {
        f"{kind}_{one.label}": own[kind] for one, own in zip(group, counts, strict=True) for kind in own
    }
    told = "; ".join(f"{one.label}: {types_text(one)}" for one in group)
    if not all(totals):
        return Judgement(None, f"Positional neurons of {told}. It takes some in each.", numbers)
    held, changes = [], []
    for kind, sign in (("both", -1), ("one", 1)):
        (first, second) = ((own[kind], total) for own, total in zip(counts, totals, strict=True))
        difference, low, high = newcombe(*second, *first)
        numbers |= {f"change_of_{kind}": difference, f"change_of_{kind}_low": low, f"change_of_{kind}_high": high}
        held.append(beyond(min(sign * low, sign * high), max(sign * low, sign * high), 0))
        shares = f"{percent(first[0] / first[1])} to {percent(second[0] / second[1])}"
        changes.append(f"{kind} from {shares} of them ({difference_text(low, high)})")
    holds = False if False in held else None if None in held else True
    because = (
        f"Positional neurons of {told}. {changes[0].capitalize()}, {changes[1]}."
        f"{' Too few to tell.' if holds is None else ''}"
    )
    return Judgement(holds, because, numbers)


def models(*names: str) -> Callable[[Group], Sequence[Group]]:
    """Every way to take a run of each of some of the paper's models from several runs, in the order of the names."""

    def groups(runs: Group) -> Sequence[Group]:
        return list(product(*([one for one in runs if opt_model(one) == name] for name in names)))

    return groups


def _parts(labelled: LabelledRun) -> tuple[Int64s, Int64s]:
    """Types of the positional neurons of the first third of the layers, and of those above."""
    low = labelled.positional.layer < first_third(labelled)
    return labelled.positional.type[low], labelled.positional.type[~low]


def _told_positions(labelled: LabelledRun) -> bool:
    return norm_not_after(labelled) and labelled.run.manifest.model.positions is not False


def _is_smaller(labelled: LabelledRun) -> bool:
    return _told_positions(labelled) and smaller_than(labelled, LARGER_FROM)


def _is_larger(labelled: LabelledRun) -> bool:
    return _told_positions(labelled) and not smaller_than(labelled, LARGER_FROM)


POSITIONS_BY_SIZE = (
    Claim(
        "oscillatory-in-smaller",
        "In models smaller than OPT-6.7b oscillatory is the most frequent type.",
        "§5.3, Fig. 8",
        POSITION_NEEDS,
        _is_smaller,
        mostly_oscillatory,
    ),
    Claim(
        "oscillatory-in-larger",
        "Larger models, from OPT-6.7b on, have no oscillatory neurons.",
        "§5.3, Fig. 8",
        POSITION_NEEDS,
        _is_larger,
        none_oscillatory,
    ),
    Claim(
        "opt-both-oscillatory",
        "Type both outnumbers oscillatory in the first stage, not in the second.",
        "§5.3, Fig. 8",
        POSITION_NEEDS,
        is_one_of("opt-1.3b", "opt-2.7b"),
        both_then_oscillatory,
    ),
    Claim(
        "opt-both-above",
        "Type both is less frequent in the second stage than in the first.",
        "§5.3, Fig. 8",
        POSITION_NEEDS,
        is_one_of("opt-13b", "opt-30b"),
        fewer_both_above,
    ),
)

BOTH_TO_ONE = GroupClaim(
    "opt-66b-both-one",
    "From OPT-13b to OPT-66b type both gets rarer and type one more frequent.",
    "§5.3, Fig. 8",
    POSITION_NEEDS,
    models("opt-13b", "opt-66b"),
    from_both_to_one,
)
