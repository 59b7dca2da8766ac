"""How long ten runs of OPT-66b's size take to be opened and compared, and how much memory that needs.

    python benchmarks/ten_runs.py FOLDER [--base RUN] [--runs 10] [--layers 64] [--neurons 36864]

Makes the runs in FOLDER from one that `large_run.py` makes (or from RUN, which is then not made): each a folder of its
own with the layers' files hard-linked, and aggregates of its own, which differ as runs of one model on several texts
might. They are used again if they are there. Then it measures, each in a fresh process, with the files in the page
cache and without. `neuron-tui check` would object to these runs: their aggregates do not follow from their layers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import large_run

from neuron_tui.store.findings.aggregates import Positional, RunAggregates
from neuron_tui.store.findings.aggregates_cache import aggregates_of, keep_aggregates
from neuron_tui.store.neurons.run import Run, open_run
from neuron_tui.store.runs.manifest import MANIFEST, FileEntry, write_manifest

TOKENS_DETECTED, IN_ALL = 1_500, 15_000
"""Tokens with a detector in a layer, and in all of them: the paper finds no more and over 10,000 in OPT-66b [§4]."""

OTHER_VOCABULARY = 2
"""So many of the runs have a vocabulary of their own: their tokens are compared by text, which takes longer."""

T = TypeVar("T")


def make(folder: Path, base: Path, count: int) -> list[Path]:
    """Runs beside each other in `folder`, made from the one in `base`."""
    run = open_run(base)
    aggregates = aggregates_of(run)
    made = []
    for place in range(count):
        into = folder / f"run_{place:02d}"
        made.append(into)
        if (into / MANIFEST).is_file():
            continue
        for name in run.manifest.files:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).unlink(missing_ok=True)
            os.link(base / name, into / name)
        assert run.manifest.corpus is not None
        file = FileEntry(bytes=run.manifest.corpus.file.bytes, sha256=hashlib.sha256(into.name.encode()).hexdigest())
        corpus = run.manifest.corpus.model_copy(update={"file": file})
        write_manifest(into, run.manifest.model_copy(update={"corpus": corpus}))
        keep_aggregates(Run(into), varied(aggregates, place, count, corpus.vocabulary))
        print(f"\rrun {place + 1} of {count}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return made


def varied(aggregates: RunAggregates, place: int, count: int, vocabulary: int) -> RunAggregates:
    """The aggregates with other numbers of dead neurons, other positional neurons, and other tokens detected."""
    random = np.random.default_rng(place)
    kept = random.random(len(aggregates.positional.layer)) < 1 - place / (2 * count)
    positional = Positional(*(getattr(aggregates.positional, field.name)[kept] for field in fields(Positional)))
    tokens = random.choice(vocabulary, min(IN_ALL, vocabulary), replace=False)
    detected = tuple(
        np.sort(random.choice(tokens, min(TOKENS_DETECTED, len(tokens)), replace=False)) for _ in aggregates.summaries
    )
    summaries = tuple(replace(one, dead=int(one.dead * (1 - place / (3 * count)))) for one in aggregates.summaries)
    digest = hashlib.sha256(str(place).encode()).hexdigest() if place < OTHER_VOCABULARY else aggregates.vocabulary
    return replace(aggregates, summaries=summaries, positional=positional, detected=detected, vocabulary=digest)


def forget(folder: Path) -> None:
    """Take the files of a run out of the page cache, as far as the system follows."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # pages not yet written stay
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def measure(folders: list[Path]) -> dict[str, float]:
    """Seconds of each step, in this process, which has done nothing but imports before; memory in MB."""
    from neuron_tui.store.findings.comparison import compare
    from neuron_tui.store.findings.comparison.report import make_report
    from neuron_tui.store.findings.figures import labels, read_aggregates
    from neuron_tui.tui.drawing.comparison_parts import drawn
    from neuron_tui.tui.drawing.figure_table import table_text

    took: dict[str, float] = {}
    began = time.process_time()

    def timed(what: str, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        result = work()
        took[what] = time.perf_counter() - started
        return result

    runs = timed("open", lambda: [open_run(folder) for folder in folders])
    aggregates = timed(
        "read aggregates", lambda: [read_aggregates(*pair) for pair in zip(runs, labels(runs), strict=True)]
    )
    timed("compare", lambda: compare(aggregates))
    took["processor so far"], took["memory so far"] = time.process_time() - began, memory()
    made = timed("all its parts", lambda: make_report(aggregates))
    timed("their tables", lambda: [table_text(table) for table in made.tables])
    timed("their drawings", lambda: [drawn(made, table, 120, 30) for table in made.tables])
    took["processor"], took["memory"] = time.process_time() - began, memory()
    return took


def memory() -> float:
    """Most resident memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def in_a_fresh_process(folders: list[Path]) -> dict[str, float]:
    command = [sys.executable, __file__, "--part", "measure", *map(str, folders)]
    started = time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    whole = time.perf_counter() - started
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return {
        "open and compare": sum(found[step] for step in ("open", "read aggregates", "compare")),
        **found,
        "whole": whole,
    }


def report(title: str, found: dict[str, float]) -> None:
    print(title)
    for what, value in found.items():
        print(f"    {what:24} {value:8.0f} MB" if "memory" in what else f"    {what:24} {value:8.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--layers", type=int, default=64)
    parser.add_argument("--neurons", type=int, default=36_864)
    parser.add_argument("--part", choices=("measure",), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part == "measure":
        print(json.dumps(measure(arguments.folders)))
        return
    (folder,) = arguments.folders
    base = arguments.base or folder / "base"
    if not (base / MANIFEST).is_file():
        large_run.build(base, arguments.layers, arguments.neurons)
    folders = make(folder, base, arguments.runs)
    for one in folders:
        forget(one)
    report("files not in the page cache", in_a_fresh_process(folders))
    for again in ("first", "second", "third"):
        report(f"files in the page cache, {again} pass", in_a_fresh_process(folders))


if __name__ == "__main__":
    main()
