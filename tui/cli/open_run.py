"""`neuron-tui` and `neuron-tui open RUN`: the app."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from neuron_tui.store.errors import UsageError
from neuron_tui.store.process import guarded
from neuron_tui.tui.cli.options import NoMouse, RunArgument, RunsDirectory, mouse_wanted, runs_directory_of


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("open", epilog="Example:\n\n    neuron-tui open demo")(guarded(open_one))


def open_one(
    context: typer.Context, run: RunArgument, no_mouse: NoMouse = False, runs_dir: RunsDirectory = None
) -> int:
    """Open the app on one run."""
    from neuron_tui.store import open_run

    directory = runs_directory_of(context, runs_dir)
    return open_app(directory, open_run(run, directory).path, mouse=mouse_wanted(context, no_mouse))


def open_app(runs_dir: Path, run: Path | None, *, mouse: bool = True) -> int:
    """Open the app on a run, or on the list of runs; gives its exit code.

    Raises
    ------
    UsageError
        There is no terminal to open it in.
    ConfigError
        The settings file cannot be used.
    """
    if not has_terminal():
        raise UsageError("the app needs a terminal\nWithout one, use: neuron-tui runs, info, export; or see --help.")
    os.environ.setdefault("TEXTUAL_FPS", "120")  # read when textual is imported: a key waits half as long for its frame
    from neuron_tui.tui.app import run_app

    return run_app(runs_dir, run, mouse=mouse)


def has_terminal() -> bool:
    """Whether both the keyboard and the screen are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
