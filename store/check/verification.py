"""Verifying a run: every file against the manifest and the schema, and the numbers against each other."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from neuron_tui.store.check.numbers import Occurrences, corpus_contradictions, layer_contradictions, read_occurrences
from neuron_tui.store.disk.files import TEMPORARY_SUFFIX, sha256
from neuron_tui.store.disk.hdf5 import reading
from neuron_tui.store.disk.lock import LOCK
from neuron_tui.store.disk.overlay import DatasetReader, Overlaid
from neuron_tui.store.disk.own_files import require_own
from neuron_tui.store.disk.schema import CORPUS, LAYER, OVERLAY
from neuron_tui.store.disk.seen_files import found_damaged, found_sound, state_of
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.neurons.causal import read_causal
from neuron_tui.store.neurons.causal_table import misfit
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.folder import CAUSAL_FILE, CAUSAL_LOCK, DERIVED_FILES, NOTES_FILE, is_notes
from neuron_tui.store.runs.job import JOB_FILES, is_at_work
from neuron_tui.store.runs.manifest import (
    CORPUS_FILE,
    MANIFEST,
    VARIANTS,
    FileEntry,
    Manifest,
    layer_file,
    read_manifest,
)
from neuron_tui.store.runs.variants import run_below, run_counted_again, run_of, variants_of

_OWN_FILES = frozenset({MANIFEST, LOCK, *JOB_FILES, *DERIVED_FILES, CAUSAL_FILE, CAUSAL_LOCK})


_ALTERED = "has been altered: its SHA-256 is not the one in run.json"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a file of a run: an error, or a note on what is unexpected but does no harm.

    `mendable`: the file is not the one that was written, so that making it again is all it takes.
    """

    severity: Literal["error", "note"]
    file: str
    message: str
    mendable: bool = field(default=False, compare=False)


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
        state = "is being written" if is_at_work(folder) else "is partial"
        listed = ", ".join(map(str, waiting)) or "none, but the corpus is missing"
        problems.append(Problem("note", MANIFEST, f"the run {state}; layers still to come: {listed}"))
    run = run_of(folder)
    if manifest.variant is not None and not manifest.is_overlay and run and run_counted_again(folder, manifest) is None:
        message = f"was counted on something else than the run {run.name} holds now; count it anew with --overwrite"
        problems.append(Problem("note", MANIFEST, message))
    return [
        *problems,
        *damage_beside(folder, manifest),
        *_leftovers(folder, manifest),
    ]


def altered_files(folder: Path, manifest: Manifest, watch: Watch | None = None) -> dict[str, str]:
    """The files of a run that are not those its manifest lists, and what of each: missing, cut or altered.

    Every byte is read. `watch` is told how far it is every few bytes; what it raises stops the reading.
    """
    meter, found = _Meter(manifest, watch), dict[str, str]()
    for name, entry in manifest.files.items():
        meter.begin(name)
        if difference := difference_of(folder / name, entry, meter.read):
            found[name] = difference
    return found


def damage_beside(folder: Path, manifest: Manifest) -> list[Problem]:
    """What is wrong with what people and models added to a run: nothing else depends on it."""
    return [*_check_causal(folder, manifest), *_unreadable_notes(folder)]


def remedy(problems: Iterable[Problem], name: str, *, variant: bool) -> str:
    """What to do about the errors among some problems of the run called `name`, or of a variant, in a sentence."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if {problem.file for problem in errors} == {CAUSAL_FILE}:
        return f"Restore {CAUSAL_FILE} or its permissions; else delete it and measure again with: neuron-tui ablate"
    if all(problem.mendable or problem.file == CAUSAL_FILE for problem in errors):
        return f"Mend it with: neuron-tui mend {shlex.quote(name)}"
    return f"{'Count' if variant else 'Extract'} it again with --overwrite, or restore its files."


class _Meter:
    """Counts what is read of the files that the manifest lists, and tells of it."""

    def __init__(self, manifest: Manifest, watch: Watch | None) -> None:
        total = sum(entry.bytes for entry in manifest.files.values())
        self._total, self._done, self._file, self._watch = total, 0, "", watch

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
    run = run_below(folder, manifest)
    if manifest.is_overlay:
        if run is None:
            yield Problem(
                "error", MANIFEST, "the run that it was counted on is not there any more, or holds other layers"
            )
            return
        of_corpus: list[Problem] = []
    else:
        of_corpus = list(_check_corpus(folder, manifest, meter))
        yield from of_corpus
    occurrences = None if of_corpus else read_occurrences(run if manifest.is_overlay and run else folder)
    for layer, entry in sorted(manifest.layers.items()):
        yield from _check_layer(folder, manifest, layer, entry, occurrences, meter)


def _check_corpus(folder: Path, manifest: Manifest, meter: _Meter) -> Iterator[Problem]:
    assert manifest.corpus is not None
    meter.begin(CORPUS_FILE)
    if difference := difference_of(folder / CORPUS_FILE, manifest.corpus.file, meter.read):
        yield Problem("error", CORPUS_FILE, difference, mendable=True)
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
    if difference := difference_of(folder / name, entry, meter.read):
        yield Problem("error", name, difference, mendable=True)
        return
    try:
        # Without a sound corpus there is nothing to compare the numbers with.
        with _layer_of(folder, manifest, name) as file:
            for message in layer_contradictions(file, manifest, layer, occurrences) if occurrences else ():
                yield Problem("error", name, message)
    except RunDamagedError as error:
        yield Problem("error", name, _reason(error, folder / name))


@contextmanager
def _layer_of(folder: Path, manifest: Manifest, name: str) -> Iterator[DatasetReader]:
    """A layer as it is read: that of a variant above that of its run, each checked against its schema as a whole."""
    run = run_below(folder, manifest)
    if run is None:
        with reading(folder / name, LAYER) as file:
            yield file
    else:
        with reading(folder / name, OVERLAY) as own, reading(run / name, LAYER) as below:
            yield Overlaid(own, below)


def _check_causal(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    """What silencing neurons did: nothing else depends on it, and it is measured again in less time than a run."""
    try:
        read_causal(folder, partial(misfit, manifest))
    except RunDamagedError as error:
        yield Problem("error", CAUSAL_FILE, _reason(error, folder / CAUSAL_FILE))


def difference_of(path: Path, entry: FileEntry, read: Callable[[int], None]) -> str | None:
    """In what a file is not the one that the manifest lists, in words; `read` is told of every few bytes.

    What is found out of a file is remembered: one that was altered is refused by this process from then on.
    """
    try:
        before = require_own(path)
        size = before.st_size
        if size != entry.bytes:
            return f"has {size:,} bytes, run.json says {entry.bytes:,}"
        sound = sha256(path, read) == entry.sha256
        if (state := state_of(before)) == state_of(path.stat()):  # else it was replaced while it was read
            if sound:
                found_sound(state, entry.sha256)
            else:
                found_damaged(state, _ALTERED)
        return None if sound else _ALTERED
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _unreadable_notes(folder: Path) -> Iterator[Problem]:
    # People's notes are no part of what was extracted, which is sound without them.
    notes = NotesFile(folder)
    if notes.path.parent != folder:
        return
    try:
        notes.read()
    except RunDamagedError as error:
        yield Problem("note", NOTES_FILE, _reason(error, notes.path).removeprefix(f"{notes.path}, "))


def _leftovers(folder: Path, manifest: Manifest) -> Iterator[Problem]:
    known = _OWN_FILES | set(manifest.files)
    runs_of_their_own = tuple(f"{VARIANTS}/{name}/" for name in variants_of(folder))
    for path in sorted(p for p in folder.rglob("*") if not p.is_dir()):
        name = path.relative_to(folder).as_posix()
        if name in known or name.startswith(runs_of_their_own) or (path.parent == folder and is_notes(path)):
            continue
        if name.endswith(TEMPORARY_SUFFIX):
            yield Problem("note", name, "left by an extraction that was cut off, or of one under way")
        else:
            yield Problem("note", name, "not part of the run")


def _reason(error: RunDamagedError, path: Path) -> str:
    # The file is named beside it, and what to do is said once for all problems.
    return str(error).splitlines()[0].removeprefix(f"{path}: ").removeprefix(f"{path}, ")
