"""Whatever ends, stops or breaks the app: the terminal is as it was, and no process is left.

`python -m tests.reliability.terminals --times N [--seed S]` forks N apps from one warm process, each in a pty of its
own, has something happen to each at a moment drawn from the seed, and judges the modes of the line, what was written
to the terminal, how the app ended and what is left of it. A tally comes last; failing seeds are named.
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
import termios
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neuron_tui.tui import app as app_module
from tests.reliability.app_in_terminal import PATIENCE, App, Modes
from tests.synthetic import build_run

# What may happen. Each gives the exit codes that are right, or None for any.

Kind = Callable[[App, random.Random], tuple[int, ...] | None]


def _at_some_moment(app: App, chance: random.Random) -> None:
    """From before the terminal is taken to after the list is there."""
    if chance.random() < 0.3:
        end = time.monotonic() + chance.random() * 0.5
    else:
        app.shows("whole")
        end = time.monotonic() + chance.random() * 0.1
    while time.monotonic() < end:
        app.read(0.005)


def quit_by_key(app: App, chance: random.Random) -> tuple[int, ...]:
    app.shows("whole")
    app.press(b"\x11")
    return (0,)


def told_to_end(number: int) -> Kind:
    def happen(app: App, chance: random.Random) -> tuple[int, ...]:
        _at_some_moment(app, chance)
        app.kill(number)
        early = -number  # before the terminal was taken
        return (130 if number == signal.SIGINT else 128 + number, early)

    return happen


def stopped_and_continued(by_key: bool) -> Kind:
    def happen(app: App, chance: random.Random) -> tuple[int, ...]:
        app.shows("whole")
        for _ in range(chance.randint(1, 2)):
            app.until(lambda: not app.modes.wrong(taken=True), "the terminal is taken")
            app.press(b"\x1a") if by_key else app.kill(signal.SIGTSTP)
            app.until(lambda: app.state() == "T", "stopped")
            app.read(0)
            if wrong := app.wrong():
                raise AssertionError(f"while stopped: {', '.join(wrong)}")
            if chance.random() < 0.5:
                app.resize(100, chance.randint(20, 40))
            app.forget()
            app.kill(signal.SIGCONT)
            app.shows("whole")
            app.until(lambda: not app.modes.wrong(taken=True), "the terminal is taken again")
        app.forget()
        app.press(b"?")
        app.shows("Keys")
        app.press(b"\x11")
        return (0,)

    return happen


def stopped_from_outside(app: App, chance: random.Random) -> tuple[int, ...]:
    app.shows("whole")
    app.kill(signal.SIGSTOP)
    app.until(lambda: app.state() == "T", "stopped")
    termios.tcsetattr(app.line, termios.TCSANOW, app.attributes)  # as a shell would have it
    app.read(0)
    app.modes = Modes()
    app.forget()
    app.kill(signal.SIGCONT)
    app.shows("whole")
    app.press(b"\x11")
    return (0,)


def terminal_gone(app: App, chance: random.Random) -> None:
    """The terminal's other end is closed: nothing can be judged but that the app ends."""
    _at_some_moment(app, chance)
    os.close(app.line)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        pid, status = os.waitpid(app.pid, os.WNOHANG)
        if pid:
            app.code = os.waitstatus_to_exitcode(status)
            return
        time.sleep(0.02)
    raise AssertionError(f"did not end without a terminal: state {app.state()}")


def hang_up_ignored() -> None:
    """As under nohup: only the terminal tells that it is gone."""
    ignore, own = signal.SIG_IGN, signal.signal
    own(signal.SIGHUP, ignore)
    signal.signal = lambda number, handler: ignore if number == signal.SIGHUP else own(number, handler)  # type: ignore[assignment]


def broken(where: str) -> Callable[[], None]:
    """An exception in a method of the app's screens."""

    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("planted")

    def prepare() -> None:
        name, _, method = where.rpartition(".")
        owner = {"app": app_module.NeuronTuiApp, "list": app_module.Runs}.get(name)
        if owner is None:
            from neuron_tui.tui.widgets.runs.run_list import RunList as owner  # noqa: N813
        setattr(owner, method, fail)

    return prepare


def fault(app: App, chance: random.Random) -> tuple[int, ...]:
    """It ends by itself, with words on the fault, after a key where it is a key's."""
    with contextlib.suppress(AssertionError):
        app.until(lambda: b"whole" in app.sent or b"a fault of its own" in app.sent, "")
        app.press(b"?")
    app.until(lambda: b"neuron-tui met a fault of its own: ZeroDivisionError" in app.sent, "words on the fault")
    return (1,)


def stdout_closed() -> None:
    os.close(1)
    sys.stdout = sys.__stdout__ = None  # type: ignore[assignment,misc]


def refused(app: App, chance: random.Random) -> tuple[int, ...]:
    return (2,)


def stderr_to_a_file() -> None:
    file = os.open(os.devnull, os.O_WRONLY)
    os.dup2(file, 2)


KINDS: dict[str, tuple[Kind | Any, Callable[[], None] | None]] = {
    "ctrl+q": (quit_by_key, None),
    "SIGTERM": (told_to_end(signal.SIGTERM), None),
    "SIGHUP": (told_to_end(signal.SIGHUP), None),
    "SIGINT": (told_to_end(signal.SIGINT), None),
    "SIGQUIT": (told_to_end(signal.SIGQUIT), None),
    "ctrl+z and fg": (stopped_and_continued(by_key=True), None),
    "SIGTSTP and SIGCONT": (stopped_and_continued(by_key=False), None),
    "SIGSTOP and SIGCONT": (stopped_from_outside, None),
    "terminal gone": (terminal_gone, None),
    "terminal gone, SIGHUP ignored": (terminal_gone, hang_up_ignored),
    "exception in the app's on_mount": (fault, broken("app.on_mount")),
    "exception in compose": (fault, broken("list.compose")),
    "exception in on_mount": (fault, broken("list.on_mount")),
    "exception in render": (fault, broken("rows.row_line")),
    "exception in a key's action": (fault, broken("list.action_help")),
    "stdout closed": (refused, stdout_closed),
    "stderr to a file": (quit_by_key, stderr_to_a_file),
}


def trial(seed: int, runs: Path, kind: str | None = None) -> tuple[str, list[str]]:
    """One app and what happened to it; gives the kind and what was wrong."""
    chance = random.Random(seed)
    kind = kind or chance.choice(list(KINDS))
    happen, prepare = KINDS[kind]
    app = App(runs, prepare)
    try:
        right = happen(app, chance)
        if right is None:
            return kind, []
        code = app.ended()
        wrong = app.wrong()
        if code not in right:
            wrong.append(f"exit code {code}")
        return kind, wrong
    except AssertionError as error:
        return kind, [str(error)]
    finally:
        app.close()


def main() -> int:
    """Run many trials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the first trial")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only these, one after the other")
    arguments = parser.parse_args()
    begun, bad, kinds = time.monotonic(), [], Counter[str]()
    place = tempfile.mkdtemp()  # a TemporaryDirectory would be removed at the end of each fork
    try:
        for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "NEURON_TUI_STATE"):
            os.environ[name] = str(Path(place) / name)
        os.environ |= {"NEURON_TUI_CONFIG": str(Path(place) / "config.toml"), "TERM": "xterm-256color"}
        runs = Path(place) / "runs"
        build_run(runs / "whole", layers=1, neurons=16)
        for seed in range(arguments.seed, arguments.seed + arguments.times):
            kind, wrong = trial(seed, runs, arguments.kind and arguments.kind[seed % len(arguments.kind)])
            kinds[kind] += 1
            if wrong:
                bad.append(seed)
                print(f"seed {seed}, {kind}: {'; '.join(wrong)}", flush=True)
    finally:
        shutil.rmtree(place)
    print(", ".join(f"{kind} {times:,}" for kind, times in sorted(kinds.items())))
    named = f" (seeds {', '.join(map(str, bad))})" if bad else ""
    seconds = time.monotonic() - begun
    print(f"{arguments.times:,} ends and stops in a terminal: {len(bad):,} failed{named} ({seconds:.0f} s)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
