"""How a process ends: one place for exit codes, and for what a person reads on stderr when something went wrong."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, ParamSpec

from neuron_tui.store import fault_log
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.fault_log import log_file, said_of
from neuron_tui.store.tokens import printable

DONE = 0
OUR_FAULT = 1
WRONG_USAGE = 2
UNUSABLE_INPUT = 3
UNUSABLE_RUN = 4
INTERRUPTED = 130

ASKED_BY = "NEURON_TUI_ASKED_BY"
"""Names, in the environment of an engine that is to end with whoever started it, that process."""

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


def log_fault(error: BaseException) -> Path:
    """Put a fault into the log, see `neuron_tui.store.fault_log`; returns where that is.

    Raises OSError if the log cannot be written.
    """
    path = log_file()
    fault_log.log_fault(error, path)
    return path


def hear_threads() -> None:
    """Have what a thread of this process raises logged and told as a fault; Python would print all of it on stderr."""

    def heard(of: threading.ExceptHookArgs) -> None:
        if isinstance(of.exc_value, Exception):
            say(_fault(of.exc_value, _where_written(of.exc_value)))

    threading.excepthook = heard


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
        return f"{said_of(error)} in {where}; {log_file()} cannot be written ({refused.strerror})"


def _let_go_of_stdout() -> None:
    # Python flushes stdout once more at its end and would complain: give it somewhere to go.
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)
