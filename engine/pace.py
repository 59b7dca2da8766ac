"""How fast an extraction goes and how long it will take; pauses do not count."""

from __future__ import annotations

import time
from collections.abc import Callable

from neuron_tui.engine.progress import Progress

_PARTS = {"forward": (0.0, 0.9), "recount": (0.0, 1.0), "silence": (0.0, 1.0)}
"""Where in a layer a stage begins, and its share; counting is the shorter part of an extraction: its last tenth."""


class Pace:
    """The pace of the present stage and of all layers, from the steps it is shown; times are in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.stage: tuple[str, int | None] = ("", None)
        self._begin = self._stage_begin = clock()
        self._first_layer: float | None = None
        self._place_begun = 0
        self._paused_at: float | None = None

    def see(self, step: Progress) -> None:
        """Take note of a step."""
        now = self._clock()
        if self._paused_at is not None and not step.paused:
            self._leave_out(now - self._paused_at)
            self._paused_at = None
        if (step.stage, step.layer) != self.stage:
            self.stage, self._stage_begin = (step.stage, step.layer), now
        if step.stage in ("forward", "recount", "silence") and self._first_layer is None:
            self._first_layer, self._place_begun = now, step.place
        if step.paused and self._paused_at is None:
            self._paused_at = now

    def _leave_out(self, pause: float) -> None:
        self._begin += pause
        self._stage_begin += pause
        if self._first_layer is not None:
            self._first_layer += pause

    def _now(self) -> float:
        return self._clock() if self._paused_at is None else self._paused_at

    def elapsed(self) -> float:
        """How long the work has gone on."""
        return self._now() - self._begin

    def rate(self, step: Progress) -> float | None:
        """Units a second in the present stage; None as long as that would be a guess."""
        seconds = self._now() - self._stage_begin
        return step.done / seconds if seconds > 0.5 else None

    def left(self, step: Progress) -> float | None:
        """How long the layers still to come will take; None as long as that would be a guess."""
        if self._first_layer is None or not step.total or step.stage == "pass":
            return None
        begin, part = _PARTS.get(step.stage, (0.9, 0.1))
        within = begin + part * step.done / step.total
        done = step.place - self._place_begun + within
        seconds = self._now() - self._first_layer
        if done < 0.05 or seconds < 2:
            return None
        return seconds / done * (step.layers - self._place_begun - done)
