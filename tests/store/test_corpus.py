from pathlib import Path

import h5py
import numpy as np
import pytest

from neuron_tui.store import Run, open_run
from neuron_tui.store.corpus import StoredCorpus
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.hdf5 import SchemaWriter
from neuron_tui.store.manifest import CORPUS_FILE, Manifest, layer_file
from neuron_tui.store.schema import CONTEXT_AFTER, CONTEXT_BEFORE, CORPUS
from neuron_tui.store.tokens import decode
from tests.synthetic import form


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
            assert context.text == tuple(vocabulary[t] for t in tokens[first:last])
            assert (context.focus, context.offset) == (position - first, position - start)
            assert context.active[context.focus]


def test_active_tokens_of_a_token_detectors_contexts_are_its_triggers(run: Run) -> None:
    record = run.layers[0].neuron(1)
    triggers = {trigger.text[0] for trigger in record.triggers[1].top}
    for context in run.layers[0].contexts(1):
        assert {text for text, on in zip(context.text, context.active, strict=True) if on} <= triggers
        assert context.domain in record.domains


def test_contexts_of_many_are_those_of_each(run: Run) -> None:
    layer = run.layers[2]
    assert layer.contexts_of(np.array([0, 3, 7])) == [layer.contexts(i) for i in (0, 3, 7)]


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


def test_positions_and_tokens_that_are_not_there_are_damage(copy: Path) -> None:
    run = open_run(copy)
    with pytest.raises(RunDamagedError, match=r"corpus\.h5: no position"):
        run.corpus.contexts(np.array([10**9]), np.zeros(1, np.uint64))
    with pytest.raises(RunDamagedError, match="no token 100000 in a vocabulary of"):
        run.corpus.form(100000)


def test_the_text_of_a_context_reads_on(run: Run) -> None:
    context = run.layers[0].contexts(1)[0]
    assert decode(list(context.text), byte_level=True).count(" ") > 3
