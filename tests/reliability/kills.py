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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.reliability import warm
from tests.reliability.operations import Materials, operations
from tests.reliability.stage import Stage, Stages
from tests.reliability.trials import begun, waited_for

_MOST_KILLS = 4
"""Of one world, before what was done is let come to its end."""

WEIGHTS = {
    **{"extract": 6, "extract, activations not kept": 2, "extract, spilling to files": 2, "resume": 4},
    **{"resume, spilling to files": 2, "overwrite with another model": 3, "analyze": 4, "delete": 2},
    **{"delete a variant": 1, "rename": 1, "note": 2, "merge notes": 1, "measurements": 1, "unpack": 2, "pack": 1},
    **{"save a trained model over another": 1},
}
"""How often each is done, in parts of all."""

LIGHT = {"resume": 1, "analyze": 1, "delete": 4, "note": 8, "measurements": 6}
"""The same where it is to take seconds."""


@dataclass
class Outcome:
    """How many kills met each operation, how many came after its end besides, and the seeds of what failed."""

    kills: Counter[str] = field(default_factory=Counter)
    late: int = 0
    failed: dict[int, str] = field(default_factory=dict)


def killed(stage: Stage, draw: random.Random, outcome: Outcome, kills: int) -> str | None:
    """Kill an operation so many times in one world, then do it again; gives what is wrong, if anything is."""
    stage.set_up()
    act = stage.operation.act
    for _ in range(kills):
        process = begun(stage.inside(act), stage.said)
        time.sleep(draw.random() * stage.seconds)
        os.kill(process, signal.SIGKILL)
        met = waited_for(process) == -signal.SIGKILL
        outcome.kills[stage.operation.name] += met
        outcome.late += not met
        act = stage.operation.again or stage.operation.act
    return "; ".join(stage.problems()) or None


def campaign(
    made: Materials,
    folder: Path,
    times: int,
    seed: int,
    minutes: float = math.inf,
    weights: Mapping[str, int] = WEIGHTS,
) -> Outcome:
    """Kill so many times, or for so long; `failed` is by the seed of a world."""
    until = time.monotonic() + 60 * minutes
    stages = Stages(operations(made), folder, times=3 if weights is WEIGHTS else 1)
    outcome, world, told = Outcome(), seed, 0
    while outcome.kills.total() < times and time.monotonic() < until:
        draw = random.Random(world)
        stage = stages[draw.choices(list(weights), list(weights.values()))[0]]
        kills = min(draw.randint(1, _MOST_KILLS), times - outcome.kills.total())
        if problem := killed(stage, draw, outcome, kills):
            outcome.failed[world] = f"{stage.operation.name}: {problem}"
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
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long, whatever --times says")
    parser.add_argument("--at", default=None, help="a folder on the file system to try it on")
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.at) as folder:
        outcome = campaign(Materials(Path(folder) / "materials"), Path(folder), asked.times, asked.seed, asked.minutes)
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
