"""Two processes that change one run at the same time: each does it, or says that the other has it.

    python -m tests.reliability.together --times N [--seed S] [--at FOLDER]

Then the runs that are there check without an error, and an extraction ends as if it had been alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from neuron_tui.engine.analysis import AnalysisRequest, analyze
from neuron_tui.store.errors import RunBusyError, RunConflictError, RunNotFoundError, RunPartialError
from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.catalog import delete_run, rename_run
from tests.reliability import warm
from tests.reliability.operations import Materials, World, operations
from tests.reliability.stage import Stage
from tests.reliability.trials import REFUSED, begun, waited_for
from tests.reliability.worlds import contents, differences, leftovers, untruths

_FAIR = (RunBusyError, RunConflictError, RunNotFoundError, RunPartialError)
"""What the one who loses may be told: exit codes 4 and 3."""

Act = Callable[[World], object]


def deeds(made: Materials) -> dict[str, Act]:
    """What two may do to the run x at once."""

    def note(world: World) -> object:
        return NotesFile(world / "runs" / "x").put(0, 3, "", author="bo", label="theirs")

    def count(world: World) -> object:
        return analyze(AnalysisRequest("x", "loose", world / "runs", Thresholds(positional="0.2")))

    return {
        "extract": lambda world: made.extract(world / "runs"),
        "overwrite": lambda world: made.extract(world / "runs", overwrite=True),
        "delete": lambda world: delete_run(world / "runs" / "x"),
        "rename": lambda world: rename_run(world / "runs" / "x", "y"),
        "analyze": count,
        "note": note,
    }


def campaign(made: Materials, folder: Path, times: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many pairs; gives how many of each there were and how they ended, and what was wrong with any."""
    by_name = {operation.name: operation for operation in operations(made)}
    stages = [Stage(by_name["analyze"], folder / "whole"), Stage(by_name["resume"], folder / "partial")]
    whole, acts = stages[1].wanted, deeds(made)
    counts: Counter[str] = Counter()
    failed = []
    for number in range(seed, seed + times):
        draw = random.Random(number)
        stage, pair = draw.choice(stages), draw.choices(list(acts), k=2)
        stage.set_up()
        said = [stage.folder / f"said-{place}" for place in range(2)]
        processes = []
        for name, words in zip(pair, said, strict=True):
            processes.append(begun(stage.inside(acts[name]), words))
            time.sleep(draw.random() * draw.choice((0.0, stage.seconds)))
        codes = [waited_for(process) for process in processes]
        wrong = [
            f"{name} ended with {code}: {words.read_text()[-800:]}"
            for name, code, words in zip(pair, codes, said, strict=True)
            if code and not (code == REFUSED and words.read_text().startswith(tuple(kind.__name__ for kind in _FAIR)))
        ]
        wrong += untruths(stage.world / "runs") or _not_whole(stage, acts["extract"], whole)
        counts[f"{' and '.join(sorted(pair))}, {sum(code == REFUSED for code in codes)} refused"] += 1
        if wrong:
            failed.append(f"seed {number}, {' and '.join(pair)}: {'; '.join(wrong)}")
            print(f"FAILED {failed[-1]}", flush=True)
    return counts, failed


def _not_whole(stage: Stage, extract: Act, whole: dict[str, object]) -> list[str]:
    """What is wrong once x is extracted to its end."""
    code = waited_for(begun(stage.inside(extract), stage.said))
    if code:
        return [f"extracted afterwards it ended with {code}: {stage.words()}"]
    found, files = contents(stage.world), ("runs/x/run.json", "runs/x/corpus.h5", "runs/x/layers")
    wanted = {path: content for path, content in whole.items() if path.startswith(files)}
    return [
        *differences({path: content for path, content in found.items() if path.startswith(files)}, wanted),
        *[path for path in leftovers(stage.world) if not path.startswith("runs/y")],  # it may be partial
    ]


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at", default=None)
    asked = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(dir=asked.at) as folder:
        made = Materials(Path(folder) / "materials")
        counts, failed = campaign(made, Path(folder), asked.times, asked.seed)
    print("\n".join(f"{pair}: {count}" for pair, count in sorted(counts.items())))
    seeds = f" ({'; '.join(text.split(':')[0] for text in failed)})" if failed else ""
    took = time.monotonic() - begin
    print(f"{counts.total():,} pairs: {len(failed)} failed{seeds}; seed {asked.seed}, {took:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    warm.alone()
    sys.exit(main())
