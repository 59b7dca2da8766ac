"""Time and peak memory of extractions as one thing grows: tokens, layers, width, vocabulary, processes.

    python -m benchmarks.growth --tokens 60000

Every extraction is a process of its own, of the command, with everything on, on a made-up model of the shape that the
row says. Prints a Markdown table from what each run tells of itself in run.json.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmarks.made_up import Shape, make_extractable, write_checkpoint
from neuron_tui.store.runs.manifest import Usage, read_manifest

BASE = Shape("base", 2, 512, 8, vocabulary=8000, context=512)
CPU = torch.device("cpu")
KINDS = ("forward", "count", "effects", "write", "exchange")


@dataclass(frozen=True, slots=True)
class Measured:
    """One extraction: what grew, and what it took."""

    what: str
    shape: Shape
    tokens: int
    ranks: int = 1

    def run(self, folder: Path) -> Usage:
        """Extract in a process of its own, or in several."""
        write_checkpoint(folder, self.shape, torch.float32, CPU, 0.05)
        text = make_extractable(folder, self.shape, self.tokens + self.shape.context)
        options = ["--tokens", str(self.tokens), "--name", "x", "--runs-dir", str(folder / "runs"), "--device", "cpu"]
        command = ["-m", "neuron_tui.engine", "extract", str(folder), "--corpus", f"d={text}", *options]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
        threads = str(max(1, (os.cpu_count() or 1) // self.ranks))
        shared = {"OMP_NUM_THREADS": threads, "WORLD_SIZE": str(self.ranks), "LOCAL_WORLD_SIZE": str(self.ranks)}
        running = [
            subprocess.Popen(
                [sys.executable, *command],
                env=os.environ | meeting | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                stderr=subprocess.PIPE,
            )
            for rank in range(self.ranks)
        ]
        said = [process.communicate()[1].decode() for process in running]
        if any(process.returncode for process in running):
            raise RuntimeError(f"{self.what}: {said[0]}")
        usage = read_manifest(folder / "runs" / "x").usage
        assert usage is not None
        return usage


def measured(tokens: int) -> list[Measured]:
    """All rows of the table."""
    found = [Measured(f"tokens x {times}", BASE, times * tokens) for times in (1, 2, 4, 8)]
    found.append(Measured("layers x 4", replace(BASE, layers=8), tokens))
    found.append(Measured("width x 2", replace(BASE, width=1024, heads=16), tokens))
    found += [
        Measured(f"vocabulary of {vocabulary:,}", replace(BASE, vocabulary=vocabulary), tokens)
        for vocabulary in (8_000, 50_000, 150_000)
    ]
    found += [Measured(f"processes x {ranks}", BASE, 2 * tokens, ranks) for ranks in (1, 2)]
    thin = Shape("thin", 6, 1024, 16, vocabulary=500, context=64)
    return found + [Measured(f"{layers} layers", replace(thin, layers=layers), 2000) for layers in (6, 48)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=60_000)
    parser.add_argument("--only", nargs="*", default=[], help="Rows whose names begin so.")
    parser.add_argument("--json", type=Path, help="A file to add each row to, as JSON.")
    options = parser.parse_args()
    columns = ["what grows", "layers, width, vocabulary", "tokens", *(f"{kind}, s" for kind in KINDS)]
    print("| " + " | ".join([*columns, "peak, MB", "planned, MB"]) + " |")
    print("|" + " --- |" * 3 + " ---: |" * (len(KINDS) + 2))
    for one in measured(options.tokens):
        if options.only and not one.what.startswith(tuple(options.only)):
            continue
        with tempfile.TemporaryDirectory() as folder:
            usage = one.run(Path(folder))
        shape = f"{one.shape.layers}, {one.shape.width}, {one.shape.vocabulary:,}"
        seconds = " | ".join(f"{usage.seconds.get(kind, 0.0):.1f}" for kind in KINDS)
        print(
            f"| {one.what} | {shape} | {one.tokens:,} | {seconds} | {usage.host >> 20} | {usage.planned_host >> 20} |"
        )
        sys.stdout.flush()
        if options.json:
            with options.json.open("a") as file:
                file.write(json.dumps({"what": one.what, "tokens": one.tokens} | usage.model_dump()) + "\n")


if __name__ == "__main__":
    main()
