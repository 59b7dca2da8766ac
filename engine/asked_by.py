"""An engine that somebody waits for ends with them, however they end, and whatever it is at."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Final

from neuron_tui.store.process import ASKED_BY, INTERRUPTED

_PR_SET_PDEATHSIG: Final = 1
_LOOK_EVERY: Final = 1.0
"""Seconds between two looks at who the parent is, where the system does not tell."""


def end_with_whoever_asks() -> None:
    """Have SIGTERM come when the process named by `ASKED_BY` ends; nothing if none is named, as for jobs.

    Called before anything that takes long. Processes that this one starts are not asked by that one.
    """
    asked_by = os.environ.pop(ASKED_BY, None)
    if asked_by is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    else:
        threading.Thread(target=_watch, args=(int(asked_by),), daemon=True, name="end with parent").start()
    if os.getppid() != int(asked_by):  # it ended before that
        os._exit(INTERRUPTED)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(INTERRUPTED)
