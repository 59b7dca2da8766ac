"""Verifying a run: every file against the manifest and the schema, and the numbers against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neuron_tui.store.check_numbers import Occurrences, corpus_contradictions, layer_contradictions, read_occurrences
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.files import TEMPORARY_SUFFIX, sha256
from neuron_tui.store.hdf5 import reading
from neuron_tui.store.job import JOB_FILES
from neuron_tui.store.lock import LOCK, is_being_written
from neuron_tui.store.manifest import CORPUS_FILE, MANIFEST, FileEntry, Manifest, layer_file, read_manifest
from neuron_tui.store.schema import CORPUS, LAYER

_OWN_FILES = frozenset({MANIFEST, LOCK, *JOB_FILES})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a file of a run: an error, or a note on what is unexpected but does no harm."""

    severity: Literal["error", "note"]
    file: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """How far a check is: the file under way, and bytes read of all that are to be read."""

    file: str
    done: int
    total: int


Watch = Callable[[CheckProgress], None]


def check_run(folder: Path, watch: Watch | None = None) -> list[Problem]:
    """Verify a run: sizes, SHA-256, schema, numbers that must agree, and files that do not belong to it.

    Problems come in the order of the files; a sound run has none, or notes alone. A partial run is no problem.
    `watch` is told how far it is every few bytes; what it raises stops the check.

    Raises
    ------
    RunNotFoundError
        The folder is no run.
    """
    try:
        manifest = read_manifest(folder)
    except RunDamagedError as error:
        return [Problem("error", MANIFEST, _reason(error, folder / MANIFEST))]
    problems = list(_check_files(folder, manifest, _Meter(manifest, watch)))
    if not manifest.complete:
        waiting = [layer for layer in manifest.options.layers if layer not in manifest.layers]
        state = "is being written" if is_being_written(folder) else "is partial"
        listed = ", ".join(map(str, waiting)) or "none, but the corpus is missing"
        problems.append(Problem("note", MANIFEST, f"the run {state}; layers still to come: {listed}"))
    return [*problems, *_leftovers(folder, manifest)]


class _Meter:
    """Counts what is read of the files that the manifest lists, and tells of it."""

    def __init__(self, manifest: Manifest, watch: Watch | None) -> None:
        listed = [*manifest.layers.values(), *([manifest.corpus.file] if manifest.corpus else ())]
        self._total, self._done, self._file, self._watch = sum(entry.bytes for entry in listed), 0, "", watch

    def begin(self, file: str) -> None:
        self._file = file
        self.read(0)

    def read(self, count: int) -> None:
        self._done += count
        if self._watch is not None:
            self._watch(CheckProgress(self._file, self._done, self._total))


def _check_files(folder: Path, manifest: Manifest, meter: _Meter) -> Iterator[Problem]:
    if manifest.corpus is None:
        if manifest.layers:
            yield Problem("error", MANIFEST, "lists layers but no corpus")
        return
    of_corpus = list(_check_corpus(folder, manifest, meter))
    yield from of_corpus
    occurrences = None if of_corpus else read_occurrences(folder)
    for layer, entry in sorted(manifest.layers.items()):
        yield from _check_layer(folder, manifest, layer, entry, occurrences, meter)


def _check_corpus(folder: Path, manifest: Manifest, meter: _Meter) -> Iterator[Problem]:
    assert manifest.corpus is not None
    meter.begin(CORPUS_FILE)
    if difference := _difference(folder / CORPUS_FILE, manifest.corpus.file, meter):
        yield Problem("error", CORPUS_FILE, difference)
        return
    try:
        with reading(folder / CORPUS_FILE, CORPUS) as file:
            for message in corpus_contradictions(file, manifest):
                yield Problem("error", CORPUS_FILE, message)
    except RunDamagedError as error:
        yield Problem("error", CORPUS_FILE, _reason(error, folder / CORPUS_FILE))


def _check_layer(
    folder: Path,
    manifest: Manifest,
    layer: int,
    entry: FileEntry,
    occurrences: Occurrences | None,
    meter: _Meter,
) -> Iterator[Problem]:
    name = layer_file(layer)
    meter.begin(name)
    if layer not in manifest.options.layers:
        yield Problem("error", MANIFEST, f"lists layer {layer}, which the run was not to hold")
    if difference := _difference(folder / name, entry, meter):
        yield Problem("error", name, difference)
        return
    try:
        with reading(folder / name, LAYER) as file:
            # Without a sound corpus there is nothing to hold the numbers against.
            for message in layer_contradictions(file, manifest, layer, occurrences) if occurrences else ():
                yield Problem("error", name, message)
    except RunDamagedError as error:
        yield Problem("error", name, _reason(error, folder / name))


def _difference(path: Path, entry: FileEntry, meter: _Meter) -> str | None:
    try:
        size = path.stat().st_size
        if not path.is_file():
            return "is no regular file"
        if size != entry.bytes:
            return f"has {size:,} bytes, run.json says {entry.bytes:,}"
        if sha256(path, meter.read) != entry.sha256:
            return "has been altered: its SHA-256 is not the one in run.json"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _leftovers(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    known = _OWN_FILES | {CORPUS_FILE} if manifest.corpus else _OWN_FILES
    known |= {layer_file(layer) for layer in manifest.layers}
    for path in sorted(p for p in folder.rglob("*") if not p.is_dir()):
        name = path.relative_to(folder).as_posix()
        if name in known:
            continue
        if name.endswith(TEMPORARY_SUFFIX):
            yield Problem("note", name, "left by an extraction that was cut off, or of one under way")
        else:
            yield Problem("note", name, "not part of the run")


def _reason(error: RunDamagedError, path: Path) -> str:
    # The file is named beside it, and what to do is said once for all problems.
    return str(error).splitlines()[0].removeprefix(f"{path}: ")
