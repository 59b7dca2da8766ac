"""How fast the app opens a run and answers keys, measured from outside through a pseudo-terminal.

    python benchmarks/app_latency.py RUN [--steps 200] [--size 120x36] [--beside-extraction]

Opening is timed from the start of the process, Python included, until the first neuron stands on its card. A key is
timed from writing it to the terminal until the cursor stands on the next row, and until that neuron's card is there.
With --beside-extraction a job as the app starts them extracts the built-in model all the while, on every core.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import queue
import re
import signal
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte

from neuron_tui.store import open_run
from neuron_tui.store.neurons.arrangement import ListQuery, arrange
from neuron_tui.store.neurons.opened import open_for_browsing
from neuron_tui.store.neurons.places import Addresses
from neuron_tui.store.runs.job import job_status
from neuron_tui.store.runs.rule import Rule
from neuron_tui.tui.jobs.jobs import cancel_job, start_job

PATIENCE = 30.0
"""Seconds without an answer after which the app is taken to hang."""


class Terminal:
    """The app in a pseudo-terminal of its own."""

    def __init__(self, command: list[str], columns: int, rows: int, state: str) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.started = time.perf_counter()
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.environ["TERM"] = "xterm-256color"
            os.environ["NEURON_TUI_STATE"] = tempfile.mkdtemp(dir=state)  # each opening is the first
            os.execvp(command[0], command)
        self._came: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self.descriptor, keys.encode())

    def wait_for(self, *patterns: re.Pattern[str]) -> list[float]:
        """The time at which each pattern first stood in a line of the screen; returns once all do."""
        times = [0.0] * len(patterns)
        deadline = time.perf_counter() + PATIENCE
        while True:
            try:
                now, data = self._came.get(timeout=max(0.0, deadline - time.perf_counter()))
            except queue.Empty:
                raise SystemExit(f"no answer within {PATIENCE:.0f} s\n" + "\n".join(self._screen.display)) from None
            self._screen.dirty.clear()
            self._stream.feed(data)
            changed = [self._line(y) for y in self._screen.dirty]
            times = [at or (now if any(map(p.search, changed)) else 0.0) for at, p in zip(times, patterns, strict=True)]
            if all(times):
                return times

    def _line(self, y: int) -> str:
        return "".join(self._screen.buffer[y][x].data for x in range(self._screen.columns))

    def settle(self, quiet: float = 0.3) -> None:
        """Read until nothing has come for a while, so that no late paint is taken for an answer."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._stream.feed(self._came.get(timeout=quiet)[1])

    def _listen(self) -> None:
        # In a thread that stamps what comes: the time an emulator takes to read it is not the app's.
        with contextlib.suppress(OSError):
            while data := os.read(self.descriptor, 1 << 16):
                self._came.put((time.perf_counter(), data))

    def processor_time(self) -> float:
        """Seconds of processor time the app has used so far."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the app."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.descriptor)


def title_of(rule: Rule, layer: int, neuron: int) -> re.Pattern[str]:
    """The title of a neuron's pane, between the spaces and rules of its border."""
    return re.compile(rf" {layer}:{re.escape(rule.name(neuron))} [─━]")


def cursor_on(rule: Rule, layer: int, neuron: int) -> re.Pattern[str]:
    """The row of a neuron in the list, behind the cursor's mark."""
    return re.compile(rf"▸\s+{layer}\s+{re.escape(rule.name(neuron))}\s")


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="name or path of a run")
    parser.add_argument("--steps", type=int, default=200, help="keys to press")
    parser.add_argument("--openings", type=int, default=5, help="times to open the run")
    parser.add_argument("--size", default="120x36", help="terminal size")
    parser.add_argument("--beside-extraction", action="store_true", help="while a job uses every core")
    arguments = parser.parse_args()
    sys.setswitchinterval(0.0002)  # so that the stamps are those of the moment
    with tempfile.TemporaryDirectory(prefix="app-latency-") as scratch:
        if arguments.beside_extraction:
            with extraction(Path(scratch) / "runs"):
                measure(arguments, scratch)
        else:
            measure(arguments, scratch)


@contextmanager
def extraction(runs: Path) -> Iterator[None]:
    """A job that extracts while the block runs; it begins once the model runs."""
    corpus = [part for domain in ("prose", "code", "math") for part in ("--corpus", f"builtin:{domain}")]
    folder = start_job(runs, ["pocket-opt", *corpus, "--tokens", "6000000", "--name", "beside"])
    while (status := job_status(folder)) is not None and status.active and status.job.stage != "forward":
        time.sleep(0.5)
    try:
        yield
        if not ((status := job_status(folder)) and status.active):
            raise SystemExit("the extraction ended before the measurement did")
    finally:
        cancel_job(folder)
        while (status := job_status(folder)) is not None and status.active:
            time.sleep(0.2)


def measure(arguments: argparse.Namespace, state: str) -> None:
    """Measure and print a table; `state` is a directory for what the app remembers."""
    run = open_run(arguments.run)
    columns, rows = (int(part) for part in arguments.size.split("x"))
    first_layer, neurons, rule = next(iter(run.layers)), run.manifest.rows, run.manifest.rule
    command = [sys.executable, "-c", "import sys; from neuron_tui.tui.cli.main import main; sys.exit(main())"]
    command += ["open", str(Path(run.path).resolve())]
    # The most notable neuron comes first; keys are measured in the order of the model.
    opened = open_for_browsing(Path(run.path))
    first = title_of(rule, *Addresses(opened.table, arrange(opened, ListQuery()).rows[:1])[0])

    openings, opening_work = [], []
    for _ in range(arguments.openings):
        terminal = Terminal(command, columns, rows, state)
        openings.append(terminal.wait_for(first)[0] - terminal.started)
        opening_work.append(terminal.processor_time())
        terminal.close()

    terminal = Terminal(command, columns, rows, state)
    terminal.wait_for(first)
    terminal.settle()
    terminal.press("i")
    terminal.settle()
    terminal.press("o")
    terminal.settle()
    cursor, card = [], []
    steps = min(arguments.steps, neurons - 1)
    before = terminal.processor_time()
    for step in range(1, steps + 1):
        pressed = time.perf_counter()
        terminal.press("j")
        first, whole = terminal.wait_for(cursor_on(rule, first_layer, step), title_of(rule, first_layer, step))
        cursor.append(first - pressed)
        card.append(whole - pressed)
    work = (terminal.processor_time() - before) / steps
    terminal.press("G")
    terminal.settle()
    pressed = time.perf_counter()
    terminal.press("k" * 50)
    last = len(run.layers) * neurons - 51
    held = terminal.wait_for(title_of(rule, list(run.layers)[last // neurons], last % neurons))[0] - pressed
    terminal.close()

    print(
        f"{run.name}: {len(run.layers)} layers x {neurons:,} neurons, terminal {columns}x{rows}, {steps} steps, "
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
    )
    print("| measured | median | 95th percentile | worst |")
    print("| --- | --- | --- | --- |")
    print(f"| open the run | {statistics.median(openings):.2f} s | | {max(openings):.2f} s |")
    for name, values in (("key to the cursor on its row", cursor), ("key to the neuron's card", card)):
        shares = (statistics.median(values), percentile(values, 0.95), max(values))
        print(f"| {name} | {' | '.join(f'{1000 * value:.0f} ms' for value in shares)} |")
    print(f"| processor time to open | {statistics.median(opening_work):.2f} s | | |")
    print(f"| processor time a key, all threads | {1000 * work:.0f} ms | | |")
    print(f"| 50 keys at once, to the last card | {1000 * held:.0f} ms | | |")


if __name__ == "__main__":
    main()
