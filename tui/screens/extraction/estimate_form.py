"""A form that has what it asks for estimated: the engine is asked, and answers or refuses at a field."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message
from textual.widgets import Button

from neuron_tui.tui.forms.checks import Complaint
from neuron_tui.tui.jobs.estimating import Asked, Estimating
from neuron_tui.tui.jobs.jobs import Estimated, Refused
from neuron_tui.tui.screens.extraction.checked_form import CheckedForm


class EstimateForm(CheckedForm):
    """One estimate at a time, of the form as it is: what is typed stops it and makes its answer void."""

    @dataclass
    class Answered(Message):
        """A thread has the answer to an estimate; None if it was stopped."""

        estimating: Estimating
        answer: Estimated | Refused | None

    def __init__(self, runs_dir: Path, ask: Callable[[Sequence[str]], Asked]) -> None:
        super().__init__(runs_dir)
        self._ask = ask
        self._estimating: Estimating | None = None
        self._asked_at = 0.0
        self.estimated: Estimated | None = None
        self.refused: Complaint | None = None

    def on_unmount(self) -> None:
        """Leave no process behind."""
        self.stop_estimating()

    @property
    def waits(self) -> bool:
        """Whether something takes so long that the form tells its seconds."""
        return self.estimating or self.starting or bool(self.wish)

    @property
    def estimating(self) -> bool:
        """Whether an estimate is under way."""
        return self._estimating is not None

    @property
    def seconds_estimating(self) -> int:
        """For how long."""
        return int(time.monotonic() - self._asked_at)

    def forget_answers(self) -> None:
        """Estimates and refusals were of other options."""
        self.estimated, self.refused, self.problem = None, None, ""
        self.stop_estimating()

    def action_estimate(self) -> None:
        """Ask for an estimate, once everything has been looked at anew."""
        if not self.estimating and not self.starting:
            self.problem = ""
            self.look("estimate")

    def begin_estimate(self, arguments: Callable[[], tuple[str, ...]]) -> None:
        """Ask the engine, with the arguments that a thread makes of the form."""

        def whole() -> tuple[str, ...]:
            return (*arguments(), "--runs-dir", str(self.runs_dir.absolute()))

        estimating = Estimating(self._ask, whole)
        self.estimated, self.refused = None, None
        self._estimating, self._asked_at = estimating, time.monotonic()
        self.run_worker(
            lambda: self.post_message(self.Answered(estimating, estimating.run())), thread=True, group="estimate"
        )

    def stop_estimating(self) -> None:
        """End the estimate under way, if there is one."""
        if self._estimating is not None:
            self._estimating.stop()
            self._estimating = None

    def on_estimate_form_answered(self, event: Answered) -> None:
        """Show the estimate, or what stands against it at the field that it is about."""
        if event.estimating is not self._estimating or event.answer is None or not self.is_attached:
            return
        self._estimating = None
        if isinstance(event.answer, Estimated):
            self.estimated = event.answer
            if isinstance(self.focused, Button):
                self.query_one("#start", Button).focus()
        else:
            self._refuse(event.answer)
        self.say()

    def _refuse(self, refused: Refused) -> None:
        self.app.bell()
        self.problem = refused.message
        if refused.field is not None:
            row = self._row_named_in(refused.message) if refused.field == "corpus" else None
            self.refused = Complaint(refused.field, refused.message.partition("\n")[0], row)
            self.fields.focus_on(self.refused)

    def _row_named_in(self, message: str) -> int:
        sources = [part.source.strip() for part in self.values.corpus]
        return next((row for row, source in enumerate(sources) if source and Path(source).name in message), 0)
