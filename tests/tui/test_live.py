"""The screen where a model reads a text, with a model that says what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.events import Paste

from neuron_tui.store import open_run
from neuron_tui.tui.jobs.model_answers import Heard, heard
from neuron_tui.tui.screens.live.live import Live
from neuron_tui.tui.widgets.live.fired import FiredList
from neuron_tui.tui.widgets.live.grid import TokenGrid
from neuron_tui.tui.widgets.live.prompt_field import PromptField
from tests.tui.driving import Person, drive

LAYERS = 3


class Model:
    """Stands for the process: answers at once, or as `refusal` and `silent` say."""

    refusal: ClassVar[str] = ""
    silent: ClassVar[bool] = False
    rows: ClassVar[list[int]] = [0, 2, 5]
    made: ClassVar[list[Model]] = []

    def __init__(self, arguments: Sequence[str], tell: Callable[[Heard], None]) -> None:
        self.arguments, self._tell = list(arguments), tell
        self.asked: list[dict[str, Any]] = []
        self.cancelled = self.stopped = False
        self.made.append(self)

    def start(self) -> None:
        if self.refusal:
            self.say({"refused": self.refusal})
            return
        self.say({"loading": True, "progress": [1, 4]})
        self.say({"ready": {"stays": True}})

    def say(self, record: dict[str, Any]) -> None:
        self._tell(heard(record))

    def ask(self, kind: str, **about: Any) -> int:
        number = len(self.asked) + 1
        self.asked.append({"kind": kind, **about})
        if not self.silent:
            self.say({"id": number, kind: getattr(self, f"_{kind}")(about)})
        return number

    def cancel(self, question: int) -> None:
        self.cancelled = True

    def stop(self) -> None:
        self.stopped = True

    def _read(self, about: dict[str, Any]) -> dict[str, Any]:
        tokens = [{"id": 2, "text": "</s>"}, *({"id": 30 + i, "text": w} for i, w in enumerate(about["text"].split()))]
        length = len(tokens)
        come = [[{"id": 7, "text": "Ġlikely", "logprob": log(0.5)}, {"id": 8, "text": "Ġless", "logprob": log(0.25)}]]
        loss = 1.0 if not about["silence"] else 1.5
        ablated = {"loss": 1.5, "losses": [1.5] * (length - 1), "next": come * length, "moved": []}
        return {
            "tokens": tokens,
            "counts": [[layer + place for place in range(length)] for layer in range(LAYERS)],
            "losses": [1.0] * (length - 1),
            "next": come * length,
            "ablated": ablated if loss > 1 else None,
        }

    def _writes(self, about: dict[str, Any]) -> dict[str, Any]:
        way = {"logits": [4.0], "capped": False, "embedding": [1.0], "bias": [0.0]}
        way |= {"attention": [[0.5]] * LAYERS, "feed_forward": [[0.25]] * LAYERS}
        return {
            "layer": about["layer"],
            "position": about["position"],
            "targets": [{"id": about["targets"][0], "text": "Ġtarget"}],
            "rows": self.rows,
            "values": [0.5, 2.5, 1.5][: len(self.rows)],
            "writes": [[0.125], [-0.75], [0.25]][: len(self.rows)],
            "way": way,
        }

    def _moved(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"id": 9, "text": "Ġback", "before": 0.01, "after": 0.3, "predicted": 0.2}]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> type[Model]:
    class Own(Model):
        made: ClassVar[list[Model]] = []

    monkeypatch.setattr("neuron_tui.tui.screens.live.talk.ModelProcess", Own)
    monkeypatch.setattr(Live, "_texts", {})
    return Own


async def reads(person: Person, text: str = "one two three") -> Live:
    await person.press("R")
    await person.until(lambda: isinstance(person.app.screen, Live))
    screen = person.app.screen
    assert isinstance(screen, Live)
    await person.type(text)
    await person.press("enter")
    return screen


def test_a_text_is_read_and_looked_at(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        screen = await reads(person)
        await person.sees("4 tokens · loss 1.000 nats a token", "3 fire in layer 0", "likely", "50%")
        # The neuron that adds most, whichever way, stands first; contributions are to the likeliest token.
        await person.sees("to ·target it adds +.250 of 4 ")
        assert screen.query_one(FiredList).address == (0, 2)
        assert model.made[0].asked[-1] == {"kind": "writes", "layer": 0, "position": 3, "targets": [7]}
        await person.press("left", "down")
        await person.sees("3 fire in layer 1", "May come after two")
        assert model.made[0].asked[-1] == {"kind": "writes", "layer": 1, "position": 2, "targets": [32]}
        await person.press("tab", "enter")
        await person.until(lambda: person.address == (1, 2))
        assert model.made[0].stopped

    drive(demo.parent, scenario, run=demo)


def test_neurons_are_silenced_and_speak_again(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        await reads(person)
        await person.sees("3 fire in layer 0")
        await person.press("z")
        await person.sees("silenced 1.500 (+0.500)", "1 silenced to zero", "∅", "·back", "1%", "30%")
        assert model.made[0].asked[-3]["silence"] == [[0, 2]]
        await person.press("y")
        await person.sees("1 silenced to their mean")
        await person.press("u")
        await person.until(lambda: "silenced" not in person.screen())
        await person.press("slash")
        await person.type("layer:1")
        await person.press("enter")
        await person.sees("24 silenced")

    drive(demo.parent, scenario, run=demo, size=(160, 48))


def test_marked_neurons_are_silenced(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        await person.press("m")
        await reads(person)
        await person.sees("3 fire in layer 0")
        await person.press("m")
        await person.sees("1 silenced to zero")

    drive(demo.parent, scenario, run=demo)


def test_contributions_are_to_the_token_chosen(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        await reads(person)
        await person.sees("3 fire in layer 0")
        await person.press("tab", "tab", "down", "t")
        await person.until(lambda: model.made[0].asked[-1]["targets"] == [8])
        await person.sees("◂·less")

    drive(demo.parent, scenario, run=demo)


def test_without_its_model_the_tables_say_what_they_expect(demo: Path, model: type[Model]) -> None:
    model.refusal = "model gone: there is no such directory"
    run = open_run(demo)
    text = "".join(token.forms[0].replace("Ġ", " ") for token in run.layers[0].neuron(3).triggers[1].top[:1])

    async def scenario(person: Person) -> None:
        await reads(person, text)
        await person.sees("the model cannot be had", "no model has read it", "expected to fire")

    drive(demo.parent, scenario, run=demo)


def test_pickled_weights_are_loaded_when_asked_for(demo: Path, model: type[Model]) -> None:
    model.refusal = (
        "model x: its weights are pickle files (a.bin), which can hold more than weights\n"
        "If you trust where they come from, add --allow-pickle: they are then loaded as weights only."
    )

    async def scenario(person: Person) -> None:
        await reads(person)
        await person.sees("the model cannot be had", "Load pickled weights?")
        model.refusal = ""
        await person.press("y")
        await person.sees("3 fire in layer 0")
        assert "--allow-pickle" in model.made[-1].arguments

    drive(demo.parent, scenario, run=demo)


def test_a_reading_is_given_up_and_a_refusal_told(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        model.silent = True
        await reads(person)
        await person.sees("reading")
        process = model.made[0]
        await person.press("escape")
        assert process.cancelled
        process.say({"id": 1, "cancelled": True})
        await person.sees("the model is in memory")
        await person.press("enter")
        process.say({"id": 2, "refused": "the text has 3,000 tokens\nTake a shorter one."})
        await person.sees("the text has 3,000 tokens. Take a shorter one.")
        process.say({"released": 600.0})
        await person.sees("released after 10 min")
        model.silent = False
        await person.press("enter")
        await person.sees("3 fire in layer 0")
        assert len(model.made) == 2

    drive(demo.parent, scenario, run=demo)


def test_pasted_lines_stay_lines(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        await person.press("R")
        await person.until(lambda: isinstance(person.app.screen, Live))
        field = person.app.screen.query_one(PromptField)
        field.post_message(Paste("def f():\r\n\treturn \x1b[31m1\n"))
        await person.until(lambda: field.value)
        assert field.value == "def f():\n\treturn \x1b[31m1\n"
        assert field.shown_value() == "def f():↵⇥return �[31m1↵"

    drive(demo.parent, scenario, run=demo)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_long_texts_scroll_with_the_cursor(demo: Path, model: type[Model], size: tuple[int, int]) -> None:
    async def scenario(person: Person) -> None:
        screen = await reads(person, " ".join(f"w{i}" for i in range(60)))
        await person.sees("w59")
        await person.press("home")
        await person.until(lambda: screen.query_one(TokenGrid).position == 0)
        await person.sees("</s>", "w1")
        assert not any("w59" in line for line in person.lines() if "token" in line)

    drive(demo.parent, scenario, run=demo, size=size)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_no_token_acts_on_the_terminal(demo: Path, model: type[Model], size: tuple[int, int]) -> None:
    hostile = ["\x1b[2J", "\x00", "[bold]", "[/INST]", "\u200d\u202e", "漢字漢字漢字漢字", "a" * 300, "\udcff"]

    def read(self: Model, about: dict[str, Any]) -> dict[str, Any]:
        found = Model._read(self, about)
        for token, text in zip(found["tokens"], hostile * 9, strict=False):
            token["text"] = text
        for come in found["next"]:
            come[0]["text"], come[1]["text"] = hostile[0], hostile[5]
        return found

    async def scenario(person: Person) -> None:
        model._read = read  # type: ignore[method-assign]
        await reads(person, "one two three four five six seven")
        await person.sees("8 tokens", "3 fire in layer 0")
        for _ in range(8):
            await person.press("left")
            lines = person.lines()
            assert all(character.isprintable() for line in lines for character in line)
            assert not any(character in line for line in lines for character in "\u200d\u202e")

    drive(demo.parent, scenario, run=demo, size=size)


def test_where_fewer_neurons_fire_the_cursor_is_on_one_of_them(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        screen = await reads(person)
        await person.sees("3 fire in layer 0")
        await person.press("tab", "end")
        fired = screen.query_one(FiredList)
        assert fired.address == (0, 0)
        model.rows = [0]
        await person.press("shift+tab", "left")
        await person.sees("1 fire in layer 0")
        assert fired.address == (0, 0)  # it fires there too
        model.rows = [2, 5]
        await person.press("left")
        await person.sees("2 fire in layer 0")
        assert fired.address in ((0, 2), (0, 5))

    drive(demo.parent, scenario, run=demo)


def test_what_is_typed_but_not_read_is_not_what_is_silenced_in(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        await reads(person)
        await person.sees("3 fire in layer 0")
        await person.press("e")
        await person.type(" four")
        await person.press("tab", "tab", "z")
        await person.sees("1 silenced to zero", "Moved after")
        texts = [asked["text"] for asked in model.made[0].asked if asked["kind"] == "read"]
        assert texts == ["one two three"] * 2

    drive(demo.parent, scenario, run=demo)


def test_a_model_that_was_released_is_not_loaded_by_looking_around(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        screen = await reads(person)
        await person.sees("3 fire in layer 0")
        model.made[0].say({"released": 600.0})
        await person.sees("released after 10 min")
        await person.press("left")
        await person.sees("not known without the model", "The model is not there any more")
        assert screen.query_one(FiredList).count == 0
        assert len(model.made) == 1
        await person.press("e", "enter")
        await person.sees("3 fire in layer 0")
        assert len(model.made) == 2

    drive(demo.parent, scenario, run=demo)


def test_a_silencing_that_is_given_up_is_taken_back(demo: Path, model: type[Model]) -> None:
    async def scenario(person: Person) -> None:
        await reads(person)
        await person.sees("3 fire in layer 0")
        process = model.made[0]
        model.silent = True
        await person.press("tab", "z")
        await person.sees("1 silenced to zero", "∅")
        await person.press("escape")
        process.say({"id": len(process.asked), "cancelled": True})
        await person.until(lambda: "silenced" not in person.screen() and "∅" not in person.screen())

    drive(demo.parent, scenario, run=demo)
