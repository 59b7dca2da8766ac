"""Silencing neurons as a process: `ablate` is replaced by a script that prints what it prints."""

import json
import sys
import threading
from pathlib import Path

import pytest

from neuron_tui.tui.jobs import measuring
from neuron_tui.tui.jobs.measuring import Ended, Measuring, Wanted

Told = list[tuple[int, int]]


def measuring_by(monkeypatch: pytest.MonkeyPatch, script: str, told: Told) -> Measuring:
    monkeypatch.setattr(measuring, "engine_command", lambda *given: [sys.executable, "-c", script, *given])
    return Measuring(Wanted(where="type:token").arguments(Path("demo")), lambda *how: told.append(how))


def test_the_engine_is_told_what_to_silence_and_how() -> None:
    run = Path("/runs/-demo")
    assert Wanted(("1:2+", "3:4")).arguments(run) == [
        *("ablate", "--neuron=1:2+", "--neuron=3:4", "--lines", "--", "/runs/-demo"),
    ]
    assert Wanted((), "-type:token", "mean", True).arguments(run) == [
        *("ablate", "--where=-type:token", "--together", "--mean", "--lines", "--", "/runs/-demo"),
    ]


def test_progress_is_passed_on_and_what_it_says_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
import json, sys
print("a library greets"); print(json.dumps({"progress": [0, 2]})); print(json.dumps({"progress": [2, 2]}))
print("1 left out: why", file=sys.stderr); print(json.dumps({"done": 1}))
"""
    told: Told = []
    assert measuring_by(monkeypatch, script, told).run() == Ended(1, "1 left out: why")
    assert told == [(0, 2), (2, 2)]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("import sys; print('model gone\\nName one.', file=sys.stderr); sys.exit(3)", "model gone\nName one."),
        ("import sys; sys.exit(1)", "the engine ended without a word"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "the engine was ended by SIGKILL\n"),
    ],
)
def test_what_went_wrong_is_what_the_engine_said(monkeypatch: pytest.MonkeyPatch, script: str, problem: str) -> None:
    ended = measuring_by(monkeypatch, script, []).run()
    assert ended.done is None
    assert ended.problem.startswith(problem)


def test_an_engine_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "engine_command", lambda *given: ["/no/such/program"])
    assert "cannot be started" in Measuring((), lambda *_: None).run().problem


def test_a_name_that_no_process_can_be_given_is_said() -> None:
    assert "NUL" in Measuring(Wanted(where="trigger:\0").arguments(Path("demo")), lambda *_: None).run().problem


def test_stopped_it_is_interrupted_and_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    script = f"""
import json, sys, time
try:
    print(json.dumps({{"progress": [0, 9]}}), flush=True)
    while True: time.sleep(1)
finally:
    open({json.dumps(str(kept))}, "w").close()
"""
    begun = threading.Event()
    asked = measuring_by(monkeypatch, script, [])
    asked._told = lambda done, total: begun.set()
    ends: list[Ended] = []
    thread = threading.Thread(target=lambda: ends.append(asked.run()))
    thread.start()
    assert begun.wait(30)
    asked.stop()
    thread.join(30)
    assert ends == [Ended(None)]
    assert kept.exists(), "it was killed before it could keep what it had"


def test_stopped_twice_it_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    script = """
import json, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print(json.dumps({"progress": [0, 9]}), flush=True)
while True: time.sleep(1)
"""
    begun = threading.Event()
    asked = measuring_by(monkeypatch, script, [])
    asked._told = lambda done, total: begun.set()
    ends: list[Ended] = []
    thread = threading.Thread(target=lambda: ends.append(asked.run()))
    thread.start()
    assert begun.wait(30)
    asked.stop()
    asked.stop()
    thread.join(30)
    assert ends == [Ended(None)]


def test_stopped_before_it_begins_it_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = measuring_by(monkeypatch, "raise SystemExit('asked')", [])
    asked.stop()
    assert asked.run() == Ended(None)
