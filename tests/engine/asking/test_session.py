"""A model that answers one question after another, as the app asks them."""

from __future__ import annotations

import io
import json
import threading
from pathlib import Path
from typing import Any

import torch

from neuron_tui.engine.asking.asked_model import AskedModel
from neuron_tui.engine.asking.session import Session
from neuron_tui.store import open_run

READ = {"ask": "read", "text": " a b c", "silence": [], "mean": False, "top": 3}


def session(run: Path, questions: Any, idle: float = 60.0) -> list[dict[str, Any]]:
    answers = io.StringIO()
    opened = open_run(run)
    Session(opened, AskedModel(opened, torch.device("cpu")), questions, answers, idle).serve()
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def asking(run: Path, *questions: dict[str, Any]) -> list[dict[str, Any]]:
    lines = (json.dumps({"id": place, **question}) + "\n" for place, question in enumerate(questions, 1))
    said = session(run, io.StringIO("".join(lines)))
    return [one for one in said if "progress" not in one]


def test_a_text_is_read_then_asked_about(planted_run: Path) -> None:
    ready, read, writes, moved = asking(
        planted_run,
        READ | {"silence": [[0, 2]]},
        {"ask": "writes", "layer": 0, "position": 1, "targets": [25]},
        {"ask": "moved", "position": 1, "top": 2},
    )
    assert ready == {"ready": {"stays": True}}
    assert [len(counts) for counts in read["read"]["counts"]] == [4, 4, 4]
    assert 2 in writes["writes"]["rows"]
    assert len(writes["writes"]["writes"]) == len(writes["writes"]["rows"])
    assert len(moved["moved"]) == 2


def test_what_cannot_be_read_is_refused_and_the_session_goes_on(planted_run: Path) -> None:
    said = asking(planted_run, {"ask": "moved", "position": 0, "top": 1}, READ | {"text": " a" * 80}, READ)
    assert [set(one) for one in said[1:]] == [{"id", "refused"}, {"id", "refused"}, {"id", "read"}]
    assert "at most 64" in said[2]["refused"]


def test_a_reading_can_be_given_up(planted_run: Path) -> None:
    class Impatient(io.StringIO):
        """Hears the first layer and says that it is enough."""

        def __init__(self) -> None:
            super().__init__()
            self.session: Session | None = None

        def write(self, text: str) -> int:
            said = json.loads(text) if text.strip() else {}
            if said.get("progress") == [1, 3] and self.session is not None:
                self.session._cancelled.add(1)
            return super().write(text)

    opened, answers = open_run(planted_run), Impatient()
    model = AskedModel(opened, torch.device("cpu"))
    question = json.dumps({"id": 1, **READ}) + "\n"
    answers.session = Session(opened, model, io.StringIO(question), answers, 60.0)
    answers.session.serve()
    said = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert said[-1] == {"id": 1, "cancelled": True}
    assert not any("read" in one for one in said)


class Silence(io.StringIO):
    """Questions that never come, until the end of the test."""

    def __init__(self, over: threading.Event) -> None:
        super().__init__()
        self._over = over

    def __next__(self) -> str:
        self._over.wait()
        raise StopIteration


def test_a_model_that_nobody_asks_is_released(planted_run: Path) -> None:
    over = threading.Event()
    said = session(planted_run, Silence(over), idle=0.01)
    over.set()
    assert said[-1] == {"released": 0.01}
