"""Verifying the files of a run that is shown, in the background: one file after the other, whenever nobody types."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from neuron_tui.store.check.once import verify_once
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.runs.manifest import CORPUS_FILE, FileEntry, Manifest, layer_file, read_manifest
from neuron_tui.store.runs.variants import run_below

_LOOK_AGAIN = 2.0
"""Seconds between two looks at a run that grows, or at damage that may be mended."""

_GIVE_WAY = 0.05
"""Seconds to wait while somebody types, before looking whether they still do."""

_GENTLE = 19
"""Niceness of the thread: the highest."""


class BackgroundVerification:
    """Reads a run's files through once, the corpus first, then the layer in view; from a thread of its own.

    Parameters
    ----------
    in_view
        Gives the layer in view, or None.
    busy
        Whether somebody types: then nothing is read.
    found
        Called in the thread with all that is damaged, by file, whenever that changes: what is wrong with each.
    """

    def __init__(
        self,
        folder: Path,
        *,
        in_view: Callable[[], int | None],
        busy: Callable[[], bool],
        found: Callable[[dict[str, str]], None],
    ) -> None:
        self._folder, self._in_view, self._busy, self._found = folder, in_view, busy, found
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"verify {folder.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Have it end before it reads on."""
        self._stopping.set()

    def _work(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _GENTLE)
        told: dict[str, str] = {}
        with contextlib.suppress(_Stopped):
            while True:
                damaged, complete = self._look(told)
                if damaged != told and not self._stopping.is_set():
                    told = damaged
                    self._found(dict(damaged))
                if complete and not damaged:
                    return
                if self._stopping.wait(_LOOK_AGAIN):
                    return

    def _look(self, before: dict[str, str]) -> tuple[dict[str, str], bool]:
        """Verify what the run lists now; what is damaged (`before`, if no list can be read), and if it is complete."""
        try:
            manifest = read_manifest(self._folder)
            places = dict(_files_of(self._folder, manifest))
        except (NeuronTuiError, OSError):  # whoever reads it says so
            return before, False
        damaged = {}
        while places:
            name = self._next(places)
            path, entry = places.pop(name)
            if difference := verify_once(path, entry, self._read):
                damaged[name] = difference
        return damaged, manifest.complete

    def _next(self, places: dict[str, tuple[Path, FileEntry]]) -> str:
        layer = self._in_view()
        wanted = (CORPUS_FILE, *([layer_file(layer)] if layer is not None else []))
        return next((name for name in wanted if name in places), next(iter(places)))

    def _read(self, _: int) -> None:
        """After every few bytes: give way."""
        time.sleep(0)
        while self._busy() and not self._stopping.wait(_GIVE_WAY):
            pass
        if self._stopping.is_set():
            raise _Stopped


def _files_of(folder: Path, manifest: Manifest) -> Iterator[tuple[str, tuple[Path, FileEntry]]]:
    """Files that a run, or a variant, is read from, by what they are called; a variant's are read above its run's."""
    below = run_below(folder, manifest) if manifest.is_overlay else None
    if below is not None:
        of = read_manifest(below)
        yield from ((name, (below / name, entry)) for name, entry in of.files.items())
        for name, entry in manifest.files.items():
            yield f"variants/{folder.name}/{name}", (folder / name, entry)
        return
    yield from ((name, (folder / name, entry)) for name, entry in manifest.files.items())


class _Stopped(Exception):  # noqa: N818 - no error: it was asked for
    """Ends the verification."""
