"""Whatever ends the app: the model it had loaded and what it measured with end too, and an extraction goes on.

`python -m tests.reliability.engines --times N [--seed S]` opens N apps on a run of a small model, each in its own pty,
has each start an extraction and the model of the run read a text or neurons be measured, then ends the app, or kills
its engine. Judged are the processes that are left, the terminal, and the extraction. A tally comes last.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from neuron_tui.store.runs.job import job_status
from neuron_tui.tui.jobs.jobs import start_job
from tests.reliability import app_in_terminal
from tests.reliability.app_in_terminal import App
from tests.tui.jobs_at_hand import ARGUMENTS

WAYS = ("ctrl+q", "SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "terminal gone", "engine killed")
TEXT = "words of a text"
_GONE_WITHIN = 30.0
"""Seconds in which an engine must be gone; one that measures ends with the next line it writes to nobody."""


def children(pid: int) -> list[int]:
    """The processes that a process started and that are there still."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, rest = path.read_text().split(" ", 1)
            state, parent = rest.rpartition(") ")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(number))
    return found


def lives(pid: int) -> bool:
    """Whether a process is at work."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def until(condition: Callable[[], object], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def begin_job(runs: Path) -> Callable[[], None]:
    """In the app's process: start an extraction that pauses at its next step."""

    def begin() -> None:
        folder = start_job(runs, [*ARGUMENTS[:-1], "job"])
        status = job_status(folder)
        assert status is not None
        os.kill(status.job.pid, signal.SIGUSR1)

    return begin


def trial(seed: int, runs: Path) -> tuple[str, list[str]]:
    """One app and its end; gives what happened and what was wrong."""
    chance = random.Random(seed)
    way, work = WAYS[seed % len(WAYS)], chance.choice(("read", "measure"))
    shutil.rmtree(runs / "job", ignore_errors=True)
    app = App(runs, begin_job(runs))
    engine = job = 0
    wrong: list[str] = []
    try:
        app.shows("own")
        status = job_status(runs / "job")
        assert status is not None
        job = status.job.pid
        app.press(b"/own\r")
        app.shows("own")
        app.press(b"\r")
        app.shows("Neurons · ")  # of an open run
        before = set(children(app.pid))
        app.press(b"R" if work == "read" else b"Zm")
        app.shows("paste" if work == "read" else "time")
        app.press(f"{TEXT}\r".encode() if work == "read" else b"\x15type:alive\r")
        app.until(lambda: set(children(app.pid)) - before, "an engine")
        engine = next(iter(set(children(app.pid)) - before))
        if chance.random() < 0.5:
            app.shows("nats" if work == "read" else "left")
        match way:
            case "ctrl+q":
                app.press(b"\x11")
            case "SIGKILL":
                app.kill(signal.SIGKILL)
            case "terminal gone":
                os.close(app.line)
            case "engine killed":
                os.kill(engine, signal.SIGKILL)
                app.shows("SIGKILL")
                app.press(b"\x11")
            case _:
                app.kill(getattr(signal, way))
        if way == "terminal gone":
            if not until(lambda: os.waitpid(app.pid, os.WNOHANG)[0], 40):
                wrong.append("the app did not end")
            app.code = 0
        else:
            app.ended()
            wrong += [] if way == "SIGKILL" else app.wrong()
        if not until(lambda: not lives(engine), _GONE_WITHIN):
            wrong.append(f"the engine {engine} is left")
        if not lives(job):
            wrong.append("the extraction is gone")
    except AssertionError as error:
        wrong.append(str(error))
    finally:
        app.close()
        for pid in (engine, job):
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    return f"{way} while the engine is to {work}", wrong


def main() -> int:
    """Run many trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=len(WAYS))
    parser.add_argument("--seed", type=int, default=0, help="of the first trial")
    arguments = parser.parse_args()
    begun, bad = time.monotonic(), []
    place = Path(tempfile.mkdtemp())
    app_in_terminal.PATIENCE = 120.0
    try:
        for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "NEURON_TUI_STATE"):
            os.environ[name] = str(place / name)
        os.environ |= {
            "NEURON_TUI_CONFIG": str(place / "config.toml"),
            "TERM": "xterm-256color",
            "OMP_NUM_THREADS": "1",
        }
        made = ["pocket-opt", "--corpus", "builtin:prose", "--tokens", "20000", "--name", "own", "--device", "cpu"]
        command = [sys.executable, "-m", "neuron_tui.engine", "extract", *made, "--runs-dir", str(place / "runs")]
        os.spawnv(os.P_WAIT, sys.executable, command)
        for seed in range(arguments.seed, arguments.seed + arguments.times):
            what, wrong = trial(seed, place / "runs")
            print(f"seed {seed}, {what}: {'; '.join(wrong) or 'as it should be'}", flush=True)
            bad += [seed] if wrong else []
    finally:
        shutil.rmtree(place)
    named = f" (seeds {', '.join(map(str, bad))})" if bad else ""
    seconds = time.monotonic() - begun
    print(f"{arguments.times:,} ends of apps with engines: {len(bad):,} failed{named} ({seconds:.0f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
