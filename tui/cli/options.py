"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from neuron_tui.store.errors import UsageError

RunsDirectory = Annotated[
    Path | None,
    typer.Option(
        "--runs-dir",
        metavar="PATH",
        help="Where runs lie. Default: $NEURON_TUI_RUNS, or the platform's place for user data.",
        show_default=False,
    ),
]

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run: its name in the runs directory, or a path.", show_default=False)
]


def runs_argument(metavar: str, more: str = "") -> object:
    """An argument of several runs; `more` is said behind what they are."""
    said = f"Runs: names in the runs directory, or paths.{more}"
    return typer.Argument(metavar=metavar, help=said, show_default=False)


def format_option(formats: Sequence[str], said: str) -> object:
    """The option `--format` of a command that writes any of `formats`."""
    return typer.Option("--format", metavar="|".join(formats), help=said)


Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="PATH", help="File to write, replaced as a whole. Default: stdout."),
]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

JsonFormat = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def chosen_format(format_: str, as_json: bool, default: str) -> str:
    """The format of a command that has both options; raises UsageError if they say two things."""
    if as_json and format_ not in (default, "json"):
        raise UsageError(f"--json and --format {format_} are two formats\nGive one of them.")
    return "json" if as_json else format_


NoMouse = Annotated[
    bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal, for its own selection and copying.")
]


def given_runs_directory(context: typer.Context, given: Path | None) -> Path | None:
    """The --runs-dir given to the command, else the one given before it, else None."""
    before: Path | None = context.find_root().params.get("runs_dir")
    return given if given is not None else before


def runs_directory_of(context: typer.Context, given: Path | None) -> Path:
    """The runs directory a command works on."""
    from neuron_tui.store.runs.catalog import runs_directory

    return runs_directory(given_runs_directory(context, given))


def mouse_wanted(context: typer.Context, no_mouse: bool) -> bool:
    """Whether the app may take the mouse: not if --no-mouse was given to the command or before it."""
    return not (no_mouse or context.find_root().params.get("no_mouse"))
