"""Extractions that outlive the app, are killed, paused and cancelled, as a person at the list of runs meets them."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from neuron_tui.store.runs.job import JobStatus, job_status
from neuron_tui.store.runs.manifest import read_manifest
from tests.journeys.conftest import LARGE, LAYERS, SMALL, Home, Texts, hold
from tests.journeys.terminal import ENTER, PROGRAM, Terminal

NAME = "tiny-opt-long-letters"


def the_job(folder: Path) -> JobStatus:
    status = job_status(folder)
    assert status is not None
    return status


def started(home: Home, texts: Texts, size: tuple[int, int]) -> Terminal:
    """An app in which the extraction that the settings propose was started and has come to its first layer's end."""
    home.configure(texts.settings)
    terminal = home.start(size)
    terminal.wait_for("There are no runs yet.")
    terminal.press("n")
    terminal.wait_for(NAME)
    terminal.press("\x13")  # ctrl+s
    terminal.wait_for(has_layers(home.runs / NAME, 1))
    assert the_job(home.runs / NAME).active
    return terminal


def has_layers(folder: Path, count: int) -> Callable[[str], bool]:
    """Whether a job is past so many layers and has written them: it writes one while it computes the next."""

    def there(_: str) -> bool:
        status = job_status(folder)
        return status is not None and status.job.place >= count and len(read_manifest(folder).layers) >= count

    return there


def left(terminal: Terminal) -> None:
    """Leave the list of runs, and with it the program."""
    assert not terminal.too_wide()
    terminal.press("q")
    assert terminal.wait_for_end() == 0


def printed(*arguments: str) -> str:
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@LARGE
def test_a_job_outlives_the_app(size: tuple[int, int], home: Home, texts: Texts) -> None:
    terminal = started(home, texts, size)
    folder = home.runs / NAME
    terminal.child.kill(signal.SIGKILL)
    assert terminal.wait_for_end() == -signal.SIGKILL
    before = the_job(folder)
    assert before.active
    again = home.start(size)
    # It goes on with nobody there to see it; held, it can be seen how far it has come.
    again.wait_for(has_layers(folder, before.job.place + 1))
    hold(folder)
    again.footer("go on")
    now = the_job(folder)
    assert now.job.pid == before.job.pid
    assert before.job.place < now.job.place < LAYERS
    again.wait_for(f"{now.job.place}/{LAYERS}")
    again.press("p")
    again.wait_for("complete")
    again.reads(f"{NAME} done, {LAYERS} layers")
    assert the_job(folder).condition == "done"
    left(again)


@SMALL
def test_a_killed_job_is_told_and_goes_on_to_the_same_records(size: tuple[int, int], home: Home, texts: Texts) -> None:
    terminal = started(home, texts, size)
    folder = home.runs / NAME
    os.kill(the_job(folder).job.pid, signal.SIGKILL)
    terminal.footer("e resume")
    terminal.reads("its process is gone and never said why. e resumes it")
    terminal.wait_for("The end of its log:")
    kept = read_manifest(folder).layers
    assert 1 <= len(kept) < LAYERS
    terminal.press("e")
    terminal.wait_for("complete")
    left(terminal)
    printed("check", str(folder))
    lines = ("--all", "--format", "jsonl")
    assert printed("export", str(folder), *lines) == printed("export", str(texts.run), *lines)
    assert {layer: entry for layer, entry in read_manifest(folder).layers.items() if layer in kept} == kept


@SMALL
def test_a_job_is_paused_let_go_on_and_cancelled(size: tuple[int, int], home: Home, texts: Texts) -> None:
    terminal = started(home, texts, size)
    folder = home.runs / NAME
    terminal.press("p")
    terminal.footer("p go on", "X cancel")
    terminal.wait_for("paused, ")
    held = the_job(folder)
    assert held.condition == "paused" and 1 <= held.job.place < LAYERS
    terminal.press("p")
    terminal.wait_for(has_layers(folder, held.job.place + 1))
    hold(folder)  # so that it is not done before the question is answered
    # What the job tells of itself is a little behind the layers it has written.
    terminal.wait_for(lambda screen: f"{the_job(folder).job.place}/{LAYERS}" in screen)
    assert the_job(folder).job.pid == held.job.pid
    terminal.press("X")
    terminal.wait_for(f"Cancel the extraction {NAME}?")
    terminal.press("y")
    terminal.footer("e resume")
    terminal.wait_for("cancelled, ")
    kept = sorted(read_manifest(folder).layers)
    assert held.job.place < len(kept) < LAYERS
    terminal.press(ENTER)
    terminal.wait_for(f"Neurons · {64 * len(kept)} ")
    terminal.press("/", f"layer:{kept[-1]} ", ENTER)
    terminal.wait_for(f"64 of {64 * len(kept)} ")
    record = json.loads(printed("export", str(folder), "--neuron", f"{kept[-1]}:5", "--format", "jsonl"))
    assert record["layer"] == kept[-1]
    terminal.press("q")
    terminal.wait_for("Runs · 1")
    left(terminal)
