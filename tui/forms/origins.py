"""What the form of a new extraction begins with: the settings, an earlier run, or an earlier job."""

from __future__ import annotations

import re
from collections.abc import Sequence

from neuron_tui.store.runs.corpus_argument import stem_of
from neuron_tui.store.runs.job import Job
from neuron_tui.store.runs.manifest import Manifest
from neuron_tui.store.wording import ALL, show_layers
from neuron_tui.tui.config import Defaults
from neuron_tui.tui.forms.form import CorpusPart, FormValues


def values_from_defaults(defaults: Defaults) -> FormValues:
    """The form as the settings want it."""
    return FormValues(
        model=defaults.model,
        corpus=_parts(defaults.corpus),
        tokens=_shown(defaults.tokens),
        context_length=_shown(defaults.context_length),
        device=defaults.device,
        dtype=defaults.dtype,
        memory=defaults.memory or "",
        keep_activations=defaults.keep_activations,
    )


def values_from_manifest(manifest: Manifest) -> FormValues:
    """The form as it made a run. The device and whether pickled weights were allowed is not known of it."""
    options, model = manifest.options, manifest.model
    return FormValues(
        model=model.name,
        corpus=_parts(options.corpus),
        tokens=_shown(options.tokens),
        context_length="" if options.context_length == model.context_length else _shown(options.context_length),
        layers=ALL if options.layers == tuple(range(model.layers)) else show_layers(options.layers),
        dtype=options.dtype,
        keep_activations=options.keep_activations,
        batch_tokens=_shown(options.batch_tokens),
    )


def values_from_job(job: Job) -> FormValues:
    """The form as it started a job."""
    return values_from_arguments(job.arguments)


def values_from_arguments(arguments: Sequence[str]) -> FormValues:
    """The form that leads to these arguments of `extract`; what it has no field for is left out."""
    given = dict[str, str]()
    corpus, positional = list[str](), list[str]()
    words = iter(arguments)
    for word in words:
        if not word.startswith("--"):
            positional.append(word)
            continue
        option, equals, value = word.partition("=")
        if option in ("--allow-pickle", "--overwrite", "--dry-run", "--json"):
            given[option] = "yes"
            continue
        value = value if equals else next(words, "")
        if option == "--corpus":
            corpus.append(value)
        given[option] = value
    if len(positional) > 1 and positional[0] == "extract":
        positional = positional[1:]
    return FormValues(
        model=positional[0] if positional else "",
        allow_pickle="--allow-pickle" in given,
        corpus=_parts(corpus),
        tokens=_grouped(given.get("--tokens", "")),
        name=given.get("--name", ""),
        context_length=_grouped(given.get("--context-length", "")),
        layers=given.get("--layers", ALL),
        device=given.get("--device", "auto"),
        dtype=given.get("--dtype", "auto"),
        batch_tokens=_grouped(given.get("--batch-tokens", "")),
        memory=given.get("--memory", ""),
        keep_activations=given.get("--keep-activations", "auto"),
    )


def _parts(corpus: Sequence[str]) -> tuple[CorpusPart, ...]:
    return tuple(_part(argument) for argument in corpus) or (CorpusPart(),)


def _part(argument: str) -> CorpusPart:
    match = re.fullmatch(r"(?:([^/=:]+)=)?(.+)", argument, re.DOTALL)
    domain, source = (match[1] or "", match[2]) if match else ("", argument)
    return CorpusPart("" if domain == stem_of(source) else domain, source)


def _shown(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _grouped(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdecimal() else digits
