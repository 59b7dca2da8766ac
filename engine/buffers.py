"""Keep the large buffers of a step for the next one."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_MAX: Final = -4
LARGEST_INT: Final = 2**31 - 1


def keep_freed_memory() -> None:
    """Tell glibc's allocator to keep what is freed; elsewhere, do nothing.

    By default glibc maps every buffer over 32 MiB anew and unmaps it when freed, so that each step pays for the
    kernel to clear the same pages again: a third of a small model's training time on a CPU. Peak memory stays.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, LARGEST_INT)
