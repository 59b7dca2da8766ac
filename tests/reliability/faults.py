"""Every change to a disk failed or cut off, one at a time, in everything that changes one.

    python -m tests.reliability.faults --times N [--seed S] [--only OPERATION] [--at FOLDER]

draws N of all triples of operation, step and fault (0: all of them) and says at the end of how many it failed.

A trial does something on a small folder in a process whose disk fails at one step. Then: whatever runs are listed
check without an error and the check speaks the truth; nothing else has changed; what was done is done again, as a
person would, and all is as if nothing had happened, dataset by dataset, with no file left over.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.reliability import warm
from tests.reliability.failing_disk import FAULTS, Fault, applies, break_at, watch
from tests.reliability.operations import Materials, Operation, operations, settle_in
from tests.reliability.trials import FAULT, forked, found_by, fresh
from tests.reliability.worlds import contents, problems_of


@dataclass(frozen=True, slots=True)
class Trial:
    """A fault at a step of an operation."""

    operation: str
    step: int
    what: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.operation}, step {self.step} ({self.what}), {self.fault}"


class Bench:
    """An operation with the world that it begins with, its steps, and the world that it is to end in."""

    def __init__(self, operation: Operation, folder: Path) -> None:
        """Do it once undisturbed."""
        self.operation, self._folder = operation, folder
        folder.mkdir(parents=True)
        self._template, self._world = folder / "template", folder / "world"
        self._template.mkdir()
        self._require(self._prepare)
        fresh(self._template, self._world)
        self._require(self._undisturbed)
        self.steps: list[tuple[str, str]] = json.loads((folder / "steps.json").read_text())
        self._before = contents(self._template)
        self._wanted = contents(self._world)

    def trials(self) -> Iterator[Trial]:
        """All there are."""
        for number, (step, subject) in enumerate(self.steps):
            name = f"{step} {subject.removeprefix(f'{self._world}/')}"
            yield from (Trial(self.operation.name, number, name, fault) for fault in FAULTS if applies(fault, step))

    def failure_of(self, trial: Trial) -> str | None:
        """What a trial finds wrong; None if all is well."""
        after, said = self._folder / "after", self._folder / "said"
        fresh(self._template, self._world)
        code = forked(partial(self._broken, trial, after), said)
        if code == FAULT or (code < 0 and code != -9):
            return f"ended with {code}: {said.read_text(errors='replace')[-3000:]}"
        if after.exists():
            fresh(after, self._world)
            shutil.rmtree(after)
        problems = found_by(self._problems, self._folder)
        return "; ".join(problems) or None

    def _require(self, work: Callable[[], None]) -> None:
        code = forked(work, self._folder / "said")
        assert code == 0, f"{self.operation.name}: {(self._folder / 'said').read_text()}"

    def _prepare(self) -> None:
        settle_in(self._template)
        self.operation.prepare(self._template)

    def _undisturbed(self) -> None:
        settle_in(self._world)
        steps = watch()
        self.operation.act(self._world)
        (self._folder / "steps.json").write_text(json.dumps(steps))
        self.operation.finish(self._world)

    def _broken(self, trial: Trial, after: Path) -> None:
        settle_in(self._world)
        break_at(trial.step, trial.fault, self._world, after)
        self.operation.act(self._world)

    def _problems(self) -> list[str]:
        settle_in(self._world)
        return problems_of(self.operation, self._world, self._before, self._wanted)


def campaign(
    folder: Path, times: int, seed: int, only: str = ""
) -> tuple[Counter[tuple[str, Fault]], list[tuple[Trial, str]]]:
    """Draw trials; gives how many there were of each operation and fault, and those that failed with what was wrong."""
    (folder / "materials").mkdir(parents=True)
    every = operations(Materials(folder / "materials"))
    chosen = [operation for operation in every if only in operation.name]
    benches = {operation.name: Bench(operation, folder / f"bench-{number}") for number, operation in enumerate(chosen)}
    trials = [trial for bench in benches.values() for trial in bench.trials()]
    draw = random.Random(seed)
    if times:
        # Each operation and fault as often as the next, however many steps there are.
        draw.shuffle(trials)
        rank: Counter[tuple[str, Fault]] = Counter()
        ranked = []
        for trial in trials:
            rank[trial.operation, trial.fault] += 1
            ranked.append((rank[trial.operation, trial.fault], len(ranked), trial))
        trials = [trial for _, _, trial in sorted(ranked, key=lambda entry: entry[:2])[:times]]
    counts: Counter[tuple[str, Fault]] = Counter()
    failed = []
    for number, trial in enumerate(trials, 1):
        counts[trial.operation, trial.fault] += 1
        if problem := benches[trial.operation].failure_of(trial):
            failed.append((trial, problem))
            print(f"FAILED {trial}: {problem}", flush=True)
        if number % 500 == 0:
            print(f"{number:,} of {len(trials):,} trials, {len(failed)} failed", file=sys.stderr, flush=True)
    return counts, failed


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=500, help="0: every step with every fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--at", default=None)
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.at) as folder:
        counts, failed = campaign(Path(folder) / "faults", asked.times, asked.seed, asked.only)
    for operation in dict.fromkeys(operation for operation, _ in counts):
        print(f"{operation}: " + ", ".join(f"{fault} {counts[operation, fault]}" for fault in FAULTS))
    bad = f" ({'; '.join(str(trial) for trial, _ in failed[:20])})" if failed else ""
    print(f"{counts.total():,} faults: {len(failed)} failed{bad}, seed {asked.seed}, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    warm.alone()
    sys.exit(main())
