"""Progress of a training on stderr: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from neuron_tui.engine.training.job import Watcher
from neuron_tui.engine.training.loop import Progress

SECONDS_BETWEEN_LINES: Final = 30.0


@contextmanager
def reporting() -> Iterator[Watcher]:
    """Yield a watcher that reports on stderr while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)

    def show(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    if not console.is_terminal:
        yield Watcher(stage=show, step=_Lines(show))
        return
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("", total=1.0)
        yield Watcher(
            stage=show,
            step=lambda progress: bar.update(task, completed=progress.done, description=progress_text(progress)),
        )


def progress_text(progress: Progress) -> str:
    """Return the step, the loss, the speed and the time left, in one line."""
    speed = progress.tokens / progress.seconds if progress.seconds else 0.0
    left = progress.seconds * (1 - progress.done) / progress.done if progress.done else 0.0
    minutes, seconds = divmod(round(left), 60)
    return (
        f"step {progress.step}  {progress.done:.0%}  loss {progress.loss:.3f}  penalty {progress.penalty:.3f}  "
        f"{speed:,.0f} tokens/s  {minutes}:{seconds:02d} left"
    )


class _Lines:
    """Prints a line at the first step, and then when the last one is long enough ago."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._last = -SECONDS_BETWEEN_LINES

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES or progress.done >= 1:
            self._last = now
            self._show(progress_text(progress))
