"""Every change to a disk failed or cut off, one at a time, in everything that changes one.

    python -m tests.reliability.faults --times N [--seed S] [--only OPERATION ...] [--at FOLDER]

draws N of all triples of operation, step and fault (0: all of them) and says at the end of how many it failed.

A trial does something on a small folder in a process whose disk fails at one step. Then: whatever runs are listed
check without an error and the check speaks the truth; nothing else has changed; what was done is done again, as a
person would, and all is as if nothing had happened, dataset by dataset, with no file left over.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.reliability import warm
from tests.reliability.failing_disk import FAULTS, Fault, applies, break_at
from tests.reliability.operations import Materials, World, operations
from tests.reliability.stage import Stage, Stages
from tests.reliability.trials import FAULT, forked, fresh

_EVERY = 12
"""HDF5 writes a file in a hundred pieces, one like the other."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A fault at a step of an operation."""

    operation: str
    step: int
    what: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.operation}, step {self.step} ({self.what}), {self.fault}"


def trials_of(stage: Stage) -> Iterator[Trial]:
    """All there are; of many writes to one file in a row the first, the last and some between."""
    steps = stage.steps
    for number, step in enumerate(steps):
        if steps[number - 1 : number + 2] == [step] * 3 and number % _EVERY:
            continue
        what = f"{step[0]} {step[1].removeprefix(f'{stage.world}/')}"
        yield from (Trial(stage.operation.name, number, what, fault) for fault in FAULTS if applies(fault, step[0]))


def failure_of(trial: Trial, stage: Stage) -> str | None:
    """What a trial finds wrong; None if all is well."""
    after = stage.folder / "after"
    stage.set_up()

    def broken(world: World) -> None:
        break_at(trial.step, trial.fault, world, after)
        stage.operation.act(world)

    code = forked(stage.inside(broken), stage.said)
    if code == FAULT or (code < 0 and code != -signal.SIGKILL):
        return f"ended with {code}: {stage.words()}"
    if after.exists():
        fresh(after, stage.world)
        shutil.rmtree(after)
    return "; ".join(stage.problems()) or None


Failures = list[tuple[Trial, str]]


def campaign(
    made: Materials, folder: Path, times: int, seed: int, only: Sequence[str] = (), minutes: float = math.inf
) -> tuple[Counter[tuple[str, Fault]], Failures]:
    """Draw trials; gives how many there were of each operation and fault, and those that failed with what was wrong."""
    stages, until = Stages(operations(made), folder), time.monotonic() + 60 * minutes
    trials = [trial for name in only or stages.names for trial in trials_of(stages[name])]
    if times:
        trials = drawn(trials, times, random.Random(seed))
    counts: Counter[tuple[str, Fault]] = Counter()
    failed = []
    for number, trial in enumerate(trials, 1):
        if time.monotonic() > until:
            break
        counts[trial.operation, trial.fault] += 1
        if problem := failure_of(trial, stages[trial.operation]):
            failed.append((trial, problem))
            print(f"FAILED {trial}: {problem}", flush=True)
        if number % 500 == 0:
            print(f"{number:,} of {len(trials):,} trials, {len(failed)} failed", file=sys.stderr, flush=True)
    return counts, failed


def drawn(trials: list[Trial], times: int, draw: random.Random) -> list[Trial]:
    """Some trials, of each operation and fault as many as of the next, however many steps there are."""
    draw.shuffle(trials)
    rank: Counter[tuple[str, Fault]] = Counter()
    ranked = []
    for place, trial in enumerate(trials):
        rank[trial.operation, trial.fault] += 1
        ranked.append((rank[trial.operation, trial.fault], place, trial))
    return [trial for _, _, trial in sorted(ranked, key=lambda entry: entry[:2])[:times]]


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=500, help="0: every step with every fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long, whatever --times says")
    parser.add_argument("--at", default=None)
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.at) as folder:
        made = Materials(Path(folder) / "materials")
        counts, failed = campaign(made, Path(folder), asked.times, asked.seed, asked.only, asked.minutes)
    for operation in dict.fromkeys(operation for operation, _ in counts):
        print(f"{operation}: " + ", ".join(f"{fault} {counts[operation, fault]}" for fault in FAULTS))
    bad = f" ({'; '.join(str(trial) for trial, _ in failed[:20])})" if failed else ""
    print(f"{counts.total():,} faults: {len(failed)} failed{bad}, seed {asked.seed}, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    warm.alone()
    sys.exit(main())
