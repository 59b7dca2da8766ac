"""A look at a run that may be growing: its finished layers and its job. Cheap enough for every other second."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.neurons.opened import OpenedRun
from neuron_tui.store.neurons.run import open_run
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.job import JobStatus, is_at_work, job_status
from neuron_tui.store.runs.manifest import MANIFEST, Manifest, read_manifest

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Glance:
    """What a look found; `written` says whether a process is writing the run.

    `manifest` is None where run.json could not be read; `stamp` tells whether it changed.
    """

    stamp: Stamp | None = None
    manifest: Manifest | None = None
    written: bool = False
    job: JobStatus | None = None


def glance(folder: Path, before: Glance) -> Glance:
    """Look at the run in a folder; run.json is read only if it is another file than before."""
    path = folder / MANIFEST
    try:
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        manifest = before.manifest if stamp == before.stamp else read_manifest(folder)
    except (OSError, NeuronTuiError):
        stamp, manifest = None, None
    return Glance(stamp, manifest, is_at_work(folder), job_status(folder))


def reopen(opened: OpenedRun) -> OpenedRun:
    """The same run with the layers it has by now; what was read of its corpus is kept.

    Raises
    ------
    RunDamagedError, RunNotFoundError
        It cannot be read any more.
    """
    run = open_run(opened.run.path)
    run.corpus = opened.run.corpus
    return replace(opened, run=run, table=read_table(run), state=summarise(run.path).state)
