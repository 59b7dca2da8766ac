"""Results of the engine to the files of a run, in the store's schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neuron_tui.engine.corpus.prepared import PreparedCorpus
from neuron_tui.engine.corpus.tokenise import DomainTokens
from neuron_tui.engine.counting.layer import CountingPlan
from neuron_tui.engine.layers import LayerResult
from neuron_tui.engine.model.opened import OpenedModel
from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named, replacing
from neuron_tui.store.disk.hdf5 import SchemaWriter, reading
from neuron_tui.store.disk.schema import CORPUS, LAYER, ORDERS, STORED_CONTEXTS
from neuron_tui.store.neurons.position_tables import position_tables, write_positions
from neuron_tui.store.neurons.trigger_tables import write_all_triggers
from neuron_tui.store.runs.manifest import CORPUS_FILE, CorpusIdentity, Domain, FileEntry, file_entry, layer_file


def write_corpus(
    folder: Path, corpus: PreparedCorpus, domains: Sequence[DomainTokens], model: OpenedModel, context_length: int
) -> CorpusIdentity:
    """Write corpus.h5 and say what is in it; raises DiskFullError."""
    grams = corpus.order.grams
    dimensions = {
        "P": corpus.positions,
        "S": len(corpus.sequence_domain),
        "D": corpus.domains,
        "V": len(model.vocabulary),
        **{f"G{n}": len(grams[n].ids) for n in ORDERS},
    }
    path = folder / CORPUS_FILE
    with replacing(path) as temporary:
        with SchemaWriter(temporary, CORPUS, dimensions) as file:
            file.write("tokens", corpus.tokens)
            file.write("sequence_start", corpus.sequence_start)
            file.write("sequence_domain", corpus.sequence_domain)
            file.write("domain_tokens", np.array([d.counted for d in domains]))
            for n in ORDERS:
                file.write(f"grams/{n}/ids", grams[n].ids)
                file.write(f"grams/{n}/occurrences", grams[n].occurrences)
            file.write_texts("vocabulary", model.vocabulary)
        with reading(temporary, CORPUS):
            pass  # opening checks every name, shape and dtype
    return CorpusIdentity(
        file=file_entry(path),
        domains=tuple(
            Domain(
                name=d.name,
                tokens=d.counted,
                documents=d.documents,
                full_sequences=int((d.lengths == context_length).sum()),
                skipped=d.notes.skipped,
                controls=d.notes.controls,
            )
            for d in domains
        ),
        sources=tuple(state for d in domains for state in d.sources),
        positions=corpus.positions,
        sequences=len(corpus.sequence_domain),
        full_sequences=int((np.diff(corpus.sequence_start) == context_length).sum()),
        vocabulary=len(model.vocabulary),
        byte_level=model.spelling == "bytes",
        wordpieces=model.spelling == "wordpieces",
        bos=model.special.bos,
        eos=model.special.eos,
        pad=model.special.pad,
    )


def write_layer(folder: Path, result: LayerResult, plan: CountingPlan, keep_activations: bool) -> FileEntry:
    """Write a layer's file: under a temporary name, closed, checked, synced, then moved; raises DiskFullError."""
    counts, effects, seen, bits = result.counts, result.effects, result.seen, result.bits
    neurons, stored = counts.triggers[1].top_gram.shape
    dimensions = {
        "N": neurons,
        "D": plan.domains,
        "T": plan.context_length,
        "K": stored,
        "E": effects.promoted_id.shape[1],
        "C": STORED_CONTEXTS,
        "H": len(seen.edges),
        "P": len(plan.counted),
        "W": -(-neurons // 64),
    }
    path = folder / layer_file(result.layer)
    with disk_full_named(path):
        changes.make_folders(path.parent)
    with replacing(path) as temporary:
        with SchemaWriter(temporary, LAYER, dimensions, layer=result.layer) as file:
            file.write("count", counts.count)
            file.write("bos_count", counts.bos_count)
            file.write("first_active", counts.first_active)
            occurrences = {n: plan.order.grams[n].occurrences for n in ORDERS}
            write_all_triggers(file, counts.triggers, occurrences, effects.top_score, plan.thresholds)
            if plan.full_sequences:
                tables = position_tables(
                    counts.position_active, plan.full_sequences, plan.context_length, plan.thresholds
                )
                write_positions(file, counts.position_active, tables)
            for name in ("promoted_id", "promoted_score", "suppressed_id", "suppressed_score", "top_score"):
                file.write(f"effect/{name}", getattr(effects, name))
            for name in ("norm", "cosine", "kurtosis", "token_frequency"):
                file.write(f"weights/{name}", getattr(effects, name))
            file.write("values/max", seen.max())
            file.write("values/sum", seen.total)
            file.write("values/edges", seen.edges)
            file.write("values/histogram", seen.histogram)
            seen.sampled(counts.count).write(file, "contexts")
            seen.highest.write(file, "highest")
            if keep_activations:
                file.write_rows("activations", (bits.row(word) for word in range(len(bits.words))))
        with reading(temporary, LAYER):
            pass
    return file_entry(path)
