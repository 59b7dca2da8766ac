"""A process that extracts with others and does not lead: it writes nothing and says nothing."""

from __future__ import annotations

import torch

from neuron_tui.engine.interrupt import steered
from neuron_tui.engine.layers import pass_over, run_layers
from neuron_tui.engine.model.opened import OpenedModel, open_model
from neuron_tui.engine.progress import quiet
from neuron_tui.engine.ranks.group import Ranks
from neuron_tui.engine.ranks.leading import Beginning, Dismissal
from neuron_tui.engine.request import ExtractionRequest, choose_device
from neuron_tui.engine.resources import Resources, resources_for, too_large_sequences_named
from neuron_tui.engine.stopwatch import Stopwatch
from neuron_tui.store.errors import InputError, NeuronTuiError
from neuron_tui.store.process import DONE, INTERRUPTED
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.folder import SCRATCH, forget_kept


def follow(request: ExtractionRequest, ranks: Ranks) -> int:
    """Do what the leader tells, up to the end of the extraction; the exit code of the process.

    Whatever goes wrong here is told to the leader, which says it.
    """
    try:
        told = ranks.told()
        if isinstance(told, Dismissal):
            return told.code
        with ranks.together():
            device, model, resources = _prepared(request, told, ranks)
        scratch = run_folder(request.runs_dir, request.name) / SCRATCH
        work = pass_over(model, told.options, device, told.corpus, resources, scratch, ranks, told.run)
        with steered(quiet) as step, too_large_sequences_named(device):
            for _ in run_layers(work, list(told.missing), step, Stopwatch(device), lambda _, __: True):
                pass
        forget_kept(scratch.parent)
    except NeuronTuiError as error:
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return DONE


def _prepared(request: ExtractionRequest, told: Beginning, ranks: Ranks) -> tuple[torch.device, OpenedModel, Resources]:
    device = choose_device(request.device)
    model = open_model(request.model, request.allow_pickle)
    if model.identity.digest != told.digest:
        raise InputError(f"{request.model} is another checkpoint here\nGive every machine the same files.")
    return device, model, resources_for(request, model, told.options, device, told.corpus.positions, ranks.count)
