"""What is said between the screen and the model's process: one question at a time, the latest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neuron_tui.store.neurons.places import Address
from neuron_tui.tui.jobs.model_answers import (
    Answered,
    Heard,
    Loading,
    Moved,
    Reading,
    Ready,
    Refused,
    Released,
    TextRead,
    Writes,
)
from neuron_tui.tui.jobs.model_process import ModelProcess

LIKELIEST = 20
"""Tokens to come that are shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a kind, and what it is about."""

    kind: str
    about: dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """Where the model stands, in words, and how far along it is; `busy` while something is awaited."""

    words: str
    share: float | None = None
    busy: bool = False
    bad: bool = False


AWAY = State("the model is not loaded: enter loads it")


class Talk:
    """Starts the model's process when it is first needed, and asks it.

    Parameters
    ----------
    arguments
        Gives those of the process.
    tell
        Posts what a process says, and its number, to the event loop; `hear` is then called with both.
    changed
        Called when the state is another.
    refused
        Called with words on what is wrong, and whether the model is gone.
    given_up
        Called when a text that was to be read is not.
    """

    def __init__(
        self,
        arguments: Callable[[], Sequence[str]],
        tell: Callable[[Heard, int], None],
        *,
        changed: Callable[[State], None],
        read: Callable[[TextRead], None],
        writes: Callable[[Writes], None],
        moved: Callable[[list[Moved]], None],
        refused: Callable[[str, bool], None],
        given_up: Callable[[], None],
    ) -> None:
        self._arguments, self._tell = arguments, tell
        self._changed, self._refused, self._given_up = changed, refused, given_up
        self._given = {TextRead: read, Writes: writes, list: moved}
        self._process: ModelProcess | None = None
        self._number = 0
        self._ready, self._stays = False, True
        self._waiting: dict[str, Question] = {}
        self._asked: tuple[int, Question] | None = None
        self.state = AWAY

    @property
    def reads(self) -> bool:
        """Whether a text is being read, or will be once the model is there."""
        return "read" in self._waiting or (self._asked is not None and self._asked[1].kind == "read")

    def read(self, text: str, silenced: Sequence[Address], mean: bool) -> None:
        """Have a text read; what was asked about the last one does not count any more."""
        self._waiting.clear()
        if self._asked is not None and self._process is not None:
            self._process.cancel(self._asked[0])
        silence = [list(address) for address in silenced]
        about = {"text": text, "silence": silence, "mean": mean, "top": LIKELIEST}
        self._ask(Question("read", about))

    @property
    def there(self) -> bool:
        """Whether there is a process, which knows the last text once it has read it."""
        return self._process is not None

    def about(self, kind: str, **about: Any) -> None:  # noqa: ANN401 - as the session takes it
        """Ask something about the last text; of questions of a kind the latest counts. Loads no model."""
        if self._process is not None:
            self._ask(Question(kind, about))

    def cancel(self) -> None:
        """Give up what is under way."""
        reads = self.reads
        self._waiting.clear()
        if self._process is not None and self._ready and self._asked is not None:
            self._process.cancel(self._asked[0])
        elif self._process is not None and not self._ready:
            self.stop()
            self._show(AWAY)
            if reads:
                self._given_up()

    def stop(self) -> None:
        """Release the model."""
        self._waiting.clear()
        self._asked, self._ready = None, False
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _ask(self, question: Question) -> None:
        self._waiting.pop(question.kind, None)
        self._waiting[question.kind] = question
        if self._process is None:
            self._number += 1
            number = self._number
            self._process = ModelProcess(self._arguments(), lambda said: self._tell(said, number))
            self._process.start()
            self._show(State("starting", busy=True))
        self._go_on()

    def _go_on(self) -> None:
        if not self._ready or self._asked is not None or self._process is None:
            return
        if not self._waiting:
            self._show(State("the model is in memory" if self._stays else "the model comes layer by layer"))
            return
        question = self._waiting.pop(next(iter(self._waiting)))
        self._asked = self._process.ask(question.kind, **question.about), question
        if question.kind == "read":
            self._show(State("reading", 0.0, busy=True))

    def hear(self, said: Heard, number: int) -> None:
        """Take what the process of a number said; what an earlier one said does not count."""
        if number != self._number or self._process is None:
            return
        match said:
            case Loading(done, total):
                self._show(State("loading the model", done / total, busy=True))
            case Ready(stays):
                self._ready, self._stays = True, stays
                self._go_on()
            case Reading(_, done, total):
                self._show(State("reading", done / total, busy=True))
            case Answered():
                self._answered(said)
            case Released(seconds):
                self._gone(State(f"released after {seconds / 60:.0f} min without a question: enter loads it again"))
            case Refused(problem):
                self._gone(State("the model cannot be had", bad=True))
                self._given_up()
                self._refused(problem, True)

    def _answered(self, said: Answered) -> None:
        if self._asked is None or self._asked[0] != said.question:
            return
        question, self._asked = self._asked[1], None
        answer = said.answer
        if question.kind == "read" and not isinstance(answer, TextRead) and "read" not in self._waiting:
            self._given_up()
        if isinstance(answer, str):
            self._refused(answer, False)
        elif answer is not None and not (isinstance(answer, TextRead) and "read" in self._waiting):
            self._given[type(answer)](answer)  # type: ignore[operator]
        self._go_on()

    def _gone(self, state: State) -> None:
        self._process, self._ready, self._asked = None, False, None
        self._waiting.clear()
        self._show(state)

    def _show(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._changed(state)
