"""Trials in processes that are forked from one that has everything loaded: a process costs milliseconds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from neuron_tui.store.errors import NeuronTuiError

REFUSED, FAULT = 10, 11
"""Exit codes: an error with a message for people, and any other."""

_LONGEST = 120
"""Seconds."""


def forked(work: Callable[[], object], said: Path) -> int:
    """Do something in a process of its own; gives its exit code, or minus the signal that ended it.

    What it prints, the message of an error or the traceback of a fault go to the file `said`.
    """
    return waited_for(begun(work, said))


def begun(work: Callable[[], object], said: Path) -> int:
    """Begin to do something in a process of its own; gives its id."""
    process = os.fork()
    if process:
        return process
    code = FAULT
    try:
        signal.alarm(_LONGEST)
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        work()
        code = 0
    except NeuronTuiError as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        code = REFUSED
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def waited_for(process: int) -> int:
    """Wait for a process; gives its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def found_by(look: Callable[[], list[str]], place: Path) -> list[str]:
    """What a look finds wrong, in a process of its own; a fault there is something wrong too."""
    told = place / "found.json"
    told.unlink(missing_ok=True)
    code = forked(lambda: told.write_text(json.dumps(look())), place / "looked")
    if code:
        return [f"looking ended with {code}: {(place / 'looked').read_text(errors='replace')[-1500:]}"]
    return [str(problem) for problem in json.loads(told.read_text())]


def fresh(template: Path, world: Path) -> None:
    """Make a world as a template is."""
    shutil.rmtree(world, ignore_errors=True)
    shutil.copytree(template, world, symlinks=True)
