"""The engine's process is replaced by a script that answers as `extract --dry-run --json` does."""

import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from neuron_tui.tui.jobs import estimate
from neuron_tui.tui.jobs.estimate import Estimated, Estimation, Refused

ANSWER: dict[str, Any] = {
    "seconds": 12.5,
    "tokens": 1000,
    "positions": 1100,
    "host_bytes": 1,
    "device_bytes": 0,
    "disk_bytes": 2,
    "scratch_bytes": 3,
    "disk_free": 4,
    "device": "cpu",
    "dtype": "float32",
    "model": "pocket-opt",
    "layers": 4,
    "neurons": 2048,
    "context_length": 256,
    "domains": [["prose", 600, 3], ["code", 400, 1]],
    "at_most": True,
}


def estimating(monkeypatch: pytest.MonkeyPatch, script: str) -> Estimation:
    monkeypatch.setattr(estimate, "engine_command", lambda *given: [sys.executable, "-c", script, *given])
    return Estimation(lambda: ["pocket-opt", "--name", "x"])


def printing(out: str, err: str = "", code: int = 0) -> str:
    return f"import sys; print({out!r}); print({err!r}, file=sys.stderr); sys.exit({code})"


def test_the_answer_is_what_the_engine_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = estimating(monkeypatch, printing(json.dumps(ANSWER), "tokenising 5%")).run()
    assert isinstance(answer, Estimated)
    assert (answer.seconds, answer.at_most) == (12.5, True)
    assert answer.domains == (("prose", 600, 3), ("code", 400, 1))


def test_it_asks_for_an_estimate_as_data(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import json, sys; print(json.dumps({'refused': {'field': None, 'message': ' '.join(sys.argv[1:])}}))"
    answer = estimating(monkeypatch, script).run()
    assert answer == Refused(None, "extract pocket-opt --name x --dry-run --json")


def test_a_refusal_says_which_option_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"refused": {"field": "context-length", "message": "too long\nChoose less."}}
    answer = estimating(monkeypatch, printing(json.dumps(refused), "too long", 3)).run()
    assert answer == Refused("context-length", "too long\nChoose less.")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Usage: neuron-tui extract [OPTIONS] {MODEL}\nTry 'neuron-tui extract --help' for help.\n"
            "╭─ Error ─────────╮\n│ Invalid value for '--tokens': Input should be a   │\n│ valid integer │\n╰──╯\n",
            Refused("tokens", "Invalid value for '--tokens': Input should be a valid integer"),
        ),
        (
            "a fault in neuron-tui (KeyError): details are in x\n",
            Refused(None, "a fault in neuron-tui (KeyError): details are in x"),
        ),
        ("no such option: --bogus", Refused(None, "no such option: --bogus")),
        ("", Refused(None, "the engine gave no answer")),
    ],
)
@pytest.mark.parametrize("out", ["", "Traceback", '{"seconds": 1}', '{"refused": {"field": "colour", "message": ""}}'])
def test_without_an_answer_it_is_what_was_said_on_stderr(
    monkeypatch: pytest.MonkeyPatch, said: str, expected: Refused, out: str
) -> None:
    assert estimate.parse_answer(out.encode(), said) == expected


def test_stopped_before_it_begins_it_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = estimating(monkeypatch, "raise SystemExit('asked')")
    asked.stop()
    assert asked.run() is None
    asked.stop()


def test_stopped_while_it_is_asked_for_it_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = estimating(monkeypatch, "import signal; signal.pause()")
    command = estimate.engine_command
    monkeypatch.setattr(estimate, "engine_command", lambda *given: (asked.stop(), command(*given))[1])
    assert asked.run() is None


def test_stopped_under_way_it_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = estimating(monkeypatch, "import sys; print('up', file=sys.stderr, flush=True); sys.stdin.read()")
    begun = threading.Event()
    process = subprocess.Popen

    def starting(*given: Any, **how: Any) -> Any:
        try:
            return process(*given, **how)
        finally:
            begun.set()

    monkeypatch.setattr(estimate.subprocess, "Popen", starting)
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(asked.run()))
    thread.start()
    assert begun.wait(30)
    asked.stop()
    thread.join(30)
    assert answers == [None]


def test_an_engine_that_cannot_be_started_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "engine_command", lambda *given: ["/no/such/program"])
    answer = Estimation(lambda: ()).run()
    assert isinstance(answer, Refused)
    assert "cannot be started" in answer.message


def test_one_that_was_killed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = estimating(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)").run()
    assert isinstance(answer, Refused)
    assert answer.message.startswith("the engine was ended by SIGKILL\n")
