"""Numbers that run.json states, held against the files that they are of: cheap enough for every opening.

A file that somebody crafted, or put in another's place, may agree with itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from neuron_tui.store.disk.hdf5 import SchemaReader
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.overlay import DatasetReader
from neuron_tui.store.disk.schema import CORPUS, FileSchema
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.runs.manifest import Manifest


@contextmanager
def reading_corpus(path: Path, manifest: Manifest) -> Iterator[SchemaReader]:
    """The run's corpus.h5; raises RunDamagedError as `reading_finished`, and if its dimensions are others."""
    with reading_finished(path, CORPUS) as file:
        _refuse(file, _sizes(file, _corpus_sizes(manifest)))
        yield file


@contextmanager
def reading_layer(path: Path, schema: FileSchema, manifest: Manifest, layer: int) -> Iterator[SchemaReader]:
    """The file of a layer, or of a variant's; raises RunDamagedError as `reading_finished`, and if it is of another."""
    with reading_finished(path, schema) as file:
        _refuse(file, layer_disagreements(file, manifest, layer))
        yield file


def refuse_another_corpus(file: DatasetReader, manifest: Manifest) -> None:
    """Raise RunDamagedError unless run.json and corpus.h5 say the same of the tokens, sequences and domains."""
    _refuse(file, corpus_disagreements(file, manifest))


def corpus_disagreements(file: DatasetReader, manifest: Manifest) -> Iterator[str]:
    """What run.json says of the corpus and corpus.h5 denies, in words; raises RunDamagedError."""
    corpus = manifest.corpus
    assert corpus is not None
    wrong = list(_sizes(file, _corpus_sizes(manifest)))
    yield from wrong
    if wrong:
        return
    if file.read("domain_tokens").tolist() != [domain.tokens for domain in corpus.domains]:
        yield "the counted tokens of the domains are not those in run.json"
    starts, owners = file.read("sequence_start"), file.read("sequence_domain")
    lengths = np.diff(starts)
    if starts[0] != 0 or starts[-1] != corpus.positions or (lengths < 1).any():
        yield "`sequence_start` does not rise from 0 to the number of positions"
        return
    if (lengths > manifest.options.context_length).any():
        yield "a sequence is longer than the context length"
    full = lengths == manifest.options.context_length
    if full.sum() != corpus.full_sequences:
        yield "the number of full-length sequences is not the one in run.json"
    if (np.diff(owners) < 0).any() or (owners < 0).any() or (owners >= len(corpus.domains)).any():
        yield "`sequence_domain` names a domain out of place"
        return
    if np.bincount(owners[full], minlength=len(corpus.domains)).tolist() != [d.full_sequences for d in corpus.domains]:
        yield "the full-length sequences of the domains are not those in run.json"


def layer_disagreements(file: DatasetReader, manifest: Manifest, layer: int) -> Iterator[str]:
    """What run.json says of a layer and the layer's file denies, in words."""
    yield from _sizes(file, _layer_sizes(manifest))
    if file.layer not in (None, layer):
        yield f"layer is {file.layer}, run.json says {layer}"


def _corpus_sizes(manifest: Manifest) -> Mapping[str, int]:
    """The dimensions that corpus.h5 must have, by their letters."""
    corpus = manifest.corpus
    if corpus is None:
        return {}
    return {"P": corpus.positions, "S": corpus.sequences, "V": corpus.vocabulary, "D": len(corpus.domains)}


def _layer_sizes(manifest: Manifest) -> Mapping[str, int]:
    """The dimensions that the file of a layer must have, as far as it has them."""
    text = {name: size for name, size in _corpus_sizes(manifest).items() if name in "PD"}
    return {"N": manifest.rows, "T": manifest.options.context_length, "Z": len(SETTINGS), **text}


def _refuse(file: DatasetReader, disagreements: Iterator[str]) -> None:
    for disagreement in disagreements:
        raise damaged(file.path, disagreement)


def _sizes(file: DatasetReader, expected: Mapping[str, int]) -> Iterator[str]:
    for name, value in expected.items():
        stated = file.dimensions.get(name)
        if stated is not None and stated != value:
            yield f"dimension {name} is {stated}, run.json says {value}"
