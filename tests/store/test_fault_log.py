"""The log of faults: each once and in full, for its owner alone, without text that people gave, and never endless."""

import os
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from neuron_tui.store import fault_log
from neuron_tui.store.errors import InputError
from neuron_tui.store.fault_log import command_shown, log_fault

CANARY = "the canary of a text"


def raised(raise_it: Callable[[], object]) -> Exception:
    try:
        raise_it()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def fail(error: Exception) -> None:
    raise error


def fail_for(reason: Exception, error: Exception) -> None:
    try:
        raise reason
    except Exception as caught:
        raise error from caught


def group() -> None:
    raise ExceptionGroup(CANARY, [ValueError(CANARY), KeyError(CANARY)])


def noted() -> None:
    error = ValueError(CANARY)
    error.add_note(CANARY)
    raise error


FAULTS: dict[str, Callable[[], object]] = {
    "raised by us": lambda: fail(ValueError(CANARY)),
    "a key": lambda: {}[CANARY],
    "an error of ours": lambda: fail(InputError(f"cannot read {CANARY}\nTake another.")),
    "a number": lambda: int(CANARY),
    "a quote in it": lambda: float(f"{CANARY}'s \" own"),
    "an encoding": lambda: f"{CANARY}\ud800".encode(),
    "a name": lambda: np.dtype(CANARY),
    "a cause": lambda: fail_for(ValueError(CANARY), RuntimeError(CANARY)),
    "a group": group,
    "a note": noted,
    "an own str": lambda: fail(OSError(CANARY)),
    "syntax": lambda: compile(f"{CANARY} = '", CANARY.replace(" ", ""), "exec"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_no_message_of_any_kind_of_fault_brings_text_into_the_log(kind: str, tmp_path: Path) -> None:
    error = raised(FAULTS[kind])
    log_fault(error, tmp_path / "log")
    written = (tmp_path / "log").read_text()
    assert type(error).__name__ in written and "test_fault_log.py" in written
    assert not any(word in written for word in (CANARY, "of a text"))


def test_what_python_and_the_system_say_of_sizes_and_files_is_kept(tmp_path: Path) -> None:
    log_fault(raised(lambda: np.zeros(3) + np.zeros(4)), tmp_path / "log")
    log_fault(raised(lambda: (tmp_path / "none").read_text()), tmp_path / "log")
    log_fault(raised(lambda: None.rows), tmp_path / "log")  # type: ignore[attr-defined]
    written = (tmp_path / "log").read_text()
    assert "ValueError: operands could not be broadcast together with shapes (3,) (4,)" in written
    assert f"FileNotFoundError: [Errno 2] No such file or directory: '{tmp_path}/none'" in written
    assert "AttributeError: 'NoneType' object has no attribute 'rows'" in written


def test_a_command_is_logged_without_what_was_typed() -> None:
    typed = ["/bin/neuron-tui", "prompt", "demo", "--text", CANARY, f"--label={CANARY}", "--top", "3", "type:token"]
    assert command_shown(typed) == "neuron-tui prompt … --text … --label=… --top 3 …"
    assert command_shown(["neuron-tui", CANARY]) == "neuron-tui …"
    assert command_shown([]) == ""


def test_the_log_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    os.umask(before := os.umask(0))
    os.umask(0)
    try:
        log_fault(ValueError("x"), tmp_path / "state" / "log" / "neuron-tui.log")
    finally:
        os.umask(before)
    assert (tmp_path / "state" / "log").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "log" / "neuron-tui.log").stat().st_mode & 0o777 == 0o600


def test_a_log_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    log = tmp_path / "log" / "neuron-tui.log"
    log.parent.mkdir(mode=0o755)
    log.write_text("before\n")
    log.chmod(0o644)
    log_fault(ValueError("x"), log)
    assert (log.parent.stat().st_mode & 0o777, log.stat().st_mode & 0o777) == (0o700, 0o600)
    assert log.read_text().startswith("before\n")


def test_the_log_is_begun_anew_once_it_is_large_and_one_old_one_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log" / "neuron-tui.log"
    log.parent.mkdir()
    log.write_text("before\n" * 150_000)
    log_fault(ValueError("new"), log)
    assert "ValueError" in log.read_text()
    assert "before" not in log.read_text()
    assert log.with_suffix(".log.1").read_text().startswith("before\n")


def test_the_same_fault_is_counted_not_written_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for number in range(1000):
        assert log_fault(raised(lambda: fail(ValueError(CANARY))), log) == number + 1
    written = log.read_text()
    assert written.count("Traceback") == 1
    assert written.count("The same fault again") == 3
    assert "1,000 times by now: ValueError in test_fault_log.py" in written
    assert len(written) < 2000


def write_many(log: Path, process: int, times: int) -> None:
    fault_log.LARGEST = 40_000
    for number in range(times):
        fault_log._known.clear()
        kind = type(f"P{process}N{number}Error", (Exception,), {})
        log_fault(kind(), log)
    sys.exit(0)


def test_processes_that_begin_the_log_anew_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    log, times = tmp_path / "neuron-tui.log", 150
    context = get_context("fork")
    writers = [context.Process(target=write_many, args=(log, process, times)) for process in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 3
    # No more than fits both files was written, so every entry is in one of them, whole and once.
    written = log.with_suffix(".log.1").read_text() + log.read_text()
    assert all(written.count(f".P{p}N{n}Error\n") == 1 for p in range(3) for n in range(times))
