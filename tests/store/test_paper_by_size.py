"""The paper's claims on smaller and larger models: planted ones on which each holds, does not hold, cannot be said."""

from dataclasses import replace

import pytest

from neuron_tui.store.findings.paper import Finding, check_paper
from neuron_tui.store.findings.paper.model import OPT_MODELS, smaller_than
from tests.store.planted_facts import Layer, Model, planted

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be said"


def opt(name: str, **changes: object) -> Model:
    """A model of the shape of one of the paper's, nothing planted in it."""
    shape = next(model for model in OPT_MODELS if model.name == name)
    blank = Model([Layer()] * shape.layers, shape.neurons, shape.width, 50_272, f"facebook/{name}")
    return replace(blank, **changes)  # type: ignore[arg-type]


def verdicts(model: Model) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_paper([planted(model)])}


def detecting(name: str, *counts: int, **changes: object) -> Model:
    """A model whose lowest layers have so many token detectors."""
    model = opt(name)
    layers = [Layer(detectors=(count, 0, 0)) for count in counts] + [Layer()] * (len(model.layers) - len(counts))
    return replace(model, layers=layers, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((10, 60, 120, 60, 10), HOLDS),
        ((10, 60, 50, 120, 60, 70, 10), HOLDS),  # not step by step, but by rank
        ((120, 60, 10), FAILS),
        ((*range(0, 240, 20),), FAILS),  # to the last of the 12 layers
        ((120, 0, 3, 1, 0, 2, 3), FAILS),  # whatever comes after, it begins with a fall
        ((300, 150, 100, 200, 400, 300, 100), FAILS),  # three stages
        ((10, 200, 10, 210), FAILS),  # up and down twice
        ((2, 3, 1), OPEN),
        ((), OPEN),
    ],
)
def test_in_smaller_models_detectors_rise_then_fall(counts: tuple[int, ...], verdict: str) -> None:
    finding = verdicts(detecting("opt-125m", *counts))["detectors-rise-fall"]
    assert finding.verdict == verdict, finding.because


def test_where_the_stages_turn_is_told() -> None:
    def because(*counts: int) -> str:
        return verdicts(detecting("opt-125m", *counts))["detectors-rise-fall"].because

    assert (
        because(10, 60, 120, 60, 10) == "Token detectors rise, then fall: 10 in layer 0, 120 in layer 2, 0 in layer 11."
    )
    assert because(10, 60, 50, 120).endswith("; moves against that undo at most 9.1% of a stage.")
    assert because(120, 60, 10) == "Token detectors fall: 120 in layer 0, 0 in layer 11."
    assert because(120, 0, 90, 1, 80).endswith(", but from layer 0 to 2 they surely fall.")
    assert because(10, 200, 10, 210).endswith(", but between layers 0 and 3 a move the other way is 95% of the change.")
    assert because(2, 3, 1).endswith("Too few to tell.")


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((300, 150, 100, 200, 400, 300, 100), HOLDS),
        ((10, 60, 120, 60, 10), FAILS),
        ((300, 200, 100), FAILS),
        ((300, 100, 300, 100, 300, 100, 300, 100, 300), FAILS),  # more stages than three: without any order in one
        ((3, 1, 4, 1), OPEN),
    ],
)
def test_in_the_largest_models_detectors_go_through_three_stages(counts: tuple[int, ...], verdict: str) -> None:
    finding = verdicts(detecting("opt-13b", *counts))["detectors-three-stages"]
    assert finding.verdict == verdict, finding.because


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((300, 150, 100, 200), HOLDS),
        ((1, 150, 300, 200), FAILS),
        ((1, 20, 20, 10), OPEN),  # 1 of 51, where an even share of the 40 layers is 2.5%
        ((), OPEN),
    ],
)
def test_the_largest_models_have_many_detectors_in_the_first_layer(counts: tuple[int, ...], verdict: str) -> None:
    finding = verdicts(detecting("opt-13b", *counts))["detectors-first-layer"]
    assert finding.verdict == verdict, finding.because


def test_stages_cannot_be_said_of_part_of_the_layers() -> None:
    part = detecting("opt-13b", 300, 150, 100, 200, 400, 300, 100, depth=80)
    found = verdicts(replace(part, neurons=10_240))
    assert {found[name].verdict for name in ("detectors-three-stages", "detectors-first-layer")} == {OPEN}
    assert "It takes all 80 layers" in found["detectors-three-stages"].because


def covered(few: int, **changes: object) -> Model:
    """A model of whose neurons so many of each layer are covered by 1-5 tokens."""
    model = opt("opt-66b")
    covering = {1: (few, *(0,) * 6, model.neurons - few)}
    return replace(model, layers=[Layer(covering=covering)] * 64, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        (covered(9000), HOLDS),
        (covered(2000), FAILS),
        (covered(3686), OPEN),  # 9.9989% of a million neurons
        (covered(9000, tokens=4_999_999), OPEN),
        (replace(covered(9000), layers=covered(9000).layers[:32], depth=64), HOLDS),  # the upper half plays no part
        (replace(covered(9000), layers=covered(9000).layers[:31], depth=64), OPEN),
    ],
)
def test_few_tokens_cover_a_substantial_part_of_the_largest_models_neurons(model: Model, verdict: str) -> None:
    finding = verdicts(model)["largest-few-tokens"]
    assert finding.verdict == verdict, finding.because
    assert len(model.layers) != 31 or "It takes all 32 layers of the bottom half, and 31 are there." in finding.because


def typed(name: str, below: dict[str, int], above: dict[str, int], **changes: object) -> Model:
    """A model with so many positional neurons of each type in layer 0 and in its last layer."""

    def layer(counts: dict[str, int]) -> Layer:
        return Layer(positional=tuple((0, kind, "strong") for kind, count in counts.items() for _ in range(count)))

    model = opt(name)
    layers = [layer(below), *model.layers[2:], layer(above)]
    return replace(model, layers=layers, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("claim", "model", "verdict"),
    [
        ("oscillatory-in-smaller", typed("opt-125m", {"oscillatory": 30, "both": 5}, {"one": 5}), HOLDS),
        ("oscillatory-in-smaller", typed("opt-125m", {"oscillatory": 5, "both": 30}, {}), FAILS),
        ("oscillatory-in-smaller", typed("opt-125m", {"oscillatory": 12, "both": 10}, {}), OPEN),
        ("oscillatory-in-smaller", opt("opt-125m"), OPEN),
        ("oscillatory-in-smaller", typed("opt-125m", {"oscillatory": 30}, {}, full_sequences=29), OPEN),
        ("oscillatory-in-larger", typed("opt-6.7b", {"both": 3}, {"one": 5}), HOLDS),
        ("oscillatory-in-larger", typed("opt-6.7b", {"oscillatory": 1, "both": 3}, {"one": 5}), FAILS),
        ("oscillatory-in-larger", typed("opt-6.7b", {"oscillatory": 1}, {}, depth=40), FAILS),
        ("oscillatory-in-larger", typed("opt-6.7b", {"both": 1}, {}, depth=40), OPEN),
        ("oscillatory-in-larger", opt("opt-6.7b"), OPEN),
        ("opt-both-oscillatory", typed("opt-1.3b", {"both": 20, "oscillatory": 2}, {"oscillatory": 20}), HOLDS),
        ("opt-both-oscillatory", typed("opt-2.7b", {"both": 20}, {"both": 20, "oscillatory": 3}), FAILS),
        ("opt-both-oscillatory", typed("opt-2.7b", {"oscillatory": 20}, {}), FAILS),
        ("opt-both-oscillatory", typed("opt-1.3b", {"both": 20}, {"one": 9}), OPEN),
        ("opt-both-above", typed("opt-30b", {"both": 30, "one": 10}, {"both": 5, "one": 35}), HOLDS),
        ("opt-both-above", typed("opt-13b", {"both": 5, "one": 35}, {"both": 30, "one": 10}), FAILS),
        ("opt-both-above", typed("opt-13b", {"both": 5, "one": 5}, {"both": 4, "one": 5}), OPEN),
        ("opt-both-above", typed("opt-13b", {"both": 5}, {}), OPEN),
    ],
)
def test_types_of_positional_neurons_by_size(claim: str, model: Model, verdict: str) -> None:
    finding = verdicts(model)[claim]
    assert finding.verdict == verdict, finding.because
    assert finding.because.endswith(".")


def test_size_decides_what_is_asked_of_a_model() -> None:
    asked = {shape.name: set(verdicts(opt(shape.name, norm_before=None))) for shape in OPT_MODELS}
    largest = {"largest-few-tokens", "detectors-three-stages", "detectors-first-layer"}
    assert {name for name, claims in asked.items() if largest <= claims} == {"opt-13b", "opt-30b", "opt-66b"}
    assert not any(largest & asked[name] for name in ("opt-125m", "opt-1.3b", "opt-2.7b", "opt-6.7b"))
    assert {name for name, claims in asked.items() if "oscillatory-in-smaller" in claims} == {
        "opt-125m",
        "opt-1.3b",
        "opt-2.7b",
    }
    assert not any("smaller" in name or "rise" in name or "larg" in name for name in asked["opt-350m"])
    assert "oscillatory-in-smaller" not in verdicts(opt("opt-125m", positions=False))


def test_a_gated_neuron_counts_for_its_three_weights() -> None:
    # Of the size of OPT-6.7b with two thirds of its neurons.
    gated = Model([Layer()] * 32, neurons=11_008, width=4096, gated=True)
    assert not smaller_than(planted(gated), "opt-6.7b")
    assert smaller_than(planted(replace(gated, gated=False)), "opt-6.7b")
