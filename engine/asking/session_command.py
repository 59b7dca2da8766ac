"""The engine's `ask`: a run's model as a process that the app talks with."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from neuron_tui.engine.asking.prompt_command import AllowPickle, Device, Memory, ModelPath, asked_model
from neuron_tui.engine.command_options import RunsDirectory
from neuron_tui.store.process import problem_of
from neuron_tui.store.runs.catalog import runs_directory


def ask(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run: its name in the runs directory, or a path.")],
    idle: Annotated[float, typer.Option(help="Seconds without a question after which it ends.")] = 600.0,
    model: ModelPath = None,
    device: Device = "auto",
    memory: Memory = None,
    allow_pickle: AllowPickle = False,
    runs_dir: RunsDirectory = None,
) -> None:
    """Answer questions about texts, a line of JSON each, from stdin to stdout."""
    try:
        from neuron_tui.engine.asking.session import serve
        from neuron_tui.store import open_run

        opened = open_run(run, runs_directory(runs_dir))
        with asked_model(opened, model, device, memory, allow_pickle) as asked:
            serve(opened, asked, idle)
    except Exception as error:
        print(json.dumps({"refused": problem_of(error)}), flush=True)
        raise
