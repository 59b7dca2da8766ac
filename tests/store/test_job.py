import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neuron_tui.store.disk.lock import writing
from neuron_tui.store.errors import RunDamagedError, RunNotFoundError
from neuron_tui.store.runs.job import (
    JOB_FILE,
    LOG_FILE,
    Job,
    JobState,
    is_process,
    job_status,
    log_tail,
    process_start,
    read_job,
    stage_words,
    this_host,
    write_job,
)

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def job(**changes: Any) -> Job:
    """A job of this very process."""
    told: dict[str, Any] = {
        "pid": os.getpid(),
        "process_started": process_start(os.getpid()) or 0.0,
        "host": this_host(),
        "arguments": ("pocket-opt", "--corpus", "prose=builtin:prose", "--name", "x"),
        "begun": "2026-01-02T03:04:05+00:00",
        "state": "running",
    }
    return Job(**(told | changes))


def test_what_is_written_is_read_back_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    told = job(stage="forward", layer=7, done=10, total=20, rate=1.5, left=None, device_memory=5, heartbeat=1e9 + 1 / 3)
    write_job(tmp_path, job())
    write_job(tmp_path, told)
    assert read_job(tmp_path) == told
    assert [path.name for path in tmp_path.iterdir()] == [JOB_FILE]


def test_without_a_job_there_is_no_status(tmp_path: Path) -> None:
    assert job_status(tmp_path) is None
    assert job_status(tmp_path / "nowhere") is None
    with pytest.raises(RunNotFoundError):
        read_job(tmp_path)


def spoil(change: Callable[[dict[str, Any]], object]) -> bytes:
    told = json.loads(job().model_dump_json())
    change(told)
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"\xff\xfe",
        spoil(lambda told: told.update(more=1)),
        spoil(lambda told: told.update(state="asleep")),
        spoil(lambda told: told.update(pid=-1)),  # would be a whole group of processes
        spoil(lambda told: told.pop("arguments")),
    ],
)
def test_a_file_that_is_no_job_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / JOB_FILE).write_bytes(content)
    with pytest.raises(RunDamagedError, match="Delete the file"):
        read_job(tmp_path)
    assert job_status(tmp_path) is None


@pytest.mark.parametrize("state", ["starting", "running", "paused"])
def test_a_job_at_work_is_active_while_its_process_holds_the_run(tmp_path: Path, state: JobState) -> None:
    write_job(tmp_path, job(state=state))
    with writing(tmp_path):
        status = job_status(tmp_path)
        assert status is not None
        assert (status.condition, status.active) == (state, True)
    status = job_status(tmp_path)
    assert status is not None
    assert (status.condition, status.active) == ("died", False)
    assert status.job.state == state


@pytest.mark.parametrize("state", ["done", "cancelled", "failed"])
def test_a_job_that_ended_is_what_it_said_last_whoever_holds_the_run(tmp_path: Path, state: JobState) -> None:
    write_job(tmp_path, job(state=state, pid=1))
    status = job_status(tmp_path)
    assert status is not None
    assert (status.condition, status.active) == (state, False)
    with writing(tmp_path):
        assert job_status(tmp_path) == status


@needs_proc
def test_a_later_writer_of_the_run_does_not_bring_a_dead_job_back(tmp_path: Path) -> None:
    write_job(tmp_path, job(process_started=1.5))  # the number is in use again, by a process that began later
    with writing(tmp_path):
        status = job_status(tmp_path)
        assert status is not None
        assert status.condition == "died"


def test_of_a_job_on_another_machine_the_lock_alone_tells(tmp_path: Path) -> None:
    write_job(tmp_path, job(host="elsewhere", process_started=1.5))
    with writing(tmp_path):
        status = job_status(tmp_path)
        assert status is not None
        assert status.condition == "running"


@needs_proc
def test_a_process_is_known_by_its_number_and_its_start() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = process_start(process.pid)
        assert started is not None
        assert is_process(process.pid, started) is True
        assert is_process(process.pid, started + 1) is False
        assert process.stdin is not None
        process.stdin.close()
        # Nobody has asked for its exit code yet: its number is taken, but it is no process any more.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process_start(process.pid) is None
    assert is_process(process.pid, started) is False


def test_the_tail_of_the_log_is_its_last_lines(tmp_path: Path) -> None:
    assert log_tail(tmp_path) == []
    (tmp_path / LOG_FILE).write_text("".join(f"line {i}\n\n" for i in range(50_000)) + "no end of line \x1b[31m")
    assert log_tail(tmp_path, 3) == ["line 49998", "line 49999", "no end of line \x1b[31m"]
    assert len(log_tail(tmp_path)) == 12
    assert log_tail(tmp_path, 0) == []
    (tmp_path / LOG_FILE).write_bytes(b"\xff broken\n")
    assert log_tail(tmp_path) == ["\ufffd broken"]


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("", "starting"),
        ("open", "opening the model"),
        ("sort", "sorting n-grams"),
        ("pass", "passing through layer 7"),
        ("forward", "layer 7 (3 of 4) forward"),
        ("count", "layer 7 (3 of 4) counting"),
        ("recount", "layer 7 (3 of 4) counting again"),
    ],
)
def test_what_a_job_does_in_words(stage: str, words: str) -> None:
    assert stage_words(stage, 7, 2, 4) == words
    assert job(stage=stage, layer=7, place=2, layers=4).doing == words
