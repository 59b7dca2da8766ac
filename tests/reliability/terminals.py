"""Whatever ends, stops or breaks the app: the terminal is as it was, and no process is left.

`python -m tests.reliability.terminals --times N [--seed S]` forks N apps from one warm process, each in a pty of its
own, has something happen to each at a moment drawn from the seed, and judges the modes of the line, what was written
to the terminal, how the app ended and what is left of it. A tally comes last; failing seeds are named.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from typing import Any

from neuron_tui.tui import app as app_module
from neuron_tui.tui.cli.open_run import open_app
from tests.synthetic import build_run

PATIENCE = 40.0
"""Seconds after which something is taken never to come."""

_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KEYBOARD = re.compile(rb"\x1b\[([<>])[0-9]*u")
_OFF = (1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2048)
"""Mouse, focus, alternate screen, bracketed paste, resizes in band."""
_ON = (7, 25)
"""Line wrap, and the cursor in sight."""


@dataclass
class Modes:
    """The modes that a terminal is in after what was written to it."""

    on: dict[int, bool] = field(default_factory=lambda: dict.fromkeys(_OFF, False) | dict.fromkeys(_ON, True))
    keyboards: int = 0

    def take(self, written: bytes) -> None:
        for numbers, letter in _MODE.findall(written):
            self.on.update(dict.fromkeys(map(int, numbers.split(b";")), letter == b"h"))
        for sign in _KEYBOARD.findall(written):
            self.keyboards = max(0, self.keyboards + (1 if sign == b">" else -1))

    def wrong(self, *, taken: bool) -> list[str]:
        """The modes that are not as they must be while the app has the terminal, or has not."""
        expected = {1049: taken, 25: not taken, 1003: taken, 2004: taken, 7: not taken} if taken else {}
        expected = expected or dict.fromkeys(_OFF, False) | dict.fromkeys(_ON, True)
        found = [f"mode {mode} is {self.on.get(mode)}" for mode, on in expected.items() if self.on.get(mode) != on]
        return found + ([f"{self.keyboards} keyboard modes left"] if not taken and self.keyboards else [])


class App:
    """An app forked from this process, in a pty of its own."""

    def __init__(self, runs: Path, prepare: Callable[[], None] | None = None) -> None:
        self.modes, self.sent, self.code = Modes(), b"", None
        self.line, other = pty.openpty()
        ioctl(self.line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.attributes = termios.tcgetattr(self.line)
        self.pid = os.fork()
        if self.pid == 0:
            _child(self.line, other, runs, prepare)
        os.close(other)

    def read(self, seconds: float = 0.05) -> bool:
        """Read what comes; False at the end."""
        if not select.select([self.line], [], [], seconds)[0]:
            return True
        try:
            said = os.read(self.line, 1 << 16)
        except OSError:  # nobody has the other end any more
            return False
        self.sent += said
        self.modes.take(said)
        return bool(said)

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"never came: {what}")
            if not self.read() and not condition():
                raise AssertionError(f"ended before: {what}")

    def shows(self, text: bytes) -> None:
        self.until(lambda: text in self.sent, text.decode())

    def state(self) -> str:
        """The system's letter for the state of the process: R, S, T (stopped), Z."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2][0]

    def kill(self, number: int) -> None:
        os.kill(self.pid, number)

    def press(self, keys: bytes) -> None:
        os.write(self.line, keys)

    def ended(self) -> int:
        """Read to the end and give the exit code, that of a signal being negative."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            more = self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while more and select.select([self.line], [], [], 0)[0]:
                    more = self.read()
                self.code = os.waitstatus_to_exitcode(status)
                return self.code
            if not more:
                time.sleep(0.01)
        raise AssertionError("did not end")

    def wrong(self) -> list[str]:
        """What is not as it was before the app began."""
        now = termios.tcgetattr(self.line)
        return self.modes.wrong(taken=False) + ([] if now == self.attributes else ["the line has other settings"])

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.line)
        if self.code is None:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


def _child(line: int, other: int, runs: Path, prepare: Callable[[], None] | None) -> None:
    from neuron_tui.store.process import guard

    code = 70
    # What a shell starts in the background is started with these ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    try:
        os.close(line)
        name = os.ttyname(other)
        for _ in range(100):
            try:
                os.login_tty(other)
                break
            except OSError:  # the system hangs up the last app's terminal of the same number only now
                time.sleep(0.05)
                other = os.open(name, os.O_RDWR | os.O_NOCTTY)
        if prepare is not None:
            prepare()
        code = guard(lambda: open_app(runs, None))
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


# What may happen. Each gives the exit codes that are right, or None for any.

Kind = Callable[[App, random.Random], tuple[int, ...] | None]


def _at_some_moment(app: App, chance: random.Random) -> None:
    """From before the terminal is taken to after the list is there."""
    if chance.random() < 0.3:
        end = time.monotonic() + chance.random() * 0.5
    else:
        app.shows(b"whole")
        end = time.monotonic() + chance.random() * 0.1
    while time.monotonic() < end:
        app.read(0.005)


def quit_by_key(app: App, chance: random.Random) -> tuple[int, ...]:
    app.shows(b"whole")
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
        app.shows(b"whole")
        for _ in range(chance.randint(1, 2)):
            app.until(lambda: not app.modes.wrong(taken=True), "the terminal is taken")
            app.press(b"\x1a") if by_key else app.kill(signal.SIGTSTP)
            app.until(lambda: app.state() == "T", "stopped")
            app.read(0)
            if wrong := app.wrong():
                raise AssertionError(f"while stopped: {', '.join(wrong)}")
            if chance.random() < 0.5:
                ioctl(app.line, termios.TIOCSWINSZ, struct.pack("HHHH", chance.randint(20, 40), 100, 0, 0))
            app.sent = b""
            app.kill(signal.SIGCONT)
            app.shows(b"whole")
            app.until(lambda: not app.modes.wrong(taken=True), "the terminal is taken again")
        app.sent = b""
        app.press(b"?")
        app.shows(b"Keys")
        app.press(b"\x11")
        return (0,)

    return happen


def stopped_from_outside(app: App, chance: random.Random) -> tuple[int, ...]:
    app.shows(b"whole")
    app.kill(signal.SIGSTOP)
    app.until(lambda: app.state() == "T", "stopped")
    termios.tcsetattr(app.line, termios.TCSANOW, app.attributes)  # as a shell would have it
    app.read(0)
    app.modes, app.sent = Modes(), b""
    app.kill(signal.SIGCONT)
    app.shows(b"whole")
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
