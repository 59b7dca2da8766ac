"""What large texts cost an extraction of a small budget: peak memory and seconds, beside a short text.

`python benchmarks/large_text.py [--folder FOLDER] [--tokens 10000]` makes the texts in a temporary folder (about 3 GB),
extracts one layer of `pocket-opt` on each in a process of its own, and deletes them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

MEGABYTE = 10**6


def block() -> bytes:
    """Lines of words, a megabyte in all; no line comes twice."""
    draw = random.Random(0)
    words = ["".join(draw.choices("abdeilmnorst", k=draw.randint(1, 8))) for _ in range(2000)]
    made = bytearray()
    while len(made) < MEGABYTE:
        made += (" ".join(draw.choices(words, k=12)) + ".\n").encode()
    return bytes(made[:MEGABYTE])


BLOCK = block()


def short(path: Path) -> None:
    path.write_bytes(BLOCK)


def long(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(1500):
            file.write(BLOCK)


def one_line(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(1500):
            file.write(BLOCK.replace(b"\n", b" "))


def zipped(path: Path) -> None:
    """Random letters with the words, so that it does not shrink to nothing: 1 GB compressed."""
    with path.open("wb") as file:
        while file.tell() < 1000 * MEGABYTE:
            mixed = BLOCK[: MEGABYTE // 2] + os.urandom(4 * MEGABYTE).hex().encode()
            file.write(gzip.compress(mixed, 1))  # members that follow each other are one file


def one_record(path: Path) -> None:
    text = BLOCK.decode() * 50
    path.write_text(json.dumps({"text": text}) + "\n" + json.dumps({"text": "more"}) + "\n")


TEXTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a short text": ("short.txt", short),
    "1.5 GB of lines": ("long.txt", long),
    "1.5 GB without a line feed": ("line.txt", one_line),
    "1 GB of .gz": ("zipped.txt.gz", zipped),
    "a .jsonl line of 50 MB": ("record.jsonl", one_record),
}


def measured(text: Path, runs: Path, tokens: int) -> tuple[float, float]:
    """Seconds of an extraction, and the most megabytes that its process had resident."""
    command = [sys.executable, "-m", "neuron_tui.engine", "extract", "pocket-opt", "--corpus", f"text={text}"]
    options = ["--tokens", str(tokens), "--layers", "0", "--device", "cpu", "--name", "x", "--overwrite"]
    begin = time.perf_counter()
    process = subprocess.Popen([*command, *options, "--runs-dir", str(runs)], stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(said)
    scale = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - begin, usage.ru_maxrss * scale / MEGABYTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made")
    parser.add_argument("--tokens", type=int, default=10_000)
    asked = parser.parse_args()
    print("| text | size | seconds | peak memory |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(dir=asked.folder) as made:
        folder = Path(made)
        for title, (name, write) in TEXTS.items():
            write(folder / name)
            size = (folder / name).stat().st_size / MEGABYTE
            seconds, peak = measured(folder / name, folder / "runs", asked.tokens)
            print(f"| {title} | {size:,.0f} MB | {seconds:.1f} | {peak:.0f} MB |", flush=True)
            (folder / name).unlink()


if __name__ == "__main__":
    main()
