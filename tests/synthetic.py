"""A whole run folder without a model: random text, planted neurons, and every number counted from their activity.

The corpus and the activations are made up; triggers, covering, frequencies and mutual information are then
counted from them in the plainest way, so the numbers of a record agree with each other as in a real run. Positional
types come from what was planted. Within each layer neurons are planted by `PLANTED` at indices 0, 1, 2, ...
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.hdf5 import SchemaWriter, reading
from neuron_tui.store.disk.schema import (
    CONTEXT_AFTER,
    CONTEXT_BEFORE,
    CORPUS,
    LAYER,
    ORDERS,
    OVERLAY,
    STORED_CONTEXTS,
    STORED_EFFECTS,
    STORED_TRIGGERS,
    STRENGTHS,
    TYPES,
)
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.measures.thresholds import PAPER, Thresholds
from neuron_tui.store.measures.value_edges import value_edges
from neuron_tui.store.neurons.position_tables import PositionTables, position_tables, write_positions
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.stored_contexts import ContextTables
from neuron_tui.store.neurons.trigger_tables import TriggerTables, trigger_scores, write_triggers
from neuron_tui.store.runs.manifest import (
    CORPUS_FILE,
    CorpusIdentity,
    Domain,
    Manifest,
    ModelIdentity,
    RunOptions,
    Variant,
    file_entry,
    layer_file,
    read_manifest,
    write_manifest,
)
from neuron_tui.store.runs.variants import variant_folder

PLANTED = (
    "dead",
    "token, suppressing",
    "token, promoting",
    "bigram",
    "trigram",
    "oscillatory",
    "both",
    "one",
    "other",
    "hostile token",
    "broad",
    "dead",
)
"""What neuron i of each layer is, for i below 12; the others fire on random sets of tokens."""

HOSTILE = (
    b" \x1b[31mred\x1b[0m",
    b"[/INST]",
    b"[bold]x[/bold]",
    b"\x00",
    b"\x07\x1b]0;owned\x07",
    "\u202eevil\u202c".encode(),
    "日本語".encode(),
    "👩‍👩‍👧‍👦".encode(),
    "e\u0301".encode(),
    "\u0301".encode(),
    b"\xff\xfe",
    b"\n\n\t\r",
    b"A" * 500,
    "\u200bzero".encode(),
    b"\\back\\slash",
    b"\xc2\x9b31m",
)
"""Tokens that would act on a terminal, break markup or shift columns if shown as they are."""

BOS, PAD, EOS, UNKNOWN = range(4)
_FIRST_WORD = 4
_TEXT = (
    "the of and to in is it for on with as at by from that this was are be or an not we can which return "
    "self def if import class None print value title titles weather school he him his number solve let "
    "calculate what sum derivative factor prime deed house water light music garden winter letter engine "
    "paper window river stone "
)
_STEMS = _TEXT.split()


def form(raw: bytes) -> str:
    """How a byte-level tokeniser writes the bytes of a token."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in printable]
    table = {b: chr(b) for b in printable} | {b: chr(0x100 + i) for i, b in enumerate(moved)}
    return "".join(table[byte] for byte in raw)


def vocabulary() -> list[str]:
    """Special tokens, words after a space, the hostile tokens, single bytes."""
    words = [form(b" " + stem.encode()) for stem in _STEMS]
    single = [form(bytes([byte])) for byte in range(256)]
    return ["<s>", "<pad>", "</s>", "<unk>", *words, *(form(raw) for raw in HOSTILE), *single]


HOSTILE_IDS = tuple(range(_FIRST_WORD + len(_STEMS), _FIRST_WORD + len(_STEMS) + len(HOSTILE)))


@dataclass(frozen=True, slots=True)
class _Corpus:
    tokens: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    domain_of_sequence: npt.NDArray[np.int64]
    domains: tuple[str, ...]
    context_length: int
    forms: tuple[str, ...]
    gram_ids: dict[int, npt.NDArray[np.int64]]
    gram_of_position: dict[int, npt.NDArray[np.int64]]
    """Row of the n-gram table at each position, -1 where there is none."""
    everywhere: tuple[int, ...]
    """Tokens that are to be all over the run."""

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        return ~np.isin(self.tokens, (BOS, EOS, PAD))

    @property
    def sequence(self) -> npt.NDArray[np.int64]:
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    @property
    def offset(self) -> npt.NDArray[np.int64]:
        return np.arange(len(self.tokens)) - self.starts[self.sequence]

    @property
    def full(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(np.diff(self.starts) == self.context_length)


def build_run(
    folder: Path,
    *,
    layers: int = 4,
    neurons: int = 64,
    seed: int = 0,
    context_length: int = 64,
    sequences: int = 36,
    domains: tuple[str, ...] = ("prose", "code", "math"),
    finished: int | None = None,
    model: str = "synthetic-opt",
    keep_activations: bool = False,
    extra: Sequence[str] = (),
    variant: Variant | None = None,
) -> Path:
    """Write a complete run and return its folder.

    Parameters
    ----------
    folder
        Where to write it; its last part is the run's name.
    layers, neurons
        Size of the model; at least 12 neurons hold everything in `PLANTED`.
    seed
        The same seed gives the same files.
    context_length
        T. From 64 up the planted positional neurons are what their names say.
    sequences
        Full-length sequences of each domain, each domain ending in a shorter one too. With none there are no
        positional statistics; fewer than 30 in all leave every neuron without a type.
    finished
        How many layers are done; fewer than `layers` makes a partial run.
    model
        Name of the model in run.json.
    keep_activations
        Whether layers hold the activity at every position.
    extra
        Further tokens, as the tokeniser writes them. With any, these and `HOSTILE` are all over the run: the corpus has
        them as often as words, each is all that some neuron fires on if there are neurons enough, and all neurons write
        for and against them.
    variant
        What the run is a variant of; see `build_variant`.
    """
    rng = np.random.default_rng(seed)
    (folder / "layers").mkdir(parents=True, exist_ok=True)
    corpus = _make_corpus(rng, domains, context_length, sequences, tuple(extra))
    _write_corpus(folder / CORPUS_FILE, corpus)
    done = layers if finished is None else finished
    thresholds = variant.thresholds if variant else PAPER
    for layer in range(done):
        _write_layer(folder / layer_file(layer), corpus, layer, neurons, rng, keep_activations, thresholds)
    manifest = _manifest(folder, corpus, layers, neurons, done, model).model_copy(update={"variant": variant})
    write_manifest(folder, manifest)
    if manifest.complete:
        aggregates_of(Run(folder))  # counted and kept, as an extraction leaves it
    return folder


def build_variant(run: Path, name: str, thresholds: Thresholds, **options: Any) -> Path:
    """Count a run that `build_run` wrote again with other thresholds, given the same options; returns its folder."""
    folder, of = variant_folder(run, name), read_manifest(run)
    whole = build_whole_variant(run, name, thresholds, **options)
    manifest = read_manifest(whole)
    assert manifest.variant is not None
    entries = {}
    for layer in manifest.layers:
        path = whole / layer_file(layer)
        with reading(path, LAYER) as file:
            changed = {d.name: file.read(d.name) for d in OVERLAY.datasets if d.name in file}
            dimensions = {d: size for d, size in file.dimensions.items() if d in ("N", "Z", "A1", "A2", "A3")}
        with SchemaWriter(path, OVERLAY, dimensions, layer=layer) as file:
            for dataset, values in changed.items():
                file.write(dataset, values)
        entries[layer] = file_entry(path)
    (whole / CORPUS_FILE).unlink()
    variant = manifest.variant.model_copy(update={"source": of.digest})
    write_manifest(folder, manifest.model_copy(update={"variant": variant, "layers": entries}))
    return folder


def build_whole_variant(run: Path, name: str, thresholds: Thresholds, **options: Any) -> Path:
    """The same as versions before 0.2 wrote it: a whole run of its own."""
    variant = Variant(name=name, of=run.name, thresholds=thresholds)
    return build_run(variant_folder(run, name), **(options | {"keep_activations": False, "variant": variant}))


def _make_corpus(
    rng: np.random.Generator, domains: tuple[str, ...], length: int, sequences: int, extra: tuple[str, ...]
) -> _Corpus:
    own = vocabulary()
    forms = (*own, *extra)
    words = np.concatenate([np.arange(_FIRST_WORD, HOSTILE_IDS[-1] + 1), np.arange(len(own), len(forms))])
    rank = np.empty(len(words))
    rank[: len(_STEMS)] = 1 / np.arange(1, len(_STEMS) + 1) ** 0.7
    rank[len(_STEMS) :] = 0.5 if extra else 0.08
    follower = np.arange(len(forms))
    # Each token has a favourite successor, so that bigrams and trigrams repeat.
    follower[words] = rng.permutation(words)
    parts, owners = [], []
    for index in range(len(domains)):
        weights = rank * rng.uniform(0.3, 1.0, len(words))
        for size in [length] * sequences + [max(2, length // 2)]:
            drawn = rng.choice(words, size, p=weights / weights.sum())
            for at in range(1, size):
                if rng.random() < 0.3:
                    drawn[at] = follower[drawn[at - 1]]
            drawn[rng.random(size) < 0.01] = EOS
            drawn[0] = BOS
            parts.append(drawn)
            owners.append(index)
    tokens = np.concatenate(parts)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    counted = ~np.isin(tokens, (BOS, EOS, PAD))
    gram_ids, gram_of_position = {}, {}
    for n in ORDERS:
        # BOS opens every sequence and is not counted, so a window of counted tokens lies within one sequence.
        windows = np.lib.stride_tricks.sliding_window_view(tokens, n)
        valid = np.lib.stride_tricks.sliding_window_view(counted, n).all(axis=1)
        gram_ids[n], inverse = np.unique(windows[valid], axis=0, return_inverse=True)
        at = np.full(len(tokens), -1)
        at[np.flatnonzero(valid) + n - 1] = inverse.reshape(-1)
        gram_of_position[n] = at
    planted = (*HOSTILE_IDS, *range(len(own), len(forms))) if extra else ()
    return _Corpus(tokens, starts, np.array(owners), domains, length, forms, gram_ids, gram_of_position, planted)


def _write_corpus(path: Path, corpus: _Corpus) -> None:
    grams = {f"G{n}": len(corpus.gram_ids[n]) for n in ORDERS}
    dimensions = {"P": len(corpus.tokens), "S": len(corpus.starts) - 1, "D": len(corpus.domains), **grams}
    owner = corpus.domain_of_sequence[corpus.sequence]
    with SchemaWriter(path, CORPUS, {**dimensions, "V": len(corpus.forms)}) as file:
        file.write("tokens", corpus.tokens)
        file.write("sequence_start", corpus.starts)
        file.write("sequence_domain", corpus.domain_of_sequence)
        file.write("domain_tokens", np.bincount(owner[corpus.counted], minlength=len(corpus.domains)))
        for n in ORDERS:
            at = corpus.gram_of_position[n]
            file.write(f"grams/{n}/ids", corpus.gram_ids[n])
            file.write(f"grams/{n}/occurrences", np.bincount(at[at >= 0], minlength=len(corpus.gram_ids[n])))
        file.write_texts("vocabulary", corpus.forms)


def _activity(corpus: _Corpus, kind: str, tokens: list[int], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Where a neuron of a kind is active, over all positions; `tokens` are what a token neuron fires on."""
    length, offset = corpus.context_length, corpus.offset
    some = rng.random(len(corpus.tokens))
    if kind == "dead":
        return corpus.tokens == BOS
    if kind == "oscillatory":
        return np.sin(2 * np.pi * offset * 4 / length) > 0
    if kind == "both":
        return (offset < length // 3) | ((offset < 2 * length // 3) & (some < 0.3))
    if kind == "one":
        return (offset > length // 2) & (some < 0.4)
    if kind == "other":
        return some < 0.1 + 0.8 * offset / length + 0.1 * (-1.0) ** offset  # which is too ragged to be a thin curve
    if kind == "broad":
        return some < 0.4
    if kind in ("bigram", "trigram"):
        n = 2 if kind == "bigram" else 3
        at = corpus.gram_of_position[n]
        common = np.argsort(-np.bincount(at[at >= 0]), kind="stable")[: 3 + int(rng.integers(4))]
        return np.isin(at, common)
    return np.isin(corpus.tokens, tokens) & (some < (0.99 if "token" in kind else 0.6))


def _write_layer(
    path: Path,
    corpus: _Corpus,
    layer: int,
    neurons: int,
    rng: np.random.Generator,
    keep_activations: bool,
    thresholds: Thresholds,
) -> None:
    kinds = [PLANTED[i] if i < len(PLANTED) else "random" for i in range(neurons)]
    for i in range(len(PLANTED), neurons):
        if rng.random() < 0.15:
            kinds[i] = rng.choice(["dead", "token, suppressing", "token, suppressing", "bigram"])
    words = np.arange(_FIRST_WORD, HOSTILE_IDS[0])
    tokens = [rng.choice(words, size=int(rng.integers(1, 4 if "token" in k else 24)), replace=False) for k in kinds]
    tokens = [np.array(HOSTILE_IDS[:5]) if k == "hostile token" else t for k, t in zip(kinds, tokens, strict=True)]
    for i in range(len(PLANTED), neurons) if corpus.everywhere else ():
        kinds[i] = "token, suppressing"
        place = layer * (neurons - len(PLANTED)) + i - len(PLANTED)
        tokens[i] = np.array([corpus.everywhere[place % len(corpus.everywhere)]])
    active = np.stack([_activity(corpus, k, t.tolist(), rng) for k, t in zip(kinds, tokens, strict=True)])
    with_positions = len(corpus.full) > 0
    dimensions = {
        **{"N": neurons, "D": len(corpus.domains), "T": corpus.context_length, "P": len(corpus.tokens)},
        **{"K": STORED_TRIGGERS, "E": STORED_EFFECTS, "C": STORED_CONTEXTS, "W": -(-neurons // 64)},
    }
    with SchemaWriter(path, LAYER, dimensions, layer=layer) as file:
        owner = corpus.domain_of_sequence[corpus.sequence]
        counted = active & corpus.counted
        file.write("count", np.stack([counted[:, owner == d].sum(axis=1) for d in range(len(corpus.domains))], axis=1))
        file.write("bos_count", active[:, corpus.offset == 0].sum(axis=1))
        file.write("first_active", _first_active(corpus, active, owner))
        for n in ORDERS:
            tables = _write_triggers(file, corpus, active, n, thresholds)
            if n == 1:
                _write_effects(file, corpus, kinds, tokens, tables, rng, thresholds)
        if with_positions:
            _write_positions(file, corpus, kinds, active, thresholds)
        _write_contexts(file, corpus, active, _write_values(file, corpus, active, np.random.default_rng(layer)), rng)
        if keep_activations:
            padded = np.zeros((dimensions["W"] * 64, active.shape[1]), dtype=bool)
            padded[:neurons] = active
            words = padded.reshape(-1, 64, active.shape[1]).astype(np.uint64) << np.arange(64, dtype=np.uint64)[:, None]
            file.write("activations", np.bitwise_or.reduce(words, axis=1))


def _first_active(
    corpus: _Corpus, active: npt.NDArray[np.bool_], owner: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    first = np.zeros((len(active), len(corpus.domains)), np.int64)
    for domain in range(len(corpus.domains)):
        there = active[:, (owner == domain) & corpus.counted]
        first[:, domain] = np.where(there.any(axis=1), there.argmax(axis=1) + 1, 0)
    return first


def _write_triggers(
    file: SchemaWriter, corpus: _Corpus, active: npt.NDArray[np.bool_], n: int, thresholds: Thresholds
) -> TriggerTables:
    at = corpus.gram_of_position[n]
    size = len(corpus.gram_ids[n])
    occurrences = np.bincount(at[at >= 0], minlength=size)
    total, covering, covered = (np.zeros(len(active), np.int64) for _ in range(3))
    top = np.full((len(active), STORED_TRIGGERS), -1, np.int64)
    counts = np.zeros((len(active), STORED_TRIGGERS), np.int64)
    for i, row in enumerate(active):
        count = np.bincount(at[row & (at >= 0)], minlength=size)
        total[i] = count.sum()
        if not total[i]:
            continue
        order = np.lexsort((occurrences, -count))
        order = order[count[order] > 0]
        covering[i] = int(np.argmax(thresholds.holds(np.cumsum(count[order]), total[i]))) + 1
        good = order[: covering[i]]
        good = good[thresholds.covered(count[good], occurrences[good])]
        if covering[i] <= thresholds.most_covering(n) and thresholds.holds(count[good].sum(), total[i]):
            covered[i] = len(good)
        kept = order[:STORED_TRIGGERS]
        top[i, : len(kept)], counts[i, : len(kept)] = kept, count[kept]
    tables = TriggerTables(total, covering, covered, top, counts)
    write_triggers(file, n, tables, occurrences, thresholds)
    return tables


def _write_effects(
    file: SchemaWriter,
    corpus: _Corpus,
    kinds: list[str],
    tokens: list[npt.NDArray[np.int64]],
    triggers: TriggerTables,
    rng: np.random.Generator,
    thresholds: Thresholds,
) -> None:
    scores = rng.normal(0, 0.03, (len(kinds), len(corpus.forms)))
    scores[:, list(corpus.everywhere)] *= 5
    for i, kind in enumerate(kinds):
        if "token" in kind:
            sign = 1 if "promoting" in kind else -1
            scores[i, tokens[i]] = sign * rng.uniform(0.1, 0.15, len(tokens[i]))
    top = np.where(triggers.top_gram >= 0, corpus.gram_ids[1][triggers.top_gram, 0], -1)
    of_top = np.where(top >= 0, np.take_along_axis(scores, top, axis=1), np.nan).astype(np.float32)
    at = corpus.gram_of_position[1]
    occurrences = np.bincount(at[at >= 0], minlength=len(corpus.gram_ids[1]))
    order = np.argsort(scores, axis=1, kind="stable")
    lowest, highest = order[:, :STORED_EFFECTS], order[:, ::-1][:, :STORED_EFFECTS]
    file.write("effect/promoted_id", highest)
    file.write("effect/promoted_score", np.take_along_axis(scores, highest, axis=1))
    file.write("effect/suppressed_id", lowest)
    file.write("effect/suppressed_score", np.take_along_axis(scores, lowest, axis=1))
    file.write("effect/top_score", of_top)
    file.write("effect/trigger_score", trigger_scores(triggers, occurrences, of_top, thresholds))


def _write_positions(
    file: SchemaWriter, corpus: _Corpus, kinds: list[str], active: npt.NDArray[np.bool_], thresholds: Thresholds
) -> None:
    length = corpus.context_length
    cells = corpus.starts[corpus.full][:, None] + np.arange(1, length)
    owner = corpus.domain_of_sequence[corpus.full]
    count = np.stack([active[:, cells[owner == d]].sum(axis=1) for d in range(len(corpus.domains))], axis=1)
    frequency = count.sum(axis=1) / len(corpus.full)
    information = _mutual_information(frequency)
    typed = len(corpus.full) >= 30
    types = np.array([TYPES.index(k) if typed and k in TYPES else 0 for k in kinds])
    types[typed & (information > thresholds.positional) & (types == 0)] = TYPES.index("other")
    types[information <= thresholds.positional] = 0
    exact = np.array([k in ("oscillatory", "both", "one") for k in kinds])
    strengths = np.where(types == 0, 0, np.where(exact, STRENGTHS.index("strong"), STRENGTHS.index("weak")))
    sensitivity = position_tables(count, len(corpus.full), length, thresholds).sensitivity
    sensitivity[0] = 0  # the run's own thresholds gave what was planted
    np.add.at(sensitivity[0], (types, strengths), 1)
    write_positions(file, count, PositionTables(information, types, strengths, sensitivity))


def _mutual_information(frequency: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    mean = frequency.mean(axis=1, keepdims=True)

    def part(here: npt.NDArray[np.float64], overall: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        ratio = np.divide(here, overall, out=np.ones_like(here), where=(here > 0) & (overall > 0))
        return here * np.log(ratio)

    information: npt.NDArray[np.float64] = (part(frequency, mean) + part(1 - frequency, 1 - mean)).mean(axis=1)
    return information


def _write_values(
    file: SchemaWriter, corpus: _Corpus, active: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Write made-up values of the active positions, and return them: (N, P), 0 where inactive."""
    values = np.where(active, rng.gamma(2, 0.5, active.shape), 0).astype(np.float32)
    counted, edges = active & corpus.counted, value_edges(signed=False)
    file.set_dimension("H", len(edges))
    file.write("values/edges", edges)
    file.write("values/max", np.where(counted.any(axis=1), np.where(counted, values, 0).max(axis=1), np.nan))
    file.write("values/sum", np.where(counted, values, 0).sum(axis=1, dtype=np.float64))
    places = np.searchsorted(edges, values, side="right")
    file.write(
        "values/histogram",
        np.stack([np.bincount(row[on], minlength=len(edges) + 1) for row, on in zip(places, counted, strict=True)]),
    )
    for name in ("norm", "cosine", "kurtosis", "token_frequency"):
        file.write(f"weights/{name}", rng.uniform(0.1, 1, len(active)))
    return values


def _write_contexts(
    file: SchemaWriter,
    corpus: _Corpus,
    active: npt.NDArray[np.bool_],
    values: npt.NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    sampled = np.full((len(active), STORED_CONTEXTS), -1, np.int64)
    highest = sampled.copy()
    for i, row in enumerate(active):
        candidates = np.flatnonzero(row & corpus.counted)
        chosen = np.sort(rng.choice(candidates, min(STORED_CONTEXTS, len(candidates)), replace=False))
        sampled[i, : len(chosen)] = chosen
        best = candidates[np.argsort(-values[i, candidates], kind="stable")][:STORED_CONTEXTS]
        highest[i, : len(best)] = best
    _context_tables(corpus, active, values, sampled).write(file, "contexts")
    _context_tables(corpus, active, values, highest).write(file, "highest")


def _context_tables(
    corpus: _Corpus, active: npt.NDArray[np.bool_], values: npt.NDArray[np.float32], positions: npt.NDArray[np.int64]
) -> ContextTables:
    masks = np.zeros(positions.shape, np.uint64)
    around = np.zeros((*positions.shape, 64), np.float32)
    for i, slot in np.argwhere(positions >= 0).tolist():
        position = int(positions[i, slot])
        sequence = int(np.searchsorted(corpus.starts, position, side="right")) - 1
        first = max(int(corpus.starts[sequence]), position - CONTEXT_BEFORE)
        last = min(int(corpus.starts[sequence + 1]), position + CONTEXT_AFTER + 1)
        places = np.flatnonzero(active[i, first:last]) + first
        bits = places - position + CONTEXT_BEFORE
        masks[i, slot] = sum(1 << int(b) for b in bits)
        around[i, slot, bits] = values[i, places]
    return ContextTables.packed(positions, masks, around)


def _manifest(folder: Path, corpus: _Corpus, layers: int, neurons: int, done: int, model: str) -> Manifest:
    owner = corpus.domain_of_sequence[corpus.sequence]
    tokens = np.bincount(owner[corpus.counted], minlength=len(corpus.domains)).tolist()
    full = np.bincount(corpus.domain_of_sequence[corpus.full], minlength=len(corpus.domains)).tolist()
    return Manifest(
        program_version=version("neuron-tui"),
        created="2026-01-01T00:00:00Z",
        model=ModelIdentity(
            name=model,
            model_type="opt",
            digest="0" * 64,
            layers=layers,
            neurons=neurons,
            width=16,
            context_length=corpus.context_length,
            activation="relu",
        ),
        options=RunOptions(
            corpus=tuple(f"{domain}=builtin:{domain}" for domain in corpus.domains),
            tokens=None,
            context_length=corpus.context_length,
            layers=tuple(range(layers)),
            dtype="float32",
            keep_activations="never",
            batch_tokens=4096,
        ),
        corpus=CorpusIdentity(
            file=file_entry(folder / CORPUS_FILE),
            domains=tuple(
                Domain(name=d, tokens=t, documents=8, full_sequences=f)
                for d, t, f in zip(corpus.domains, tokens, full, strict=True)
            ),
            positions=len(corpus.tokens),
            sequences=len(corpus.starts) - 1,
            full_sequences=len(corpus.full),
            vocabulary=len(corpus.forms),
            byte_level=True,
            bos=BOS,
            eos=EOS,
            pad=PAD,
        ),
        layers={layer: file_entry(folder / layer_file(layer)) for layer in range(done)},
    )
