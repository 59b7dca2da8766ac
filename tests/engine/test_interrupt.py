"""Signals take effect between two steps of an extraction."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from neuron_tui.engine.interrupt import PAUSE, ready_for_signals, steered
from neuron_tui.engine.progress import Progress

STEP = Progress("forward", 1, 10)


@pytest.fixture(autouse=True)
def handlers_as_before() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    assert {number: signal.getsignal(number) for number in numbers} == before


def to_ourselves(number: int) -> None:
    signal.raise_signal(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_waits_for_the_end_of_a_step(number: int) -> None:
    seen: list[Progress] = []
    with steered(seen.append) as step:
        step(STEP)
        to_ourselves(number)
        with pytest.raises(KeyboardInterrupt):
            step(STEP)
    assert seen == [STEP, STEP]


def test_the_second_interruption_waits_for_nothing() -> None:
    with steered(lambda _: None):
        to_ourselves(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            to_ourselves(signal.SIGTERM)


def test_what_an_interruption_becomes_where_it_breaks_in_is_still_one() -> None:
    def broken_into() -> None:
        try:
            to_ourselves(signal.SIGINT)
        except KeyboardInterrupt:
            raise SystemError("<built-in method> returned a result with an exception set") from None

    with pytest.raises(KeyboardInterrupt), steered(lambda _: None):
        broken_into()
        broken_into()
    with pytest.raises(ZeroDivisionError), steered(lambda _: None):
        to_ourselves(signal.SIGINT)
        raise ZeroDivisionError


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_pause_lasts_until_somebody_ends_it(goes_on: bool) -> None:
    told = threading.Event()
    seen: list[bool] = []

    def see(step: Progress) -> None:
        seen.append(step.paused)
        if step.paused:
            told.set()

    def end_the_pause() -> None:
        told.wait()
        os.kill(os.getpid(), signal.SIGUSR2 if goes_on else signal.SIGINT)

    ending = threading.Thread(target=end_the_pause)
    ending.start()
    with steered(see) as step:
        to_ourselves(signal.SIGUSR1)
        assert seen == []
        if goes_on:
            step(STEP)
            step(STEP)
        else:
            with pytest.raises(KeyboardInterrupt):
                step(STEP)
    ending.join()
    assert seen == ([False, True, False, False] if goes_on else [False, True, False])


def test_a_pause_taken_back_before_the_step_ends_is_none() -> None:
    seen: list[bool] = []
    with steered(lambda step: seen.append(step.paused)) as step:
        to_ourselves(signal.SIGUSR1)
        to_ourselves(signal.SIGUSR2)
        step(STEP)
    assert seen == [False]


def test_threads_that_report_at_once_are_told_one_after_the_other() -> None:
    inside = 0
    most = 0
    together = threading.Barrier(4)

    def see(_: Progress) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        together_again.wait(0.01)
        inside -= 1

    together_again = threading.Event()

    def report() -> None:
        together.wait()
        step(STEP)

    with steered(see) as step:
        threads = [threading.Thread(target=report) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1


def test_a_thread_beside_the_main_one_leaves_the_signals_alone() -> None:
    def try_it() -> None:
        ready_for_signals()
        with steered(lambda _: None) as step:
            step(STEP)
        done.append(True)

    done: list[bool] = []
    before = signal.getsignal(PAUSE)
    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    assert done == [True]
    assert signal.getsignal(PAUSE) == before


_BUSY = """
import sys, time
from neuron_tui.engine import interrupt
interrupt.ENDS_WITHIN = 0.3
with interrupt.steered(lambda _: None):
    print("busy", flush=True)
    {step}
"""


@pytest.mark.parametrize(
    "step",
    [
        "time.sleep(600)",
        "while True: pass",
        "import torch\n    while True: torch.ones(2000, 2000) @ torch.ones(2000, 2000)",
    ],
    ids=["waiting", "in Python", "in C"],
)
def test_whoever_sends_sigterm_need_not_wait_for_a_long_step(step: str) -> None:
    command = [sys.executable, "-c", _BUSY.format(step=step)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "busy\n"
        process.terminate()
        assert process.wait(30) == 130
        assert "after SIGTERM in the middle of a step" in process.stderr.read()
