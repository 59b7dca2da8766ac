"""Readers of runs that are being extracted: every number is the one that is there in the end, and no opening fails.

    python -m tests.reliability.readers --times 10000 [--seed 0] [--pause 0.02] [--apart]

One process extracts the same run of a tiny model with many layers under one name after the other. Four others open
what is there, the run under way half of the time, and read: a random record, the list of runs, the columns of a layer,
the digests of all finished files. An opening may find that a run, or a layer, is not there yet: then it must say so,
with RunPartialError or, before there is a run.json, RunNotFoundError; these are counted apart. Anything else
is a failure, and so is any number that is not the one of an undisturbed run. The writer's time is measured with the
readers and without them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import torch

from neuron_tui.engine.extraction import extract
from neuron_tui.store import open_run
from neuron_tui.store.check.verification import altered_files
from neuron_tui.store.errors import RunNotFoundError, RunPartialError
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.catalog import list_runs
from tests.engine.cases import Case, build, request, two_domains
from tests.engine.checkpoints import Shape

READERS = 4
LAYERS = 24
EARLY = "not there yet"
COLUMNS = ("count", "triggers/1/first", "values/max")
SPAWN = multiprocessing.get_context("fork")


def model_of(layers: int) -> Case:
    """A tiny model with so many layers, and its text."""
    return Case(Shape(layers=layers, width=16, heads=2, neurons=20, context=24), "fast", 300, two_domains, tokens=900)


@dataclass(frozen=True, slots=True)
class Truth:
    """What an undisturbed run holds: each neuron's record, and some columns of each layer."""

    records: dict[tuple[int, int], str]
    columns: dict[int, dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the writer took for a run, in the mean: seconds by the clock, of processors, and switches it waited in."""

    rounds: int
    wall: float
    processor: float
    waits: float


def truth_of(run: Run) -> Truth:
    """All that readers may find."""
    layers = run.layers.values()
    records = {(one.index, record.neuron): repr(record.to_dict()) for one in layers for record in one.records()}
    columns = {one.index: {name: found.tobytes() for name, found in one.columns(*COLUMNS).items()} for one in layers}
    return Truth(records, columns)


def look(runs: Path, name: str, truth: Truth, random: np.random.Generator) -> str:
    """Open a run and read of it; what was found: `right`, or what was not there yet, or what is wrong."""
    try:
        run = open_run(name, runs)
        there = list(run.layers) if random.random() < 0.9 else list(run.manifest.options.layers)
        if not there:
            return EARLY
        layer = run.layer(int(random.choice(there)))
    except RunPartialError:
        return EARLY
    except RunNotFoundError:
        return EARLY if not (runs / name / "run.json").exists() else "found no run where there is one"
    neuron = int(random.integers(layer.neurons))
    if repr(layer.neuron(neuron).to_dict()) != truth.records[layer.index, neuron]:
        return f"{name}: neuron {layer.index}:{neuron} is another"
    draw = random.random()
    if draw < 0.1:
        found = {column: values.tobytes() for column, values in layer.columns(*COLUMNS).items()}
        if found != truth.columns[layer.index]:
            return f"{name}: the columns of layer {layer.index} are others"
    elif draw < 0.15 and (altered := altered_files(run.path, run.manifest)):
        return f"{name}: {altered}"
    elif draw < 0.25 and any(one.state == "damaged" for one in list_runs(runs)):
        return "a run is listed as damaged"
    return "right"


def _keep_to(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


def _read(runs: Path, truth: Truth, times: int, seed: int, pause: float, core: int | None, answers: Connection) -> None:
    _keep_to(core)
    random, found = np.random.default_rng(seed), Counter[str]()
    while sum(found.values()) - found[EARLY] < times:
        names = sorted(path.name for path in runs.iterdir())
        if names:
            name = names[-1] if random.random() < 0.5 else str(random.choice(names))
            try:
                found[look(runs, name, truth, random)] += 1
            except Exception as error:  # whatever kept it from being read
                found[f"{name}: {type(error).__name__}: {error}"] += 1
        time.sleep(pause)
    answers.send(found)


def _write(
    extract_as: Callable[[str], object], enough: Event, least: int, core: int | None, answers: Connection
) -> None:
    _keep_to(core)
    torch.set_num_threads(1)
    before, started, rounds = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter(), 0
    while rounds < least or not enough.is_set():
        extract_as(f"r{rounds:05d}")
        rounds += 1
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - started
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answers.send(Spent(rounds, wall / rounds, processor / rounds, (after.ru_nvcsw - before.ru_nvcsw) / rounds))


def written(
    case: Case, model: Path, corpus: tuple[str, ...], runs: Path, enough: Event, least: int, core: int | None = None
) -> Connection:
    """Start the writer; where it says what it took."""
    runs.mkdir()
    ours, theirs = SPAWN.Pipe(duplex=False)

    def extract_as(name: str) -> None:
        extract(request(case, model, corpus, runs, name=name))

    SPAWN.Process(target=_write, args=(extract_as, enough, least, core, theirs)).start()
    return ours


def campaign(
    folder: Path, layers: int, times: int, seed: int, pause: float, alone: int, *, apart: bool = False
) -> tuple[Counter[str], Spent | None, Spent]:
    """Read `times` times while runs are written; before that, `alone` runs are written without readers.

    With `apart` the writer has one core and the readers share another, so that nobody waits for a processor of the
    other's.
    """
    writers_core, readers_core = sorted(os.sched_getaffinity(0))[:2] if apart else (None, None)
    folder.mkdir(exist_ok=True)
    case = model_of(layers)
    corpus = build(case, folder)
    truth = truth_of(open_run(extract(request(case, folder, corpus, folder / "undisturbed"))))
    without = None
    if alone:
        enough = SPAWN.Event()
        enough.set()
        without = written(case, folder, corpus, folder / "alone", enough, alone, writers_core).recv()
    enough = SPAWN.Event()
    told = written(case, folder, corpus, folder / "runs", enough, 1, writers_core)
    pipes = []
    for reader in range(READERS):
        ours, theirs = SPAWN.Pipe(duplex=False)
        arguments = (folder / "runs", truth, times // READERS, seed + reader, pause, readers_core, theirs)
        SPAWN.Process(target=_read, args=arguments).start()
        pipes.append(ours)
    found = sum((pipe.recv() for pipe in pipes), Counter[str]())
    enough.set()
    return found, without, told.recv()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.02, help="seconds that a reader sleeps between two openings")
    parser.add_argument("--alone", type=int, default=30, help="runs that are written without readers first")
    parser.add_argument("--apart", action="store_true", help="the writer on a core of its own, the readers on another")
    asked, started = parser.parse_args(), time.monotonic()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found, without, spent = campaign(
            *(Path(folder) / "model", LAYERS, asked.times, asked.seed, asked.pause, asked.alone), apart=asked.apart
        )
    right, not_yet, opens = found.pop("right", 0), found.pop(EARLY, 0), sum(found.values())
    for wrong, how_often in found.items():
        print(f"{how_often} times {wrong}")
    for what, one in (("without readers", without), (f"with {READERS} readers", spent)):
        if one is not None:
            print(
                f"{what}: {one.rounds} runs of {LAYERS} layers, each {one.wall:.2f} s, of which {one.processor:.2f} s "
                f"of a processor, {one.waits:.0f} waits"
            )
    print(f"{time.monotonic() - started:.0f} s; {right:,} openings read the final numbers, {not_yet:,} came too early")
    print(f"{right + not_yet + opens:,} openings: {opens} failed")
    return 1 if opens else 0


if __name__ == "__main__":
    sys.exit(main())
