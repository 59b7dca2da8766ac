"""What the commands have alike whose work goes on where it was interrupted: `extract` and `analyze`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

RunsDirectory = Annotated[
    Path | None,
    typer.Option(help="Where runs lie. (default: $NEURON_TUI_RUNS, or the platform's place for user data)"),
]


@contextmanager
def told_how_to_go_on() -> Iterator[None]:
    """Let an interruption say what is kept, and how to go on with it."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; the finished layers are kept: run the same command to go on") from None
