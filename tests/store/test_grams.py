"""From a text that someone types to the n-grams of a corpus that read it, and from tokens to a filter."""

from pathlib import Path

import pytest

from neuron_tui.store.neurons.grams import grams_reading, trigger_filter, typed_text
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.run import Run, open_run
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.tokens import decode


@pytest.fixture(scope="module")
def run(runs: Path) -> Run:
    return open_run(runs / "whole")


def text_of(run: Run, ids: tuple[int, ...]) -> str:
    return decode([run.corpus.form(i) for i in ids], run.corpus.spelling)


def best_bigram(run: Run) -> tuple[int, ...]:
    return run.layers[0].neuron(3).triggers[2].top[0].ids


@pytest.mark.parametrize("typed", ["weather", " weather", "·weather"])
def test_a_word_is_found_with_or_without_the_space_before_it(run: Run, typed: str) -> None:
    (gram,) = [g for g in grams_reading(run.corpus, typed) if len(g.ids) == 1]
    assert text_of(run, gram.ids) == " weather"
    assert gram.shown == "·weather"
    assert gram.occurrences > 0
    assert gram.words.startswith("·weather   token, ")


def test_two_tokens_are_found_as_a_bigram(run: Run) -> None:
    ids = best_bigram(run)
    assert ids in [gram.ids for gram in grams_reading(run.corpus, text_of(run, ids))]


def test_the_most_frequent_comes_first(run: Run) -> None:
    grams = grams_reading(run.corpus, text_of(run, best_bigram(run)))
    assert [g.occurrences for g in grams] == sorted((g.occurrences for g in grams), reverse=True)


def test_what_the_corpus_lacks_is_not_found(run: Run) -> None:
    assert grams_reading(run.corpus, "no such words at all") == []


@pytest.mark.parametrize(
    ("typed", "meant"), [("title", "title"), (" title", " title"), ('" title"', " title"), ('"', '"'), ('""', '""')]
)
def test_quotation_marks_around_a_text_are_not_part_of_it(typed: str, meant: str) -> None:
    assert typed_text(typed) == meant


def test_the_filter_finds_the_neurons_that_need_the_n_gram(run: Run) -> None:
    table = read_table(run)
    query = trigger_filter(run.corpus, best_bigram(run))
    assert query is not None
    assert matching(run, table, query)[3]


def test_quotation_marks_and_line_feeds_are_escaped_and_other_controls_refused(run: Run) -> None:
    texts = [decode([form], run.corpus.spelling) for form in run.corpus.vocabulary]
    filters = [trigger_filter(run.corpus, (token,)) for token in range(len(texts))]
    assert filters[texts.index("\n\n\t\r")] == 'trigger:"\\n\\n\\t\\r"'
    assert filters[texts.index("\\back\\slash")] == 'trigger:"\\\\back\\\\slash"'
    assert filters[texts.index("\x00")] is None
