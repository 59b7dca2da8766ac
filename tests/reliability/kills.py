"""Whatever changes a disk killed at a random moment, and done again.

    python -m tests.reliability.kills --times N [--seed S] [--at FOLDER]

A trial does something on a small folder in a process that is killed at a moment drawn over the time that it takes
undisturbed; a resumed extraction may be killed again and again. Then: what runs are listed check without an error,
finished layers are those of an undisturbed run, nothing else has changed; what was done is done again, and all is as
if nothing had happened, dataset by dataset, with no file left over.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.reliability import warm
from tests.reliability.operations import Materials, Operation, operations, settle_in
from tests.reliability.trials import begun, forked, found_by, fresh, waited_for
from tests.reliability.worlds import contents, problems_of

_MOST_KILLS = 3
"""Of one world, before what was done is let come to its end."""

WEIGHTS = {
    **{"extract": 6, "extract, activations not kept": 2, "extract, spilling to files": 2, "resume": 4},
    **{"resume, spilling to files": 2, "overwrite with another model": 3, "analyze": 4, "delete": 2},
    **{"delete a variant": 1, "rename": 1, "note": 2, "merge notes": 1, "measurements": 1, "unpack": 2, "pack": 1},
    **{"save a trained model over another": 1},
}
"""How often each is done, in parts of all."""


@dataclass
class Outcome:
    """How many kills met each operation, how many came after its end besides, and the seeds of what failed."""

    kills: Counter[str] = field(default_factory=Counter)
    late: int = 0
    failed: dict[int, str] = field(default_factory=dict)


class Target:
    """An operation, and how long it takes undisturbed."""

    def __init__(self, operation: Operation, folder: Path) -> None:
        """Do it undisturbed, three times, to know what comes of it and how long it takes."""
        self.operation, self._folder = operation, folder
        folder.mkdir()
        self._template, self._world = folder / "template", folder / "world"
        self._template.mkdir()
        self._do(lambda: operation.prepare(self._template), self._template)
        self.seconds = math.inf
        for _ in range(3):
            fresh(self._template, self._world)
            begin = time.monotonic()
            self._do(lambda: operation.act(self._world), self._world)
            self.seconds = min(self.seconds, time.monotonic() - begin)
        self._do(lambda: operation.finish(self._world), self._world)
        self._before, self._wanted = contents(self._template), contents(self._world)

    def killed(self, draw: random.Random, outcome: Outcome, kills: int) -> str | None:
        """Kill it so many times in one world, then do it again; gives what is wrong, if anything is."""
        fresh(self._template, self._world)
        act = self.operation.act
        for _ in range(kills):
            process = begun(partial(self._act, act), self._folder / "said")
            time.sleep(draw.random() * self.seconds)
            os.kill(process, signal.SIGKILL)
            met = waited_for(process) == -signal.SIGKILL
            outcome.kills[self.operation.name] += met
            outcome.late += not met
            act = self.operation.again or self.operation.act
        problems = found_by(self._problems, self._folder)
        return "; ".join(problems) or None

    def _act(self, act: object) -> None:
        settle_in(self._world)
        act(self._world)  # type: ignore[operator]

    def _do(self, work: object, world: Path) -> None:
        def settled() -> None:
            settle_in(world)
            work()  # type: ignore[operator]

        code = forked(settled, self._folder / "said")
        assert code == 0, f"{self.operation.name}: {(self._folder / 'said').read_text()}"

    def _problems(self) -> list[str]:
        settle_in(self._world)
        return problems_of(self.operation, self._world, self._before, self._wanted)


def campaign(folder: Path, times: int, seed: int) -> Outcome:
    """Kill so many times; `failed` is by the seed of a world."""
    (folder / "materials").mkdir(parents=True)
    every = [one for one in operations(Materials(folder / "materials")) if one.name in WEIGHTS]
    targets = [Target(operation, folder / f"target-{number}") for number, operation in enumerate(every)]
    weights = [WEIGHTS[target.operation.name] for target in targets]
    outcome, world = Outcome(), seed
    told = 0
    while outcome.kills.total() < times:
        draw = random.Random(world)
        target = draw.choices(targets, weights)[0]
        kills = min(draw.randint(1, _MOST_KILLS), times - outcome.kills.total())
        if problem := target.killed(draw, outcome, kills):
            outcome.failed[world] = f"{target.operation.name}: {problem}"
            print(f"FAILED seed {world}, {outcome.failed[world]}", flush=True)
        if outcome.kills.total() // 500 > told:
            told = outcome.kills.total() // 500
            print(f"{outcome.kills.total():,} kills, {len(outcome.failed)} failed", file=sys.stderr, flush=True)
        world += 1
    return outcome


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at", default=None, help="a folder on the file system to try it on")
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.at) as folder:
        outcome = campaign(Path(folder) / "kills", asked.times, asked.seed)
    print(", ".join(f"{name} {count}" for name, count in outcome.kills.items()))
    seeds = f" (seeds {', '.join(map(str, outcome.failed))})" if outcome.failed else ""
    print(
        f"{outcome.kills.total():,} kills: {len(outcome.failed)} failed{seeds}; "
        f"{outcome.late:,} more came after the end; seed {asked.seed}, {time.monotonic() - begin:.0f} s"
    )
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    warm.alone()
    sys.exit(main())
