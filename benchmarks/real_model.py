"""A trained checkpoint on the built-in texts: time, peak memory and disk of the extraction, and what it finds by layer.

    python benchmarks/real_model.py FOLDER --tokens 300000 --context-length 1024 --runs-dir runs

Extracts with the command `neuron-tui`, as a user would, then reads the run and prints Markdown: the figures, the table
by layer, and neurons to look at.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neuron_tui.store import open_run
from neuron_tui.store.disk.hdf5 import reading
from neuron_tui.store.disk.schema import CORPUS
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.runs.manifest import CORPUS_FILE
from neuron_tui.store.tokens import printable


def extract(options: argparse.Namespace) -> tuple[float, float]:
    """Seconds and peak gigabytes of the extraction; one that is there already is not measured."""
    corpus = [part for domain in ("prose", "code", "math") for part in ("--corpus", f"builtin:{domain}")]
    command = [
        *(sys.executable, "-m", "neuron_tui.engine", "extract", str(options.checkpoint), *corpus),
        *("--tokens", str(options.tokens), "--context-length", str(options.context_length)),
        *("--name", options.name, "--runs-dir", str(options.runs_dir)),
    ]
    begin = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2


def by_layer(run: Run) -> None:
    rows = run.manifest.rows
    print(
        "| layer | never open | mean frequency | tokens | bigrams | trigrams | suppressing | positional | median max |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    table = read_table(run)
    for layer in run_info(run)["layers"]:
        own = table.layer == layer["layer"]
        found = layer["detectors"]
        positional = sum(sum(kinds.values()) for kinds in layer["positional"].values())
        highest = np.nanmedian(table.max[own])
        print(
            f"| {layer['layer']} | {layer['dead'] / rows:.2%} | {layer['mean_frequency_alive']:.3f} | {found['1']} "
            f"| {found['2']} | {found['3']} | {layer['suppressing']} | {positional} | {highest:.2f} |"
        )


def tokens_of_the_highest(run: Run, layer: int) -> npt.NDArray[np.int64]:
    """(N, 20) the token at each of a layer's highest values, -1 where there are no more."""
    with reading(run.path / CORPUS_FILE, CORPUS) as file:
        tokens = file.read("tokens")
    places = run.layers[layer].columns("highest/position")["highest/position"]
    return np.where(places >= 0, tokens[places], -1)


def strongest_on(run: Run) -> None:
    """By layer: rows whose 20 highest values are all on one token, and what these rows' scores of it are."""
    print("| layer | on one token | on at most 3 | distinct tokens | of these rows write against it | median cosine |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for layer in run.layers:
        highest = tokens_of_the_highest(run, layer)
        full = np.flatnonzero((highest >= 0).all(axis=1))
        rows = np.sort(highest[full], axis=1)
        kinds = 1 + (np.diff(rows, axis=1) != 0).sum(axis=1)
        one = full[kinds == 1]
        against, known = 0, 0
        columns = run.layers[layer].columns("triggers/1/top_gram", "effect/top_score", "weights/cosine")
        ids = run.corpus.grams(1).ids[:, 0]
        for row in one.tolist():
            top = columns["triggers/1/top_gram"][row]
            own = (ids[top.clip(0)] == highest[row, 0]) & (top >= 0)
            if own.any():
                known += 1
                against += bool(columns["effect/top_score"][row][own][0] < 0)
        share = f"{against} of {known}" if known else "-"
        print(
            f"| {layer} | {len(one)} | {int((kinds <= 3).sum())} | {len(np.unique(highest[one, 0]))} | {share} "
            f"| {np.nanmedian(columns['weights/cosine']):+.3f} |"
        )


def to_look_at(run: Run, number: int) -> None:
    """Rows whose 20 highest values are all on one token, the most selective ones: highest value over the mean."""
    print("| neuron | highest on | open on | max | mean | cosine | promotes | suppresses |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- | --- |")
    found = []
    for layer in run.layers:
        highest = tokens_of_the_highest(run, layer)
        one = np.flatnonzero((highest == highest[:, :1]).all(axis=1) & (highest[:, 0] >= 0))
        columns = run.layers[layer].columns("values/max", "values/sum", "count")
        ratio = columns["values/max"] * columns["count"].sum(axis=1) / columns["values/sum"]
        found += [(float(ratio[row]), layer, row, int(highest[row, 0])) for row in one.tolist()]
    for _, layer, row, token in sorted(sorted(found, reverse=True)[:number], key=lambda entry: entry[1:]):
        record = run.layers[layer].neuron(row)
        assert record.values is not None and record.weights is not None
        first = [
            " ".join(f"`{printable(score.form)}`" for score in scores[:4])
            for scores in (record.effect.promoted, record.effect.suppressed)
        ]
        on = printable(run.corpus.form(token))
        print(
            f"| {record.name} | `{on}` | {record.frequency:.1%} | {record.values.max:.2f} "
            f"| {record.values.mean:.3f} | {record.weights.cosine:+.2f} | {first[0]} | {first[1]} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--tokens", type=int, default=300_000)
    parser.add_argument("--context-length", type=int, default=1024)
    parser.add_argument("--name", default="real")
    parser.add_argument("--runs-dir", type=Path, default=Path("runs"))
    parser.add_argument("--neurons", type=int, default=20)
    options = parser.parse_args()
    seconds, memory = extract(options)
    folder = options.runs_dir / options.name
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    run = open_run(folder)
    print(f"{run.manifest.tokens:,} tokens: {seconds:.0f} s, {memory:.2f} GB at the peak, {disk:.0f} MB on disk\n")
    by_layer(run)
    print()
    strongest_on(run)
    print()
    to_look_at(run, options.neurons)


if __name__ == "__main__":
    main()
