"""The model that a run was made of, opened again."""

from __future__ import annotations

from neuron_tui.engine.model.opened import OpenedModel, open_model
from neuron_tui.store.errors import CheckpointError
from neuron_tui.store.neurons.run import Run
from neuron_tui.store.runs.manifest import ModelIdentity


def open_model_of(run: Run, allow_pickle: bool) -> OpenedModel:
    """Open the checkpoint that run.json names.

    Raises
    ------
    CheckpointError
        It is gone, cannot be read, or is another one than the run was made of.
    """
    return open_the_model_of(run.manifest.model, run.name, allow_pickle)


def open_the_model_of(made_of: ModelIdentity, run: str, allow_pickle: bool) -> OpenedModel:
    """Open the checkpoint that the run called `run` is `made_of`; raises as `open_model_of`."""
    try:
        model = open_model(made_of.name, allow_pickle)
    except CheckpointError as error:
        problem, _, remedy = str(error).partition("\n")
        if "--allow-pickle" not in remedy:
            remedy = "Put the checkpoint back where it was, or ask for what needs no model."
        raise CheckpointError(f"the run {run} needs its model again: {problem}\n{remedy}") from error
    if model.identity.digest != made_of.digest:
        raise CheckpointError(
            f"the model {made_of.name} is not the one that the run {run} was made of: its files differ\n"
            "Put the checkpoint back, or extract the run again."
        )
    return model
