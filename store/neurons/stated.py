"""Numbers that run.json states, held against the files that they are of: cheap enough for every opening."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.overlay import DatasetReader, Overlaid
from neuron_tui.store.disk.schema import POSITION_TABLES, VALUE_TABLES
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.runs.manifest import Manifest


def refuse_another_corpus(file: DatasetReader, manifest: Manifest) -> None:
    """Raise RunDamagedError unless run.json and corpus.h5 say the same of the tokens, sequences and domains."""
    for disagreement in corpus_disagreements(file, manifest):
        raise damaged(file.path, disagreement)


def refuse_another_layer(file: DatasetReader, manifest: Manifest, layer: int) -> None:
    """Raise RunDamagedError unless run.json and a layer's file say the same of it."""
    for part in (file.above, file.below) if isinstance(file, Overlaid) else (file,):
        for disagreement in layer_disagreements(part, manifest, layer):
            raise damaged(part.path, disagreement)
    for gap in gaps(file, manifest):
        raise damaged(file.path, gap)


def gaps(file: DatasetReader, manifest: Manifest) -> Iterator[str]:
    """Which datasets a layer's file lacks, though it has what goes with them, in words."""
    corpus = manifest.corpus
    assert corpus is not None
    for tables, expected in ((POSITION_TABLES, corpus.full_sequences > 0), (VALUE_TABLES, None)):
        missing = [name for name in tables if name not in file]
        if missing and (expected or len(missing) < len(tables)):
            yield f"`{missing[0]}` is missing"
        elif not missing and expected is False:
            yield f"`{tables[0]}` is there, without full-length sequences"


def corpus_disagreements(file: DatasetReader, manifest: Manifest) -> Iterator[str]:
    """What run.json says of the corpus and corpus.h5 denies, in words; raises RunDamagedError."""
    corpus = manifest.corpus
    assert corpus is not None
    sizes = {"P": corpus.positions, "S": corpus.sequences, "V": corpus.vocabulary, "D": len(corpus.domains)}
    wrong = list(_sizes(file, sizes))
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
    corpus = manifest.corpus
    assert corpus is not None
    sizes = {
        "N": manifest.rows,
        "D": len(corpus.domains),
        "P": corpus.positions,
        "T": manifest.options.context_length,
        "Z": len(SETTINGS),
    }
    yield from _sizes(file, sizes)
    if file.layer not in (None, layer):
        yield f"layer is {file.layer}, run.json says {layer}"


def _sizes(file: DatasetReader, expected: Mapping[str, int]) -> Iterator[str]:
    for name, value in expected.items():
        stated = file.dimensions.get(name)
        if stated is not None and stated != value:
            yield f"dimension {name} is {stated}, run.json says {value}"
