"""The log of faults of ours: each in full once, for its owner alone, and without any text that people gave us.

An entry has the command, the traceback (places and lines of code), and of an exception's message what Python, the
system or a library in C said of sizes and names of files. A message that was put together in Python may hold a corpus,
a prompt or a note: it is left out, and the line of code in the traceback says what it was of.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import math
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from opcode import opname
from pathlib import Path
from types import TracebackType

from neuron_tui.store.disk import changes

LARGEST = 1_000_000
"""Bytes of the log, after which a new one is begun; one old log is kept."""

_LONGEST_MESSAGE = 300
_OLD = ".log.1"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|b'[^']*'|«[^»]*»|“[^”]*”|‘[^’]*’")
_OPEN_QUOTE = re.compile(r"['\"`«“‘].*")
_VALUES = re.compile(r"-?[0-9][0-9_.,:x]*")


@dataclass(slots=True)
class _Met:
    """A fault that was met, and how often."""

    what: str
    times: int = 1
    told: int = 1


_known: dict[tuple[Path, bytes], _Met] = {}
_guard = threading.RLock()
os.register_at_fork(after_in_child=_known.clear)


def log_file() -> Path:
    """Where the tracebacks of faults are kept."""
    from platformdirs import user_log_path  # only a fault needs it

    return user_log_path("neuron-tui", appauthor=False) / "neuron-tui.log"


def log_fault(error: BaseException, path: Path) -> int:
    """Put a fault into the log at `path`; gives how often this process has met it.

    It is the same fault if it came by the same lines of code. Then it is counted: the log says so at the 10th, 100th,
    1,000th time, and when the process ends. Raises OSError if the log cannot be written.
    """
    with _guard:
        met = _known.get(key := (path, _identity(error)))
        if met is not None:
            met.times += 1
            if math.log10(met.times).is_integer():
                _tell_times(met, path)
            return met.times
        _append(path, "".join((_head(), *_account(error), "\n")))
        _known[key] = _Met(type(error).__name__ + _place(error))
        return 1


def command_shown(arguments: Sequence[str]) -> str:
    """A command line without what people typed: commands, names of options and numbers; `…` for anything else."""
    program, *rest = arguments or ("",)
    shown = [Path(program).name]
    for at, argument in enumerate(rest):
        name, equals, value = argument.partition("=")
        if re.fullmatch(r"--?[a-z][a-z-]*", name):
            shown.append(name + (equals and equals + _value_shown(value)))
        elif at == 0 and re.fullmatch(r"[a-z]{2,12}", argument):
            shown.append(argument)
        else:
            shown.append(_value_shown(argument))
    return " ".join(shown)


def said_of(error: BaseException) -> str:
    """The kind of an exception, and of its message what may be kept."""
    kind = type(error)
    name = kind.__name__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__name__}"
    message = _message(error)
    return f"{name}: {message}" if message else name


def _value_shown(value: str) -> str:
    return value if _VALUES.fullmatch(value) and len(value) <= 12 else "…"


def _head() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  {command_shown(sys.argv)}  [{os.getpid()}]\n"


def _account(error: BaseException) -> Iterator[str]:
    """The tracebacks of an exception and of those behind it, the first that was raised first."""
    for one, link in reversed(list(_chain(error))):
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(one.__traceback__)
        yield f"{said_of(one)}\n"
        if isinstance(one, BaseExceptionGroup):
            for inner in one.exceptions:
                yield "\nOne of the group:\n"
                yield from _account(inner)
        if link:
            yield f"\n{link}\n\n"


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    seen: set[int] = set()
    link, one = "", error
    while id(one) not in seen:
        seen.add(id(one))
        yield one, link
        if one.__cause__ is not None:
            link, one = "Of which came:", one.__cause__
        elif one.__context__ is not None and not one.__suppress_context__:
            link, one = "While that was dealt with:", one.__context__
        else:
            return


def _message(error: BaseException) -> str:
    """What may be kept of a message."""
    if isinstance(error, UnicodeError) and hasattr(error, "encoding"):
        return f"{error.encoding}, position {error.start} to {error.end}: {error.reason}"  # type: ignore[attr-defined]
    if isinstance(error, OSError) and error.errno is not None:
        files = [ascii(os.fspath(name)) for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]
        return f"[Errno {error.errno}] {os.strerror(error.errno)}" + "".join(f": {name}" for name in files)
    text = str(error)
    if not text:
        return ""
    if os.environ.get("NEURON_TUI_LOG_MESSAGES") == "1":
        return text
    if isinstance(error, AttributeError | NameError | ImportError) and not _raised_in_python(error):
        return text.splitlines()[0][:_LONGEST_MESSAGE]
    if type(error).__module__ not in ("builtins", "torch") or isinstance(error, KeyError) or _raised_in_python(error):
        return f"(a message of {len(text):,} characters, left out: it may hold text)"
    return _OPEN_QUOTE.sub("…", _QUOTED.sub("…", text.splitlines()[0]))[:_LONGEST_MESSAGE]


def _raised_in_python(error: BaseException) -> bool:
    last = _last(error.__traceback__)
    if last is None:
        return True
    code = last.tb_frame.f_code.co_code
    return opname[code[last.tb_lasti]] in ("RAISE_VARARGS", "RERAISE")


def _last(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _place(error: BaseException) -> str:
    last = _last(error.__traceback__)
    return "" if last is None else f" in {Path(last.tb_frame.f_code.co_filename).name}, line {last.tb_lineno}"


def _identity(error: BaseException) -> bytes:
    digest = hashlib.sha256()
    for one, _ in _chain(error):
        digest.update(repr(type(one)).encode("utf-8", "backslashreplace"))
        for frame, line in traceback.walk_tb(one.__traceback__):
            digest.update(f"{frame.f_code.co_filename}:{line}\n".encode("utf-8", "backslashreplace"))
    return digest.digest()


def _tell_times(met: _Met, path: Path) -> None:
    met.told = met.times
    _append(path, f"{_head()}The same fault again, {met.times:,} times by now: {met.what}\n\n")


@atexit.register
def _tell_all_times() -> None:
    with contextlib.suppress(OSError):
        for (path, _), met in _known.items():
            if met.times > met.told:
                _tell_times(met, path)


def _append(path: Path, text: str) -> None:
    """Write an entry at the end in one piece; whoever finds the log too large begins a new one, one at a time."""
    _make_folder(path.parent)
    while True:
        log = changes.open_file(path, append=True)
        try:
            with contextlib.suppress(OSError):  # a file system without locks: an entry may then be lost to a rotation
                fcntl.flock(log, fcntl.LOCK_EX)
            state = os.fstat(log)
            if not _is_at(path, state):  # it was put away while we waited for it
                continue
            if state.st_size > LARGEST:
                changes.rename(path, path.with_suffix(_OLD))
                continue
            if state.st_mode & 0o077:
                with contextlib.suppress(OSError):
                    changes.set_mode(log, changes.PRIVATE)
            data = text.encode("utf-8", "backslashreplace")
            while data:
                data = data[changes.write(log, data) :]
            return
        finally:
            os.close(log)


def _make_folder(folder: Path) -> None:
    changes.make_folders(folder)
    if folder.stat().st_mode & 0o077:
        with contextlib.suppress(OSError):
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                changes.set_mode(opened, changes.PRIVATE_FOLDER)
            finally:
                os.close(opened)


def _is_at(path: Path, state: os.stat_result) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (state.st_dev, state.st_ino)
