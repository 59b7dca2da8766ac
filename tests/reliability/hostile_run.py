"""The folder that a trial works in: two runs, a variant, notes, measurements, a job, what the app remembers."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import h5py

from neuron_tui.store.measures.thresholds import Thresholds
from neuron_tui.store.notes.notes_file import NotesFile
from neuron_tui.store.runs.manifest import read_manifest
from neuron_tui.tui.remembered.saved_filters import SavedFilters, write_filters
from neuron_tui.tui.remembered.session import Identity, Session, session_path, write_session
from tests.causal_records import keep
from tests.reliability import byte_mutations, crafted, crafted_values, strange_files
from tests.synthetic import build_run, build_variant
from tests.tui.jobs_at_hand import put_job

CANARY, CANARY_NUMBER = "CANARY", 8675309
"""What files outside the run hold, and nothing else does."""

LOOSE = Thresholds(precision=Decimal("0.5"))
_SIZES = {"layers": 2, "neurons": 12, "sequences": 10, "context_length": 12}


def build_template(template: Path) -> None:
    """Make the folder that trials begin with; the working directory is changed by none of it."""
    run = build_run(template / "runs" / "demo", **_SIZES, keep_activations=True)
    build_variant(run, "loose", LOOSE, **_SIZES)
    build_run(template / "runs" / "other", **_SIZES, seed=1, keep_activations=True)
    keep(run)
    notes = NotesFile(run)
    notes.put(0, 2, "", author="me", label="the", text="a text\nof two lines")
    notes.put(1, 3, "", author="you", label="weather")
    notes.put(1, 4, "", author="you", label="", text="nothing else")
    shutil.copyfile(notes.path, template / "brought.jsonl")
    put_job(run, "a log\nof two lines\n", state="failed", problem="it failed", stage="count", layer=1)
    (template / "config.toml").write_text('theme = "dark"\nauthor = "me"\n[keys]\n"explorer.next" = "n"\n')
    _canaries(template)


def _canaries(template: Path) -> None:
    """A copy of the run outside the runs, in which each file says what no file of a run does."""
    outside = template / "outside" / "demo"
    shutil.copytree(template / "runs" / "demo", outside)
    (outside.parent / "canary.txt").write_text(CANARY * 10_000)
    (outside / "job.log").write_text(f"{CANARY}\n" * 3)
    for name, old in (("run.json", "synthetic-opt"), ("job.json", "it failed"), ("notes.jsonl", "the")):
        path = outside / name
        path.write_text(path.read_text().replace(f'"{old}"', f'"{CANARY}"'))
    (outside / "causal.jsonl").write_text((outside / "causal.jsonl").read_text().replace("type:token", CANARY))
    for path in (outside / "layers").iterdir():
        with h5py.File(path, "r+", libver="v110") as file:
            file["count"][...] = CANARY_NUMBER
    with h5py.File(outside / "corpus.h5", "r+", libver="v110") as file:
        text = file["vocabulary/text"][...].tobytes()
        file["vocabulary/text"][...] = list(text.replace(b"weather", CANARY.encode() + b"X"))


def remember() -> None:
    """Have the app remember something of the run in the working directory."""
    run = Path("runs/demo")
    manifest = read_manifest(run)
    write_filters(SavedFilters(saved=("type:token",), recent=("mi>0.1", 'trigger:" the"')))
    session = Session(run=Identity.of(run, manifest), layer=1, query="mi>=0", marks=((0, 2), (1, 3)), neuron=(1, 3))
    write_session(run, session)


RUN = Path("runs/demo")
HDF5 = (
    *("corpus.h5", "layers/layer_000.h5", "layers/layer_001.h5"),
    *("variants/loose/layers/layer_000.h5", "variants/loose/layers/layer_001.h5"),
)
_JSON = ("run.json", "job.json", "variants/loose/run.json")
_LINES = ("notes.jsonl", "causal.jsonl")
_ELSE = ("aggregates.cache", "job.log", "variants/loose/aggregates.cache")
_LOCKS = (".lock", ".notes.jsonl.lock", "run.json.partial", "notes.jsonl.partial", "aggregates.cache.partial")
_FOLDERS = ("layers", "variants", "variants/loose", "variants/loose/layers", "scratch")


def _remembered() -> list[Path]:
    return [Path("state/filters.json"), session_path(RUN)]


def _bytes_of_hdf5(rng: random.Random) -> tuple[Path, str]:
    path = RUN / rng.choice(HDF5)
    return path, byte_mutations.change_bytes(rng, path)


def _bytes_of_text(rng: random.Random) -> tuple[Path, str]:
    own = [RUN / name for name in (*_JSON, *_LINES, *_ELSE)]
    path = rng.choice([*own, *_remembered(), Path("config.toml"), Path("brought.jsonl")])
    return path, byte_mutations.change_bytes(rng, path)


def _json(rng: random.Random) -> tuple[Path, str]:
    own = [*(RUN / name for name in (*_JSON, *_JSON[::2])), *_remembered()]
    lines = [*(RUN / name for name in _LINES), Path("brought.jsonl")]
    path = rng.choice([*own, *lines, Path("config.toml")])
    if path.suffix == ".toml":
        return path, byte_mutations.change_settings(rng, path)
    return path, byte_mutations.change_json(rng, path, lines=path in lines)


def _structure(rng: random.Random) -> tuple[Path, str]:
    path = RUN / rng.choice(HDF5)
    return path, crafted.craft(rng, path, Path("outside/demo").absolute(), values=False)


def _values(rng: random.Random) -> tuple[Path, str]:
    path = RUN / rng.choice(HDF5)
    return path, crafted.craft(rng, path, Path("outside/demo").absolute(), values=True)


def _cache(rng: random.Random) -> tuple[Path, str]:
    path = RUN / "aggregates.cache"
    return path, crafted_values.craft_cache(rng, path)


def _files(rng: random.Random) -> tuple[Path, str]:
    if rng.random() < 0.1:
        return RUN, strange_files.add_strays(rng, RUN)
    own = [RUN / name for name in (*HDF5, *_JSON, *_LINES, *_ELSE, *_LOCKS, *_FOLDERS)]
    path = rng.choice([*own, *own, Path("config.toml"), Path("brought.jsonl"), *_remembered()])
    below = path.relative_to(RUN) if path.is_relative_to(RUN) else Path(path.name)
    return path, strange_files.make_strange(rng, path, (Path("outside/demo") / below).absolute())


KINDS: dict[str, tuple[float, Callable[[random.Random], tuple[Path, str]]]] = {
    "bytes of HDF5": (0.25, _bytes_of_hdf5),
    "bytes of other files": (0.15, _bytes_of_text),
    "JSON and settings": (0.18, _json),
    "structure of HDF5": (0.14, _structure),
    "values of HDF5": (0.14, _values),
    "the kept aggregates": (0.03, _cache),
    "files that are none": (0.11, _files),
}
"""Kinds of mutation with their shares of all."""


def mutate(rng: random.Random, only: str | None = None) -> tuple[str, Path, str]:
    """Mutate the run in the working directory, in a way of one kind or any; gives the kind, the file and the way."""
    shares = [share for share, _ in KINDS.values()]
    (kind,) = rng.choices(list(KINDS), shares)
    kind = only or kind
    path, done = KINDS[kind][1](rng)
    return kind, path, done


def outside_now() -> str:
    """What lies outside the run that no reading of it may change, as a text."""
    found = []
    for folder in ("outside", "runs/other"):
        for path in sorted(Path(folder).rglob("*")):
            status = path.lstat()
            if path.suffix not in (".cache", ".lock") and path.is_file():
                found.append([str(path), status.st_size, status.st_mtime_ns])
    return json.dumps(found)
