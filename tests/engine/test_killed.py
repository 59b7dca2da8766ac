"""A killed or interrupted extraction goes on where it was and ends with the records of an undisturbed one."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import open_run
from neuron_tui.store.catalog import State, list_runs
from neuron_tui.store.errors import RunBusyError
from neuron_tui.store.manifest import MANIFEST, read_manifest

from .brute_force import Record
from .cases import Case, Key, build, request, stored_records
from .checkpoints import Shape, words

LAYERS = 9


def _long_text(folder: Path) -> tuple[str, ...]:
    (folder / "long.txt").write_text(words(3, 6000), encoding="utf-8")
    return (f"long={folder / 'long.txt'}",)


SLOW = Case(Shape(layers=LAYERS, width=48, neurons=64, context=64, bias=False), "fast", 300, _long_text)
"""Slow enough that the moments below come one after the other."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """The checkpoint, its corpus, and the records it should give."""

    checkpoint: Path
    corpus: tuple[str, ...]
    records: dict[Key, Record]

    def request(self, runs: Path) -> ExtractionRequest:
        """The same extraction within this process."""
        return request(SLOW, self.checkpoint, self.corpus, runs)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("slow")
    corpus = build(SLOW, folder)
    run = extract(request(SLOW, folder, corpus, folder / "runs"))
    return Undisturbed(folder, corpus, stored_records(run))


class Job:
    """An extraction as a process of its own."""

    def __init__(self, asked: Undisturbed, runs: Path) -> None:
        self.folder = runs / "x"
        self._said = (runs.parent / "said.txt").open("w+")
        options = ("--name", "x", "--device", "cpu", "--runs-dir", str(runs))
        arguments = [part for source in asked.corpus for part in ("--corpus", source)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "neuron_tui.engine", "extract", str(asked.checkpoint), *arguments, *options],
            stdout=self._said,
            stderr=self._said,
        )

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()

    def end(self, number: int | None = None, moment: Callable[[Path], bool] = lambda _: True) -> int:
        """Wait for a moment and send a signal, if there is one; then wait for the end and give the exit code."""
        if number is not None:
            self.signal(number, moment)
        return self._process.wait()

    def signal(self, number: int, moment: Callable[[Path], bool]) -> None:
        """Send a signal when a moment has come, or the process has ended."""
        while not moment(self.folder):
            try:
                self._process.wait(timeout=0.001)
                break
            except subprocess.TimeoutExpired:
                pass
        self._process.send_signal(number)

    def said(self) -> str:
        """All that the process printed."""
        self._said.seek(0)
        return self._said.read()


def finished_layers(folder: Path) -> set[int]:
    return set(read_manifest(folder).layers) if (folder / MANIFEST).exists() else set()


def has(pattern: str) -> Callable[[Path], bool]:
    return lambda folder: any(folder.glob(pattern))


def listed(layer: int) -> Callable[[Path], bool]:
    return lambda folder: layer in finished_layers(folder)


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "the corpus is being written": has("corpus.h5*"),
    "run.json is there": has(MANIFEST),
    "the first layer is being written": has("layers/layer_000*"),
    "the third layer is being written": has("layers/layer_002*"),
}


def state(runs: Path) -> State | None:
    return next((run.state for run in list_runs(runs) if run.name == "x"), None)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("layers/*.h5")}


def test_killed_at_one_moment_after_another_it_ends_like_an_undisturbed_run(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    done: set[int] = set()
    for name, moment in MOMENTS.items():
        before = {file: value for file, value in contents(runs / "x").items() if int(file[6:9]) in done}
        with Job(undisturbed, runs) as job:
            assert job.end(signal.SIGKILL, moment) == -signal.SIGKILL, f"{name}: {job.said()}"
        now = finished_layers(runs / "x")
        assert done <= now < set(range(LAYERS)), name
        assert state(runs) in (None, "partial"), name
        after = contents(runs / "x")
        assert {file: after[file] for file in before} == before, f"{name}: a finished layer was touched"
        done = now
    assert done
    assert stored_records(runs / "x") == {
        key: undisturbed.records[key] for key in undisturbed.records if key[0] in done
    }
    with Job(undisturbed, runs) as job:
        assert job.end() == 0, job.said()
    assert state(runs) == "complete"
    assert stored_records(runs / "x") == undisturbed.records
    assert sorted(path.name for path in (runs / "x" / "layers").iterdir()) == [
        f"layer_{layer:03d}.h5" for layer in range(LAYERS)
    ]
    assert not list((runs / "x").rglob("*.partial*")) and not (runs / "x" / "scratch").exists()


def test_ctrl_c_keeps_the_finished_layers_and_says_how_to_go_on(undisturbed: Undisturbed, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with Job(undisturbed, runs) as job:
        assert job.end(signal.SIGINT, listed(1)) == 130, job.said()
        assert "Traceback" not in job.said()
        assert "run the same command" in job.said()
    done = finished_layers(runs / "x")
    assert {0, 1} <= done < set(range(LAYERS))
    assert state(runs) == "partial"
    kept = contents(runs / "x")
    extract(undisturbed.request(runs))
    assert state(runs) == "complete"
    assert {file: value for file, value in contents(runs / "x").items() if file in kept} == kept
    assert stored_records(runs / "x") == undisturbed.records


@pytest.fixture
def running(undisturbed: Undisturbed, tmp_path: Path) -> Iterator[Path]:
    """The runs directory of an extraction that another process is at, stopped in its middle."""
    with Job(undisturbed, tmp_path / "runs") as job:
        job.signal(signal.SIGSTOP, listed(0))
        yield tmp_path / "runs"


def test_one_run_has_one_writer_and_is_listed_as_running(
    undisturbed: Undisturbed, running: Path, tmp_path: Path
) -> None:
    assert state(running) == "running"
    assert open_run(running / "x").layers
    with pytest.raises(RunBusyError, match="another process is writing the run x"):
        extract(undisturbed.request(running))
