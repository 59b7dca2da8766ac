"""The built-in corpus: real text on any machine, the same at every call."""

from __future__ import annotations

import ast
from itertools import islice

import pytest

from neuron_tui.engine.corpus import builtin
from neuron_tui.engine.corpus.builtin import builtin_documents
from neuron_tui.store.errors import CorpusError, UsageError


@pytest.mark.parametrize("name", ["prose", "code", "math"])
def test_the_same_documents_come_at_every_call(name: str):
    assert list(islice(builtin_documents(name), 30)) == list(islice(builtin_documents(name), 30))


@pytest.mark.parametrize("name", ["prose", "code", "math"])
def test_every_document_has_text(name: str):
    assert all(document.strip() for document in islice(builtin_documents(name), 300))


@pytest.mark.parametrize(("name", "characters"), [("prose", 1_000_000), ("code", 5_000_000), ("math", 5_000_000)])
def test_each_domain_is_large_enough_for_statistics(name: str, characters: int):
    assert sum(map(len, builtin_documents(name))) > characters


def test_code_is_python_source_without_tests():
    for document in islice(builtin_documents("code"), 50):
        ast.parse(document)
    assert not any("test" in path.parts for path in builtin._library_files())


def test_prose_begins_with_both_topics_and_docstrings():
    import pydoc_data.topics

    topics = set(pydoc_data.topics.topics.values())
    kinds = {document in topics for document in islice(builtin_documents("prose"), 10)}
    assert kinds == {True, False}


def test_an_unknown_domain_is_refused_by_name():
    with pytest.raises(UsageError, match=r"poetry.*prose, code, math"):
        builtin_documents("poetry")


def test_a_python_without_its_source_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(builtin.sysconfig, "get_paths", lambda: {"stdlib": str(tmp_path)})
    with pytest.raises(CorpusError, match="standard library"):
        list(builtin_documents("code"))
