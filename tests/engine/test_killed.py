"""A killed or interrupted extraction goes on where it was and ends with the records of an undisturbed one."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import extract
from neuron_tui.store import open_run
from neuron_tui.store.errors import RunBusyError
from neuron_tui.store.runs.catalog import State, list_runs

from .cases import stored_records
from .slow import LAYERS, Job, Undisturbed, finished_layers, listed, undisturbed  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


def has(pattern: str) -> Callable[[Path], bool]:
    return lambda folder: any(folder.glob(pattern))


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "the corpus is being written": has("corpus.h5*"),
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
