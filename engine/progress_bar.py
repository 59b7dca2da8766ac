"""Progress on stderr: layer, share, tokens a second, time left. Plain lines where stderr is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from neuron_tui.engine.pace import Pace
from neuron_tui.engine.progress import Progress as Step
from neuron_tui.store.runs.job import stage_words
from neuron_tui.store.wording import clock

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
        # rich's own column stands still once a stage is full.
        TextColumn("{task.fields[gone]}", markup=False),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(bar).show


def _describe(step: Step) -> str:
    words = stage_words(step.stage, step.layer, step.place, step.layers)
    words += f": {step.done:,} tokens" if step.stage == "tokenise" else ""
    return f"paused: {words}" if step.paused else words


def _rate(pace: Pace, step: Step) -> str:
    rate = pace.rate(step)
    return "" if rate is None or rate < 1 or step.paused else f"{rate:,.0f} {step.unit}/s"


def _left(pace: Pace, step: Step) -> str:
    left = pace.left(step)
    return "" if left is None else f"{clock(left)} left"


class _Bar:
    def __init__(self, bar: Progress) -> None:
        self._bar, self._pace = bar, Pace()
        self._task: TaskID = bar.add_task("starting", total=None, rate="", gone="", left="")

    def show(self, step: Step) -> None:
        self._pace.see(step)
        self._bar.update(
            self._task,
            description=_describe(step),
            completed=step.done,
            total=step.total,
            rate=_rate(self._pace, step),
            gone=clock(self._pace.elapsed()),
            left=_left(self._pace, step),
        )


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console, self._pace = console, Pace()
        self._said = time.monotonic()
        self._paused = False

    def show(self, step: Step) -> None:
        turn = (step.stage, step.layer) != self._pace.stage and step.stage in ("forward", "recount")
        turn |= step.paused != self._paused
        self._paused = step.paused
        self._pace.see(step)
        now = time.monotonic()
        if turn or now - self._said >= _LINE_EVERY:
            self._said = now
            share = f"{100 * step.done / step.total:.0f}%" if step.total else ""
            parts = (_describe(step), share, _rate(self._pace, step), _left(self._pace, step))
            self._console.print("  ".join(p for p in parts if p), markup=False, highlight=False)
