"""Faults of our own inside the app: logged in full, told in short."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from platformdirs import user_log_path
from textual.worker import WorkerFailed


def log_file() -> Path:
    """Where faults are logged."""
    return user_log_path("neuron-tui", appauthor=False) / "neuron-tui.log"


def record_fault(error: BaseException) -> str:
    """Append the whole traceback to the log; returns what to tell people, in a line or two."""
    cause = error.error if isinstance(error, WorkerFailed) else error
    text = "".join(traceback.format_exception(cause))
    what = "".join(str(cause).splitlines()[:1])
    short = f"neuron-tui met a fault of its own: {type(cause).__name__}: {what}"
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as problem:
        return f"{short.rstrip(': ')}\nIt could not be logged to {path} ({problem.strerror}):\n{text}"
    try:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        handler.emit(logging.LogRecord("neuron_tui", logging.ERROR, __file__, 0, text, None, None))
    finally:
        handler.close()
    return f"{short.rstrip(': ')}\nThe full account is in {path}. Your runs are as they were."
