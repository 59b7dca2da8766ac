"""`neuron-tui extract`, `analyze`, `mend` and `train`: the engine's own commands, run in place of this process."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperCommand

from neuron_tui.tui.cli.options import given_runs_directory
from neuron_tui.tui.jobs.engine_process import engine_command


class _PassedOn(TyperCommand):
    """A command whose arguments, --help too, are for the engine to read."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - click's, or typer's copy of it
        ctx.args = list(args)
        return []


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("extract", cls=_PassedOn, options_metavar="MODEL --corpus [DOMAIN=]SOURCE --name NAME")(extract)
    app.command("analyze", cls=_PassedOn, options_metavar="RUN --name NAME")(analyze)
    app.command("mend", cls=_PassedOn, options_metavar="RUN")(mend)
    app.command("prompt", cls=_PassedOn, options_metavar="RUN --text TEXT")(prompt)
    app.command("ablate", cls=_PassedOn, options_metavar="RUN")(ablate)
    app.command("train", cls=_PassedOn, options_metavar="DIRECTORY --corpus [DOMAIN=]SOURCE")(train)


def extract(context: typer.Context) -> None:
    """Extract a run: which neurons of a model are active where on a corpus."""
    _on_runs("extract", context)


def analyze(context: typer.Context) -> None:
    """Count a finished run again with other thresholds, without its model."""
    _on_runs("analyze", context)


def mend(context: typer.Context) -> None:
    """Make the damaged files of a run again, from its model and text; nothing else of it is touched."""
    _on_runs("mend", context)


def prompt(context: typer.Context) -> None:
    """Have a run's model read a text: what fires, what it expects, what goes with silenced neurons."""
    _on_runs("prompt", context)


def ablate(context: typer.Context) -> None:
    """Silence neurons where their triggers stand, and anywhere: what becomes of loss, and of the triggers."""
    _on_runs("ablate", context)


def train(context: typer.Context) -> None:
    """Train a small OPT-architecture model from text."""
    _become_engine("train", *context.args)


def _on_runs(command: str, context: typer.Context) -> None:
    directory = given_runs_directory(context, None)
    _become_engine(command, *context.args, *(["--runs-dir", str(directory)] if directory is not None else []))


def _become_engine(*arguments: str) -> None:
    # The same process becomes the engine: signals reach it, and its exit code is the command's.
    sys.stdout.flush()
    sys.stderr.flush()
    command = engine_command(*arguments)
    os.execv(command[0], command)
