"""Progress on stderr: layer, share, tokens a second, time left. Plain lines where stderr is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from neuron_tui.engine.progress import Progress as Step

_LINE_EVERY = 15.0


@contextmanager
def showing() -> Iterator[Callable[[Step], None]]:
    """Give a function that shows each step; the bar goes when the block ends."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console).show
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar).show


class _Pace:
    """How fast the present stage goes and how long all layers will take."""

    def __init__(self) -> None:
        self.begin = time.monotonic()
        self.stage: tuple[str, int | None] = ("", None)
        self.stage_begin = self.begin
        self.first_layer: float | None = None
        self.place_begun = 0

    def see(self, step: Step) -> None:
        now = time.monotonic()
        if (step.stage, step.layer) != self.stage:
            self.stage, self.stage_begin = (step.stage, step.layer), now
        if step.stage == "forward" and self.first_layer is None:
            self.first_layer, self.place_begun = now, step.place

    def rate(self, step: Step) -> str:
        unit = "neurons/s" if step.stage == "count" else "tok/s"
        seconds = time.monotonic() - self.stage_begin
        return f"{step.done / seconds:,.0f} {unit}" if seconds > 0.5 else ""

    def left(self, step: Step) -> str:
        if self.first_layer is None or not step.total or step.stage == "pass":
            return ""
        # Counting is the shorter part: taken as the last tenth of a layer.
        within = 0.9 * step.done / step.total if step.stage == "forward" else 0.9 + 0.1 * step.done / step.total
        done = step.place - self.place_begun + within
        seconds = time.monotonic() - self.first_layer
        if done < 0.05 or seconds < 2:
            return ""
        remaining = int(seconds / done * (step.layers - self.place_begun - done))
        return f"{remaining // 60}:{remaining % 60:02d} left"


def _describe(step: Step) -> str:
    match step.stage:
        case "tokenise":
            return f"tokenising: {step.done:,} tokens"
        case "embed":
            return "embedding"
        case "pass":
            return f"passing through layer {step.layer}"
    what = "counting" if step.stage == "count" else "forward"
    return f"layer {step.layer} ({min(step.place + 1, step.layers)} of {step.layers}) {what}"


class _Bar:
    def __init__(self, bar: Progress) -> None:
        self._bar, self._pace = bar, _Pace()
        self._task: TaskID = bar.add_task("starting", total=None, rate="", left="")

    def show(self, step: Step) -> None:
        self._pace.see(step)
        self._bar.update(
            self._task,
            description=_describe(step),
            completed=step.done,
            total=step.total,
            rate=self._pace.rate(step),
            left=self._pace.left(step),
        )


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._pace = console, _Pace()
        self._said = time.monotonic()

    def show(self, step: Step) -> None:
        new_stage = (step.stage, step.layer) != self._pace.stage and step.stage == "forward"
        self._pace.see(step)
        now = time.monotonic()
        if new_stage or now - self._said >= _LINE_EVERY:
            self._said = now
            share = f"{100 * step.done / step.total:.0f}%" if step.total else ""
            parts = (_describe(step), share, self._pace.rate(step), self._pace.left(step))
            self._console.print("  ".join(p for p in parts if p), markup=False, highlight=False)
