"""A few ends and stops of the app in a terminal; the program behind them is for thousands."""

import subprocess
import sys
from pathlib import Path

KINDS = ("SIGTERM", "ctrl+z and fg", "SIGSTOP and SIGCONT", "terminal gone, SIGHUP ignored", "exception in render")


def test_the_terminal_is_as_it_was_whatever_happens_to_the_app() -> None:
    # A process of its own: what captures the output of tests has no terminal to hand on.
    chosen = [argument for kind in KINDS for argument in ("--kind", kind)]
    command = [sys.executable, "-m", "tests.reliability.terminals", "--times", str(len(KINDS)), *chosen]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.splitlines()[-1].partition(" (")[0]) == (
        0,
        f"{len(KINDS)} ends and stops in a terminal: 0 failed",
    )
