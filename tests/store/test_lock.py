import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from neuron_tui.store.disk.lock import LOCK, is_being_written, writing
from neuron_tui.store.errors import RunBusyError
from neuron_tui.store.runs.catalog import summarise

_HOLDER = """
import sys
from pathlib import Path
from neuron_tui.store.disk.lock import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with writing(tmp_path):
        assert is_being_written(tmp_path)
        with pytest.raises(RunBusyError, match="another process is writing the run"), writing(tmp_path):
            pass
    assert not is_being_written(tmp_path)


def test_a_folder_nobody_ever_wrote_to_is_free(tmp_path: Path) -> None:
    assert not is_being_written(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_of_another_process_shows_as_running_and_killed_leaves_the_run_free(copy: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, copy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert summarise(copy).state == "running"
        with pytest.raises(RunBusyError), writing(copy):
            pass
        holder.kill()
    assert summarise(copy).state == "complete"
    with writing(copy):
        pass


def test_a_lock_that_was_taken_away_while_somebody_waited_for_it_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_lock = fcntl.flock

    def lock_after_the_owner_left(descriptor: int, how: int) -> None:
        if (tmp_path / "left").exists():
            (tmp_path / "left").unlink()
            (tmp_path / LOCK).unlink()
        really_lock(descriptor, how)

    (tmp_path / "left").touch()
    monkeypatch.setattr(fcntl, "flock", lock_after_the_owner_left)
    with writing(tmp_path), pytest.raises(RunBusyError), writing(tmp_path):
        pass
