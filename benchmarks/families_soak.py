"""Random small models of every family against hooks on transformers' whole forward pass: bits, values, effects.

    python -m benchmarks.families_soak                       # 20 of each family
    python -m benchmarks.families_soak --family gemma2 --seeds 200

Run it in the root of a checkout, with the tests' requirements. The checkpoints go to a temporary folder, one at a time.
Prints a line a family and each difference with the configuration that shows it; ends with 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch
from transformers import logging

from neuron_tui.engine.model.families import FAMILIES
from tests.engine.random_families import differences, draw, make


def soak(family: str, seed: int) -> list[str]:
    """What differs for one random checkpoint, an error of either side included."""
    drawn = draw(family, seed)
    with tempfile.TemporaryDirectory() as folder:
        try:
            told = differences(make(Path(folder), family, drawn.values, seed), Path(folder), drawn.starts)
        except Exception as error:  # which configurations fail is what is asked
            told = [f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"]
    return [f"{family}, seed {seed}: {one}\n    {drawn.values}" for one in told]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="checkpoints of each family")
    parser.add_argument("--family", choices=sorted(FAMILIES), help="this one alone")
    chosen = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    families = [chosen.family] if chosen.family else sorted(FAMILIES)
    different, begun = 0, time.monotonic()
    for family in families:
        told = [soak(family, seed) for seed in range(chosen.seeds)]
        different += sum(map(bool, told))
        print(f"{family}: {sum(map(bool, told))} of {chosen.seeds} differ", flush=True)
        for lines in told:
            print(*(f"  {line}" for line in lines[:1]), sep="", end="\n" if lines else "", flush=True)
    taken = time.monotonic() - begun
    print(f"{len(families)} families, {len(families) * chosen.seeds} checkpoints, {taken:.0f} s, {different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
