"""Claims on models and neurons that the paper names: OPT-125m's position team, OPT-66b's counts and examples.

The paper counts layers from 1, we from 0: what stands here is ours.
"""

from __future__ import annotations

import numpy as np

from neuron_tui.store.disk.schema import STRENGTHS, TYPES
from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper.claim import Claim, Judgement, Number
from neuron_tui.store.findings.paper.model import is_one_of
from neuron_tui.store.findings.paper.needs import Need
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.teams import Team
from neuron_tui.store.tokens import Spelling, gram_text, token_bytes
from neuron_tui.store.wording import count_noun, percent

TEAM_LAYER = 1
TEAM = (167, 213, 422, 850, 968, 1114, 1693, 1900, 1948, 2669)
"""The strong oscillatory neurons of OPT-125m's second layer [Fig. 9]."""

DEAD_SHARE = 0.7
TOKEN_DETECTORS = 5351
ABOUT = 0.2
"""How far from the paper's count ours may be, as a share of it: another corpus detects other tokens (ours)."""

MOST_TOKENS_OF_A_LAYER = 1500
TOKENS_OVERALL = 10_000

EXAMPLES = (
    (0, 13416, ("title", "titles")),
    (4, 34220, ("weather",)),
    (9, 35511, ("he", "him")),
    (9, 23921, ("school",)),
)
"""Token detectors of OPT-66b and what they detect [Fig. 5]."""


def team_by_name(labelled: LabelledRun) -> Judgement:
    """The layer's strong oscillatory neurons are those of `TEAM`, no fewer and no others."""
    if TEAM_LAYER not in labelled.layers:
        return _no_layer(TEAM_LAYER)
    found = labelled.positional
    here = (
        (found.layer == TEAM_LAYER)
        & (found.type == TYPES.index("oscillatory"))
        & (found.strength == STRENGTHS.index("strong"))
    )
    members = set(found.neuron[here].tolist())
    missing, others = sorted(set(TEAM) - members), sorted(members - set(TEAM))
    told = [f"{len(TEAM) - len(missing)} of the {len(TEAM)} neurons named are strong and oscillatory"]
    told += [f"not so: {_listed(missing)}"] if missing else []
    told += [f"also so: {_listed(others)}"] if others else ["no other is"]
    numbers: dict[str, Number] = {
        "named": len(TEAM) - len(missing),
        "missing": _listed(missing),
        "others": _listed(others),
    }
    return Judgement(not missing and not others, f"{'; '.join(told)}.", numbers)


def team_covers(labelled: LabelledRun) -> Judgement:
    """At every position one of `TEAM` is active in more than half of the sequences."""
    if TEAM_LAYER not in labelled.layers:
        return _no_layer(TEAM_LAYER)
    team = _named_team(labelled)
    numbers: dict[str, Number] = {"covered": team.covered}
    return Judgement(team.covered == 1, f"The ten cover {percent(team.covered)} of the positions.", numbers)


def team_needed(labelled: LabelledRun) -> Judgement:
    """Each of `TEAM` covers positions that none of the others does."""
    if TEAM_LAYER not in labelled.layers:
        return _no_layer(TEAM_LAYER)
    redundant = _named_team(labelled).redundant
    because = f"Redundant, each by itself: {_listed(redundant)}." if redundant else "None of the ten is redundant."
    return Judgement(not redundant, because, {"redundant": _listed(redundant)})


def mostly_dead_layer(labelled: LabelledRun) -> Judgement:
    """Some layer has more than `DEAD_SHARE` of its neurons dead."""
    worst = max(labelled.summaries, key=lambda s: s.dead / s.neurons)
    over = sum(s.dead > DEAD_SHARE * s.neurons for s in labelled.summaries)
    numbers: dict[str, Number] = {"most_dead_layer": worst.layer, "share": worst.dead / worst.neurons, "layers": over}
    because = (
        f"{count_noun(over, 'layer')} have more than {percent(DEAD_SHARE)} of their neurons dead; most has layer "
        f"{worst.layer}: {percent(worst.dead / worst.neurons)}."
    ).replace("1 layer have", "1 layer has")
    # More text wakes neurons up: what is below stays below. Other layers cannot undo one that is above.
    return Judgement(over > 0, because, numbers, ("layers",) if over else ("dead text",))


def as_many_token_detectors(labelled: LabelledRun) -> Judgement:
    """The model has about `TOKEN_DETECTORS` token detectors, by at most `ABOUT` of it more or fewer."""
    detectors = sum(s.detectors[1] for s in labelled.summaries)
    found = count_noun(detectors, "token detector")
    because = f"{found}; the paper has {TOKEN_DETECTORS:,}, and {percent(ABOUT)} off is near."
    holds = abs(detectors - TOKEN_DETECTORS) <= ABOUT * TOKEN_DETECTORS
    return Judgement(holds, because, {"token_detectors": detectors, "paper": TOKEN_DETECTORS})


def few_tokens_a_layer(labelled: LabelledRun) -> Judgement:
    """No layer detects more than `MOST_TOKENS_OF_A_LAYER` tokens."""
    most = max(labelled.summaries, key=lambda s: s.covered[1])
    because = f"Layer {most.layer} detects most: {count_noun(most.covered[1], 'token')}."
    holds = most.covered[1] <= MOST_TOKENS_OF_A_LAYER
    return Judgement(holds, because, {"layer": most.layer, "tokens": most.covered[1]}, () if holds else ("layers",))


def many_tokens_overall(labelled: LabelledRun) -> Judgement:
    """All layers together detect more than `TOKENS_OVERALL` tokens."""
    tokens = labelled.summaries[-1].covered_cumulative[1]
    holds = tokens > TOKENS_OVERALL
    because = f"All layers together detect {count_noun(tokens, 'token')}."
    return Judgement(holds, because, {"tokens": tokens}, ("layers",) if holds else ())


def examples_found(labelled: LabelledRun) -> Judgement:
    """Each of `EXAMPLES` is a token detector that covers its words, with a space before them or not, in any case."""
    spelling = labelled.run.corpus.spelling
    told, numbers, found = [], {}, []
    for layer, neuron, words in EXAMPLES:
        name = f"{layer}:{neuron}"
        if layer not in labelled.layers:
            told.append(f"{name} is not there")
            continue
        record = labelled.run.layer(layer).neuron(neuron)
        found.append(set(words) <= _detected(record, spelling))
        covered = ", ".join(gram_text(trigger.forms, spelling) for trigger in record.triggers[1].covered)
        told.append(f"{name} detects {covered or 'nothing'}")
        numbers[name] = covered
    holds = False if False in found else True if len(found) == len(EXAMPLES) else None
    expected = ", ".join(f"{layer}:{neuron} {' '.join(words)}" for layer, neuron, words in EXAMPLES)
    because = f"{'; '.join(told)}. The paper: {expected}."
    return Judgement(holds, because, numbers, () if holds else ("layers",))


def _detected(record: NeuronRecord, spelling: Spelling) -> set[str]:
    """What a token detector detects: its covered tokens without spaces, in lower case."""
    covered = (token_bytes(trigger.forms[0], spelling) for trigger in record.triggers[1].covered)
    return {text.decode(errors="replace").strip().lower() for text in covered}


def _named_team(labelled: LabelledRun) -> Team:
    members = np.array(TEAM)
    return Team(TEAM_LAYER, members, labelled.run.layer(TEAM_LAYER).frequencies(members) > 0.5)


def _no_layer(layer: int) -> Judgement:
    return Judgement(None, f"Layer {layer} is not there.")


def _listed(neurons: list[int] | tuple[int, ...]) -> str:
    return ", ".join(map(str, neurons))


_IS_125M, _IS_66B = is_one_of("opt-125m"), is_one_of("opt-66b")
_OF_TEAM: tuple[Need, ...] = ("sequences", "text", "context")
_OF_DETECTORS: tuple[Need, ...] = ("text", "layers", "detector thresholds")

NAMED = (
    Claim(
        "opt-125m-team",
        f"The strong oscillatory neurons of layer {TEAM_LAYER} are {_listed(TEAM)}.",
        "§5, Fig. 9",
        (*_OF_TEAM, "type thresholds"),
        _IS_125M,
        team_by_name,
    ),
    Claim("opt-125m-cover", "These ten cover every position.", "§5, Fig. 9", _OF_TEAM, _IS_125M, team_covers),
    Claim("opt-125m-needed", "None of these ten is redundant.", "§5, Fig. 9", _OF_TEAM, _IS_125M, team_needed),
    Claim(
        "opt-66b-dead",
        "In some layers over 70% of the neurons are dead.",
        "§3, Fig. 1a",
        ("zeros", "dead text", "layers"),
        _IS_66B,
        mostly_dead_layer,
    ),
    Claim(
        "opt-66b-detectors",
        f"There are {TOKEN_DETECTORS:,} token detectors.",
        "§4, Fig. 3a",
        _OF_DETECTORS,
        _IS_66B,
        as_many_token_detectors,
    ),
    Claim(
        "opt-66b-layer",
        f"No layer detects more than {MOST_TOKENS_OF_A_LAYER:,} tokens.",
        "§4, Fig. 3b",
        _OF_DETECTORS,
        _IS_66B,
        few_tokens_a_layer,
    ),
    Claim(
        "opt-66b-overall",
        f"All layers together detect over {TOKENS_OVERALL:,} tokens.",
        "§4, Fig. 3b",
        _OF_DETECTORS,
        _IS_66B,
        many_tokens_overall,
    ),
    Claim(
        "opt-66b-examples",
        "Four neurons detect title and titles, weather, he and him, school.",
        "§4.4, Fig. 5",
        _OF_DETECTORS,
        _IS_66B,
        examples_found,
    ),
)
