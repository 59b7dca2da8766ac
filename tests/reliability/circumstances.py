"""Everything that changes a disk under circumstances of a real machine.

    python -m tests.reliability.circumstances --times N [--seed S] [--at FOLDER]

- `clock`: the clock goes back by up to a day each time that it is looked at.
- `read-only`: the file system is mounted read-only: nothing is changed, and it is said in words.
- `full`: the file system is a small one that is really full, somewhere on the way; with room, it is done again.

The last two need the right to mount (root, or a system that lets users have namespaces of their own).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal, get_args

from neuron_tui.engine import analysis, extraction, job
from neuron_tui.store.notes import note
from tests.reliability import warm
from tests.reliability.operations import Materials, World, operations
from tests.reliability.stage import Stage, Stages
from tests.reliability.trials import FAULT, REFUSED, forked, fresh
from tests.reliability.worlds import contents, differences

Counts = Counter[tuple[str, int]]
"""Trials by circumstance and exit code."""

Circumstance = Literal["clock", "read-only", "full"]
CIRCUMSTANCES: tuple[Circumstance, ...] = get_args(Circumstance)

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000


def turn_the_clock_back(draw: random.Random) -> None:
    """Have the clock of this process go back from now on, each time that it is looked at."""
    now = time.time()
    really = datetime

    def earlier() -> float:
        nonlocal now
        now -= draw.random() * 86400
        return now

    class Backwards(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return really.now(tz) - timedelta(seconds=time.monotonic() % 86400 + draw.random() * 86400)

    time.time = earlier
    for module in (analysis, extraction, job, note):
        module.datetime = Backwards  # type: ignore[attr-defined]


def mount(place: Path, kibibytes: int) -> None:
    """Put a small file system over a folder, for this process alone; raises OSError where that is not allowed."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEW_MOUNTS if os.geteuid() == 0 else _NEW_MOUNTS | _NEW_USER):
        raise OSError(ctypes.get_errno(), "no namespace of its own")
    _run("mount", "--make-rprivate", "/")
    _run("mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "none", str(place))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.returncode, done.stderr)


def size_of(folder: Path) -> int:
    """Kibibytes that a folder takes on a small file system."""
    return sum(4 * -(-path.lstat().st_size // 4096) for path in folder.rglob("*"))


def failure_of(stage: Stage, circumstance: Circumstance, draw: random.Random, counts: Counts) -> str | None:
    """What goes wrong with an operation; None if nothing does. It is counted by how it ended."""
    stage.set_up()
    after = stage.folder / "after"
    template = size_of(stage.template)
    room = template + 64 + (draw.randrange(0, 256, 4) if circumstance == "full" else 1024)

    def act(world: World) -> None:
        if circumstance == "clock":
            turn_the_clock_back(draw)
            stage.operation.act(world)
            return
        mount(world, room)
        shutil.copytree(stage.template, world, dirs_exist_ok=True)
        if circumstance == "read-only":
            _run("mount", "-o", "remount,ro", str(world))
        try:
            stage.operation.act(world)
        finally:
            shutil.copytree(world, after)

    code = forked(stage.inside(act), stage.said)
    counts[circumstance, code] += 1
    if code == FAULT or code == -signal.SIGALRM or (circumstance == "clock" and code):
        shutil.rmtree(after, ignore_errors=True)
        return f"ended with {code}: {stage.words()}"
    if circumstance != "clock":
        fresh(after, stage.world)
        shutil.rmtree(after)
    if circumstance == "read-only" and (touched := differences(contents(stage.world), stage.before)):
        return "; ".join(touched)
    return "; ".join(stage.problems()) or None


def campaign(
    made: Materials,
    folder: Path,
    times: int,
    seed: int,
    which: tuple[Circumstance, ...] = CIRCUMSTANCES,
    names: tuple[str, ...] = (),
) -> tuple[Counts, list[str]]:
    """Go through all operations with each circumstance so many times; how many there were, and what was wrong."""
    stages = Stages(operations(made), folder)
    counts: Counts = Counter()
    failed = []
    for number in range(seed, seed + times):
        for name in names or stages.names:
            for circumstance in which:
                draw = random.Random(f"{number} {name} {circumstance}")
                if problem := failure_of(stages[name], circumstance, draw, counts):
                    failed.append(f"{circumstance}, {name}, seed {number}")
                    print(f"FAILED {failed[-1]}: {problem}", flush=True)
    return counts, failed


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1, help="for every operation and circumstance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at", default=None)
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.at) as folder:
        counts, failed = campaign(Materials(Path(folder) / "materials"), Path(folder), asked.times, asked.seed)
    for circumstance in CIRCUMSTANCES:
        print(f"{circumstance}: {counts[circumstance, 0]} done, {counts[circumstance, REFUSED]} refused in words")
    which = f" ({'; '.join(failed)})" if failed else ""
    print(
        f"{counts.total():,} trials: {len(failed)} failed{which}; seed {asked.seed}, {time.monotonic() - begin:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    warm.alone()
    sys.exit(main())
