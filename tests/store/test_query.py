import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_tui.store import Run
from neuron_tui.store.errors import QueryError
from neuron_tui.store.neurons.query import KEYS, NUMBER_KEYS, TYPE_WORDS, matching, parse_query
from neuron_tui.store.neurons.record import NeuronRecord
from neuron_tui.store.neurons.table import NeuronTable, read_table
from neuron_tui.store.tokens import decode


@pytest.fixture(scope="module")
def table(run: Run) -> NeuronTable:
    return read_table(run)


@pytest.fixture(scope="module")
def records(run: Run) -> list[NeuronRecord]:
    return [record for layer in run.layers.values() for record in layer.records()]


def found(run: Run, table: NeuronTable, query: str) -> list[tuple[int, int]]:
    keep = matching(run, table, query)
    return list(zip(table.layer[keep].tolist(), table.neuron[keep].tolist(), strict=True))


def expected(records: list[NeuronRecord], holds: object) -> list[tuple[int, int]]:
    assert callable(holds)
    return [(r.layer, r.neuron) for r in records if holds(r)]


OF_TYPE = {
    "dead": lambda r: r.count == 0,
    "alive": lambda r: r.count > 0,
    "detector": lambda r: any(t.detector for t in r.triggers.values()),
    "token": lambda r: r.triggers[1].detector,
    "bigram": lambda r: r.triggers[2].detector,
    "trigram": lambda r: r.triggers[3].detector,
    "suppressing": lambda r: r.effect.suppresses_triggers is True,
    "promoting": lambda r: r.effect.suppresses_triggers is False,
    "positional": lambda r: r.position.type is not None,
    "strong": lambda r: r.position.strength == "strong",
    "weak": lambda r: r.position.strength == "weak",
    **{kind: lambda r, kind=kind: r.position.type == kind for kind in ("oscillatory", "both", "one", "other")},
}


@pytest.mark.parametrize("word", TYPE_WORDS)
def test_each_type_finds_its_neurons_and_turned_round_the_others(
    run: Run, table: NeuronTable, records: list[NeuronRecord], word: str
) -> None:
    there = expected(records, OF_TYPE[word])
    assert there
    assert found(run, table, f"type:{word}") == there
    assert found(run, table, f"-type:{word}") == [(r.layer, r.neuron) for r in records if not OF_TYPE[word](r)]


VALUE = {
    "freq": lambda r: r.frequency,
    "mi": lambda r: r.position.mutual_information,
    "covering": lambda r: r.triggers[1].covering,
    "covering2": lambda r: r.triggers[2].covering,
    "covering3": lambda r: r.triggers[3].covering,
    "count": lambda r: r.count,
    "score": lambda r: np.nan if r.effect.trigger_score is None else r.effect.trigger_score,
    "neuron": lambda r: r.neuron,
    "max": lambda r: np.nan if r.values.max is None else r.values.max,
    "mean": lambda r: np.nan if r.values.mean is None else r.values.mean,
    "norm": lambda r: r.weights.norm,
    "cosine": lambda r: r.weights.cosine,
    "kurtosis": lambda r: r.weights.kurtosis,
    "tokenfreq": lambda r: r.weights.token_frequency,
}
COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
}


@pytest.mark.parametrize(("key", "comparison"), list(itertools.product(NUMBER_KEYS, COMPARE)))
def test_each_number_is_compared_with_the_records_own(
    run: Run, table: NeuronTable, records: list[NeuronRecord], key: str, comparison: str
) -> None:
    limit = float(np.nanmedian([VALUE[key](r) for r in records]))
    there = expected(records, lambda r: COMPARE[comparison](VALUE[key](r), limit))
    assert found(run, table, f"{key}{comparison}{limit!r}") == there


def test_a_percentage_is_a_share(run: Run, table: NeuronTable) -> None:
    assert found(run, table, "freq<5%") == found(run, table, "freq<0.05") != []


def test_layers_are_named_one_by_one_and_as_ranges(run: Run, table: NeuronTable) -> None:
    assert {layer for layer, _ in found(run, table, "layer:0,2")} == {0, 2}
    assert {layer for layer, _ in found(run, table, "layer:1-7")} == {1, 2}
    assert found(run, table, "layer:9") == []


def test_all_terms_must_hold_and_commas_mean_or(run: Run, table: NeuronTable, records: list[NeuronRecord]) -> None:
    there = expected(records, lambda r: r.layer == 1 and (OF_TYPE["dead"](r) or OF_TYPE["token"](r)))
    assert found(run, table, "  type:dead,token   layer:1 ") == there


def test_an_empty_query_finds_every_neuron(run: Run, table: NeuronTable) -> None:
    assert len(found(run, table, " ")) == len(table)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_trigger_finds_whom_it_covers(run: Run, table: NeuronTable, records: list[NeuronRecord], n: int) -> None:
    detector = next(r for r in records if r.triggers[n].detector)
    wanted = decode(list(detector.triggers[n].covered[0].forms), spelling="bytes")
    there = expected(
        records,
        lambda r: any(
            decode(list(g.forms), spelling="bytes") == wanted
            for triggers in r.triggers.values()
            for g in triggers.top[: triggers.covering]
        ),
    )
    quoted = wanted.replace("\\", "\\\\").replace('"', '\\"')
    assert (detector.layer, detector.neuron) in there
    assert found(run, table, f'trigger:"{quoted}"') == there


def test_a_trigger_nobody_has_finds_nobody(run: Run, table: NeuronTable) -> None:
    assert found(run, table, 'trigger:"no such words at all"') == []
    assert found(run, table, "trigger:\ud800") == []


@pytest.mark.parametrize(
    ("query", "position", "message"),
    [
        ("typ:dead", 0, "unknown word 'typ'"),
        ("layer:0 frequency<1", 8, "unknown word 'frequency'"),
        ("-", 1, "unknown word ''"),
        ("-(", 1, "unknown word '('"),
        ("freq:1", 4, "freq is followed by one of < <= > >= ="),
        ("freq", 4, "freq is followed by one of < <= > >= ="),
        ("type<1", 4, "type is followed by :"),
        ("type:", 5, "a value is missing here"),
        ("type:dead,odd", 10, "unknown type 'odd'"),
        ('type:"dead,odd"', 11, "unknown type 'odd'"),
        ("layer:1-", 6, "'1-' is no layer or range such as 0-5"),
        ("layer:-1", 6, "'-1' is no layer"),
        ("freq<much", 5, "'much' is no number"),
        ("freq<nan", 5, "'nan' is no number"),
        ("mi>=1e", 4, "'1e' is no number"),
        ('trigger:"x', 8, "this quotation mark has no partner"),
        ('trigger:""', 8, "an empty text triggers nothing"),
    ],
)
def test_what_cannot_be_read_says_where(query: str, position: int, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(query)
    assert (caught.value.position, caught.value.query) == (position, query)
    assert caught.value.reason.startswith(message)
    lines = str(caught.value).split("\n")
    assert lines[1:] == [f"  {query}", f"  {' ' * position}^"]


WORDS = st.sampled_from(
    [*KEYS, *TYPE_WORDS, "<", "<=", "=", ">", ":", '"', "\\", "-", ",", " ", "0-5", "1e3", "%", "·"]
)


@given(st.one_of(st.text(), st.lists(WORDS, max_size=12).map("".join)))
def test_no_text_does_more_than_be_refused(query: str) -> None:
    try:
        parse_query(query)
    except QueryError as error:
        assert 0 <= error.position <= len(query)


@given(st.lists(WORDS, max_size=8).map("".join))
def test_whatever_can_be_read_can_be_asked(run: Run, table: NeuronTable, query: str) -> None:
    try:
        parse_query(query)
    except QueryError:
        return
    assert matching(run, table, query).shape == (len(table),)


@pytest.mark.parametrize("query", ["count>1,000", "layer:3-0"])
def test_what_looks_like_something_else_is_refused_not_cut(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)
