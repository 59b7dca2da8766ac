"""Folders with runs in them, before and after something is done there: what must be the same, and what is different."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.disk.files import sha256
from neuron_tui.store.errors import NeuronTuiError
from neuron_tui.store.findings import aggregates_cache
from neuron_tui.store.runs.catalog import list_runs
from neuron_tui.store.runs.folder import AGGREGATES_FILE, DELETED_PREFIX
from neuron_tui.store.runs.manifest import read_manifest

Contents = dict[str, Any]
"""What lies where below a folder: bytes of files, and for those that name times what else they say."""

TEMPORARY = ("*.partial", f"{DELETED_PREFIX}*", ".unpacking-*", ".*.writing", "scratch")
"""What files and folders are called that are there only while something is done."""


def contents(world: Path) -> Contents:
    """Everything below a folder but the log of faults.

    The totals of a run that could not be kept with it are in the user's cache: as good a place.
    """
    every = {path.relative_to(world).as_posix(): path for path in sorted(world.rglob("*"))}
    found = {name: _content(path) for name, path in every.items() if not f"{name}/".startswith(("log/", "cache/"))}
    for path in (world / "cache").rglob("aggregates/*"):
        for name in [name for name in found if name.endswith("run.json")]:
            place = f"{name.removesuffix('run.json')}{AGGREGATES_FILE}"
            if place not in found and _is_of(path, world / name):
                found[place] = path.read_bytes()
    return found


def _is_of(aggregates: Path, manifest: Path) -> bool:
    with suppress(NeuronTuiError):
        run = open_run(manifest.parent)
        return run.kept_whole and aggregates.name == aggregates_cache._key(run)
    return False


def _content(path: Path) -> object:
    if path.is_dir():
        return "a folder"
    if path.name in ("job.json", "training.json"):
        return "there"  # who did it, and when
    data = path.read_bytes()
    with suppress(ValueError):  # of something that never came to its name
        if path.name == "run.json":
            return json.loads(data) | {"created": None, "usage": None}
        if path.name.startswith("notes") and path.suffix == ".jsonl":
            return [json.loads(line) | {"changed": None} for line in data.splitlines()]
    return data


def differences(found: Contents, wanted: Contents) -> list[str]:
    """In words what is not as it should be; of an HDF5 file the datasets."""
    said = [f"{path} is not there" for path in wanted.keys() - found.keys()]
    said += [f"{path} should not be there" for path in found.keys() - wanted.keys()]
    for path in sorted(found.keys() & wanted.keys()):
        if found[path] != wanted[path]:
            said.append(f"{path} differs{_datasets(found[path], wanted[path]) if path.endswith('.h5') else ''}")
    return said


def _datasets(found: bytes, wanted: bytes) -> str:
    def read(data: bytes) -> dict[str, Any]:
        every: dict[str, Any] = {}
        with h5py.File(io.BytesIO(data)) as file:
            file.visititems(lambda name, item: every.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
        return every

    try:
        ours, theirs = read(found), read(wanted)
    except OSError as error:
        return f": {error}"
    names = [
        name
        for name in sorted(ours.keys() | theirs.keys())
        if name not in ours or name not in theirs or not np.array_equal(ours[name], theirs[name], equal_nan=False)
    ]
    return f": {', '.join(names)}"


def untruths(runs: Path) -> list[str]:
    """What the list of runs and the check say of the runs in a directory that is not so, or is an error."""
    said = []
    for run in list_runs(runs):
        try:
            problems = check_run(run.path)
        except NeuronTuiError as error:
            if run.manifest is not None or run.job is None:
                said.append(f"{run.name} cannot be checked: {error}")
            continue
        named = {problem.file for problem in problems if problem.severity == "error"}
        said += [f"{run.name}: {problem.file} {problem.message}" for problem in problems if problem.severity == "error"]
        if run.state == "running":
            said.append(f"{run.name} is said to be running")
        if run.manifest is not None:
            said += [
                f"{run.name}: {name} is altered, and the check says nothing"
                for name, entry in read_manifest(run.path).files.items()
                if name not in named and sha256(run.path / name) != entry.sha256
            ]
    return said


def leftovers(world: Path) -> list[str]:
    """What is left below a folder of something that was under way."""
    return sorted({str(path.relative_to(world)) for pattern in TEMPORARY for path in world.rglob(pattern)})


class Done(Protocol):
    """What was done in a world."""

    @property
    def touches(self) -> tuple[str, ...]:
        """What it may change, as beginnings of paths."""
        ...

    def do_again(self, world: Path) -> None:
        """Do it again, to the end."""
        ...


def problems_of(done: Done, world: Path, before: Contents, wanted: Contents) -> list[str]:
    """What is wrong with a world in which something was cut off: as it is now, and once that is done again."""
    elsewhere = partial(_without, (*done.touches, "state"))
    problems = [f"at once: {untruth}" for untruth in untruths(world / "runs")]
    problems += [f"touched: {difference}" for difference in differences(elsewhere(contents(world)), elsewhere(before))]
    done.do_again(world)
    problems += [f"done again: {difference}" for difference in differences(contents(world), wanted)]
    return problems + [f"left over: {path}" for path in leftovers(world)]


def _without(touched: tuple[str, ...], world: Contents) -> Contents:
    return {path: content for path, content in world.items() if not path.startswith(touched)}
