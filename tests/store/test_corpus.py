from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuron_tui.store import Run, open_run
from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.schema import CONTEXT_AFTER, CONTEXT_BEFORE, CORPUS
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.corpus import StoredCorpus
from neuron_tui.store.runs.manifest import CORPUS_FILE, Manifest, layer_file
from neuron_tui.store.tokens import decode
from tests.synthetic import build_run, form


def test_contexts_are_the_text_around_positions_where_the_neuron_is_active(run: Run, demo: Path) -> None:
    with h5py.File(demo / CORPUS_FILE) as file:
        tokens, starts = file["tokens"][...], file["sequence_start"][...]
    with h5py.File(demo / layer_file(0)) as file:
        positions = file["contexts/position"][...]
    vocabulary = run.corpus.vocabulary
    for neuron in range(24):
        contexts = run.layers[0].contexts(neuron)
        there = positions[neuron][positions[neuron] >= 0]
        assert len(contexts) == len(there)
        for context, position in zip(contexts, there.tolist(), strict=True):
            start = max(s for s in starts.tolist() if s <= position)
            end = min(s for s in starts.tolist() if s > position)
            first = max(start, position - CONTEXT_BEFORE)
            last = min(end, position + CONTEXT_AFTER + 1)
            assert context.forms == tuple(vocabulary[t] for t in tokens[first:last])
            assert (context.focus, context.offset) == (position - first, position - start)
            assert context.active[context.focus]


def test_active_tokens_of_a_token_detectors_contexts_are_its_triggers(run: Run) -> None:
    record = run.layers[0].neuron(1)
    triggers = {trigger.forms[0] for trigger in record.triggers[1].top}
    for context in run.layers[0].contexts(1):
        assert {text for text, on in zip(context.forms, context.active, strict=True) if on} <= triggers
        assert context.domain in record.domains


def test_contexts_of_many_are_those_of_each(run: Run) -> None:
    layer = run.layers[2]
    assert layer.contexts_of(np.array([0, 3, 7])) == [layer.contexts(i) for i in (0, 3, 7)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that keeps activations, of more neurons than a word of bits."""
    folder = tmp_path_factory.mktemp("kept") / "kept"
    return open_run(build_run(folder, layers=1, neurons=70, keep_activations=True))


def activity_of(run: Run, neuron: int) -> np.ndarray:
    with h5py.File(run.path / layer_file(0)) as file:
        return (file["activations"][neuron // 64] >> np.uint64(neuron % 64) & np.uint64(1)).astype(bool)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (5, 3), (40, 23), (41, 23), (40, 24), (1000, 1000)])
def test_wide_contexts_say_of_which_tokens_the_activity_is_not_known(run: Run, before: int, after: int) -> None:
    layer = run.layers[1]
    for neuron in (1, 5, 10, 20):
        usual, wide = layer.contexts(neuron), layer.contexts(neuron, before=before, after=after)
        assert len(wide) == len(usual)
        for a, b in zip(usual, wide, strict=True):
            assert (b.domain, b.offset, b.ids[b.focus]) == (a.domain, a.offset, a.ids[a.focus])
            assert b.focus == min(before, b.offset)
            assert len(b.ids) == len(b.forms) == len(b.active) <= before + after + 1
            assert b.unknown_before == max(0, b.focus - CONTEXT_BEFORE)
            assert b.unknown_after == max(0, len(b.ids) - b.focus - 1 - CONTEXT_AFTER)
            assert not any(b.active[: b.unknown_before])
            assert not any(b.active[len(b.active) - b.unknown_after :])
            # What both show is the same.
            left, right = min(a.focus, b.focus), min(len(a.ids) - a.focus, len(b.ids) - b.focus)
            for name in ("ids", "forms", "active"):
                one, other = getattr(a, name), getattr(b, name)
                assert one[a.focus - left : a.focus + right] == other[b.focus - left : b.focus + right]


def test_wide_contexts_reach_over_the_whole_sequence_and_kept_activations_fill_them(kept: Run) -> None:
    starts, _ = kept.corpus._sequences
    with h5py.File(kept.path / layer_file(0)) as file:
        positions = file["contexts/position"][...]
    for neuron in (1, 5, 20, 69):
        active = activity_of(kept, neuron)
        contexts = kept.layers[0].contexts(neuron, before=10**6, after=10**6)
        assert contexts
        for context, position in zip(contexts, positions[neuron].tolist(), strict=False):
            sequence = np.searchsorted(starts, position, side="right") - 1
            assert len(context.ids) == starts[sequence + 1] - starts[sequence]
            assert (context.focus, context.offset) == (position - starts[sequence],) * 2
            assert context.active == tuple(active[starts[sequence] : starts[sequence + 1]].tolist())
            assert (context.unknown_before, context.unknown_after) == (0, 0)


def test_contexts_on_an_n_gram_are_the_stored_ones_that_end_it(run: Run) -> None:
    layer = run.layers[0]
    for neuron, n in ((1, 1), (3, 2), (4, 3), (10, 1), (10, 3)):
        one = next(c for c in layer.contexts(neuron) if c.focus >= n)
        ids = one.ids[one.focus + 1 - n : one.focus + 1]
        wanted = [c for c in layer.contexts(neuron) if c.ids[max(0, c.focus + 1 - n) : c.focus + 1] == ids]
        assert wanted
        assert layer.contexts_on(neuron, ids) == wanted
        assert [c.offset for c in layer.contexts_on(neuron, ids, before=0, after=0)] == [c.offset for c in wanted]
    assert layer.contexts_on(0, (4,)) == []


def test_kept_activations_give_more_contexts_on_an_n_gram_from_every_domain(kept: Run) -> None:
    layer = kept.layers[0]
    starts, _ = kept.corpus._sequences
    for neuron, n in ((1, 1), (3, 2), (4, 3), (10, 1), (10, 2)):
        trigger = layer.neuron(neuron).triggers[n].top[0]
        active = activity_of(kept, neuron)
        ends = kept.corpus.endings(trigger.ids, 0, int(starts[-1]))
        assert len(ends) == trigger.occurrences
        assert active[ends].sum() == trigger.active
        contexts = layer.contexts_on(neuron, trigger.ids, before=n - 1, after=2)
        stored = [c for c in layer.contexts(neuron) if c.ids[max(0, c.focus + 1 - n) : c.focus + 1] == trigger.ids]
        assert len(stored) < len(contexts) <= len(stored) + 20
        assert {(c.domain, c.offset) for c in stored} <= {(c.domain, c.offset) for c in contexts}
        assert all(c.ids[: c.focus + 1] == trigger.ids and c.active[c.focus] for c in contexts)
        assert len({(c.domain, c.offset, c.ids) for c in contexts}) > 1
        if trigger.active > 60:
            assert {c.domain for c in contexts} == {"prose", "code", "math"}


def test_an_n_gram_ends_within_one_sequence(kept: Run) -> None:
    starts, _ = kept.corpus._sequences
    with h5py.File(kept.path / CORPUS_FILE) as file:
        tokens = file["tokens"][...].tolist()
    for start in starts[1:6].tolist():
        across = (tokens[start - 1], tokens[start])
        assert start not in kept.corpus.endings(across, start - 3, start + 3)
    ids = tuple(tokens[5:8])
    assert 7 in kept.corpus.endings(ids, 7, 8)
    assert len(kept.corpus.endings(ids, 0, 2)) == 0
    found = [p for p in range(2, len(tokens)) if tuple(tokens[p - 2 : p + 1]) == ids]
    assert kept.corpus.endings(ids, 0, len(tokens)).tolist() == found


def test_domains_lie_one_after_the_other(kept: Run) -> None:
    starts, domains = kept.corpus._sequences
    stretches = kept.corpus.domain_stretches()
    assert [stop for _, stop in stretches[:-1]] == [first for first, _ in stretches[1:]]
    assert (stretches[0][0], stretches[-1][1]) == (0, starts[-1])
    assert [starts[np.flatnonzero(domains == d)[0]] for d in range(3)] == [first for first, _ in stretches]


def corpus_of(tmp_path: Path, manifest: Manifest, forms: list[str], grams: dict[int, list[list[int]]]) -> StoredCorpus:
    sizes = {"P": 0, "S": 0, "D": 0, "V": len(forms), **{f"G{n}": len(grams[n]) for n in grams}}
    with SchemaWriter(tmp_path / CORPUS_FILE, CORPUS, sizes) as file:
        file.write_texts("vocabulary", forms)
        for n, ids in grams.items():
            file.write(f"grams/{n}/ids", np.array(ids, np.int64).reshape(-1, n))
            file.write(f"grams/{n}/occurrences", np.ones(len(ids), np.int64))
        for name in ("tokens", "sequence_domain", "domain_tokens"):
            file.write(name, np.zeros(0, np.int64))
        file.write("sequence_start", np.zeros(1, np.int64))
    return StoredCorpus(tmp_path, manifest)


def test_text_finds_every_n_gram_that_reads_like_it_even_where_a_character_is_split(tmp_path: Path, run: Run) -> None:
    e_acute = "é".encode()
    forms = [form(raw) for raw in (b" ti", b"tle", b" title", e_acute[:1], e_acute[1:], b" t", b"itle")]
    grams = {1: [[0], [2]], 2: [[0, 1], [3, 4], [4, 3], [5, 6]], 3: [[0, 1, 1]]}
    corpus = corpus_of(tmp_path, run.manifest, forms, grams)

    def found(text: str) -> dict[int, list[int]]:
        return {n: rows.tolist() for n, rows in corpus.find_grams(text).items()}

    assert found(" title") == {1: [1], 2: [0, 3], 3: []}
    assert found("é") == {1: [], 2: [1], 3: []}
    assert found(" titletle") == {1: [], 2: [], 3: [0]}
    assert found("title") == {1: [], 2: [], 3: []}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=2).map(lambda raw: bytes(b % 3 + 97 for b in raw)), min_size=1, max_size=9))
def test_every_spelling_of_a_text_is_found_and_no_other(tmp_path: Path, run: Run, raw: list[bytes]) -> None:
    grams = {n: [list(ids) for ids in product(range(len(raw)), repeat=n)][::2] for n in (1, 2, 3)}
    corpus = corpus_of(tmp_path, run.manifest, [form(part) for part in raw], grams)
    for text in ("a", "ab", "aba", "caab"):
        wanted = {
            n: [row for row, ids in enumerate(rows) if raw[ids[0]] and b"".join(raw[i] for i in ids) == text.encode()]
            for n, rows in grams.items()
        }
        assert {n: rows.tolist() for n, rows in corpus.find_grams(text).items()} == wanted


def test_an_n_gram_is_found_by_its_tokens(run: Run) -> None:
    for n in (1, 2, 3):
        ids = run.corpus.grams(n).ids
        for row in range(0, len(ids), 7):
            assert run.corpus.find_gram(tuple(ids[row].tolist())) == row
    assert run.corpus.find_gram((4, 5, 10**6)) is None
    assert run.corpus.find_gram((-1, 4)) is None


def test_positions_and_tokens_that_are_not_there_are_damage(copy: Path) -> None:
    run = open_run(copy)
    with pytest.raises(RunDamagedError, match=r"corpus\.h5: no position"):
        run.corpus.contexts(np.array([10**9]), np.zeros(1, np.uint64))
    with pytest.raises(RunDamagedError, match="no token 100000 in a vocabulary of"):
        run.corpus.form(100000)


def test_the_text_of_a_context_reads_on(run: Run) -> None:
    context = run.layers[0].contexts(1)[0]
    assert decode(list(context.forms), spelling="bytes").count(" ") > 3
