"""The engine's process is replaced by a script that tells of itself as the engine does; its model says what it does."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from neuron_tui.store.disk.lock import writing
from neuron_tui.store.errors import (
    InputError,
    NeuronTuiError,
    RunBusyError,
    RunConflictError,
    RunError,
    RunNotFoundError,
    UsageError,
)
from neuron_tui.store.runs import job as job_records
from neuron_tui.store.runs.catalog import list_runs, rename_run
from neuron_tui.store.runs.job import JOB_FILE, LOG_FILE, Job, job_status, log_tail, read_job, write_job
from neuron_tui.tui.jobs import jobs
from neuron_tui.tui.jobs.jobs import cancel_job, continue_job, pause_job, resume_job, start_job
from tests.synthetic import build_run
from tests.tui.jobs_at_hand import a_job, put_job

_ENGINE = """
import os, signal, sys
signals = {signal.SIGUSR1: "paused", signal.SIGUSR2: "running", signal.SIGINT: "cancelled"}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before libraries start threads that would take them
from pathlib import Path
from neuron_tui.store.runs.job import Job, process_start, this_host, write_job
from neuron_tui.store.disk.lock import writing

_, model, *options = arguments = sys.argv[1:]
last = dict(zip(options, options[1:]))  # of an option given twice the last counts
folder = Path(last["--runs-dir"]) / last["--name"]
if model == "refuses":
    sys.exit(print("model x: no such thing\\nSpell it right.", file=sys.stderr) or 3)
if model == "usage":
    print("Usage: neuron-tui extract [OPTIONS] {MODEL}\\nTry 'x --help' for help.", file=sys.stderr)
    print("╭─ Error ───╮\\n│ Invalid value for '--tokens': no  │\\n│ integer │\\n╰───────────╯", file=sys.stderr)
    sys.exit(2)
if model == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if model == "complete":
    sys.exit(0)

with writing(folder):
    def tell(state, **more):
        write_job(folder, Job(
            pid=os.getpid(), process_started=process_start(os.getpid()) or 0, host=this_host(), begun="now",
            arguments=tuple(arguments[1:-2]), state=state, **more
        ))
    if model == "fails":
        tell("failed", problem="corpus x: no text")
        print("layer 1\\ncorpus x: no text", file=sys.stderr)
        sys.exit(3)
    tell("starting")
    print(f"in {os.getcwd()}, stdin {sys.stdin.read()!r}, to stdout", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    state = "running"
    while state != "cancelled":
        tell(state)
        state = signals[signal.sigwait(signals)]
    tell(state)
sys.exit(130)
"""

_APP = f"""
import sys
from pathlib import Path
from neuron_tui.tui.jobs import jobs
jobs.engine_command = lambda *arguments: [sys.executable, "-c", {_ENGINE!r}, *arguments]
print(jobs.start_job(Path(sys.argv[1]), ["works", "--name", "x"]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runs directory of its own, whose jobs end with the test."""
    monkeypatch.setattr(jobs, "engine_command", lambda *arguments: [sys.executable, "-c", _ENGINE, *arguments])
    yield tmp_path / "runs"
    for run in list_runs(tmp_path / "runs"):
        if run.job is not None and run.job.active and run.job.job.pid != os.getpid():
            os.kill(run.job.job.pid, signal.SIGKILL)
            until(lambda path=run.path: condition(path) == "died")


def until(met: Callable[[], bool]) -> None:
    """Look again and again until a condition is met."""
    look_again = threading.Event()
    for _ in range(6000):
        if met():
            return
        look_again.wait(0.01)
    raise AssertionError("never came")


def condition(folder: Path) -> str | None:
    status = job_status(folder)
    return None if status is None else status.condition


def job_of(folder: Path) -> Job:
    status = job_status(folder)
    assert status is not None
    return status.job


# Starting


def test_a_job_has_a_session_of_its_own_and_a_log(directory: Path) -> None:
    folder = start_job(directory, ["works", "--corpus", "a b", "--name", "x"])
    assert folder == directory / "x"
    until(lambda: condition(folder) == "running")
    job = job_of(folder)
    assert job.arguments == ("works", "--corpus", "a b", "--name", "x")
    assert os.getsid(job.pid) == job.pid
    until(lambda: len(log_tail(folder)) == 3)
    said = log_tail(folder)
    assert said[0].endswith("UTC  extract works --corpus 'a b' --name x")
    assert said[1:] == [f"in {Path.cwd()}, stdin '', to stdout", "to stderr"]


def test_a_job_that_ends_is_no_burden_to_the_process_table(directory: Path) -> None:
    folder = start_job(directory, ["works", "--name", "x"])
    pid = job_of(folder).pid
    cancel_job(folder)
    until(lambda: not Path(f"/proc/{pid}").exists() if sys.platform == "linux" else condition(folder) == "cancelled")
    assert condition(folder) == "cancelled"


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("refuses", InputError, "model x: no such thing\nSpell it right."),
        ("usage", UsageError, "Invalid value for '--tokens': no integer"),
        ("killed", NeuronTuiError, "the extraction was ended by SIGKILL\nStart it again."),
        ("fails", InputError, "corpus x: no text"),
    ],
)
def test_what_ends_at_once_with_an_error_says_it_and_leaves_nothing(
    directory: Path, model: str, error: type[NeuronTuiError], said: str
) -> None:
    with pytest.raises(error) as caught:
        start_job(directory, [model, "--name", "x"])
    assert str(caught.value) == said
    assert not (directory / "x").exists()


def test_an_error_at_once_leaves_a_run_that_was_there_as_it_was(directory: Path) -> None:
    folder = build_run(directory / "x", layers=2, neurons=12, finished=1)
    before = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    with pytest.raises(InputError):
        start_job(directory, ["refuses", "--name", "x"])
    assert {path: path.read_bytes() for path in before} == before
    assert log_tail(folder, 1) == ["Spell it right."]


def test_an_extraction_with_nothing_to_do_is_no_error(directory: Path) -> None:
    assert start_job(directory, ["complete", "--name", "x"]) == directory / "x"


def test_a_run_has_one_job_at_a_time(directory: Path) -> None:
    folder = start_job(directory, ["works", "--name", "x"])
    with pytest.raises(RunBusyError, match="the run x is being extracted already"):
        start_job(directory, ["works", "--name=x"])
    assert job_of(folder).pid != os.getpid()
    assert job_status(folder) is not None


def test_a_job_that_has_said_its_last_word_is_waited_for(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (directory / "x").mkdir(parents=True)
    ending, waited = threading.Event(), threading.Event()
    really_sleep = time.sleep

    def sleep(seconds: float) -> None:
        waited.set()
        really_sleep(seconds)

    def let_go() -> None:
        with writing(directory / "x"):
            write_job(directory / "x", a_job(state="cancelled"))
            ending.set()
            waited.wait()

    monkeypatch.setattr(time, "sleep", sleep)
    thread = threading.Thread(target=let_go)
    thread.start()
    ending.wait()
    folder = start_job(directory, ["works", "--name", "x"])
    thread.join()
    assert job_of(folder).pid != os.getpid()


def test_a_folder_of_somebody_elses_and_a_bad_name_are_refused_before_anything(directory: Path) -> None:
    (directory / "theirs").mkdir(parents=True)
    (directory / "theirs" / "notes.txt").write_text("keep")
    with pytest.raises(InputError, match="exists and is no run"):
        start_job(directory, ["works", "--name", "theirs"])
    assert [path.name for path in (directory / "theirs").iterdir()] == ["notes.txt"]
    for arguments in (["works", "--name", "../x"], ["works"]):
        with pytest.raises(UsageError):
            start_job(directory, arguments)


def test_a_job_outlives_the_app_and_another_finds_it(directory: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _APP, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == f"{directory / 'x'}\n"
        app.kill()
    until(lambda: condition(directory / "x") == "running")
    pause_job(directory / "x")
    until(lambda: condition(directory / "x") == "paused")


# Steering


def test_a_job_is_paused_let_go_on_and_cancelled(directory: Path) -> None:
    folder = start_job(directory, ["works", "--name", "x"])
    for act, wanted in ((pause_job, "paused"), (continue_job, "running"), (cancel_job, "cancelled")):
        act(folder)
        until(lambda wanted=wanted: condition(folder) == wanted)
    for act in (pause_job, continue_job, cancel_job):
        with pytest.raises(RunError, match="the extraction of x is not under way: it was cancelled"):
            act(folder)


def test_what_has_no_job_cannot_be_steered(directory: Path) -> None:
    folder = build_run(directory / "x", layers=1, neurons=12)
    with pytest.raises(RunError, match="the run x has no extraction"):
        pause_job(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_process_that_took_over_the_number_of_a_dead_job_is_left_alone(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda _, number: told.append(number))
    folder = directory / "x"
    folder.mkdir(parents=True)
    with writing(folder):
        write_job(folder, a_job())
        pause_job(folder)
        assert told == [signal.SIGUSR1]
        write_job(folder, a_job(process_started=1.5))
        with pytest.raises(RunError, match="not under way: its process is gone"):
            pause_job(folder)
        # It ends between two looks.
        monkeypatch.setattr(jobs, "is_process", lambda *_: False)
        write_job(folder, a_job())
        with pytest.raises(RunError, match="cannot be reached: its process is gone"):
            pause_job(folder)
        write_job(folder, a_job(host="elsewhere"))
        with pytest.raises(RunError, match="the extraction of x runs on elsewhere"):
            pause_job(folder)
    assert told == [signal.SIGUSR1]


# Going on


def test_a_cancelled_job_goes_on_with_its_own_arguments_under_its_present_name(directory: Path) -> None:
    folder = start_job(directory, ["works", "--tokens", "5", "--name", "x"])
    cancel_job(folder)
    until(lambda: condition(folder) == "cancelled")
    assert resume_job(folder) == folder
    assert job_of(folder).arguments == ("works", "--tokens", "5", "--name", "x")
    cancel_job(folder)
    until(lambda: condition(folder) == "cancelled")
    renamed = rename_run(folder, "y")
    assert resume_job(renamed) == renamed
    assert job_of(renamed).arguments[-2:] == ("--name", "y")


def test_renaming_waits_for_the_last_steps_of_a_job_that_has_ended(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_run(directory / "x", layers=1, neurons=12)
    put_job(folder, state="done")
    lock = writing(folder)
    lock.__enter__()
    monkeypatch.setattr(job_records.time, "sleep", lambda _: lock.__exit__(None, None, None))
    assert rename_run(folder, "y") == directory / "y"


def test_a_run_without_a_job_goes_on_with_the_options_of_its_manifest(directory: Path) -> None:
    folder = build_run(directory / "x", layers=3, neurons=12, finished=1)
    seen: list[tuple[str, ...]] = []

    def start(runs_dir: Path, arguments: tuple[str, ...]) -> Path:
        seen.append(arguments)
        return runs_dir / "x"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "start_job", start)
        assert resume_job(folder) == folder
        (folder / JOB_FILE).write_text("{")  # as good as none
        resume_job(folder)
    from neuron_tui.store.runs.manifest import read_manifest
    from neuron_tui.store.runs.option_texts import from_arguments

    manifest = read_manifest(folder)
    assert seen[0] == seen[1]
    asked = from_arguments(seen[0]).read()
    assert asked == manifest.extraction("x")
    assert (asked.model, asked.name, asked.corpus) == ("synthetic-opt", "x", manifest.options.corpus)
    assert (asked.dtype, asked.batch_tokens) == (manifest.options.dtype, manifest.options.batch_tokens)
    some = manifest.options.model_copy(update={"context_length": 16, "layers": (0, 2), "keep_activations": "never"})
    partly = manifest.model_copy(update={"options": some}).extraction("y")
    assert from_arguments(partly.arguments()).read() == partly
    assert (partly.context_length, partly.layers, partly.keep_activations) == (16, (0, 2), "never")


def test_there_must_be_something_to_go_on_with(directory: Path) -> None:
    complete = build_run(directory / "whole", layers=1, neurons=12)
    put_job(complete, state="done")
    with pytest.raises(RunConflictError, match="the run whole is complete"):
        resume_job(complete)
    with pytest.raises(RunNotFoundError):
        resume_job(directory / "nothing")
    assert not (complete / LOG_FILE).exists()
    assert read_job(complete).state == "done"
