"""What of this machine's disk and memory is free."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from neuron_tui.store.errors import DiskFullError
from neuron_tui.store.wording import size_text


def require_disk(folder: Path, needed: int) -> None:
    """Raise DiskFullError unless the disk below `folder` has that many bytes free."""
    there, free = free_disk(folder)
    if needed > free:
        raise DiskFullError(
            f"no space for the run on {there}: it needs about {size_text(needed)}, {size_text(free)} are free\n"
            "Free some space, choose another place with --runs-dir, or fewer --tokens."
        )


def free_disk(folder: Path) -> tuple[Path, int]:
    """The folder, or the first above it that there is, and the bytes that its disk has free."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return there, shutil.disk_usage(there).free


def all_memory() -> int:
    """Bytes of host memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_memory() -> int:
    """Bytes of host memory that are free, or half of all where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return all_memory() // 2
