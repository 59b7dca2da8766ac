"""The runs directory: where runs lie, what they are called, and the state each is in."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path

from neuron_tui.store.errors import InputError, RunBusyError, RunDamagedError, RunNotFoundError, UsageError
from neuron_tui.store.files import TEMPORARY_SUFFIX
from neuron_tui.store.lock import LOCK, is_being_written, writing
from neuron_tui.store.manifest import CORPUS_FILE, MANIFEST, Manifest, layer_file, read_manifest

SCRATCH = "scratch"
SCRATCH_FILES = ("residual", "bits")
"""Folder of a run, and the files in it, for what is needed only while it is extracted."""

State = Literal["complete", "partial", "running", "damaged"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,99}")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of the list of runs. `size` is in bytes on disk; `manifest` is None for a damaged run.json."""

    name: str
    path: Path
    state: State
    size: int
    manifest: Manifest | None
    problem: str | None


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
    """Folder of a run given by name or by path; raises RunNotFoundError."""
    if run not in ("", ".", "..") and Path(run).name == run and _holds_run(directory / run):
        return directory / run
    path = Path(os.path.expanduser(run))  # noqa: PTH111 - pathlib raises for an unknown ~user
    if _holds_run(path):
        return path
    raise RunNotFoundError(
        f"no run {run!r} in {directory}, nor at that path\nSee the runs there are with: neuron-tui runs"
    )


def list_runs(directory: Path) -> list[RunSummary]:
    """All runs below a directory by name; what cannot be read is listed as damaged.

    Raises
    ------
    InputError
        The directory cannot be read. One that does not exist has no runs.
    """
    if not directory.is_dir():
        return []
    try:
        folders = sorted(p for p in directory.iterdir() if _holds_run(p))
    except OSError as error:
        raise InputError(f"cannot read {directory}: {error.strerror}\nName another with --runs-dir.") from error
    return [summarise(folder) for folder in folders]


def summarise(folder: Path) -> RunSummary:
    """State and size of one run, from its manifest and the sizes of its files."""
    size = _size(folder)
    try:
        manifest = read_manifest(folder)
    except (RunDamagedError, RunNotFoundError) as error:
        return RunSummary(folder.name, folder, "damaged", size, None, str(error))
    problem = missing_or_cut(folder, manifest)
    state: State = "damaged" if problem else "complete" if manifest.complete else "partial"
    if is_being_written(folder):
        state = "running"
    return RunSummary(folder.name, folder, state, size, manifest, problem)


def _holds_run(folder: Path) -> bool:
    try:
        return (folder / MANIFEST).is_file()
    except (OSError, ValueError):  # no permission, a name too long: nothing that could be opened
        return False


def _size(folder: Path) -> int:
    size = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # moved into place or deleted since it was listed
                size += os.lstat(os.path.join(directory, name)).st_size  # noqa: PTH118
    return size


def missing_or_cut(folder: Path, manifest: Manifest) -> str | None:
    """The first listed file that is not there with its size, in words; None if all are."""
    listed = {layer_file(layer): entry for layer, entry in manifest.layers.items()}
    if manifest.corpus is not None:
        listed[CORPUS_FILE] = manifest.corpus.file
    for name, entry in sorted(listed.items()):
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != entry.bytes:
            return f"{name} has {path.stat().st_size} bytes, run.json says {entry.bytes}"
    return None


def refuse_foreign_folder(folder: Path) -> None:
    """Raise InputError if `folder` exists, is not empty and bears neither a run nor the lock of one begun."""
    if not folder.exists() or any((folder / name).exists() for name in (MANIFEST, LOCK)):
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise InputError(f"{folder} exists and is no run\nChoose another --name or --runs-dir.")


def clear_scratch(folder: Path) -> None:
    """Delete the scratch files of an extraction, and nothing that others put beside them."""
    _unlink(*((folder / SCRATCH / name) for name in SCRATCH_FILES))
    _remove_if_empty(folder / SCRATCH)


def delete_files(folder: Path) -> None:
    """Delete the files of a run, run.json first, and nothing that others put beside them.

    The caller holds the run's lock, whose file stays.
    """
    _unlink(folder / MANIFEST, folder / CORPUS_FILE)
    _unlink(*(folder / (name + TEMPORARY_SUFFIX) for name in (MANIFEST, CORPUS_FILE)))
    _unlink(*(folder / "layers").glob("layer_*.h5"), *(folder / "layers").glob("layer_*.h5" + TEMPORARY_SUFFIX))
    _remove_if_empty(folder / "layers")


def abandon(folder: Path) -> None:
    """Leave no trace of a run that never got its manifest; the caller holds its lock."""
    delete_files(folder)
    _unlink(folder / LOCK)
    _remove_if_empty(folder)


def _unlink(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def delete_run(folder: Path) -> None:
    """Delete a run and everything in its folder.

    Raises
    ------
    RunNotFoundError
        The folder holds no run.json, so it is not ours to delete.
    RunBusyError
        A process is writing it.
    """
    if not (folder / MANIFEST).is_file():
        raise RunNotFoundError(f"no run at {folder}: it has no {MANIFEST}\nNothing was deleted.")
    if is_being_written(folder):
        raise RunBusyError(f"the run {folder.name} is being written\nStop the extraction before deleting it.")
    with writing(folder):  # nobody begins to write it while it goes
        shutil.rmtree(folder.resolve())  # a link to a run: the run goes, and the link with it
    folder.unlink(missing_ok=True)
