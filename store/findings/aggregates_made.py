"""Making the facts of a run from its layers, and keeping them in facts.h5 once the run is complete.

The file is derived: whatever it says follows from the layers, and `check` holds it against them. It is there because a
figure of ten large runs would otherwise open hundreds of files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from neuron_tui.store.disk.files import replacing
from neuron_tui.store.disk.hdf5 import SchemaReader, SchemaWriter, reading
from neuron_tui.store.disk.hdf5_checks import damaged
from neuron_tui.store.disk.schema import FACTS, ORDERS
from neuron_tui.store.disk.schema.facts import FACTS_FILE
from neuron_tui.store.errors import RunPartialError
from neuron_tui.store.findings.aggregates import Facts, Int64s, Positional, Suppressors, state_of
from neuron_tui.store.findings.aggregates_file import as_arrays, dimensions_of, no_sensitivity, read_stored_facts
from neuron_tui.store.findings.summary import covered_grams, summaries_from_layers
from neuron_tui.store.measures.growth import dead_by_prefix
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import LISTED, NeuronTable, read_table
from neuron_tui.store.runs.manifest import CORPUS_FILE, FileEntry, Manifest, file_entry, write_manifest

_COLUMNS = (*LISTED, "triggers/2/covering", "triggers/3/covering")
"""Datasets behind all facts: read in one pass over the layers' files."""


def facts_of(run: Run) -> Facts:
    """The facts of a run's finished layers: as kept with a complete run, else made from them.

    Raises
    ------
    RunPartialError
        It has no finished layer yet.
    RunDamagedError
        A file of it cannot be read.
    """
    return read_stored_facts(run) if run.manifest.has_facts else facts_from_layers(run)


def facts_from_layers(run: Run) -> Facts:
    """The facts of a run's finished layers, made from them; raises as `facts_of`."""
    if not run.layers:
        raise RunPartialError(
            f"the run {run.name} has no finished layer yet\nGo on with its extraction: run the same command again."
        )
    table = read_table(run)  # not kept: of a large run it is big, and the facts are not
    table.load(*_COLUMNS)
    growth, sensitivity = _by_layer(run)
    return Facts(
        summaries=summaries_from_layers(run, table),
        suppressors=_suppressors(table),
        positional=_positional(table),
        detected=_detected(run),
        growth=growth,
        sensitivity=sensitivity,
        states=state_of(~table.dead, table.type, {n: table.detector(n) for n in ORDERS}).reshape(len(run.layers), -1),
        strongest=_strongest(run, table),
        vocabulary=_digest(run),
    )


def write_facts(folder: Path) -> FileEntry:
    """Write facts.h5 of a complete run from its layers, and say what its run.json is to list.

    Raises
    ------
    RunDamagedError
        A file of the run cannot be read.
    DiskFullError
        The disk has no room.
    """
    run = Run(folder)
    return keep_facts(run, facts_from_layers(run))


def keep_facts(run: Run, facts: Facts) -> FileEntry:
    """Write facts.h5 of a run; see `write_facts`."""
    arrays = as_arrays(facts, run.manifest)
    path = run.path / FACTS_FILE
    with replacing(path) as temporary:
        with SchemaWriter(temporary, FACTS, dimensions_of(arrays, facts)) as file:
            for name, values in arrays.items():
                file.write(name, values)
        with reading(temporary, FACTS):
            pass  # opening checks every name, shape and dtype
    return file_entry(path)


def add_facts(folder: Path, manifest: Manifest) -> bool:
    """Give a complete run its facts, unless it has them: it was cut off after its last layer, or they were lost.

    Returns whether it had none. Raises as `write_facts`.
    """
    if manifest.facts is not None:
        return False
    write_manifest(folder, manifest)  # run.json may list the ones that were lost
    write_manifest(folder, manifest.model_copy(update={"facts": write_facts(folder)}))
    return True


def facts_contradictions(file: SchemaReader, run: Run) -> Iterator[str]:
    """What in facts.h5 is not what the run's layers say, in words; raises RunDamagedError."""
    for name, expected in as_arrays(facts_from_layers(run), run.manifest).items():
        stored = file.read(name) if name in file else None
        if stored is None or not np.array_equal(stored, expected, equal_nan=expected.dtype.kind == "f"):
            yield f"`{name}` is not what the other files say"


def _by_layer(run: Run) -> tuple[Int64s, Int64s]:
    """Growth and sensitivity."""
    corpus = run.manifest.corpus
    tokens = [domain.tokens for domain in corpus.domains] if corpus else []
    growth, sensitivity = [], []
    for layer in run.layers.values():
        data = layer.columns("first_active", "position/sensitivity")
        growth.append(dead_by_prefix(data["first_active"], tokens))
        sensitivity += [data["position/sensitivity"]] if "position/sensitivity" in data else []
    return np.stack(growth), np.stack(sensitivity) if sensitivity else no_sensitivity(len(growth))


def _suppressors(table: NeuronTable) -> Suppressors:
    rows = np.flatnonzero(table.suppressing)
    rows = rows[np.argsort(table.trigger_score[rows], kind="stable")]
    return Suppressors(*_addresses(table, rows), table.trigger_score[rows])


def _positional(table: NeuronTable) -> Positional:
    rows = np.flatnonzero(table.positional)
    types, strengths = (column[rows].astype(np.int64) for column in (table.type, table.strength))
    return Positional(*_addresses(table, rows), types, strengths, table.mutual_information[rows])


def _addresses(table: NeuronTable, rows: Int64s) -> tuple[Int64s, Int64s]:
    return table.layer[rows].astype(np.int64), table.neuron[rows].astype(np.int64)


def _detected(run: Run) -> tuple[Int64s, ...]:
    ids = _token_ids(run)
    return tuple(ids[covered_grams(run, layer)[1]] for layer in run.layers.values())


def _strongest(run: Run, table: NeuronTable) -> Int64s:
    ids, first = _token_ids(run), table.first[1][table.detector(1)]
    if len(first) and not 0 <= first.min() <= first.max() < len(ids):
        raise damaged(run.path, "a layer names a token that the corpus does not have")
    return ids[first]


def _token_ids(run: Run) -> Int64s:
    """Token of each row of the table of tokens."""
    ids: Int64s = run.corpus.grams(1).ids[:, 0].astype(np.int64)
    size = run.manifest.corpus.vocabulary if run.manifest.corpus else 0
    if len(ids) and not 0 <= ids.min() <= ids.max() < size:
        raise damaged(run.path / CORPUS_FILE, "`grams/1/ids` holds a token that the vocabulary does not")
    return ids


def _digest(run: Run) -> str:
    """SHA-256 of the vocabulary: each token in UTF-8 with a byte after it that no UTF-8 has."""
    tokens = (token.encode("utf-8", "surrogatepass") for token in run.corpus.vocabulary)
    return hashlib.sha256(b"\xff".join(tokens)).hexdigest()
