"""How fast a directory of very many runs is listed, in the app and by `neuron-tui runs`, and how fast keys are there.

    python benchmarks/many_runs.py [--runs 2000] [--size 120x36] [--folder DIR]

Most runs are complete; some are partial, damaged, have a variant or a job that died, as a directory of years would be.
Everything is measured from outside: from the start of a process to what it shows or prints.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.app_latency import Terminal, percentile
from neuron_tui.store.measures.thresholds import PAPER
from neuron_tui.store.runs.job import write_job
from tests.synthetic import build_run, build_variant
from tests.tui.jobs_at_hand import a_job

_PROGRAM = [sys.executable, "-c", "import sys; from neuron_tui.tui.cli.main import main; sys.exit(main())"]


def make_runs(folder: Path, count: int) -> None:
    """So many runs and variants: files are links to those of a few tiny ones, what names them is a copy."""
    kinds = folder.parent / "kinds"
    whole = build_run(kinds / "whole", layers=2, neurons=16)
    build_run(kinds / "partial", layers=2, finished=1, neurons=16)
    varied = build_run(kinds / "varied", layers=2, neurons=16)
    build_variant(varied, "strict", PAPER.model_copy(update={"precision": Decimal("0.99")}))
    shutil.copytree(whole, kinds / "damaged")
    next((kinds / "damaged" / "layers").iterdir()).unlink()
    folder.mkdir(parents=True)
    made = 0
    while made < count:
        kind = {3: "partial", 5: "damaged", 7: "varied"}.get(made % 10, "whole")
        run = folder / f"{kind}-{made:05d}"
        shutil.copytree(kinds / kind, run, copy_function=_link)
        if kind == "partial":
            write_job(run, a_job(pid=2**22 - 1, process_started=1.0, heartbeat=time.time() - 86_400))
        made += 2 if kind == "varied" else 1


def _link(source: str, target: str) -> None:
    if source.endswith(".json"):
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def seconds_of(*arguments: str) -> float:
    """The time a command takes."""
    begun = time.perf_counter()
    subprocess.run([*_PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def memory_of(process: int) -> float:
    """The most megabytes a process has had resident."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]


def measure(folder: Path, size: str, state: str) -> None:
    """Measure and print a table."""
    columns, rows = (int(part) for part in size.split("x"))
    rowed = re.compile(r"(damaged|partial|varied|whole)-\d{5}")
    command = [*_PROGRAM, "--runs-dir", str(folder)]
    openings, work = [], []
    for _ in range(5):
        terminal = Terminal(command, columns, rows, state)
        openings.append(terminal.wait_for(rowed)[0] - terminal.started)
        work.append(terminal.processor_time())
        terminal.close()
    terminal = Terminal(command, columns, rows, state)
    terminal.wait_for(rowed)
    terminal.settle(1.0)
    keys, names = [], sorted(path.name for path in folder.iterdir())
    for name in names[1:101]:
        pressed = time.perf_counter()
        terminal.press("j")
        keys.append(terminal.wait_for(re.compile(f"▸.* {name}"))[0] - pressed)
    terminal.settle()
    pressed = time.perf_counter()
    terminal.press("/")
    terminal.settle(0.2)
    pressed = time.perf_counter()
    terminal.press("varied\r")
    filtered = terminal.wait_for(re.compile(r"└ @strict"))[0] - pressed
    terminal.settle()
    before = terminal.processor_time()
    begun = time.perf_counter()
    time.sleep(20)
    idle = (terminal.processor_time() - before) / (time.perf_counter() - begun)
    memory = memory_of(terminal.process)
    terminal.close()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| measured | median | 95th percentile | worst |\n| --- | --- | --- | --- |")
    print(f"| start to the first rows | {statistics.median(openings):.2f} s | | {max(openings):.2f} s |")
    print(f"| processor time of that | {statistics.median(work):.2f} s | | {max(work):.2f} s |")
    shares = (statistics.median(keys), percentile(keys, 0.95), max(keys))
    print(f"| key to the cursor on its row | {' | '.join(f'{1000 * value:.0f} ms' for value in shares)} |")
    print(f"| a filter typed, to its rows | {1000 * filtered:.0f} ms | | |")
    print(f"| processor time while nobody does anything | {100 * idle:.0f}% of a core | | |")
    print(f"| memory of the app, at most | {memory:.0f} MB | | |")
    for words in (("runs",), ("runs", "--json")):
        times = [seconds_of(*words, "--runs-dir", str(folder)) for _ in range(3)]
        print(f"| `neuron-tui {' '.join(words)}` | {statistics.median(times):.2f} s | | {max(times):.2f} s |")


def main() -> None:
    """Make the runs unless they are there, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--size", default="120x36")
    parser.add_argument("--folder", type=Path, help="where the runs are made, and kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = (arguments.folder or Path(place)) / "runs"
        if not folder.exists():
            make_runs(folder, arguments.runs)
        measure(folder, arguments.size, place)


if __name__ == "__main__":
    main()
