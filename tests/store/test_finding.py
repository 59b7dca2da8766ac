"""Neurons that fire on a text: the best by precision, recall and F1, as counting over all records gives them."""

from collections.abc import Iterable

import pytest

from neuron_tui.store import Run
from neuron_tui.store.neurons import firing
from neuron_tui.store.neurons.finding import SORTS, Finding, find_text
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.tokens import decode


@pytest.fixture(scope="module")
def records(run: Run) -> list[NeuronRecord]:
    return [record for layer in run.layers.values() for record in layer.records()]


def by_hand(records: Iterable[NeuronRecord], ids: tuple[int, ...]) -> dict[tuple[int, int], tuple[float, float, float]]:
    found = {}
    for record in records:
        triggers = record.triggers[len(ids)]
        for trigger in triggers.top:
            if trigger.ids == ids:
                precision, recall = trigger.active / triggers.total, trigger.active / trigger.occurrences
                found[record.layer, record.neuron] = precision, recall, 2 * precision * recall / (precision + recall)
    return found


def told(one: Finding) -> tuple[float, float, float]:
    return one.precision, one.recall, one.f1


def text_of(run: Run, ids: tuple[int, ...]) -> str:
    return decode([run.corpus.form(token) for token in ids], run.corpus.spelling)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("chunk", [3, 4096])
def test_the_best_neurons_on_an_n_gram_are_those_of_all_records(
    run: Run, records: list[NeuronRecord], sort: str, n: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "LOOKUP_CHUNK", chunk)  # with which reading stops where nothing better can come
    grams = run.corpus.grams(n)
    for row in [*grams.occurrences.argsort()[-8:].tolist(), 0, len(grams.ids) // 2]:
        ids = tuple(grams.ids[row].tolist())
        text = text_of(run, ids)
        if [gram.ids for gram in find_text(run, text, 1).grams] != [ids]:
            continue  # others read the same
        expected = by_hand(records, ids)
        place = {"precision": 0, "recall": 1, "f1": 2}[sort]
        for top in (1, 4, 1000):
            found = find_text(run, text, top, sort)
            assert found.whole
            assert len(found.neurons) == min(top, len(expected))
            best = sorted(expected.items(), key=lambda item: (-item[1][place], -item[1][2], *item[0]))[:top]
            for one, (_, scores) in zip(found.neurons, best, strict=True):
                assert told(one)[place] == pytest.approx(scores[place])
                assert told(one) == pytest.approx(expected[one.layer, one.row])


def test_a_token_neuron_tells_its_token(run: Run) -> None:
    trigger = run.layers[0].neuron(1).triggers[1].top[0]
    found = find_text(run, text_of(run, trigger.ids), 3)
    assert found.neurons[0].recall > 0.9
    assert found.neurons[0].active == max(one.active for one in found.neurons)


def test_of_a_longer_text_each_neuron_stands_with_the_n_gram_it_tells_best(
    run: Run, records: list[NeuronRecord]
) -> None:
    found = find_text(run, " the of and to", 1000)
    assert not found.whole
    tokens = [gram.ids[0] for gram in found.grams if len(gram.ids) == 1]
    assert [text_of(run, (token,)) for token in tokens] == [" the", " of", " and", " to"]
    best: dict[tuple[int, int], float] = {}
    for gram in found.grams:
        for address, (_, _, f1) in by_hand(records, gram.ids).items():
            best[address] = max(best.get(address, 0.0), f1)
    assert {(one.layer, one.row): one.f1 for one in found.neurons} == pytest.approx(best)
    f1s = [one.f1 for one in found.neurons]
    assert f1s == sorted(f1s, reverse=True)
    assert [one.f1 for one in find_text(run, " the of and to", 7).neurons] == f1s[:7]


def test_a_text_is_cut_into_the_fewest_tokens_the_longest_first(run: Run) -> None:
    for text, tokens in ((" titles title", [" titles", " title"]), ("a the\n", ["a", " the", "\n"]), ("", [])):
        assert [text_of(run, (token,)) for token in run.corpus.fewest_tokens(text)] == tokens


def test_a_text_that_the_corpus_does_not_have_finds_nobody(run: Run) -> None:
    found = find_text(run, "zzz", 5)
    assert (found.neurons, found.whole) == ((), False)
