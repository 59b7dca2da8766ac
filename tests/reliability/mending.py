"""Damaged runs mended: what they end with is what an undisturbed extraction wrote, byte by byte.

    python -m tests.reliability.mending --times 500 [--seed 0]

A trial takes a copy of a run of a tiny model with two variants, and damages some of its files: missing, cut, emptied,
changed in a byte or a block, overwritten by another file of the run. In a third of the trials mending is interrupted at
a random step, and then gone on with. The trial fails if a file ends with other bytes than before, if a file that was
whole was touched, if `check` finds anything, or if notes or the causal table changed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from neuron_tui.engine.analysis import AnalysisRequest, analyze
from neuron_tui.engine.extraction import extract
from neuron_tui.engine.mending import MendRequest, mend
from neuron_tui.engine.progress import Progress
from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.measures.thresholds import PAPER
from neuron_tui.store.runs.manifest import CORPUS_FILE, layer_file
from neuron_tui.store.runs.variants import variant_folder
from tests.engine.cases import Case, build, request, two_domains
from tests.engine.checkpoints import Shape

LAYERS = 3
SMALL = Case(Shape(layers=LAYERS, width=16, heads=2, neurons=20, context=24), "fast", 300, two_domains, tokens=700)
VARIANTS = ("loose", "tight")
OWN = (CORPUS_FILE, *map(layer_file, range(LAYERS)))
FILES = (*OWN, *(f"variants/{name}/{layer_file(layer)}" for name in VARIANTS for layer in range(LAYERS)))
KINDS = ("missing", "cut", "emptied", "byte", "block", "another")


def make_run(folder: Path) -> Path:
    """An undisturbed run with variants, notes and a broken causal table."""
    folder.mkdir()
    corpus = build(SMALL, folder)
    run = extract(request(SMALL, folder, corpus, folder / "runs"))
    for name, precision in zip(VARIANTS, ("0.5", "0.99"), strict=True):
        thresholds = PAPER.model_copy(update={"precision": Decimal(precision)})
        analyze(AnalysisRequest(str(run), name, run.parent, thresholds))
    open_run(run).notes_file.put(0, 5, "", author="Ann", label="weather", text="rain")
    (run / "causal.jsonl").write_text("no table\n", encoding="utf-8")
    return run


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it is: its bytes, and what tells whether it was written."""

    data: bytes
    state: tuple[int, int]


def seen(run: Path) -> dict[str, Seen]:
    """The files of a run that mending must not change, or must make the same again."""
    found = {}
    for name in (*FILES, "notes.jsonl", "causal.jsonl"):
        path = run / name
        status = path.stat()
        found[name] = Seen(path.read_bytes(), (status.st_ino, status.st_mtime_ns))
    return found


def damage(path: Path, other: Path, random: np.random.Generator) -> str:
    """Damage a file in a way that is drawn; what was done."""
    data = bytearray(path.read_bytes())
    at, kind = int(random.integers(len(data))), str(random.choice(KINDS))
    match kind:
        case "missing":
            path.unlink()
            return kind
        case "cut":
            del data[at:]
        case "emptied":
            data.clear()
        case "byte":
            data[at] ^= int(random.integers(1, 256))
        case "block":
            data[at : at + 256] = random.bytes(len(data[at : at + 256]))
        case "another":
            data[:] = other.read_bytes()
    path.write_bytes(data)
    return kind


class _Interruption:
    """Interrupts at the step with a number."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, _: Progress) -> None:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt


def attempt(undisturbed: Path, folder: Path, seed: int) -> str | None:
    """Damage a copy and mend it; what went wrong, or None."""
    random = np.random.default_rng(seed)
    run = folder / undisturbed.name
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(undisturbed, run)
    before = seen(run)
    chosen = [str(name) for name in random.choice(FILES, int(random.integers(1, 5)), replace=False)]
    done = {}
    for name in chosen:
        other = str(random.choice([own for own in OWN if own != name]))
        done[name] = damage(run / name, undisturbed / other, random)
    how = ", ".join(f"{name} {kind}" for name, kind in done.items())
    try:
        if random.random() < 1 / 3:
            try:
                mend(MendRequest(run), _Interruption(int(random.integers(60))))
            except KeyboardInterrupt:
                how += ", interrupted"
        mend(MendRequest(run))
        after = seen(run)
    except Exception as error:  # whatever kept it from being mended
        return f"{how}: {type(error).__name__}: {error}"
    changed = [name for name in before if after[name].data != before[name].data]
    touched = [name for name in before if name not in chosen and after[name].state != before[name].state]
    places = (run, *(variant_folder(run, name) for name in VARIANTS))
    found = [problem for place in places for problem in check_run(place) if problem.file != "causal.jsonl"]
    if changed or touched or found:
        return f"{how}: other bytes {changed}, touched {touched}, found {found}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked, started, failed = parser.parse_args(), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "made")
        for seed in range(asked.seed, asked.seed + asked.times):
            if wrong := attempt(run, Path(folder) / "copy", seed):
                failed += 1
                print(f"{seed}: {wrong}", flush=True)
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    print(f"{asked.times:,} damaged runs: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
