"""On a file system without locks everything works, it is said once, and what a job tells stands in for its lock."""

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from neuron_tui.store import open_run
from neuron_tui.store.archive.packing import packing
from neuron_tui.store.archive.unpacking import unpack
from neuron_tui.store.disk import lock
from neuron_tui.store.disk.lock import is_being_written, writing
from neuron_tui.store.errors import RunBusyError
from neuron_tui.store.runs.catalog import delete_run, rename_run, summarise
from neuron_tui.store.runs.folder import writing_to
from neuron_tui.store.runs.job import Job, JobState, job_status, process_start, this_host, write_job


@pytest.fixture(autouse=True, params=[errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told of it."""

    def without(_descriptor: int, _how: int) -> None:
        raise OSError(request.param, os.strerror(request.param))

    heard: list[str] = []
    monkeypatch.setattr(fcntl, "flock", without)
    monkeypatch.setattr(lock, "_told", [])
    monkeypatch.setattr(lock, "tell", heard.append)
    return heard


@pytest.fixture
def other() -> Iterator[int]:
    """Another process, which waits."""
    hear, speak = os.pipe()
    process = os.fork()
    if not process:
        os.close(speak)
        os.read(hear, 1)
        os._exit(0)
    os.close(hear)
    yield process
    os.close(speak)
    os.waitpid(process, 0)


def tell_of(folder: Path, pid: int, state: JobState = "running", **changes: Any) -> None:
    folder.mkdir(exist_ok=True)
    told: dict[str, Any] = {"host": this_host(), "arguments": ("m",), "begun": "2026-01-01", "state": state}
    write_job(folder, Job(**told | {"pid": pid, "process_started": process_start(pid) or 0.0} | changes))


def test_what_nothing_can_guard_is_said_once(tmp_path: Path, told: list[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with writing(tmp_path / name) as keeps_others_away:
            assert not keeps_others_away
            assert is_being_written(tmp_path / name) is None
    assert len(told) == 1
    assert "has no locks" in told[0]


def test_a_run_is_noted_renamed_and_deleted(copy: Path) -> None:
    open_run(copy).notes_file.put(0, 1, "", author="Ann", label="a label")
    renamed = rename_run(copy, "other")
    assert [note.label for note in open_run(renamed).notes] == ["a label"]
    delete_run(renamed)
    assert list(copy.parent.iterdir()) == []


def test_a_job_whose_process_lives_is_running_and_nobody_else_writes_its_run(copy: Path, other: int) -> None:
    with writing(copy):
        tell_of(copy, other)
    assert summarise(copy).state == "running"
    with pytest.raises(RunBusyError), writing_to(copy):
        pass
    with pytest.raises(RunBusyError):
        delete_run(copy)
    tell_of(copy, other, "done")
    assert summarise(copy).state == "complete"
    with writing_to(copy):
        pass


def test_a_job_whose_process_is_gone_died(copy: Path) -> None:
    with writing(copy):
        tell_of(copy, 2**22 - 1)
    status = job_status(copy)
    assert status is not None
    assert status.condition == "died"
    assert summarise(copy).state == "complete"


@pytest.mark.parametrize(("ago", "condition"), [(1.0, "running"), (-1.0, "running"), (3600.0, "died")])
def test_a_job_of_another_machine_lives_by_its_heartbeat(copy: Path, ago: float, condition: str) -> None:
    with writing(copy):
        tell_of(copy, 1, host="elsewhere", heartbeat=time.time() - ago)
    status = job_status(copy)
    assert status is not None
    assert status.condition == condition


def test_an_unpacking_takes_no_other_under_way_for_a_leftover(demo: Path, tmp_path: Path) -> None:
    stream = BytesIO()
    with packing(demo) as ready:
        ready.write(stream)
    (tmp_path / ".unpacking-other" / "run").mkdir(parents=True)
    stream.seek(0)
    unpack(stream, tmp_path, None, "demo.tar")
    assert {path.name for path in tmp_path.iterdir()} == {".unpacking-other", "demo"}
