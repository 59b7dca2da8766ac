"""Damage to the bytes of a run's HDF5 files: what is read is what was written, or an error, and never another number.

    python -m tests.reliability.flips --times 20000 [--seed 0] [--every-byte]

A trial damages a layer file or a corpus file of a small run, then reads every dataset of it through the library, each
whatever became of the others. It fails if anything read differs from what was written, if something else than
RunDamagedError is raised, or if the reading process dies or takes 20 seconds. With --every-byte each byte of both files
is changed too: those of HDF5's own structures one at a time, those of chunks one of each dataset at a time, since no
dataset is read from another's chunks.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import h5py
import numpy as np

from neuron_tui.store.disk.hdf5 import open_reader
from neuron_tui.store.disk.schema import CORPUS, LAYER, FileSchema
from neuron_tui.store.errors import RunDamagedError
from neuron_tui.store.runs.manifest import CORPUS_FILE, layer_file
from tests.synthetic import build_run

PATIENCE = 20.0
"""Seconds for one trial."""

BLOCK = 256
_TOLD_EVERY = 1000
KINDS = ("spread", "byte", "bit", "splice", "zeros", "ones", "swap", "cut", "noise", "bytes")


@dataclass(frozen=True, slots=True)
class Trial:
    """One damage: `seed` draws what is not given by `kind` and `at`, or by the `places` of bytes."""

    file: int
    kind: str
    seed: int
    at: int | None = None
    places: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{('layer', 'corpus')[self.file]}:{self.kind}:{self.seed if self.at is None else self.at}"


def damage(data: bytes, trial: Trial) -> bytes:
    """The bytes of a file after a trial's damage; always others than before."""
    random = np.random.default_rng((trial.seed, trial.file, KINDS.index(trial.kind)))
    while True:
        changed = bytearray(data)
        at = int(random.integers(len(data))) if trial.at is None else trial.at
        block = slice(at, at + BLOCK)
        size = len(changed[block])
        other = int(random.integers(len(data) - size + 1))
        match trial.kind:
            case "spread":
                for place in trial.places:
                    changed[place] ^= int(random.integers(1, 256))
            case "byte":
                changed[at] ^= int(random.integers(1, 256))
            case "bit":
                changed[at] ^= 1 << int(random.integers(8))
            case "splice":
                changed[block] = data[other : other + size]
            case "zeros":
                changed[block] = bytes(size)
            case "ones":
                changed[block] = b"\xff" * size
            case "swap":
                if abs(at - other) >= size:
                    changed[block], changed[other : other + size] = data[other : other + size], data[block]
            case "cut":
                del changed[at:]
            case "noise":
                changed[block] = random.bytes(size)
            case "bytes":
                for place in random.integers(len(data), size=int(random.integers(2, 9))).tolist():
                    changed[place] = int(random.integers(256))
        if changed != data:
            return bytes(changed)


def read_all(path: Path, schema: FileSchema) -> dict[str, bytes | str]:
    """What the library gives of a file: the bytes of each dataset, its attributes, and the errors in between."""
    try:
        reader = open_reader(path, schema)
    except RunDamagedError:
        return {}
    found: dict[str, bytes | str] = {}
    with reader.file:
        found["dimensions"] = repr(sorted(reader.dimensions.items()))
        with contextlib.suppress(RunDamagedError):
            found["layer"] = repr(reader.layer)
        for name in sorted(schema.names()):
            try:
                found[name] = reader.read(name).tobytes() if name in reader else "absent"
            except RunDamagedError:
                continue
    return found


@dataclass(frozen=True, slots=True)
class Subject:
    """A file as it was written, what is read of it, and the places of each dataset's bytes in it."""

    data: bytes
    schema: FileSchema
    content: dict[str, bytes | str]
    chunks: tuple[tuple[int, ...], ...]


def subjects(folder: Path) -> tuple[Subject, Subject]:
    """A layer file and a corpus file of a small run."""
    build_run(folder, layers=1, neurons=16, sequences=12, keep_activations=True)
    files = ((folder / layer_file(0), LAYER), (folder / CORPUS_FILE, CORPUS))
    layer, corpus = (
        Subject(path.read_bytes(), schema, read_all(path, schema), _chunks(path, schema)) for path, schema in files
    )
    return layer, corpus


def _chunks(path: Path, schema: FileSchema) -> tuple[tuple[int, ...], ...]:
    with h5py.File(path) as file:
        found = []
        for dataset in (file[name].id for name in sorted(schema.names()) if name in file and file[name].chunks):
            chunks = [dataset.get_chunk_info(i) for i in range(dataset.get_num_chunks())]
            found.append(tuple(at for one in chunks for at in range(one.byte_offset, one.byte_offset + one.size)))
    return tuple(found)


def every_byte(subjects: Sequence[Subject]) -> Iterator[Trial]:
    """Each byte of each file changed, with those of other datasets' chunks at the same time."""
    for file, subject in enumerate(subjects):
        in_chunks = {place for places in subject.chunks for place in places}
        yield from (Trial(file, "byte", at, at) for at in range(len(subject.data)) if at not in in_chunks)
        for turn in range(max(map(len, subject.chunks))):
            places = tuple(places[turn] for places in subject.chunks if turn < len(places))
            yield Trial(file, "spread", turn, turn, places)


def drawn(times: int, seed: int) -> Iterator[Trial]:
    """Trials of all kinds but the first on both files, by turns."""
    for i in range(times):
        yield Trial(i % 2, KINDS[1:][i // 2 % (len(KINDS) - 1)], seed + i)


def attempt(subject: Subject, trial: Trial, path: Path) -> str | None:
    """Carry out a trial; what went wrong, or None."""
    path.write_bytes(damage(subject.data, trial))
    try:
        found = read_all(path, subject.schema)
    except Exception as error:  # whatever is not the one error that says so
        return f"{type(error).__name__}: {error}"
    wrong = [name for name, value in found.items() if subject.content[name] != value]
    return f"{', '.join(wrong)} read as something else" if wrong else None


def _work(subjects: Sequence[Subject], trials: Sequence[Trial], path: Path, answers: Connection) -> None:
    for trial in trials:
        answers.send(attempt(subjects[trial.file], trial, path))


def run(subjects: Sequence[Subject], trials: Sequence[Trial], folder: Path) -> list[str]:
    """Carry out trials in a process of their own; the failed ones, each with what went wrong."""
    context, failed, done = multiprocessing.get_context("fork"), list[str](), 0

    def fail(wrong: str) -> None:
        failed.append(f"{trials[done]}: {wrong}")
        print(failed[-1], flush=True)

    while done < len(trials):
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_work, args=(subjects, trials[done:], folder / "damaged.h5", theirs))
        worker.start()
        theirs.close()
        while done < len(trials):
            try:
                if not ours.poll(PATIENCE):
                    raise TimeoutError
                wrong = ours.recv()
            except (TimeoutError, EOFError) as error:
                hung = isinstance(error, TimeoutError)
                worker.kill()
                fail(f"the reader {'hangs' if hung else 'died'}")
                done += 1
                break
            if wrong is not None:
                fail(wrong)
            done += 1
            if done % _TOLD_EVERY == 0:
                print(f"{done:,} of {len(trials):,}, {len(failed)} failed", file=sys.stderr, flush=True)
        worker.join()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every-byte", action="store_true")
    asked, started = parser.parse_args(), time.monotonic()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        files = subjects(Path(folder) / "run")
        trials = [*(every_byte(files) if asked.every_byte else ()), *drawn(asked.times, asked.seed)]
        failed = run(files, trials, Path(folder))
    sizes = " and ".join(f"{len(file.data):,}" for file in files)
    print(f"files of {sizes} bytes, {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(f"{len(trials):,} damages: {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
