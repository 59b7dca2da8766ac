"""Bad inputs, each as the command `extract` in a process of its own: a clear end, in seconds and little memory.

`python -m tests.reliability.inputs [--times N] [--only TEXT]` tries them all (or N of them), and prints what each took.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
os.environ |= {"TOKENIZERS_PARALLELISM": "false"}

import torch

from neuron_tui.engine.corpus.readers import compressed
from tests.engine.cases import Case as EngineCase
from tests.engine.cases import build
from tests.engine.checkpoints import Shape, words
from tests.reliability.bad import corpora, tables, tokenizers, weights
from tests.reliability.bad.case import Case, Place
from tests.reliability.forked import Ended, command, forked, refusal_in

PARTS: dict[str, tuple[Case, ...]] = {
    "weights": weights.CASES,
    "tokenizers": tokenizers.CASES,
    "corpora": corpora.CASES,
    "tables": tables.CASES,
}
CASES = tuple(case for part in PARTS.values() for case in part)

_NOBODY = 65534


def good_model(folder: Path) -> Path:
    """A checkpoint of 3 layers and a text that nothing is wrong with, below a folder."""

    def text(below: Path) -> tuple[str, ...]:
        (below / "good.txt").write_text(words(1, 120), encoding="utf-8")
        return (str(below / "good.txt"),)

    case = EngineCase(Shape(layers=3, width=16, heads=2, neurons=6, context=16), "fast", 280, text)
    build(case, folder)
    (folder / "model.safetensors").chmod(0o644)
    return folder


def trial(case: Case, good: Path, folder: Path) -> tuple[Ended, str]:
    """How a bad input ended, and why that is not as it should be; empty if it is."""
    place = Place(folder, good)
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        case.make(place)
        ended = forked(lambda: _extract(place), case.limit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ended, _why(case, ended)


def _extract(place: Place) -> int:
    arguments = place.arguments()
    if "--unprivileged" in arguments:
        arguments.remove("--unprivileged")
        os.setuid(_NOBODY)
    changes = [argument for argument in arguments if argument.startswith("--meanwhile=")]
    with changing(Path(place.corpus[0].partition("=")[2]), changes[0].partition("=")[2]) if changes else nullcontext():
        return command([argument for argument in arguments if argument not in changes])


@contextmanager
def changing(path: Path, how: str) -> Iterator[None]:
    """Change a file once it is open: it grows for as long as the block lasts, or is cut to a half."""
    over, plainly = threading.Event(), compressed.open_file

    def grow() -> None:
        with path.open("ab") as file:
            while not over.is_set() and file.tell() < 1 << 30:
                file.write(b'{"text": "more and more"}\n' * 4000)
                file.flush()

    def opened(file: Path) -> BinaryIO:
        found = plainly(file)
        if file == path and how == "cut":
            os.truncate(path, path.stat().st_size // 2)
        elif file == path:
            threading.Thread(target=grow, daemon=True).start()
        return found

    compressed.open_file = opened
    try:
        yield
    finally:
        over.set()
        compressed.open_file = plainly


def _why(case: Case, ended: Ended) -> str:
    lines = refusal_in(ended)
    if ended.code is None:
        return f"no end in {case.limit:.0f} s"
    if ended.code != case.code:
        return f"ended with {ended.code}, not {case.code}: {ended.said[-600:]}"
    if case.saying not in ended.said:
        return f"does not say {case.saying!r}: {ended.said[-400:]}"
    if case.code and not 1 <= len(lines) <= 2:
        return f"says {len(lines)} lines: {ended.said[-600:]}"
    if any(not character.isprintable() and character != "\n" for character in ended.said.replace("\r", "")):
        return f"says control characters: {ended.said!r}"
    return f"took {ended.memory >> 20} MB" if ended.memory > case.memory else ""


def run(cases: Sequence[Case], told: bool = False) -> list[str]:
    """Try bad inputs; returns those without a clear end, in words."""
    torch.set_num_threads(1)
    failed: list[str] = []
    begin, slowest, most = time.monotonic(), ("", 0.0), ("", 0)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        good = good_model(Path(folder) / "good")
        warm = forked(lambda: command(Place(Path(folder) / "warm", good).arguments()), 120)
        assert warm.code == 0, warm.said
        command(Place(Path(folder) / "warm2", good).arguments())
        for number, case in enumerate(cases):
            ended, why = trial(case, good, Path(folder) / str(number))
            slowest = max(slowest, (case.name, ended.seconds), key=lambda one: one[1])
            most = max(most, (case.name, ended.memory), key=lambda one: one[1])
            if why:
                failed.append(f"{case.name}: {why}")
                print(f"FAILED {failed[-1]}", flush=True)
            elif told:
                last = ended.said.strip().splitlines()[:1]
                print(f"{case.name}: {ended.code}, {ended.seconds:.1f} s, {ended.memory >> 20} MB: {last}", flush=True)
    print(f"  the slowest: {slowest[0]}, {slowest[1]:.1f} s; the most memory: {most[0]}, {most[1] >> 20} MB")
    print(f"{len(cases):,} bad inputs: {len(failed)} without a clear end ({time.monotonic() - begin:.0f} s)")
    return failed


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=len(CASES), help="how many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="those whose names hold this text, or of this part")
    parser.add_argument("--told", action="store_true", help="print every one")
    asked = parser.parse_args()
    named = PARTS.get(asked.only) or tuple(case for case in CASES if asked.only in case.name)
    drawn = random.Random(asked.seed).sample(named, min(asked.times, len(named)))
    return 1 if run(drawn if asked.times < len(named) else named, asked.told) else 0


if __name__ == "__main__":
    sys.exit(main())
