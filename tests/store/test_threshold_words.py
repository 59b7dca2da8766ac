"""Thresholds in words, and that whatever names a threshold names that of the run at hand."""

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.declared import flag
from neuron_tui.store.findings.figures.figure import Histograms
from neuron_tui.store.findings.figures.registry import build_figure
from neuron_tui.store.findings.labelled_run import read_aggregates
from neuron_tui.store.measures.threshold_wording import (
    NUMBERS,
    Number,
    counted_with,
    detector_text,
    differences,
    number_text,
    thresholds_text,
)
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.neurons.query_completion import completions
from neuron_tui.store.wording import share_text
from neuron_tui.tui.reports.neuron_text import describe
from neuron_tui.tui.reports.report import write_report
from tests.synthetic import PLANTED, build_run, build_variant

LOOSE = Thresholds(coverage=Decimal("0.8"), max_covering=(10, 50, 1), precision=Decimal("0.995"), positional=0.125)


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run counted again with `LOOSE`."""
    folder = build_run(tmp_path_factory.mktemp("runs") / "demo", layers=2, neurons=16)
    return open_run(build_variant(folder, "loose", LOOSE, layers=2, neurons=16))


def test_only_what_is_not_the_papers_is_named() -> None:
    assert differences(PAPER) == ()
    assert thresholds_text(PAPER) == "the paper's thresholds"
    assert counted_with(PAPER) == ""
    told = "coverage 80%, at most 10 tokens, at most 1 trigram, precision 99.5%, positional above 0.125 nats"
    assert thresholds_text(LOOSE) == told
    assert counted_with(LOOSE) == f"counted with {told}; the other thresholds are the paper's"


def test_every_threshold_has_words_of_its_own() -> None:
    others = {
        "coverage": ("0.9", "coverage 90%"),
        "max_covering": ((5, 40, 50), "at most 40 bigrams"),
        "precision": ("0.5", "precision 50%"),
        "positional": (0.1, "positional above 0.1 nats"),
        "near": (0.01, "near 0.01"),
        "range": (0.25, "range 0.25"),
        "changes": (1, "1 change"),
        "interval": (0.03125, "interval 0.03125"),
        "extremes": (0.8, "extremes 0.8"),
        "thin": (0.00001, "thin 0.00001"),
    }
    assert set(others) == set(Thresholds.model_fields)
    for name, (value, words) in others.items():
        assert differences(Thresholds.model_validate({name: value})) == (words,)
    every = Thresholds.model_validate(
        {name: value for name, (value, _) in others.items()} | {"max_covering": (1, 2, 3)}
    )
    assert counted_with(every).endswith("; no threshold is the paper's")


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.key)
def test_definitions_name_every_threshold_with_its_default_and_how_it_is_varied(one: Number) -> None:
    page = (Path(__file__).parents[2] / "docs" / "definitions.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `{flag(one.name).removeprefix('--')}`.*\|$", page, re.MULTILINE)
    default, *varied = rows[-1].split("|")[-3 if one.declared.varied else -2 : -1]
    assert one.read(default.split(",")[0 if one.n is None else one.n - 1]) == one.default
    assert [one.read(text) for cell in varied for text in cell.split(",")] == list(one.declared.varied)


def test_shares_and_numbers_lose_no_digit() -> None:
    assert [share_text(Decimal(text)) for text in ("0.95", "0.9525", "1", "0.0001", "0.5")] == [
        *("95%", "95.25%", "100%", "0.01%", "50%")
    ]
    assert [number_text(value) for value in (0.05, 1 / 16, 4, 1e-5, 100.0)] == ["0.05", "0.0625", "4", "0.00001", "100"]


def test_what_a_detector_is_follows_the_thresholds() -> None:
    assert detector_text(PAPER).startswith("at most 5 tokens (50 bigrams, 50 trigrams) cover 95% of its activations")
    assert detector_text(LOOSE).startswith("at most 10 tokens (50 bigrams, 1 trigram) cover 80% of its activations")
    assert detector_text(LOOSE).endswith("active in 99.5% of cases")


def test_sentences_on_a_neuron_of_a_variant_say_its_coverage(variant: Run) -> None:
    token, broad = (variant.layers[0].neuron(PLANTED.index(kind)) for kind in ("token, suppressing", "broad"))
    assert token.thresholds == LOOSE
    assert describe(token)[0].endswith("80% of its activations.")
    assert describe(broad)[0].endswith("to cover 80% of its activations.")
    assert not any("95%" in sentence for record in (token, broad) for sentence in describe(record))


@pytest.mark.parametrize("format", ["md", "html"])
def test_a_report_on_a_variant_names_its_thresholds_and_not_the_papers(variant: Run, format: str) -> None:  # noqa: A002
    stream = io.StringIO()
    write_report(variant, [(0, 1), (0, 10)], format, stream)
    text = stream.getvalue().replace("&#39;", "'")
    assert f"{counted_with(LOOSE)}" in text
    assert "hold 80% of the neuron" in text
    assert detector_text(LOOSE) in text
    assert "above 0.125 nats" in text
    assert "95% of" not in text
    assert "demo@loose" in text


def test_a_report_on_a_run_says_nothing_of_thresholds_but_the_papers(variant: Run) -> None:
    stream = io.StringIO()
    write_report(open_run(variant.path.parent.parent), [(0, 1)], "md", stream)
    assert "counted with" not in stream.getvalue()
    assert detector_text(PAPER) in stream.getvalue()


def test_figures_say_which_run_has_which_thresholds(variant: Run) -> None:
    labelled = [read_aggregates(open_run(variant.path.parent.parent)), read_aggregates(variant)]
    both, alone = build_figure("2", labelled), build_figure("2", labelled[:1])
    assert isinstance(both.chart, Histograms)
    assert isinstance(alone.chart, Histograms)
    assert both.chart.x_label == "tokens that cover 95% or 80%"
    assert alone.chart.x_label == "tokens that cover 95%"
    assert f"demo@loose is {counted_with(LOOSE)}." in both.notes
    assert not any("counted with" in note for note in alone.notes)
    assert f"demo@loose is {counted_with(LOOSE)}." in build_figure("3a", labelled[1:]).notes


def test_what_a_filter_means_follows_the_thresholds() -> None:
    def meaning(word: str, thresholds: Thresholds) -> str:
        return next(c.meaning for c in completions(word, len(word), thresholds) if c.word.startswith(word))

    assert meaning("covering", PAPER) == "tokens that cover 95% of its activations, such as covering<=5"
    assert meaning("covering", LOOSE) == "tokens that cover 80% of its activations, such as covering<=10"
    assert meaning("mi", LOOSE).endswith("such as mi>0.125")
