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

from neuron_tui.store import open_run
from neuron_tui.store.findings.run_info import run_info
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.neurons.table import read_table
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


def to_look_at(run: Run, number: int) -> None:
    """Token detectors of most activations in each third of the model, with what they write."""
    table = read_table(run)
    print("| neuron | fires on | positions | max | trigger score | promotes |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    detectors = np.flatnonzero(table.detector(1))
    for row in sorted(detectors[np.argsort(-table.count[detectors])][:number].tolist()):
        record = run.layers[int(table.layer[row])].neuron(int(table.neuron[row]))
        fires = " ".join(f"`{printable(''.join(t.forms))}`" for t in record.triggers[1].covered[:3])
        promotes = " ".join(f"`{printable(score.form)}`" for score in record.effect.promoted[:4])
        strongest = record.values.max if record.values and record.values.max is not None else float("nan")
        print(
            f"| {record.name} | {fires} | {record.count:,} | {strongest:.2f} | {record.effect.trigger_score:+.3f} "
            f"| {promotes} |"
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
    to_look_at(run, options.neurons)


if __name__ == "__main__":
    main()
