"""The cache: what can be made again at any time, ours and what libraries keep."""

from __future__ import annotations

import contextlib
from pathlib import Path

from neuron_tui.store.disk import changes


def cache_folder(name: str) -> Path:
    """A folder in the cache, with all above it for its owner alone; it is not there if it cannot be made."""
    from platformdirs import user_cache_path  # few commands need it

    folder = user_cache_path("neuron-tui", appauthor=False) / name
    with contextlib.suppress(OSError):
        changes.make_folders(folder)
    return folder
