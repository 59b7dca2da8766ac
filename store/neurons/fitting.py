"""Files of a run opened as its manifest has them: one that somebody crafted may agree with itself alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from neuron_tui.store.disk.hdf5 import SchemaReader
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.open_files import reading_finished
from neuron_tui.store.disk.schema import FileSchema
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.runs.manifest import Manifest

Sizes = Mapping[str, int]
"""Dimensions by their letters."""


def corpus_sizes(manifest: Manifest) -> Sizes:
    """The dimensions that corpus.h5 must have."""
    corpus = manifest.corpus
    if corpus is None:
        return {}
    return {"P": corpus.positions, "S": corpus.sequences, "V": corpus.vocabulary, "D": len(corpus.domains)}


def layer_sizes(manifest: Manifest) -> Sizes:
    """The dimensions that the file of a layer must have, as far as it has them."""
    text = {name: size for name, size in corpus_sizes(manifest).items() if name in "PD"}
    return {"N": manifest.rows, "T": manifest.options.context_length, "Z": len(SETTINGS), **text}


@contextmanager
def reading_fitting(path: Path, schema: FileSchema, sizes: Sizes) -> Iterator[SchemaReader]:
    """A finished file of a run; raises RunDamagedError as `reading_finished`, and if its dimensions are others."""
    with reading_finished(path, schema) as file:
        for name, size in sizes.items():
            if file.dimensions.get(name, size) != size:
                raise damaged(path, f"dimension {name} is {file.dimensions[name]}, run.json says {size}")
        yield file
