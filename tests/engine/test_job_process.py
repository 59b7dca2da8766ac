"""An extraction as a process: paused, let go on, cancelled, killed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neuron_tui.engine.extraction import extract
from neuron_tui.store.disk.lock import is_being_written
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.job import Job as Told
from neuron_tui.store.runs.job import job_status

from .cases import stored_records
from .slow import LAYERS, Job, Undisturbed, finished_layers, listed, undisturbed  # noqa: F401 - a fixture

# ruff: noqa: F811 - the fixture is imported by its name


def condition(folder: Path) -> str | None:
    status = job_status(folder)
    return None if status is None else status.condition


def is_now(wanted: str) -> Callable[[Path], bool]:
    return lambda folder: condition(folder) == wanted


def told(folder: Path) -> Told:
    status = job_status(folder)
    assert status is not None
    return status.job


@pytest.fixture
def job(undisturbed: Undisturbed, tmp_path: Path) -> Iterator[Job]:
    """An extraction in its middle, started as the app does."""
    with Job(undisturbed, tmp_path / "runs", leading_a_session=True) as started:
        started.until(listed(0))
        yield started


def test_paused_it_gets_no_further_and_let_go_on_it_ends_like_any_other(job: Job, undisturbed: Undisturbed) -> None:
    job.tell(signal.SIGUSR1)
    job.until(is_now("paused"))
    paused = told(job.folder)
    job.until(lambda folder: told(folder).heartbeat > paused.heartbeat + 1)
    layers = finished_layers(job.folder)  # a layer that was on its way to the disk is there by now
    assert len(layers) < LAYERS
    job.until(lambda folder: told(folder).heartbeat > paused.heartbeat + 2)
    now = told(job.folder)
    assert now.model_copy(update={"heartbeat": paused.heartbeat, "memory": paused.memory}) == paused
    assert finished_layers(job.folder) == layers
    assert summarise(job.folder).state == "running"
    job.tell(signal.SIGHUP)  # what it was started from goes away
    job.tell(signal.SIGUSR2)
    assert job.end() == 0, job.said()
    assert condition(job.folder) == "done"
    assert stored_records(job.folder) == undisturbed.records


@pytest.mark.parametrize("paused", [False, True])
def test_cancelled_it_keeps_the_finished_layers_and_can_go_on(job: Job, undisturbed: Undisturbed, paused: bool) -> None:
    if paused:
        job.tell(signal.SIGUSR1)
        job.until(is_now("paused"))
    job.tell(signal.SIGINT if paused else signal.SIGTERM)
    assert job.end() == 130, job.said()
    assert "Traceback" not in job.said()
    assert condition(job.folder) == "cancelled"
    assert {0} <= finished_layers(job.folder) < set(range(LAYERS))
    extract(undisturbed.request(job.folder.parent))
    assert condition(job.folder) == "done"
    assert stored_records(job.folder) == undisturbed.records


def test_killed_it_has_died_and_the_run_is_free(job: Job) -> None:
    assert condition(job.folder) == "running"
    assert job.end(signal.SIGKILL) == -signal.SIGKILL
    assert condition(job.folder) == "died"
    assert told(job.folder).state == "running"
    assert not is_being_written(job.folder)
    assert summarise(job.folder).state == "partial"


def test_a_second_start_of_the_same_run_is_refused_and_disturbs_nothing(
    job: Job, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    job.tell(signal.SIGUSR1)
    job.until(is_now("paused"))
    (tmp_path / "second").mkdir()
    runs = job.folder.parent
    with Job(undisturbed, runs, said=tmp_path / "second" / "said.txt") as second:
        assert second.end() == 4
        assert "another process is writing the run x" in second.said()
    assert condition(job.folder) == "paused"
    job.tell(signal.SIGUSR2)
    assert job.end() == 0, job.said()
    assert stored_records(job.folder) == undisturbed.records
