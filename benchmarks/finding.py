"""How long it takes to find neurons: by a text, and by what they are like.

    python benchmarks/finding.py FOLDER [--layers 64] [--neurons 36864] [--run RUN]

FOLDER holds the run of OPT-66b's size that large_run.py makes, and is made if it is not there. Each question is asked
five times in one process and the quickest is told; "first" is the very first, which opens the files. RUN is a finished
run that keeps its activations and whose model is at hand: the measures that need these are timed on it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.large_run import build
from neuron_tui.store import Run, open_run
from neuron_tui.store.disk.open_files import close_files, keep_open
from neuron_tui.store.findings.similarity.asked import stored_measure
from neuron_tui.store.findings.similarity.measure import MEASURES
from neuron_tui.store.findings.similarity.search import find_similar
from neuron_tui.store.neurons.finding import SORTS, find_text
from neuron_tui.store.tokens import decode
from neuron_tui.tui.jobs.similarity import Asked, Search

TIMES = 5


def best(what: str, work: Callable[[], object], first: bool = False) -> None:
    seconds = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    opening = f", first {1000 * seconds[0]:.0f}" if first else ""
    print(f"{what:64} {1000 * min(seconds):8.0f} ms{opening}", flush=True)


def text_of(run: Run, n: int, row: int) -> str:
    return decode([run.corpus.form(token) for token in run.corpus.gram(n, row)], run.corpus.spelling)


def texts(run: Run) -> dict[str, str]:
    """Texts to find: n-grams by how often they occur, and a sentence of ten tokens of the corpus."""
    tokens, one, two = run.corpus.tokens()[1:11], run.corpus.grams(1).occurrences, run.corpus.grams(2).occurrences
    chosen = {
        "the most frequent token": text_of(run, 1, int(one.argmax())),
        "a token of median frequency": text_of(run, 1, int(one.argsort()[len(one) // 2])),
        "the most frequent bigram": text_of(run, 2, int(two.argmax())),
        "ten tokens": decode([run.corpus.form(int(token)) for token in tokens], run.corpus.spelling),
    }
    _ = run.corpus.find_grams("")  # the vocabulary by what its tokens read: made once
    return chosen


def time_finding(folder: Path) -> None:
    run = open_run(folder)
    asked = texts(run)
    for name, text in asked.items():
        for sort in SORTS:
            close_files(folder)
            keep_open(folder)
            best(f"find {name}, by {sort}", partial(find_text, run, text, 20, sort), first=True)


def time_similar(folder: Path) -> None:
    run = open_run(folder)
    keep_open(folder)
    of = (list(run.layers)[len(run.layers) // 2], 100)
    for by, n in (("triggers", 1), ("triggers", 2), ("triggers", 3), ("position", 1)):
        measure = stored_measure(by, run, run, n)
        name = f"{by}{f', n = {n}' if by == 'triggers' else ''}"
        for permutations in (0, 200):
            more = f", {permutations} permutations" if permutations else ""
            best(f"similar by {name}: a layer{more}", partial(find_similar, measure, of, [of[0]], 20, permutations))
    for by in ("triggers", "position"):
        measure = stored_measure(by, run, run)
        begin = time.perf_counter()
        find_similar(measure, of, list(run.layers), 20)
        print(f"{f'similar by {by}: all layers, 200 permutations':64} {time.perf_counter() - begin:8.1f} s", flush=True)


def time_measures(path: str) -> None:
    run = open_run(path)
    layer = next(iter(run.layers.values()))
    of = layer.index, int(layer.columns("count")["count"].sum(axis=1).argmax())
    for by in MEASURES:
        asked = Asked(by, run, of, run, tuple(run.layers))
        name = f"similar by {by}: all of {run.name}, 200 permutations"
        best(name, lambda a=asked: Search().similar(a, lambda *_: None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=64)
    parser.add_argument("--neurons", type=int, default=36_864)
    parser.add_argument("--run")
    arguments = parser.parse_args()
    if not (arguments.folder / "run.json").is_file():
        build(arguments.folder, arguments.layers, arguments.neurons)
    time_finding(arguments.folder)
    time_similar(arguments.folder)
    if arguments.run:
        time_measures(arguments.run)


if __name__ == "__main__":
    main()
