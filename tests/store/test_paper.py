"""The paper's claims: planted models on which each holds, does not hold, and cannot be said."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from neuron_tui.store import open_run
from neuron_tui.store.findings.figures import labels, read_aggregates
from neuron_tui.store.findings.paper import (
    CLAIMS,
    GROUP_CLAIMS,
    PAPERS,
    SCALE_CLAIMS,
    Enough,
    Finding,
    check_paper,
    named,
    preface,
)
from neuron_tui.store.findings.paper.early_layers import rank_correlation
from neuron_tui.store.findings.paper.model import OPT_MODELS, opt_model
from neuron_tui.store.findings.paper.named import EXAMPLES, TEAM
from neuron_tui.store.measures.intervals import wilson
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.tui.reports.paper import findings_json, findings_markdown, totals
from tests.store.planted_facts import Layer, Model, planted
from tests.store.planting import plant_oscillatory
from tests.synthetic import build_run

DOCS = Path(__file__).parents[2] / "docs"

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be said"

STRONG = (0, "oscillatory", "strong")
WEAK = (1, "other", "weak")

# As the paper draws its models: sparse below, alive above.
SPARSE = Layer(
    dead=400,
    frequency=0.02,
    detectors=(120, 9, 9),
    suppressing=110,
    covered=100,
    trigrams=50,
    positional=(STRONG,) * 20,
)
LOWEST = replace(SPARSE, detectors=(60, 9, 9), suppressing=60)
DENSE = Layer(dead=0, frequency=0.2, positional=(WEAK,) * 8, information=0.1)
PAPERLIKE = Model(layers=(LOWEST, SPARSE, DENSE, DENSE))


def found(model: Model, name: str, enough: Enough = PAPERS) -> Finding:
    """The one finding on a claim."""
    return next(finding for finding in check_paper([planted(model)], enough) if finding.name == name)


def with_layers(*layers: Layer) -> Model:
    return replace(PAPERLIKE, layers=layers)


def changed(**changes: object) -> Model:
    """The model like the paper's with all layers changed."""
    return replace(PAPERLIKE, layers=tuple(replace(layer, **changes) for layer in PAPERLIKE.layers))


AFTER = Model(layers=(Layer(frequency=0.3), Layer(frequency=0.2)), norm_before=False)
FEW_COVER = Layer(covering={1: (200, 0, 0, 0, 0, 0, 0, 800)})
RANKED = ((40, 0.2), (30, 0.3), (20, 0.1), (10, 0.4))  # dead neurons and frequency, whose rank correlation is -0.4
NO_POSITIONS = Model(layers=(Layer(positional=(WEAK,)), Layer()), positions=False)


@pytest.mark.parametrize(
    ("name", "model", "verdict"),
    [
        ("dead-first-half", PAPERLIKE, HOLDS),
        ("dead-first-half", with_layers(SPARSE, SPARSE, DENSE, replace(DENSE, dead=20)), FAILS),
        ("dead-first-half", changed(dead=0), OPEN),
        ("dead-first-half", replace(PAPERLIKE, tokens=19_999_999), OPEN),
        ("dead-first-half", replace(PAPERLIKE, depth=5), OPEN),
        ("second-half-alive", PAPERLIKE, HOLDS),
        ("second-half-alive", with_layers(SPARSE, SPARSE, replace(DENSE, dead=1), DENSE), HOLDS),  # 1 of 1,000
        ("second-half-alive", with_layers(SPARSE, SPARSE, replace(DENSE, dead=2), DENSE), FAILS),
        ("second-half-alive", replace(PAPERLIKE, layers=(SPARSE, SPARSE), depth=4), OPEN),
        ("frequency-rises", PAPERLIKE, HOLDS),
        ("frequency-rises", with_layers(DENSE, DENSE, SPARSE, SPARSE), FAILS),
        ("frequency-rises", with_layers(DENSE, SPARSE, replace(DENSE, frequency=0.3), SPARSE), OPEN),
        ("frequency-rises", with_layers(SPARSE, DENSE), OPEN),
        ("frequency-rises", replace(PAPERLIKE, tokens=4_999_999), OPEN),
        ("detectors-suppress", PAPERLIKE, HOLDS),
        ("detectors-suppress", changed(suppressing=60, detectors=(90, 0, 0)), FAILS),
        ("detectors-suppress", changed(suppressing=8, detectors=(9, 0, 0)), OPEN),  # 36 of 48: 80% is within
        ("detectors-suppress", changed(detectors=(0, 0, 0), suppressing=0), OPEN),
        ("new-tokens", PAPERLIKE, HOLDS),
        ("new-tokens", changed(covered=100, new=20), FAILS),
        ("new-tokens", with_layers(SPARSE, SPARSE, SPARSE, replace(SPARSE, new=10)), FAILS),  # one layer is enough
        ("new-tokens", changed(covered=3, new=2), OPEN),
        ("new-tokens", with_layers(SPARSE, DENSE, DENSE, DENSE), OPEN),
        ("detectors-low", PAPERLIKE, HOLDS),
        ("detectors-low", with_layers(DENSE, SPARSE, SPARSE, SPARSE), FAILS),
        ("detectors-low", with_layers(SPARSE, SPARSE, SPARSE, SPARSE), OPEN),
        ("detectors-low", with_layers(DENSE, DENSE, DENSE, DENSE), OPEN),
        ("two-stages", PAPERLIKE, HOLDS),
        ("two-stages", with_layers(DENSE, SPARSE, SPARSE, SPARSE), FAILS),
        ("two-stages", changed(positional=(STRONG, WEAK)), OPEN),
        ("two-stages", with_layers(SPARSE, *(replace(DENSE, positional=()),) * 3), FAILS),
        ("two-stages", changed(positional=()), FAILS),
        ("two-stages", replace(PAPERLIKE, full_sequences=29), OPEN),
        ("two-stages", replace(PAPERLIKE, read_length=1024), OPEN),
        ("rarest-where-dead", PAPERLIKE, HOLDS),
        ("rarest-where-dead", with_layers(LOWEST, *(replace(DENSE, frequency=0.01),) * 3), FAILS),
        ("rarest-where-dead", with_layers(*(Layer(dead=d, frequency=f) for d, f in RANKED)), OPEN),
        ("rarest-where-dead", with_layers(replace(LOWEST, dead=3), DENSE, DENSE, DENSE), OPEN),  # too few
        ("rarest-where-dead", changed(dead=0), OPEN),
        ("rarest-where-dead", changed(dead=400), OPEN),
        ("rarest-where-dead", with_layers(SPARSE, DENSE, replace(DENSE, dead=1000, frequency=None)), OPEN),
        ("rarest-where-dead", replace(PAPERLIKE, tokens=19_999_999), OPEN),
        ("rarest-where-dead", replace(PAPERLIKE, gated=True), OPEN),  # what is off there may write something
        ("new-trigrams", PAPERLIKE, HOLDS),
        ("new-trigrams", with_layers(SPARSE, DENSE, DENSE, DENSE), OPEN),
        ("new-trigrams", changed(trigrams=1), OPEN),
        ("new-trigrams", changed(trigrams=50, new_trigrams=10), FAILS),
        ("other-information", PAPERLIKE, HOLDS),
        ("other-information", with_layers(SPARSE, SPARSE, DENSE, replace(DENSE, information=0.5)), OPEN),
        ("other-information", changed(information=0.5), FAILS),
        ("other-information", changed(positional=(WEAK,)), OPEN),
        ("other-information", changed(positional=(STRONG,)), OPEN),
        ("other-information", changed(positional=()), OPEN),
        ("other-information", replace(PAPERLIKE, full_sequences=29), OPEN),
        ("norm-after-alive", AFTER, HOLDS),
        ("norm-after-alive", replace(AFTER, layers=(Layer(dead=100), Layer())), FAILS),
        ("norm-after-alive", replace(AFTER, layers=(Layer(dead=100), Layer()), tokens=10**7), OPEN),
        ("norm-after-dense", AFTER, HOLDS),
        ("norm-after-dense", replace(AFTER, layers=(Layer(frequency=0.05), Layer())), FAILS),
        ("norm-after-dense", replace(AFTER, tokens=10**6), OPEN),
        ("norm-after-few-tokens", AFTER, HOLDS),
        ("norm-after-few-tokens", replace(AFTER, layers=(replace(FEW_COVER, frequency=0.3), Layer())), FAILS),
        ("norm-after-few-tokens", replace(AFTER, neurons=10), OPEN),  # none of ten: up to 31% are within the interval
        ("norm-after-few-tokens", replace(AFTER, tokens=10**6), OPEN),
        ("norm-after-positional", replace(AFTER, layers=(Layer(positional=(WEAK,)), Layer())), HOLDS),
        ("norm-after-positional", replace(AFTER, layers=(Layer(positional=(WEAK,)),), depth=2), HOLDS),
        ("norm-after-positional", AFTER, FAILS),
        ("norm-after-positional", replace(AFTER, layers=(Layer(),), depth=2), OPEN),
        ("norm-after-positional", replace(AFTER, full_sequences=29), OPEN),
        ("no-positions", NO_POSITIONS, HOLDS),
        ("no-positions", replace(NO_POSITIONS, layers=(Layer(positional=(WEAK, STRONG)), Layer())), FAILS),
        ("no-positions", replace(NO_POSITIONS, layers=(Layer(), Layer())), FAILS),
        ("no-positions", replace(NO_POSITIONS, full_sequences=0), OPEN),
    ],
)
def test_a_claim_on_any_model(name: str, model: Model, verdict: str) -> None:
    finding = found(model, name)
    assert finding.verdict == verdict, finding.because
    assert finding.because.endswith(".")


def test_every_claim_on_a_planted_model_says_its_numbers() -> None:
    finding = found(PAPERLIKE, "detectors-suppress")
    assert (finding.claim, finding.reference) == ("Over 80% of the token detectors suppress their triggers.", "§4.4")
    low, high = wilson(170, 180)
    assert finding.numbers == {
        "token_detectors": 180,
        "suppressing": 170,
        "share": 170 / 180,
        "share_low": low,
        "share_high": high,
    }
    assert "170 of 180 token detectors (94.4%" in finding.because


def test_what_more_text_cannot_undo_is_said_with_little_text() -> None:
    # A neuron that was active once stays alive however much text there is.
    assert found(replace(PAPERLIKE, tokens=1000), "second-half-alive").verdict == HOLDS
    assert found(replace(AFTER, tokens=1000), "norm-after-alive").verdict == HOLDS


def test_what_other_layers_cannot_undo_is_said_of_a_partial_run() -> None:
    dead_above = with_layers(SPARSE, SPARSE, replace(DENSE, dead=50))
    assert found(replace(dead_above, depth=4), "second-half-alive").verdict == FAILS
    assert found(replace(dead_above, depth=4), "dead-first-half").verdict == OPEN
    dense = replace(AFTER, layers=(Layer(frequency=0.05),), depth=2)
    assert found(dense, "norm-after-dense").verdict == FAILS


def test_what_is_lacking_is_said_before_what_there_is() -> None:
    because = found(replace(PAPERLIKE, tokens=600_000, depth=5), "detectors-suppress").because
    lacks = (
        "It takes 5,000,000 tokens, and there are 600,000. It takes all 5 layers, and 4 are there. So far: 170 of 180"
    )
    assert because.startswith(lacks)


def test_enough_text_may_be_said_to_be_less_than_the_papers() -> None:
    model = replace(PAPERLIKE, tokens=600_000)
    assert {finding.verdict for finding in check_paper([planted(model)])} == {HOLDS, OPEN}
    assert {finding.verdict for finding in check_paper([planted(model)], Enough(600_000, 600_000))} == {HOLDS}
    assert found(model, "dead-first-half", Enough(600_001, 0)).verdict == OPEN
    assert "taken for enough here" in " ".join(preface([planted(model)], Enough(600_000, 600_000)))


def test_text_is_not_called_enough_where_more_is_asked_for() -> None:
    asked = Enough(40_000_000, 40_000_000)
    for tokens in (6_000_000, 30_000_000):
        model = replace(PAPERLIKE, tokens=tokens)
        assert found(model, "frequency-rises", asked).verdict == OPEN
        assert "fewer than the 40,000,000" in " ".join(preface([planted(model)], asked))


def test_halves_and_ranks_that_disagree_are_said_to() -> None:
    model = with_layers(*(Layer(frequency=share) for share in (0.3, 0.1, 0.15, 0.29)))
    finding = found(model, "frequency-rises")
    assert finding.numbers["spearman"] < 0 < finding.numbers["mean_second_half"] - finding.numbers["mean_first_half"]
    assert finding.verdict == OPEN
    assert finding.because.endswith("The two do not agree.")


def test_thresholds_of_ones_own_leave_open_what_rests_on_them() -> None:
    loose = replace(PAPERLIKE, thresholds=Thresholds(coverage=Decimal("0.9")))
    verdicts = {finding.name: finding.verdict for finding in check_paper([planted(loose)])}
    assert {name for name, verdict in verdicts.items() if verdict == OPEN} == {
        "detectors-suppress",
        "new-tokens",
        "new-trigrams",
        "detectors-low",
        "detectors-rise-fall",
    }
    assert any("coverage 90%" in line for line in preface([planted(loose)]))
    near = replace(PAPERLIKE, thresholds=Thresholds(positional=0.1))
    verdicts = {finding.name: finding.verdict for finding in check_paper([planted(near)])}
    assert {name for name, verdict in verdicts.items() if verdict == OPEN} == {
        "two-stages",
        "other-information",
        "oscillatory-in-smaller",
    }


def test_what_a_model_is_like_decides_what_is_asked_of_it() -> None:
    def names(model: Model) -> set[str]:
        return {finding.name for finding in check_paper([planted(model)])}

    early = {"dead-first-half", "second-half-alive", "frequency-rises"}
    after = {"norm-after-alive", "norm-after-dense"}
    assert early <= names(PAPERLIKE) and not after & names(PAPERLIKE)
    assert after <= names(AFTER) and not early & names(AFTER)
    assert "no-positions" in names(NO_POSITIONS) and "two-stages" not in names(NO_POSITIONS)
    assert early <= names(replace(PAPERLIKE, norm_before=None, positions=None))  # of a run that does not say


def test_rank_correlation() -> None:
    def rank(*values: float) -> float:
        return rank_correlation(np.arange(len(values), dtype=np.float64), np.array(values))

    assert rank(1, 2, 30, 400) == pytest.approx(1)
    assert rank(9, 5, 2, 1) == pytest.approx(-1)
    assert rank(3, 3, 3) == 0
    # By hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4.
    assert rank(1, 2, 2, 3) == pytest.approx(4.5 / np.sqrt(5 * 4.5))


# The paper's own models.


def share_out(place: int, of: int = 10) -> npt.NDArray[np.float64]:
    """The curve of a neuron that is on over its share of the positions and a little into the next one's."""
    positions = np.arange(2047)
    return ((positions >= place * 2047 // of) & (positions < (place + 1) * 2047 // of + 20)).astype(np.float64)


OPT_125M = Model(
    layers=(Layer(), Layer(positional=tuple((neuron, "oscillatory", "strong") for neuron in TEAM)), *[Layer()] * 10),
    neurons=3072,
    width=768,
    vocabulary=50_272,
    name="facebook/opt-125m",
    curves={neuron: share_out(place) for place, neuron in enumerate(TEAM)},
)


def test_opt_125m_has_the_team_that_the_paper_names() -> None:
    for name in ("opt-125m-team", "opt-125m-cover", "opt-125m-needed"):
        assert found(OPT_125M, name).verdict == HOLDS, name
    assert found(OPT_125M, "opt-125m-team").numbers == {"named": 10, "missing": "", "others": ""}
    assert found(OPT_125M, "opt-125m-cover").numbers == {"covered": 1.0}


def test_opt_125m_without_one_of_the_ten_and_with_another() -> None:
    others = tuple(mark for mark in OPT_125M.layers[1].positional if mark[0] != 850)
    layers = (Layer(), Layer(positional=(*others, (5, "oscillatory", "strong"))), *OPT_125M.layers[2:])
    model = replace(OPT_125M, layers=layers, curves={**OPT_125M.curves, 850: np.zeros(2047)})
    team = found(model, "opt-125m-team")
    assert team.verdict == FAILS
    assert team.numbers == {"named": 9, "missing": "850", "others": "5"}
    assert team.because == "9 of the 10 neurons named are strong and oscillatory; not so: 850; also so: 5."
    cover = found(model, "opt-125m-cover")
    assert cover.verdict == FAILS
    assert cover.numbers["covered"] == pytest.approx(1 - (2047 // 10 - 20) / 2047, abs=2 / 2047)
    needed = found(model, "opt-125m-needed")
    assert (needed.verdict, needed.numbers) == (FAILS, {"redundant": "850"})


def test_a_weak_one_of_the_ten_is_no_strong_one() -> None:
    weak = tuple((n, kind, "weak" if n == 167 else how) for n, kind, how in OPT_125M.layers[1].positional)
    model = replace(OPT_125M, layers=(Layer(), Layer(positional=weak), *OPT_125M.layers[2:]))
    assert found(model, "opt-125m-team").verdict == FAILS
    assert found(model, "opt-125m-cover").verdict == HOLDS


@pytest.mark.parametrize(
    "changes",
    [{"tokens": 10**6}, {"read_length": 256}, {"full_sequences": 3}, {"layers": (Layer(),), "depth": 12}],
    ids=["text", "context", "sequences", "layer"],
)
def test_opt_125ms_team_cannot_be_said_with_less(changes: dict[str, object]) -> None:
    model = replace(OPT_125M, **changes, curves={})  # type: ignore[arg-type]
    team = {name: found(model, name) for name in ("opt-125m-team", "opt-125m-cover", "opt-125m-needed")}
    assert {finding.verdict for finding in team.values()} == {OPEN}


WORDS = {
    (0, 13416): ("Ġtitle", "Ġtitles", "Title"),
    (4, 34220): ("Ġweather",),
    (9, 35511): ("Ġhe", "Ġhim"),
    (9, 23921): ("ĠSchool",),
}
OPT_66B = Model(
    layers=(
        replace(SPARSE, dead=27_000, detectors=(1000, 0, 0), suppressing=900, covered=1500),
        *[replace(SPARSE, dead=9_000, detectors=(140, 0, 0), suppressing=120, covered=280)] * 31,
        *[DENSE] * 32,
    ),
    neurons=36_864,
    width=9_216,
    vocabulary=50_272,
    name="facebook/opt-66b",
    detected=WORDS,
)


def with_bottom(**changes: object) -> Model:
    return replace(OPT_66B, layers=(replace(OPT_66B.layers[0], **changes), *OPT_66B.layers[1:]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "model", "verdict"),
    [
        ("opt-66b-dead", OPT_66B, HOLDS),
        ("opt-66b-dead", with_bottom(dead=25_000), FAILS),  # 67.8%
        ("opt-66b-dead", replace(with_bottom(dead=25_000), tokens=1000), FAILS),  # more text only wakes neurons
        ("opt-66b-dead", replace(OPT_66B, tokens=10**7), OPEN),
        ("opt-66b-dead", replace(OPT_66B, layers=OPT_66B.layers[:1], depth=64), HOLDS),
        ("opt-66b-dead", replace(OPT_66B, layers=OPT_66B.layers[1:5], depth=64), OPEN),
        ("opt-66b-detectors", OPT_66B, HOLDS),  # 5,340
        ("opt-66b-detectors", with_bottom(detectors=(3000, 0, 0)), FAILS),
        ("opt-66b-detectors", replace(OPT_66B, layers=OPT_66B.layers[:40], depth=64), OPEN),
        ("opt-66b-layer", OPT_66B, HOLDS),
        ("opt-66b-layer", with_bottom(covered=1501), FAILS),
        (
            "opt-66b-layer",
            replace(with_bottom(covered=1501), layers=with_bottom(covered=1501).layers[:3], depth=64),
            FAILS,
        ),
        ("opt-66b-layer", replace(OPT_66B, layers=OPT_66B.layers[:40], depth=64), OPEN),
        ("opt-66b-overall", with_bottom(new=1500, covered=1500), HOLDS),  # 10,180
        ("opt-66b-overall", with_bottom(new=1300, covered=1500), FAILS),
        ("opt-66b-overall", replace(OPT_66B, tokens=10**6), OPEN),
        ("opt-66b-examples", OPT_66B, HOLDS),
        ("opt-66b-examples", replace(OPT_66B, detected={**WORDS, (9, 35511): ("Ġhe",)}), FAILS),
        ("opt-66b-examples", replace(OPT_66B, detected={}), FAILS),
        ("opt-66b-examples", replace(OPT_66B, layers=OPT_66B.layers[:9], depth=64), OPEN),
    ],
)
def test_a_claim_on_opt_66b(name: str, model: Model, verdict: str) -> None:
    finding = found(model, name)
    assert finding.verdict == verdict, finding.because


def test_layers_count_from_0_where_the_papers_count_from_1() -> None:
    assert [(layer, neuron) for layer, neuron, _ in EXAMPLES] == [(0, 13416), (4, 34220), (9, 35511), (9, 23921)]
    assert found(OPT_125M, "opt-125m-team").claim.startswith("The strong oscillatory neurons of layer 1 are 167, 213,")
    said = found(OPT_66B, "opt-66b-examples").because
    assert said.startswith("0:13416 detects ·title, ·titles, Title; 4:34220 detects ·weather;")


# Which model it is.


@pytest.mark.parametrize("model", OPT_MODELS, ids=lambda model: model.name)
def test_a_model_is_told_by_its_shape(model: object) -> None:
    one = next(opt for opt in OPT_MODELS if opt == model)
    shaped = Model([Layer()] * one.layers, one.neurons, one.width, vocabulary=50_272, name=f"facebook/{one.name}")
    assert opt_model(planted(shaped)) == one.name
    assert opt_model(planted(replace(shaped, vocabulary=300))) is None
    assert opt_model(planted(replace(shaped, neurons=one.neurons + 1))) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("facebook/opt-125m", "as its name says (facebook/opt-125m)"),
        ("facebook/opt-125m@abc", "as its name says"),
        ("/data/models/opt-125m/", "as its name says"),
        ("./mine", "though its name is ./mine"),
    ],
)
def test_how_it_was_recognised_is_said(name: str, said: str) -> None:
    first = preface([planted(replace(OPT_125M, name=name), "a")])[0]
    assert first.startswith("a: the model is taken for opt-125m, by its shape (12 layers of 3,072 neurons, width 768")
    assert said in first


def test_a_name_alone_does_not_make_a_model_the_papers() -> None:
    labelled = planted(replace(PAPERLIKE, name="facebook/opt-125m"))
    assert "its shape is another (4 layers of 1,000 neurons" in preface([labelled])[0]
    assert not any(finding.name.startswith("opt-") for finding in check_paper([labelled]))
    assert "none of the paper's models (planted: 4 layers" in preface([planted(PAPERLIKE)])[0]


def test_opt_350m_is_known_to_have_its_norms_after_the_blocks() -> None:
    shaped = Model([Layer()] * 24, 4096, 1024, vocabulary=50_272, norm_before=None)
    assert found(shaped, "norm-after-alive").verdict == HOLDS


# Several sizes.


def sized(neurons: int, dead: int, detectors: int, oscillatory: int, **changes: object) -> Model:
    """A model that is the sparser the more detectors it has."""
    covering = (detectors, *(0,) * 6, neurons - detectors)
    layer = Layer(
        dead=dead,
        frequency=1 / (1 + detectors),
        detectors=(detectors, 0, detectors),
        covering={1: covering, 2: covering, 3: covering},
        positional=(STRONG,) * oscillatory,
    )
    return replace(Model([layer] * 2, neurons), **changes)  # type: ignore[arg-type]


GROWING = (sized(100, 1, 10, 9), sized(200, 10, 30, 5), sized(400, 40, 80, 1))


def scale(models: tuple[Model, ...]) -> dict[str, Finding]:
    labelled = [planted(model, f"m{place}") for place, model in enumerate(models)]
    return {finding.name: finding for finding in check_paper(labelled) if finding.name.startswith("scale-")}


def test_larger_models_as_the_paper_has_them() -> None:
    # The order in which runs are named does not matter.
    for models in (GROWING, GROWING[::-1]):
        assert {finding.verdict for finding in scale(models).values()} == {HOLDS}
    dead = scale(GROWING)["scale-dead"]
    assert (dead.run, dead.numbers) == ("m0, m1, m2", {"m0": 0.01, "m1": 0.05, "m2": 0.1, "kendall": 1.0})
    assert dead.because == "From the smallest model to the largest: m0 1%, m1 5%, m2 10%."
    covering = scale(GROWING)["scale-covering-1"]
    assert covering.numbers["m0"] == pytest.approx(
        0.1 * 1 + 0.9 * 8
    )  # a tenth in the first class, the rest in the last
    assert covering.because == (
        "From the smallest model to the largest, mean class of neurons of the bottom half from 1 (1-5 tokens) to 8 "
        "(>2k): m0 7.30, m1 6.95, m2 6.60."
    )


def test_larger_models_that_go_the_other_way() -> None:
    shrinking = (sized(100, 50, 90, 1), sized(200, 10, 20, 5), sized(400, 1, 5, 9))
    assert {finding.verdict for finding in scale(shrinking).values()} == {FAILS}


def test_models_that_all_have_none_show_no_trend() -> None:
    none = (sized(100, 1, 0, 0), sized(200, 10, 0, 0))
    assert {name: finding.verdict for name, finding in scale(none).items()} == {
        "scale-dead": HOLDS,
        "scale-frequency": FAILS,
        "scale-covering-1": FAILS,
        "scale-covering-2": FAILS,
        "scale-covering-3": FAILS,
        "scale-detectors": OPEN,
        "scale-trigrams": OPEN,
        "scale-oscillatory": OPEN,
    }


def test_a_trend_with_as_many_exceptions_is_none() -> None:
    # Of six pairs four agree and two do not: a third of a full correlation.
    mixed = (sized(100, 10, 1, 1), sized(200, 10, 4, 1), sized(300, 10, 2, 1), sized(400, 10, 3, 1))
    detectors = scale(mixed)["scale-detectors"]
    assert (detectors.verdict, detectors.numbers["kendall"]) == (OPEN, pytest.approx(1 / 3))


def test_sizes_are_compared_on_the_same_text_in_one_family_only() -> None:
    other_text = (GROWING[0], replace(GROWING[1], corpus="1", tokens=31_000_000))
    assert {finding.verdict for finding in scale(other_text).values()} == {OPEN}
    assert "It takes the same text for all. The runs differ in" in scale(other_text)["scale-dead"].because
    little = (replace(GROWING[0], tokens=10**6), replace(GROWING[1], tokens=10**6))
    assert "m0, m1: it takes 20,000,000 tokens, and there are 1,000,000." in scale(little)["scale-dead"].because
    assert not scale((GROWING[0], GROWING[0]))
    assert not scale((GROWING[0], replace(GROWING[1], norm_before=False)))
    assert not scale((GROWING[0], replace(GROWING[1], positions=False)))


# On files, and as files.


def test_the_numbers_are_those_of_the_records(tmp_path: Path) -> None:
    run = open_run(build_run(tmp_path / "whole", layers=5, neurons=40))
    records = [list(layer.records()) for layer in run.layers.values()]
    findings = {finding.name: finding.numbers for finding in check_paper([read_aggregates(run)])}
    dead = [sum(record.dead for record in layer) for layer in records]
    assert findings["dead-first-half"] == {"dead_first_half": sum(dead[:3]), "dead_second_half": sum(dead[3:])}
    detectors = [record for layer in records for record in layer if record.triggers[1].detector]
    assert findings["detectors-suppress"]["token_detectors"] == len(detectors)
    assert findings["detectors-suppress"]["suppressing"] == sum(bool(r.effect.suppresses_triggers) for r in detectors)
    typed = [r for layer in records[:2] for r in layer if r.position and r.position.type]  # a third of 5, rounded
    assert findings["two-stages"]["positional_first_third"] == len(typed)
    assert findings["two-stages"]["strong_first_third"] == sum(
        r.position is not None and r.position.strength == "strong" for r in typed
    )
    assert findings["detectors-rise-fall"]["token_detectors"] == len(detectors)
    assert findings["new-trigrams"]["detected"] == sum(
        len({covered.ids for r in layer for covered in r.triggers[3].covered}) for layer in records[1:]
    )
    positions = [r.position for layer in records for r in layer if r.position and r.position.type]
    information = [position.mutual_information for position in positions if position.type == "other"]
    assert findings["other-information"]["other"] == len(information)
    assert findings["other-information"]["median_other"] == pytest.approx(np.median(information))
    low = sum(record.triggers[2].detector for layer in records[:3] for record in layer)
    assert findings["detectors-low"]["bigram_detectors_bottom_half"] == low


def test_named_neurons_are_read_from_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build_run(tmp_path / "whole", layers=2, neurons=24)
    places = np.arange(63)
    plant_oscillatory(folder, 1, {3: places < 30, 9: places >= 25})
    labelled = read_aggregates(open_run(folder))
    monkeypatch.setattr(named, "TEAM", (3, 9))
    assert named.team_by_name(labelled).holds is True
    assert named.team_covers(labelled).numbers == {"covered": 1.0}
    assert named.team_needed(labelled).holds is True
    monkeypatch.setattr(named, "TEAM", (3, 8, 9))
    assert named.team_by_name(labelled).numbers["missing"] == "8"
    detector = next(r for r in labelled.run.layers[0].records() if r.triggers[1].detector and r.neuron < 3)
    word = detector.triggers[1].covered[0].forms[0].removeprefix("Ġ")
    monkeypatch.setattr(named, "EXAMPLES", ((0, detector.neuron, (word,)),))
    assert named.examples_found(labelled).holds is True
    monkeypatch.setattr(named, "EXAMPLES", ((0, detector.neuron, (word, "zebra")),))
    assert named.examples_found(labelled).holds is False


def test_json_and_markdown_hold_every_finding() -> None:
    labelled = [planted(replace(PAPERLIKE, name="evil|*model*"), "a"), planted(replace(AFTER, corpus="1"), "b_c")]
    findings, notes = check_paper(labelled), preface(labelled)
    data = json.loads(findings_json(labelled, notes, findings))
    assert [one["name"] for one in data["findings"]] == [finding.name for finding in findings]
    assert [one["verdict"] for one in data["findings"]] == [finding.verdict for finding in findings]
    assert data["runs"][0] == {
        "run": "a",
        "model": "evil|*model*",
        "taken_for": None,
        "tokens": 30_000_000,
        "context_length": 2048,
    }
    assert data["notes"] == list(notes)
    text = findings_markdown(notes, findings)
    rows = [line for line in text.splitlines() if line.startswith(("| ✓", "| ✗", "| ?"))]
    assert len(rows) == len(findings)
    assert all(len(row.replace("\\|", "").split("|")) == 6 for row in rows)
    assert "evil\\|\\*model\\*" in text and "## b\\_c" in text


def test_totals_are_told_in_words() -> None:
    findings = check_paper([planted(replace(PAPERLIKE, full_sequences=0))])
    assert totals(findings) == "9 hold, 3 cannot be said"
    assert totals(()) == "no claim applies"


def test_every_claim_is_in_the_docs_with_its_words() -> None:
    page = (DOCS / "paper.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip().strip("`"): line for line in page.splitlines() if line.startswith("| `")}
    claims = (*CLAIMS, *SCALE_CLAIMS, *GROUP_CLAIMS)
    for claim in claims:
        assert claim.says.removesuffix(".") in rows[claim.name], claim.name
        assert claim.reference in rows[claim.name], claim.name
    assert len({claim.name for claim in claims}) == len(claims) == len(rows)


def test_runs_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    runs = [open_run(build_run(tmp_path / part / "same", layers=1, neurons=16)) for part in ("x", "y")]
    labelled = [read_aggregates(run, label) for run, label in zip(runs, labels(runs), strict=True)]
    assert {finding.run for finding in check_paper(labelled)} == {"x/same", "y/same"}
