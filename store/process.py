"""How a process ends: one place for exit codes, and for what a person reads on stderr when something went wrong."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, ParamSpec

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.tokens import printable

DONE = 0
OUR_FAULT = 1
WRONG_USAGE = 2
UNUSABLE_INPUT = 3
UNUSABLE_RUN = 4
INTERRUPTED = 130

ASKED_BY = "NEURON_TUI_ASKED_BY"
"""Names, in the environment of an engine that is to end with whoever started it, that process."""

_LARGEST_LOG = 1_000_000
"""Bytes of the log of faults, after which a new one is begun; one old log is kept."""

P = ParamSpec("P")


def guard(function: Callable[[], int | None]) -> int:
    """Run a command and give its exit code; whatever it raises is told on stderr in a line or two.

    An error of `neuron_tui.store.errors` has its own code; Ctrl-C is 130; a reader that closed stdout early is no
    error. Anything else is a fault of ours: its traceback goes to the log file and stderr names that file.
    """
    try:
        code = function() or DONE
        sys.stdout.flush()
        return code
    except NeuronTuiError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        say(str(interrupt) or "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return DONE
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _let_go_of_stdout()
            say(problem_of(error))
            return UNUSABLE_INPUT
        say(_fault(error, _where_written(error)))
        return OUR_FAULT


def problem_of(error: BaseException) -> str:
    """What `guard` tells of an error, without writing anything down."""
    if isinstance(error, NeuronTuiError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"no space left on the disk{f' while writing {error.filename}' if error.filename else ''}"
    return _fault(error, f"details are in {log_file()}")


def _fault(error: BaseException, details: str) -> str:
    return f"a fault in neuron-tui ({type(error).__name__}): {details}"


def guarded(function: Callable[P, int | None]) -> Callable[P, NoReturn]:
    """Make a command's function end the process with its exit code, as `guard` decides it."""

    @functools.wraps(function)
    def ending(*args: P.args, **kwargs: P.kwargs) -> NoReturn:
        sys.exit(guard(lambda: function(*args, **kwargs)))

    return ending


def say(message: str) -> None:
    """Print a message on stderr, with anything in it that could act on a terminal made visible."""
    # Whoever closed stderr does not want to read it.
    with contextlib.suppress(OSError, ValueError):
        print("\n".join(printable(line) for line in message.split("\n")), file=sys.stderr, flush=True)


def log_file() -> Path:
    """Where the tracebacks of faults are kept."""
    from platformdirs import user_log_path  # only a fault needs it

    return user_log_path("neuron-tui", appauthor=False) / "neuron-tui.log"


def log_fault(error: BaseException) -> Path:
    """Append the whole traceback of a fault to the log, which starts anew at a megabyte; returns where it is.

    Raises OSError if the log cannot be written.
    """
    path = log_file()
    entry = "".join(traceback.format_exception(error))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {' '.join(sys.argv)}\n{entry}\n")
    return path


def describe_fault(error: BaseException) -> str:
    """Log a fault and say in a line or two what happened, for the app to leave on the terminal."""
    what = "".join(str(error).splitlines()[:1])
    short = f"neuron-tui met a fault of its own: {type(error).__name__}: {what}".rstrip(": ")
    try:
        path = log_fault(error)
    except OSError as refused:
        text = "".join(traceback.format_exception(error))
        return f"{short}\nIt could not be logged to {log_file()} ({refused.strerror}):\n{text}"
    return f"{short}\nThe full account is in {path}. Your runs are as they were."


def _where_written(error: Exception) -> str:
    try:
        return f"details are in {log_fault(error)}"
    except OSError as refused:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        return f"{error} in {where}; {log_file()} cannot be written ({refused.strerror})"


def _let_go_of_stdout() -> None:
    # Python flushes stdout once more at its end and would complain: give it somewhere to go.
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)
