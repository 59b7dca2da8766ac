"""The files in a run's folder while it has no manifest, or none any more: whether they are ours, and how they go."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import TEMPORARY_SUFFIX, disk_full_named
from neuron_tui.store.disk.lock import LOCK, busy, is_being_written, lock_of, writing
from neuron_tui.store.disk.own_files import LAYERS
from neuron_tui.store.errors import InputError
from neuron_tui.store.runs.job import JOB_FILE, JOB_FILES, LOG_FILE, job_status, this_host
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, VARIANTS

AGGREGATES_FILE = "aggregates.cache"
"""Totals of a complete run, counted from its layers and made again whenever they are missing or stale."""

DERIVED_FILES = (AGGREGATES_FILE, "facts.h5")
"""Files that follow from the others; the second is what earlier versions called the first."""

CAUSAL_FILE = "causal.jsonl"
"""What silencing its neurons did, measured with the model; lost with the run, and nowhere else."""

CAUSAL_LOCK = lock_of(Path(CAUSAL_FILE)).name
"""Held while that file is changed."""

NOTES_FILE, NOTES_ASIDE = "notes.jsonl", "notes.before*.jsonl"
"""What people wrote on the run's neurons, and on those of another model that the folder held before."""

SCRATCH = "scratch"
SCRATCH_FILES = ("residual*", "bits*")
"""Folder of a run, and the files in it, for what is needed only while it is extracted."""

KEPT_PREFIX = "kept-"
"""What the names of files there begin with from which an extraction goes on that was cut off."""


DELETED_PREFIX = ".deleted-"
"""What the name of a run's folder begins with once it is deleted, until all of it is gone."""


def is_notes(path: Path) -> bool:
    """Whether a file holds notes, or is the lock of those that do."""
    name = path.name
    return name in (NOTES_FILE, lock_of(Path(NOTES_FILE)).name) or path.match(NOTES_ASIDE)


def is_foreign(path: Path) -> bool:
    """Whether a file is none that an extraction leaves which has no manifest, or one that was given up."""
    return path.name not in (*JOB_FILES, LOCK) and not is_notes(path)


def holds_run(folder: Path) -> bool:
    """Whether there is a run, sound or not."""
    try:
        return (folder / MANIFEST).is_file()
    except (OSError, ValueError):  # no permission, a name too long: nothing that could be opened
        return False


def holds_job(folder: Path) -> bool:
    """Whether there is a job, of a run or before it; a job.json of somebody else's is none."""
    try:
        return (folder / JOB_FILE).is_file() and job_status(folder) is not None
    except (OSError, ValueError):
        return False


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Hold a run's folder for writing, new or not.

    A run that fails before it has a manifest leaves no trace, but for what the app started: its job's own files.

    Raises
    ------
    InputError
        There is something else in the folder, or it cannot be written to.
    RunBusyError
        Another process holds it.
    """
    with disk_full_named(folder):
        refuse_foreign_folder(folder)
        refuse_linked_folders(folder)
        clear_deleted(folder.parent)
        changes.make_folders(folder)
        with writing(folder) as keeps_others_away:
            if not keeps_others_away:
                _refuse_a_living_job(folder)
            changes.remove(folder / (JOB_FILE + TEMPORARY_SUFFIX))  # of a job that was killed as it told of itself
            try:
                yield
            finally:
                if not (folder / MANIFEST).exists():
                    abandon(folder)


def _refuse_a_living_job(folder: Path) -> None:
    status = job_status(folder)
    if status is not None and status.active and (status.job.pid, status.job.host) != (os.getpid(), this_host()):
        raise busy(folder)


def refuse_foreign_folder(folder: Path) -> None:
    """Raise InputError if `folder` is there with something in it, but no run, nor what one begun or deleted left."""
    if not folder.exists() or any((folder / name).exists() for name in (MANIFEST, LOCK)):
        return
    if not folder.is_dir() or any(map(is_foreign, folder.iterdir())):
        raise InputError(f"{folder} exists and is no run\nChoose another --name or --runs-dir.")


def refuse_linked_folders(folder: Path) -> None:
    """Raise InputError if what a run writes as its layers or scratch, or deletes, would be files in another folder."""
    for name in (LAYERS, SCRATCH):
        if (folder / name).is_symlink():
            raise InputError(
                f"{folder / name} is a link, and a run is written to its own folder alone\n"
                "Put the folder that it leads to in its place, or remove the link."
            )


def clear_scratch(folder: Path) -> None:
    """Delete the scratch files of an extraction but what it could go on from, and nothing others put beside them."""
    scratch = folder / SCRATCH
    if scratch.is_symlink():  # what a link leads to is not the run's
        return
    for pattern in (*SCRATCH_FILES, f"{KEPT_PREFIX}*{TEMPORARY_SUFFIX}"):
        _unlink(*scratch.glob(pattern))
    _remove_if_empty(scratch)


def forget_kept(folder: Path) -> None:
    """Delete what an extraction could go on from: it is finished, or begins anew."""
    if (folder / SCRATCH).is_symlink():
        return
    _unlink(*(folder / SCRATCH).glob(f"{KEPT_PREFIX}*"))
    _remove_if_empty(folder / SCRATCH)


def delete_files(folder: Path) -> None:
    """Delete the files of a run, run.json first, and of its variants; nothing that others put beside them.

    The caller holds the run's lock, whose file stays.
    """
    if (folder / MANIFEST).exists():
        changes.remove(folder / MANIFEST)
        changes.sync_folder(folder)  # nothing that it lists goes before the disk has it that it is gone
    files = (MANIFEST, CORPUS_FILE, *DERIVED_FILES, CAUSAL_FILE, CAUSAL_LOCK)
    _unlink(*(folder / name for name in files), *(folder / (name + TEMPORARY_SUFFIX) for name in files))
    layers = folder / LAYERS
    if not layers.is_symlink():  # what a link leads to is not the run's
        _unlink(*layers.glob("layer_*.h5"), *layers.glob("layer_*.h5" + TEMPORARY_SUFFIX))
        _remove_if_empty(layers)
    forget_kept(folder)
    variants = folder / VARIANTS
    for variant in () if variants.is_symlink() else variants.glob("*/"):
        if not variant.is_symlink():  # what a link leads to is not the run's
            delete_files(variant)
            _unlink(*(variant / name for name in (*JOB_FILES, LOCK)))
            _remove_if_empty(variant)
    _remove_if_empty(variants)


def abandon(folder: Path) -> None:
    """Leave no trace of a run that never got its manifest; the caller holds its lock.

    What the app started has a log: it and the job's last word stay, for whoever looks what became of it. Beside what
    others put there the lock stays too: by it the folder is known as one that a run can be written to again.
    """
    delete_files(folder)
    if not (folder / LOG_FILE).exists():
        _unlink(*(folder / name for name in JOB_FILES))
    if not any(is_foreign(path) for path in folder.iterdir()):
        _unlink(folder / LOCK)
    _remove_if_empty(folder)
    remove_last_variants(folder)


def remove_last_variants(folder: Path) -> None:
    """Remove the folder of a run's variants once the one that was in `folder` is gone and no other is there."""
    if folder.parent.name == VARIANTS and holds_run(folder.parent.parent):
        _remove_if_empty(folder.parent)


def forget_notes(folder: Path) -> None:
    """Delete the files of notes in a folder."""
    _unlink(*filter(is_notes, folder.iterdir()))


def forget_job(folder: Path) -> None:
    """Delete all that an extraction leaves before it has a manifest, and nothing else; the caller holds the lock.

    The job goes last, so that it is listed until all the rest is gone.
    """
    clear_scratch(folder)
    delete_files(folder)
    _unlink(*(folder / name for name in JOB_FILES if name != JOB_FILE))
    if {path.name for path in folder.iterdir()} <= {JOB_FILE, LOCK}:
        take_away(put_away(folder))
    else:
        _unlink(folder / JOB_FILE, folder / LOCK)
    remove_last_variants(folder)


def put_away(folder: Path) -> Path:
    """Rename a run's folder to what is no run and is taken away with `take_away`; raises OSError, and it is as it was.

    The caller holds its lock.
    """
    away = folder.with_name(f"{DELETED_PREFIX}{secrets.token_hex(8)}")
    changes.rename(folder, away)
    changes.sync_folder(away.parent)
    return away


def take_away(away: Path) -> None:
    """Remove a folder that was put away, its lock last; raises OSError."""
    changes.remove(away / MANIFEST)
    changes.remove_tree(away, last=LOCK)


def clear_deleted(directory: Path) -> None:
    """Remove what is left of runs that a process was deleting when it was killed."""
    for away in directory.glob(f"{DELETED_PREFIX}*"):
        with contextlib.suppress(OSError):
            if away.is_dir() and not away.is_symlink() and not is_being_written(away):
                take_away(away)


def _unlink(*paths: Path) -> None:
    for path in paths:
        changes.remove(path)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        changes.remove_folder(folder)
