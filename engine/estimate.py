"""What an extraction will take, found out without starting it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from neuron_tui.engine.corpus.tokenise import DomainTokens
from neuron_tui.engine.free import free_disk
from neuron_tui.engine.model.forward import batches
from neuron_tui.engine.model.opened import OpenedModel, open_model
from neuron_tui.engine.probe import probe
from neuron_tui.engine.progress import ProgressSink
from neuron_tui.engine.ranks.launching import processes_of
from neuron_tui.engine.request import ExtractionRequest, choose_device, refuse_other_options, resolve_options, tokenise
from neuron_tui.engine.resources import Resources, resources_for, too_large_sequences_named
from neuron_tui.store.errors import concerning
from neuron_tui.store.runs.catalog import run_folder
from neuron_tui.store.runs.folder import refuse_foreign_folder
from neuron_tui.store.runs.manifest import MANIFEST, RunOptions, read_manifest

SAMPLE = 2_000_000
"""Counted tokens, over all domains, that are read of a larger budget."""


@dataclass(frozen=True, slots=True)
class DomainEstimate:
    """Counted tokens, positions (BOS and EOS included) and documents of one domain.

    `at_most`: its text was left off where the sample ends, and is taken to fill its share of the budget.
    """

    name: str
    tokens: int
    positions: int
    documents: int
    at_most: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an extraction will take: seconds, by the time that tokenising and a probe of one layer took, and bytes."""

    model: str
    neurons: int
    options: RunOptions
    device: torch.device
    domains: tuple[DomainEstimate, ...]
    seconds: float
    resources: Resources
    disk_free: int

    @property
    def tokens(self) -> int:
        """Counted tokens."""
        return sum(domain.tokens for domain in self.domains)

    @property
    def positions(self) -> int:
        """All positions."""
        return sum(domain.positions for domain in self.domains)

    @property
    def at_most(self) -> bool:
        """Whether the text may turn out to be shorter."""
        return any(domain.at_most for domain in self.domains)

    def describe(self) -> str:
        """The estimate in a few lines."""
        minutes = self.seconds / 60
        lasting = f"{self.seconds:.0f} seconds" if minutes < 2 else f"{minutes:.0f} minutes"
        most = "at most " if self.at_most else ""
        return f"{most}{self.tokens:,} tokens, about {lasting}\n{self.resources.describe()}."

    def as_json(self) -> dict[str, Any]:
        """The estimate as data; bytes are peaks, `domains` names with their tokens and documents."""
        return {
            "seconds": self.seconds,
            "tokens": self.tokens,
            "positions": self.positions,
            "host_bytes": self.resources.host_bytes,
            "device_bytes": self.resources.device_bytes,
            "disk_bytes": self.resources.disk_bytes,
            "scratch_bytes": self.resources.scratch_bytes,
            "disk_free": self.disk_free,
            "device": str(self.device),
            "dtype": self.options.dtype,
            "model": self.model,
            "layers": len(self.options.layers),
            "neurons": self.neurons,
            "context_length": self.options.context_length,
            "domains": [(domain.name, domain.tokens, domain.documents) for domain in self.domains],
            "at_most": self.at_most,
        }


def estimate(request: ExtractionRequest, progress: ProgressSink = lambda _: None) -> Estimate:
    """Tokenise, time one batch through one layer, and say what the whole would take; writes nothing.

    Of a budget over `SAMPLE` tokens only so many are tokenised, an equal share from each domain: a domain that has more
    is taken to fill its share of the budget with text of the same kind.

    Raises
    ------
    UsageError, InputError, RunError
        What `extract` raises before it starts, with the option it is about.
    """
    with concerning("name"):
        folder = run_folder(request.runs_dir, request.name)
        refuse_foreign_folder(folder)
    with concerning("device"):
        device, ranks = choose_device(request.device), processes_of(request.device)
    with concerning("corpus"):
        arguments = request.corpus_arguments
    with concerning("model"):
        model = open_model(request.model, request.allow_pickle)
    options = resolve_options(request, model.causal, model.config, device)
    with concerning("name"):
        if not request.overwrite and (folder / MANIFEST).exists():
            refuse_other_options(folder, read_manifest(folder), model, options)
    names = {argument.domain for argument in arguments}
    share = None if request.tokens is None else request.tokens // len(names)
    with concerning("tokens" if share == 0 else "corpus"):
        budget = None if request.tokens is None else min(request.tokens, SAMPLE)
        begin = time.perf_counter()
        sample = tokenise(request, model, options.context_length, budget, progress)
        tokenising = (time.perf_counter() - begin) / sum(len(domain.tokens) for domain in sample)
    domains = tuple(_whole(domain, share, None if budget is None else budget // len(names)) for domain in sample)
    positions = sum(domain.positions for domain in domains)
    with concerning("batch-tokens"), too_large_sequences_named(device):
        a_layer = _seconds_a_position(model, options, device, sample)
    return Estimate(
        model=model.identity.name,
        neurons=model.causal.neurons,
        options=options,
        device=device,
        domains=domains,
        seconds=positions * (tokenising + a_layer / ranks * (options.layers[-1] + 1)),
        resources=resources_for(request, model, options, device, positions, ranks),
        disk_free=free_disk(folder)[1],
    )


def _whole(sample: DomainTokens, share: int | None, sampled: int | None) -> DomainEstimate:
    """A domain that filled its share of the sample, drawn out to its share of the budget."""
    positions = len(sample.tokens)
    if share is None or sampled is None or share == sampled or sample.counted < sampled:
        return DomainEstimate(sample.name, sample.counted, positions, sample.documents, at_most=False)
    longer = share / sample.counted
    return DomainEstimate(
        sample.name, share, math.ceil(positions * longer), round(sample.documents * longer), at_most=True
    )


def _seconds_a_position(
    model: OpenedModel, options: RunOptions, device: torch.device, sample: list[DomainTokens]
) -> float:
    starts = np.concatenate([[0], np.cumsum(np.concatenate([domain.lengths for domain in sample]))])
    tokens = np.concatenate([domain.tokens for domain in sample])
    return probe(
        model, options.rule, device, getattr(torch, options.dtype), tokens, batches(starts, options.batch_tokens)
    )
