"""The runs directory: where runs lie, what they are called, and the state each is in."""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path

from neuron_tui.store.disk import changes
from neuron_tui.store.disk.files import disk_full_named
from neuron_tui.store.disk.lock import writing
from neuron_tui.store.disk.own_files import require_own
from neuron_tui.store.disk.seen_files import damage_of, state_of
from neuron_tui.store.errors import (
    InputError,
    RunBusyError,
    RunConflictError,
    RunDamagedError,
    RunNotFoundError,
    RunPartialError,
    UsageError,
)
from neuron_tui.store.runs.folder import (
    DELETED_PREFIX,
    clear_deleted,
    forget_job,
    forget_notes,
    holds_job,
    holds_run,
    put_away,
    remove_last_variants,
    take_away,
)
from neuron_tui.store.runs.job import JobStatus, is_at_work, is_taken, job_status
from neuron_tui.store.runs.manifest import CORPUS_FILE, MANIFEST, VARIANTS, Manifest, read_manifest
from neuron_tui.store.runs.variants import name_of, named_variant, run_below, run_of, variant_folder, variants_of

State = Literal["complete", "partial", "running", "damaged"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,99}")

_SETTLED = 2_000_000_000
"""Nanoseconds after which a file that is written again shows it by its time."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of runs.

    `size` is in bytes on disk, its variants left out, and of a variant what it has for itself; `manifest` is None for a
    damaged run.json and for what has only a job yet; `problem` says why a run is damaged, or why there is only a job;
    `job` is the last one at work on it, if it told of itself; `variant_of` is the folder of the run it is a variant of.
    """

    name: str
    path: Path
    state: State
    size: int
    manifest: Manifest | None
    problem: str | None
    job: JobStatus | None = None
    variant_of: Path | None = None


def runs_directory(given: Path | None = None) -> Path:
    """The runs directory: as given, else $NEURON_TUI_RUNS, else the platform's place for user data."""
    if given is not None:
        return given
    if variable := os.environ.get("NEURON_TUI_RUNS"):
        return Path(variable)
    return user_data_path("neuron-tui", appauthor=False) / "runs"


def run_folder(directory: Path, name: str) -> Path:
    """Folder of the run called `name`.

    Raises
    ------
    UsageError
        The name could leave the runs directory or is no portable file name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the run name {name!r} cannot be used\n"
            "Use up to 100 letters, digits and . _ + @ - , beginning with a letter or digit."
        )
    return directory / name


def find_run(directory: Path, run: str) -> Path:
    """Folder of a run given by name or by path, or of a variant as `demo@loose`; a run really so called goes first.

    Raises
    ------
    RunNotFoundError
        There is none.
    RunPartialError
        There is only a job that has not written its run yet, or never will.
    """
    named, path, variants = _places(directory, run)
    if named is not None and holds_run(named):
        return named
    for found in (variants[0], path, variants[1]):
        if found is not None and holds_run(found):
            return found
    if _job_at(directory, run) is not None:
        raise RunPartialError(
            f"the run {run} holds nothing yet: its extraction has not come so far, or ended before\n"
            "See what became of it with: neuron-tui runs"
        )
    raise RunNotFoundError(
        f"no run {run!r} in {directory}, nor at that path\nSee the runs there are with: neuron-tui runs"
    )


def find_job(directory: Path, run: str) -> Path:
    """Folder of a run as `find_run` has it, or of one that is still only a job; raises RunNotFoundError."""
    try:
        return find_run(directory, run)
    except RunPartialError:
        found = _job_at(directory, run)
        assert found is not None
        return found


def _places(directory: Path, run: str) -> tuple[Path | None, Path, tuple[Path | None, Path | None]]:
    """Where a run so called can lie: by its name, by path, and as a variant by either."""
    path = Path(os.path.expanduser(run))  # noqa: PTH111 - pathlib raises for an unknown ~user
    named = run not in ("", ".", "..") and Path(run).name == run
    variants = (named_variant(directory, run) if named else None, named_variant(Path(), str(path)))
    return directory / run if named else None, path, variants


def _job_at(directory: Path, run: str) -> Path | None:
    _, path, variants = _places(directory, run)
    places = (directory / run, path, *variants) if run else ()
    return next((found for found in places if found is not None and holds_job(found)), None)


def list_runs(directory: Path, at_most: int | None = None) -> list[RunSummary]:
    """All runs below a directory by name, each followed by its variants; what cannot be read is listed as damaged.

    With `at_most`, only so many of the runs, the first by name.

    Raises
    ------
    InputError
        The directory cannot be read. One that does not exist has no runs.
    """
    if not directory.is_dir():
        return []
    try:
        there = [p for p in directory.iterdir() if not p.name.startswith(DELETED_PREFIX)]
        folders = list(islice((p for p in sorted(there) if holds_run(p) or holds_job(p)), at_most))
    except OSError as error:
        raise InputError(f"cannot read {directory}: {error.strerror}\nName another with --runs-dir.") from error
    every = (path for run in folders for path in (run, *(variant_folder(run, name) for name in variants_of(run))))
    return [summarise(folder) for folder in every]


def summarise(folder: Path) -> RunSummary:
    """State and size of one run, from its manifest, the sizes of its files and its job."""
    name, run, job = name_of(folder), run_of(folder), job_status(folder)
    size = _size(folder, run)
    try:
        manifest = _manifest_of(folder)
    except (RunDamagedError, RunNotFoundError) as error:
        state: State = "damaged"
        problem: str | None = str(error)
        if job is not None and not holds_run(folder):
            state, problem = "partial", _why_no_run(job)
        state = "running" if is_at_work(folder) else state
        return RunSummary(name, folder, state, size, None, problem, job, run)
    problem = missing_or_cut(folder, manifest)
    state = "damaged" if problem else "complete" if manifest.complete else "partial"
    state = "running" if is_at_work(folder) else state
    return RunSummary(name, folder, state, size, manifest, problem, job, run)


_manifests: dict[Path, tuple[tuple[int, int, int], Manifest]] = {}


def _manifest_of(folder: Path) -> Manifest:
    """run.json of a run, read again only once it is another file: a list of thousands is made every few seconds."""
    try:
        state = (folder / MANIFEST).stat()
    except OSError:
        return read_manifest(folder)
    stamp = (state.st_ino, state.st_mtime_ns, state.st_size)
    known = _manifests.get(folder)
    if known is not None and known[0] == stamp:
        return known[1]
    manifest = read_manifest(folder)
    if time.time_ns() - state.st_mtime_ns > _SETTLED:
        _manifests[folder] = stamp, manifest
    return manifest


def _why_no_run(job: JobStatus) -> str | None:
    """Why a job came to an end without a run; None as long as it has not."""
    work = {"extract": "the extraction", "analyze": "counting"}[job.job.command]
    match job.condition:
        case "failed":
            return job.job.problem or f"{work} failed before it wrote anything"
        case "cancelled":
            return f"{work} was cancelled before it wrote anything"
        case "died" | "done":
            return f"{work} ended without a word before it wrote anything"
    return None


def _size(folder: Path, run: Path | None) -> int:
    """Bytes in a folder, without variants in it and without what a variant shares with its `run`."""
    shared = None
    if run is not None:
        with contextlib.suppress(OSError):
            shared = os.lstat(run / CORPUS_FILE)
    size = 0
    for directory, below, names in os.walk(folder):
        if directory == str(folder) and VARIANTS in below:
            below.remove(VARIANTS)
        for name in names:
            with contextlib.suppress(OSError):  # moved into place or deleted since it was listed
                found = os.lstat(os.path.join(directory, name))  # noqa: PTH118
                size += 0 if shared is not None and os.path.samestat(found, shared) else found.st_size
    return size


def missing_or_cut(folder: Path, manifest: Manifest) -> str | None:
    """The first listed file that is not there with its size, in words; None if all are.

    One that this process has found to be altered counts too. A variant also needs the run that it was counted on, as it
    was then.
    """
    if manifest.is_overlay and run_below(folder, manifest) is None:
        return "the run that it was counted on is not there any more, or holds other layers"
    for name, entry in sorted(manifest.files.items()):
        try:
            status = require_own(folder / name)
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
        if status.st_size != entry.bytes:
            return f"{name} has {status.st_size} bytes, run.json says {entry.bytes}"
        if known := damage_of(state_of(status)):
            return f"{name} {known}"
    return None


def delete_run(folder: Path) -> None:
    """Delete a run and everything in its folder, its variants too; of what has only a job yet, the job's own files.

    Raises
    ------
    RunNotFoundError
        The folder holds neither run.json nor a job, so it is not ours to delete.
    RunBusyError
        A process is writing it, or a variant of it.
    """
    whole = holds_run(folder)
    if not whole and not holds_job(folder):
        raise RunNotFoundError(f"no run at {folder}: it has no {MANIFEST}\nNothing was deleted.")
    if is_taken(folder):
        raise RunBusyError(f"the run {folder.name} is being written\nStop the extraction before deleting it.")
    with disk_full_named(folder), writing(folder):  # nobody begins to write it while it goes
        if whole:
            _close_files(folder)
            own = folder.resolve()  # of a link to a run: the run goes, and the link with it
            clear_deleted(own.parent)
            away = put_away(own)
            if folder.is_symlink():
                changes.remove(folder)
            take_away(away)
        else:
            forget_notes(folder)
            forget_job(folder)
    if whole:
        remove_last_variants(folder)


def rename_run(folder: Path, new_name: str) -> Path:
    """Give a run, or a variant of one, another name in the same directory; returns its folder there.

    Variants go with their run. A variant's new name may be given whole, `demo@tight`, or without its run's.

    Raises
    ------
    UsageError
        The name cannot be used.
    RunNotFoundError
        The folder holds neither a run nor a job.
    RunConflictError
        There is something of that name already.
    RunBusyError
        A process is writing the run, or a variant of it.
    InputError
        The system refuses.
    """
    run = run_of(folder)
    target = (
        run_folder(folder.parent, new_name)
        if run is None
        else variant_folder(run, new_name.removeprefix(f"{run.name}@"))
    )
    if not holds_run(folder) and not holds_job(folder):
        raise RunNotFoundError(f"no run at {folder}: it has no {MANIFEST}\nNothing was renamed.")
    if is_taken(folder):
        raise RunBusyError(f"the run {folder.name} is being written\nStop the extraction before renaming it.")
    with writing(folder):  # nobody begins to write it under its old name
        if os.path.lexists(target):
            raise RunConflictError(f"there is a {target.name} already in {folder.parent}\nChoose another name.")
        _close_files(folder)
        with disk_full_named(target):
            changes.rename(folder, target)
            changes.sync_folder(target.parent)
    return target


def _close_files(folder: Path) -> None:
    from neuron_tui.store.disk.open_files import close_files

    close_files(folder)
