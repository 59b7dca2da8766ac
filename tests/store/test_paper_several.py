"""The paper's claims on runs that belong together: named models of different size, checkpoints of one training."""

from dataclasses import replace

import pytest

from neuron_tui.store.findings.labelled_run import LabelledRun
from neuron_tui.store.findings.paper import Finding, check_paper
from neuron_tui.store.findings.paper.training import END, checkpoint_of, trainings
from tests.store.planted_facts import Layer, Model, planted
from tests.store.test_paper_by_size import FAILS, HOLDS, OPEN, opt, typed


def found(name: str, *runs: LabelledRun) -> list[Finding]:
    return [finding for finding in check_paper(runs) if finding.name == name]


# OPT-30b covers more trigrams than OPT-13b.


def trigrams(name: str, count: int, **changes: object) -> LabelledRun:
    model = opt(name)
    layers = [Layer(trigrams=count), *model.layers[1:]]
    return planted(replace(model, layers=layers, **changes), name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (100, 2000, HOLDS),
        (0, 200, HOLDS),
        (1000, 2000, FAILS),  # 1.19 times as many a neuron
        (100, 336, OPEN),  # twice as many a neuron
        (0, 5, OPEN),
        (0, 0, OPEN),
    ],
)
def test_trigrams_jump_from_13b_to_30b(before: int, after: int, verdict: str) -> None:
    # The order in which runs are named does not matter.
    (finding,) = found("opt-30b-trigrams", trigrams("opt-30b", after), trigrams("opt-13b", before))
    assert (finding.run, finding.verdict) == ("opt-13b, opt-30b", verdict), finding.because


def test_a_jump_is_told_a_neuron() -> None:
    (finding,) = found("opt-30b-trigrams", trigrams("opt-13b", 100), trigrams("opt-30b", 2000))
    growth = (48 * 28_672) / (40 * 20_480)
    assert finding.numbers["factor"] == pytest.approx(20 / growth)
    assert finding.numbers["trigrams_opt-13b"] == 100
    assert "11.9 times as many a neuron" in finding.because


def test_a_jump_takes_both_models_on_the_same_text() -> None:
    thirteen = trigrams("opt-13b", 100)
    assert not found("opt-30b-trigrams", thirteen, trigrams("opt-66b", 2000))
    (finding,) = found("opt-30b-trigrams", thirteen, trigrams("opt-30b", 2000, corpus="1", tokens=6_000_000))
    assert finding.verdict == OPEN
    assert finding.because.startswith("It takes the same text for all. The runs differ in")
    assert not found("opt-30b-trigrams", thirteen, trigrams("opt-30b", 2000, neurons=28_000))


# The gap between larger and smaller models.


def detectors(neurons: int, tokens: int, trigrams: int, **changes: object) -> LabelledRun:
    model = Model([Layer(detectors=(tokens, 0, trigrams))], neurons)
    return planted(replace(model, **changes), f"of-{neurons}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("smallest", "largest", "verdict"),
    [
        (detectors(100, 50, 5), detectors(400, 100, 100), HOLDS),
        (detectors(100, 50, 50), detectors(400, 200, 20), FAILS),
        (detectors(100, 5, 2), detectors(400, 20, 12), OPEN),
        (detectors(100, 0, 0), detectors(400, 20, 120), OPEN),
        (detectors(100, 50, 5), detectors(400, 100, 100, corpus="1"), OPEN),
    ],
)
def test_the_gap_is_wider_for_trigrams(smallest: LabelledRun, largest: LabelledRun, verdict: str) -> None:
    between = detectors(200, 10, 10)
    (finding,) = found("trigram-gap", largest, between, smallest)
    assert (finding.run, finding.verdict) == ("of-100, of-400", verdict), finding.because


# From OPT-13b to OPT-66b: both, then one.


@pytest.mark.parametrize(
    ("small", "large", "verdict"),
    [
        ({"both": 30, "one": 10}, {"both": 0, "one": 40}, HOLDS),
        ({"both": 10, "one": 30}, {"both": 30, "one": 10}, FAILS),
        ({"both": 30, "one": 10}, {"both": 2, "one": 8, "other": 40}, OPEN),  # fewer of one kind, not more of the other
        ({"both": 3, "one": 1}, {"both": 1, "one": 3}, OPEN),
        ({"both": 3, "one": 1}, {}, OPEN),
    ],
)
def test_from_13b_to_66b_both_gives_way_to_one(small: dict[str, int], large: dict[str, int], verdict: str) -> None:
    runs = [planted(typed(name, types, {}), name) for name, types in (("opt-66b", large), ("opt-13b", small))]
    (finding,) = found("opt-66b-both-one", *runs)
    assert (finding.run, finding.verdict) == ("opt-13b, opt-66b", verdict), finding.because


# Checkpoints.


@pytest.mark.parametrize(
    ("name", "training", "step"),
    [
        ("EleutherAI/pythia-70m@step1000", "EleutherAI/pythia-70m", 1000),
        ("EleutherAI/pythia-70m", "EleutherAI/pythia-70m", END),
        ("models/base/checkpoints/step_0000250", "models/base", 250),
        ("models/base/", "models/base", END),
        ("./models/base", "models/base", END),
        ("mine/checkpoint-500/", "mine", 500),
        ("base-step-50k", "base", 50_000),
        ("out/iter_0005000", "out", 5000),
        ("facebook/opt-125m", "facebook/opt-125m", END),
        ("footstep2b", "footstep2b", END),
    ],
)
def test_a_name_tells_the_step_of_a_training(name: str, training: str, step: float) -> None:
    checkpoint = checkpoint_of(name)
    assert (checkpoint.training, checkpoint.step) == (training, step)


OSCILLATORY, STRONG, WEAK = (1, "oscillatory", "weak"), (2, "both", "strong"), (3, "other", "weak")


def moment(step: str, *positional: tuple[int, str, str], name: str = "base", **changes: object) -> LabelledRun:
    """A checkpoint whose neurons have these types."""
    model = Model([Layer(positional=positional), Layer()], name=f"{name}/checkpoints/step-{step}" if step else name)
    return planted(replace(model, **changes), f"at-{step or 'end'}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moments", "verdict"),
    [
        ((moment("50k", STRONG), moment("150k", STRONG), moment("300k", STRONG, OSCILLATORY)), HOLDS),
        ((moment("50k", STRONG), moment("200k", OSCILLATORY), moment("", OSCILLATORY)), HOLDS),
        ((moment("50k", STRONG, OSCILLATORY), moment("300k", OSCILLATORY)), FAILS),
        ((moment("50k", OSCILLATORY, depth=3), moment("300k", depth=3)), FAILS),
        ((moment("50k", WEAK), moment("300k", STRONG, OSCILLATORY)), FAILS),
        ((moment("50k", STRONG), moment("300k", STRONG)), OPEN),
        ((moment("50k", STRONG), moment("200k", OSCILLATORY), moment("300k", STRONG)), OPEN),
        ((moment("200k", STRONG), moment("300k", OSCILLATORY)), OPEN),  # none of the first half
        ((moment("50k", STRONG, corpus="1", tokens=6 * 10**6), moment("300k", OSCILLATORY)), OPEN),
        ((moment("50k", STRONG, full_sequences=3), moment("300k", OSCILLATORY)), OPEN),
        ((moment("50k", STRONG, tokens=10**6), moment("300k", OSCILLATORY, tokens=10**6)), OPEN),
        ((moment("50k", STRONG, depth=3), moment("300k", OSCILLATORY, depth=3)), OPEN),
    ],
)
def test_oscillatory_neurons_come_late(moments: tuple[LabelledRun, ...], verdict: str) -> None:
    # The order in which runs are named does not matter.
    for runs in (moments, moments[::-1]):
        (finding,) = found("training-oscillatory", *runs)
        assert finding.verdict == verdict, finding.because
        assert finding.run == ", ".join(one.label for one in moments)


def test_the_counts_of_every_moment_are_told() -> None:
    (finding,) = found("training-oscillatory", moment("50k", STRONG), moment("", STRONG, OSCILLATORY), moment("150k"))
    assert finding.because.startswith(
        "Oscillatory neurons, and strong ones of any type: at step 50,000 none and 1; at step 150,000 none and none; "
        "at the end 1 and 1."
    )
    assert finding.numbers["oscillatory_at-end"] == 1


def test_only_checkpoints_of_one_training_are_compared() -> None:
    early = moment("50k", STRONG)
    late = moment("300k", OSCILLATORY)
    assert [[one.label for one in training] for training in trainings([late, early])] == [["at-50k", "at-300k"]]
    assert not trainings([early, moment("300k", OSCILLATORY, name="other")])
    assert not trainings([early, moment("300k", OSCILLATORY, width=32)])
    assert not trainings([early, moment("50k", STRONG, tokens=10)])  # twice the same moment
    assert not trainings([moment("", STRONG), moment("", STRONG, name="other")])
    assert len(trainings([early, late, moment("1k", name="other"), moment("2k", name="other")])) == 2
    assert not found("training-oscillatory", *(replace_positions(one) for one in (early, late)))


def replace_positions(labelled: LabelledRun) -> LabelledRun:
    """The same without position embeddings."""
    name = labelled.run.manifest.model.name
    return planted(Model([Layer(), Layer()], name=name, positions=False), labelled.label)


def test_runs_may_be_named_by_step_where_models_are_not() -> None:
    def named(label: str, model: str) -> LabelledRun:
        return planted(Model([Layer()], name=model), label)

    runs = [named("mine-step-20", "/x/b"), named("mine-step-5", "/x/a"), named("mine", "/x/c"), named("else", "/x/d")]
    assert [[one.label for one in training] for training in trainings(runs)] == [
        ["mine-step-5", "mine-step-20", "mine"]
    ]
