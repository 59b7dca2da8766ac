"""How the store and the app's lists do on a run of OPT-66b's size: 64 layers of 36,864 neurons, 2.4 million in all.

    python benchmarks/large_run.py FOLDER [--layers 64] [--neurons 36864]

Makes a run of that size in FOLDER (3 GB, a minute or two; used again if it is there) and times, in a fresh process,
what a person waits for. Its numbers are random but of the right kind and size; `neuron-tui check` would object to them.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from neuron_tui.store.disk.hdf5 import SchemaWriter
from neuron_tui.store.disk.schema import (
    CORPUS,
    LAYER,
    ORDERS,
    STORED_CONTEXTS,
    STORED_EFFECTS,
    STORED_TRIGGERS,
    STRENGTHS,
    TYPES,
)
from neuron_tui.store.findings.aggregates_cache import aggregates_of
from neuron_tui.store.measures.sensitivity import SETTINGS
from neuron_tui.store.measures.thresholds import PAPER
from neuron_tui.store.neurons.position_tables import PositionTables, write_positions
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.trigger_tables import TriggerTables, write_triggers
from neuron_tui.store.runs.manifest import (
    CORPUS_FILE,
    CorpusIdentity,
    Domain,
    Manifest,
    ModelIdentity,
    RunOptions,
    file_entry,
    layer_file,
    write_manifest,
)

VOCABULARY, POSITIONS, CONTEXT, DOMAINS = 50_272, 2_000_000, 128, ("prose", "code")
SEQUENCES = POSITIONS // CONTEXT
OWNERS = np.arange(SEQUENCES) * len(DOMAINS) // SEQUENCES
"""The domain of each sequence."""

DIFFERENT = 4
"""Layers that are made; the others are copies of these."""

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Made:
    """The corpus as far as layers need it: occurrences of the n-grams, by n."""

    occurrences: dict[int, Int64s]
    positions: int


def build(folder: Path, layers: int, neurons: int) -> None:
    """Write the run; run.json comes last, so that what is cut off is not used."""
    (folder / "layers").mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    corpus = write_corpus(folder / CORPUS_FILE, random)
    for layer in range(layers):
        path = folder / layer_file(layer)
        if layer < DIFFERENT:
            write_layer(path, layer, neurons, corpus, random)
        else:
            shutil.copyfile(folder / layer_file(layer % DIFFERENT), path)
            with h5py.File(path, "r+", libver="v110") as file:
                file.attrs["layer"] = layer
        print(f"\rlayer {layer + 1} of {layers}", end="", file=sys.stderr)
    print(file=sys.stderr)
    made = manifest(folder, corpus, layers, neurons)
    write_manifest(folder, made)
    aggregates_of(Run(folder))


def write_corpus(path: Path, random: np.random.Generator) -> Made:
    tokens = 4 + (random.pareto(0.6, SEQUENCES * CONTEXT) * 8).astype(np.int64) % (VOCABULARY - 4)
    follows = random.random(len(tokens)) < 0.5  # half of the tokens follow from the one before, so that n-grams repeat
    tokens[1:][follows[1:]] = (tokens[:-1][follows[1:]] * 7919) % (VOCABULARY - 4) + 4
    tokens[::CONTEXT] = 2
    grams: dict[int, Int64s] = {}
    occurrences: dict[int, Int64s] = {}
    for n in ORDERS:
        windows = np.lib.stride_tricks.sliding_window_view(tokens, n)
        windows = windows[(windows != 2).all(axis=1)]
        keys = windows @ VOCABULARY ** np.arange(n - 1, -1, -1)
        distinct, occurrences[n] = np.unique(keys, return_counts=True)
        grams[n] = np.stack([distinct // VOCABULARY**power % VOCABULARY for power in range(n - 1, -1, -1)], axis=1)
    sizes = {f"G{n}": len(grams[n]) for n in ORDERS}
    sizes |= {"P": len(tokens), "S": SEQUENCES, "D": len(DOMAINS), "V": VOCABULARY}
    counted = int((tokens != 2).sum())
    with SchemaWriter(path, CORPUS, sizes) as file:
        file.write("tokens", tokens)
        file.write("sequence_start", np.arange(SEQUENCES + 1) * CONTEXT)
        file.write("sequence_domain", OWNERS)
        file.write("domain_tokens", np.full(len(DOMAINS), counted // len(DOMAINS)))
        for n in ORDERS:
            file.write(f"grams/{n}/ids", grams[n])
            file.write(f"grams/{n}/occurrences", occurrences[n])
        file.write_texts("vocabulary", [f"Ġword{i}" for i in range(VOCABULARY)])
    return Made(occurrences, len(tokens))


def write_layer(path: Path, layer: int, neurons: int, corpus: Made, random: np.random.Generator) -> None:
    sizes = {"N": neurons, "D": len(DOMAINS), "T": CONTEXT, "P": corpus.positions, "W": -(-neurons // 64)}
    sizes |= {"K": STORED_TRIGGERS, "E": STORED_EFFECTS, "C": STORED_CONTEXTS}
    alive = random.random(neurons) > 0.3
    detector = {
        n: alive & (random.random(neurons) < share) for n, share in zip(ORDERS, (0.01, 0.02, 0.02), strict=True)
    }
    with SchemaWriter(path, LAYER, sizes, layer=layer) as file:
        count = (random.pareto(1, (neurons, len(DOMAINS))) * 2000).astype(np.int64) % (corpus.positions // 3)
        count = np.where(alive[:, None], count + 1, 0)
        file.write("count", count)
        file.write("first_active", invent_first(count, corpus.positions // len(DOMAINS), random))
        file.write("bos_count", np.where(random.random(neurons) < 0.1, SEQUENCES, 0))
        for n in ORDERS:
            invent_triggers(file, n, alive, detector[n], corpus.occurrences[n], random)
        invent_positions(file, neurons, alive, random)
        for kind in ("promoted", "suppressed"):
            ids = random.integers(0, VOCABULARY, (neurons, STORED_EFFECTS))
            scores = np.sort(random.integers(0, 400, (neurons, STORED_EFFECTS)) / 2048, axis=1)
            file.write(f"effect/{kind}_id", ids)
            file.write(f"effect/{kind}_score", (scores[:, ::-1] if kind == "promoted" else -scores).astype(np.float32))
        score = random.normal(-0.03, 0.05, neurons)
        file.write("effect/trigger_score", np.where(detector[1], score, np.nan))
        top = random.integers(-300, 200, (neurons, STORED_TRIGGERS)) / 2048
        file.write("effect/top_score", np.where(alive[:, None], top, np.nan).astype(np.float32))
        places = np.sort(random.integers(1, corpus.positions, (neurons, STORED_CONTEXTS)), axis=1)
        file.write("contexts/position", np.where(alive[:, None], places, -1))
        file.write("contexts/active", np.full((neurons, STORED_CONTEXTS), 1 << 40, np.uint64))


def invent_triggers(
    file: SchemaWriter,
    n: int,
    alive: npt.NDArray[np.bool_],
    detector: npt.NDArray[np.bool_],
    occurrences: Int64s,
    random: np.random.Generator,
) -> None:
    shape = (len(alive), STORED_TRIGGERS)
    # Frequent n-grams have most neurons: places are drawn over the positions, then made distinct within a neuron.
    drawn = np.searchsorted(np.cumsum(occurrences), random.integers(0, occurrences.sum(), shape))
    drawn.sort(axis=1)
    twice = np.concatenate([np.zeros((shape[0], 1), bool), drawn[:, 1:] == drawn[:, :-1]], axis=1)
    active = np.minimum(occurrences[drawn], 1 + (random.pareto(0.8, shape) * 3).astype(np.int64))
    active[twice] = 0
    order = np.argsort(-active, axis=1, kind="stable")
    active = np.where(alive[:, None], np.take_along_axis(active, order, axis=1), 0)
    top = np.where(active > 0, np.take_along_axis(drawn, order, axis=1), -1)
    limit = 5 if n == 1 else 50
    few = random.integers(1, limit + 1, len(alive))
    many = 51 + (random.pareto(1, len(alive)) * 300).astype(np.int64)
    covering = np.where(alive, np.where(detector, few, many), 0)
    total = (active.sum(axis=1) * np.where(detector, 1.0, 4.0)).astype(np.int64)
    write_triggers(file, n, TriggerTables(total, covering, np.where(detector, few, 0), top, active), occurrences, PAPER)


def invent_first(count: Int64s, tokens: int, random: np.random.Generator) -> Int64s:
    """`first_active` of neurons that are active on so many of the `tokens` of each domain."""
    waited = 1 + (random.exponential(1, count.shape) * tokens / np.maximum(count, 1)).astype(np.int64)
    return np.where(count > 0, np.minimum(waited, np.maximum(tokens - count, 1)), 0)


def invent_positions(
    file: SchemaWriter, neurons: int, alive: npt.NDArray[np.bool_], random: np.random.Generator
) -> None:
    each = SEQUENCES // len(DOMAINS)
    level = random.random((neurons, len(DOMAINS), 1)) ** 6 * each * alive[:, None, None]
    wave = 1 + 0.2 * np.sin(np.arange(1, CONTEXT) / 9)
    active = np.minimum(level * wave, each).astype(np.int32)
    information = np.where(alive, random.random(neurons) ** 8, 0)
    kind = np.where(information > 0.05, random.integers(1, 5, neurons), 0).astype(np.uint8)
    strength = np.where(kind > 0, random.integers(1, 3, neurons), 0).astype(np.uint8)
    sensitivity = np.zeros((len(SETTINGS), len(TYPES), len(STRENGTHS)), np.int64)
    np.add.at(sensitivity, (slice(None), kind, strength), 1)
    write_positions(file, active, PositionTables(information, kind, strength, sensitivity))


def manifest(folder: Path, corpus: Made, layers: int, neurons: int) -> Manifest:
    each = int(corpus.occurrences[1].sum()) // len(DOMAINS)
    return Manifest(
        program_version="benchmark",
        created="2026-01-01T00:00:00Z",
        model=ModelIdentity(
            name="as-large-as-opt-66b",
            model_type="opt",
            digest="0" * 64,
            layers=layers,
            neurons=neurons,
            width=9216,
            context_length=CONTEXT,
            activation="relu",
        ),
        options=RunOptions(
            corpus=tuple(f"{domain}=builtin:{domain}" for domain in DOMAINS),
            tokens=None,
            context_length=CONTEXT,
            layers=tuple(range(layers)),
            dtype="float16",
            keep_activations="never",
            batch_tokens=4096,
        ),
        corpus=CorpusIdentity(
            file=file_entry(folder / CORPUS_FILE),
            domains=tuple(
                Domain(name=name, tokens=each, documents=1000, full_sequences=full)
                for name, full in zip(DOMAINS, np.bincount(OWNERS).tolist(), strict=True)
            ),
            positions=corpus.positions,
            sequences=SEQUENCES,
            full_sequences=SEQUENCES,
            vocabulary=VOCABULARY,
            byte_level=True,
            bos=2,
            eos=2,
            pad=None,
        ),
        layers={layer: file_entry(folder / layer_file(layer)) for layer in range(layers)},
    )


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{what:44} {1000 * (time.perf_counter() - started):8.1f} ms   {memory():5.0f} MB", flush=True)


def memory() -> float:
    """Resident memory of this process, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return float("nan")


def measure(folder: Path) -> None:
    """Time what a person waits for, in this process, which has done nothing before."""
    from neuron_tui.store.findings.aggregates_cache import summarise_layers
    from neuron_tui.store.neurons.arrangement import SORTS, ListQuery, arrange
    from neuron_tui.store.neurons.firing import firing_on
    from neuron_tui.store.neurons.opened import open_for_browsing
    from neuron_tui.tui.reports.neuron import read_neuron

    with timed("imports"):
        import textual.app  # noqa: F401 - as much of the app as takes memory
    with timed("open, until the list can be drawn"):
        opened = open_for_browsing(folder)
        arrange(opened, ListQuery())
        for row in range(0, len(opened.table), max(1, len(opened.table) // 40)):
            opened.first_trigger(row, 1)
    run = opened.run
    for column, _ in SORTS:
        for order in (1, 3) if column in ("cover", "trigger") else (1,):
            for again in ("first", "again"):
                with timed(f"sort by {column} ({order}-grams), {again}"):
                    arrange(opened, ListQuery(column=column, order=order, descending=again == "again"))
    common = int(run.corpus.grams(1).occurrences.argmax())
    word = run.corpus.form(int(run.corpus.grams(1).ids[common, 0])).replace("Ġ", " ")
    queries = [
        "type:token",
        "type:dead layer:3-60",
        "freq<0.01 mi>0.05",
        "covering3<=5 -type:positional",
        "score<-0.05",
    ]
    for query in [*queries, f'trigger:"{word}"', f'trigger:"{word}{word}"']:
        for again in ("first", "again"):
            with timed(f"filter {query}, {again}"):
                found = arrange(opened, ListQuery(query=query))
        print(f"    {len(found.rows):,} neurons")
    for n in ORDERS:
        occurrences = run.corpus.grams(n).occurrences
        for name, gram in (("the most frequent", int(occurrences.argmax())), ("one of", len(occurrences) // 2)):
            ids = tuple(run.corpus.grams(n).ids[gram].tolist())
            for again in ("first", "again"):
                with timed(f"who fires on {name} {n}-grams, {again}"):
                    firing = firing_on(run, ids)
            print(f"    {firing.found:,} neurons")
    random = np.random.default_rng(1)
    neurons = run.manifest.model.neurons
    row = [(int(random.choice(list(run.layers))), int(random.integers(neurons))) for _ in range(200)]
    report("a neuron, from anywhere", [clock(lambda at=at: read_neuron(run, *at)) for at in row])
    report("a neuron, the next in its layer", [clock(lambda i=i: read_neuron(run, 5, i)) for i in range(200)])
    with timed("summary of all layers"):
        summarise_layers(run, opened.table)


def clock(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def report(what: str, times: list[float]) -> None:
    later = sorted(times[1:])
    tail = later[int(0.95 * len(later))]
    print(f"{what:44} {statistics.median(later):8.1f} ms   95%: {tail:.1f} ms, first {times[0]:.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=64)
    parser.add_argument("--neurons", type=int, default=36_864)
    parser.add_argument("--part", choices=("build", "measure"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "build":
        build(arguments.folder, arguments.layers, arguments.neurons)
    elif arguments.part == "measure":
        measure(arguments.folder)
    else:
        parts = ["measure"] if (arguments.folder / "run.json").is_file() else ["build", "measure"]
        for part in parts:
            subprocess.run([sys.executable, *sys.argv, "--part", part], check=True)


if __name__ == "__main__":
    main()
