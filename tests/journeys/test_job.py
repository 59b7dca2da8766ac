"""An extraction as the app has it made: estimated, started, paused, cancelled, gone on with."""

import threading
from collections.abc import Callable
from pathlib import Path

from neuron_tui.store import open_run
from neuron_tui.store.runs.catalog import summarise
from neuron_tui.store.runs.job import JobStatus, job_status, log_tail
from neuron_tui.store.runs.manifest import MANIFEST, read_manifest
from neuron_tui.tui.jobs.estimate import Estimated, Estimation, Refused
from neuron_tui.tui.jobs.jobs import cancel_job, pause_job, resume_job, start_job

TOKENS = 60_000
ARGUMENTS = ("pocket-opt", "--corpus", "builtin:math", "--tokens", str(TOKENS), "--device", "cpu", "--name", "sums")


def until(met: Callable[[JobStatus], bool], folder: Path) -> JobStatus:
    """Look at a job again and again until it meets a condition; it must not end before."""
    look_again = threading.Event()
    for _ in range(12000):
        status = job_status(folder)
        assert status is not None
        if met(status):
            return status
        assert status.active, f"{status}\n{log_tail(folder)}"
        look_again.wait(0.01)
    raise AssertionError(f"never came: {job_status(folder)}")


def test_an_extraction_from_its_estimate_to_its_end(tmp_path: Path) -> None:
    place = ("--runs-dir", str(tmp_path))
    refused = Estimation(lambda: (*ARGUMENTS, "--layers", "9", *place)).run()
    assert refused == Refused("layers", "--layers names layer 9; the model has 0 to 3")
    expected = Estimation(lambda: (*ARGUMENTS, *place)).run()
    assert isinstance(expected, Estimated)
    assert (expected.tokens, expected.model, expected.layers, expected.neurons) == (TOKENS, "pocket-opt", 4, 2048)

    folder = start_job(tmp_path, ARGUMENTS)
    pause_job(folder)  # takes effect at the first step, however early it comes
    paused = until(lambda status: status.condition == "paused", folder)
    assert paused.job.place == 0
    assert summarise(folder).state == "running"
    cancel_job(folder)
    until(lambda status: status.condition == "cancelled", folder)
    assert not (folder / MANIFEST).exists()

    assert resume_job(folder) == folder
    until(lambda status: status.job.place == 1, folder)
    cancel_job(folder)
    until(lambda status: status.condition == "cancelled", folder)
    layers = set(read_manifest(folder).layers)
    assert {0} <= layers < {0, 1, 2, 3}

    assert resume_job(folder) == folder
    done = until(lambda status: status.condition == "done", folder)
    assert (done.job.place, done.job.layers) == (4, 4)
    assert summarise(folder).state == "complete"
    assert open_run(folder).manifest.tokens == TOKENS
    assert log_tail(folder, 1) == [f"Done: {folder}"]
