"""The engine's process is replaced by a small script that tells what happens to it on stderr."""

import os
import signal
import subprocess
import sys

import pytest

from neuron_tui.store.errors import InputError
from neuron_tui.tui.jobs import engine_process
from neuron_tui.tui.jobs.engine_process import engine_command, run_engine

_CHILD = """
import signal, sys
from neuron_tui.engine.asked_by import end_with_whoever_asks
end_with_whoever_asks()
def interrupted(*_):
    print("interrupted", file=sys.stderr, flush=True)
    sys.exit(130)
signal.signal(signal.SIGINT, interrupted)
print("started", file=sys.stderr, flush=True)
signal.pause()
signal.pause()
"""

_PARENT = f"""
import sys
from neuron_tui.tui.jobs import engine_process
engine_process.engine_command = lambda *_: [sys.executable, "-c", {_CHILD!r}]
sys.exit(engine_process.run_engine([]))
"""


def child(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(engine_process, "engine_command", lambda *_: [sys.executable, "-c", script])


@pytest.mark.parametrize("code", [0, 3, 4])
def test_the_engines_exit_code_is_ours(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    child(monkeypatch, f"raise SystemExit({code})")
    assert run_engine([]) == code


def test_what_the_engine_prints_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    child(monkeypatch, "print('progress')")
    # Under pytest sys.stderr is a stand-in without the descriptor that a process inherits.
    with os.fdopen(os.dup(2), "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        run_engine([])
    assert capfd.readouterr() == ("", "progress\n")


def test_an_engine_killed_from_outside_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    child(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert run_engine([]) == 1
    assert capfd.readouterr().err == "the engine was ended by SIGKILL\nRun the same command again to go on.\n"


def parent() -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", _PARENT], stderr=subprocess.PIPE, text=True, process_group=0)


def test_ctrl_c_reaches_the_engine_once_and_its_end_is_waited_for() -> None:
    with parent() as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
        assert process.stderr.read() == "interrupted\n"
    assert process.returncode == 130


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")
def test_a_killed_command_leaves_no_engine_behind() -> None:
    with parent() as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "started\n"
        process.kill()
        # Ends only when nobody holds the other end any more: neither the command nor its engine.
        assert process.stderr.read() == ""


def test_no_module_of_the_working_directory_stands_in_for_one_of_the_engines() -> None:
    assert engine_command("train", "x") == [sys.executable, "-P", "-m", "neuron_tui.engine", "train", "x"]


def test_an_argument_that_no_process_can_be_given_is_refused_in_words() -> None:
    with pytest.raises(InputError, match=r"'/a\\x00b' holds a NUL"):
        engine_command("extract", "/a\0b")
